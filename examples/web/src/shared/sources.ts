// What can be learnt from: a file that comes with the page, or one of the visitor's own.
import type { TaskName } from './settings.js';

interface About {
  /** As the page calls it. */
  readonly name: string;
  /** Whose it is, and under which licence. */
  readonly credit?: string;
}

export interface Labelled extends About {
  readonly kind: 'labelled';
  readonly labels: readonly string[];
  readonly texts: readonly string[];
  /** By text: the place of its label. */
  readonly classes: readonly number[];
}

export interface Text extends About {
  readonly kind: 'text';
  readonly text: string;
}

export interface Series extends About {
  readonly kind: 'series';
  readonly unit: string;
  readonly times: readonly string[];
  readonly values: readonly number[];
}

export type Source = Labelled | Text | Series;

/** The task that a kind of source is for. */
export const TASK_OF: Readonly<Record<Source['kind'], TaskName>> = {
  labelled: 'reviews',
  text: 'text',
  series: 'series',
};

/** The file that comes with the page for a task; the other tasks make their sequences up. */
export const FILE_OF: Readonly<Partial<Record<TaskName, string>>> = {
  reviews: 'data/reviews.json',
  text: 'data/novel.json',
  series: 'data/weather.json',
};
