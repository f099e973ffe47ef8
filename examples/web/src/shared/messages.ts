// What page and worker tell each other: the jobs, what goes in and comes out of them, and the news of a training.
import type { HeatRow, HistoryJson, PerCell, Point } from './history.js';
import type { Cell, Settings } from './settings.js';
import type { Source } from './sources.js';

/** What the job "train" is given. */
export interface Begin {
  /** Its own name: called again after its worker's death, it knows its checkpoint by it. */
  readonly run: string;
  /** Where the page's files are. */
  readonly base: string;
  readonly settings: Settings;
  /** The visitor's own data, in place of the file that comes with the page. */
  readonly source: Source | null;
  /** Train on what there is; else a new net is made. */
  readonly goOn: boolean;
}

export interface ViewOptions {
  readonly prompt: string;
  readonly temperature: number;
}

export interface CellInfo {
  readonly cell: Cell;
  readonly parameters: number;
}

/** What was made of settings and data. */
export interface Description {
  readonly settings: Settings;
  /** By name, without its contents; null: sequences are made up. */
  readonly source: { readonly name: string; readonly credit: string; readonly own: boolean } | null;
  readonly cells: readonly CellInfo[];
  readonly metric: { readonly name: string; readonly unit: string; readonly better: 'higher' | 'lower' };
  readonly baseline: { readonly metric: number; readonly name: string };
  readonly facts: readonly string[];
}

/** Where a training stands. */
export interface Standing {
  readonly step: number;
  readonly description: Description;
  readonly history: HistoryJson;
  readonly failed: PerCell<string>;
  /** The visitor's own data; null where the page's are used. */
  readonly source: Source | null;
}

/** Sent when a run starts, and again when it goes on in another worker. */
export interface Started extends Standing {
  readonly type: 'started';
  /** Of the last update of this run. */
  readonly until: number;
}

export interface Speed {
  readonly stepsPerSecond: number;
  readonly tokensPerSecond: number;
  /** Milliseconds of an update, by cell. */
  readonly milliseconds: PerCell<number>;
}

export interface Progress {
  readonly type: 'progress';
  readonly step: number;
  readonly points: readonly Point[];
  readonly rows: readonly HeatRow[];
  readonly speed: Speed;
  /** Cells that had to give up, and why. */
  readonly failed: PerCell<string>;
}

export type News = Started | Progress;

/** What a run came to. */
export interface Outcome {
  readonly step: number;
  readonly failed: PerCell<string>;
}

export type View = Written | Forecast | Recalled;

export interface Written {
  readonly kind: 'written';
  readonly prompt: string;
  readonly temperature: number;
  readonly texts: PerCell<string>;
}

export interface Forecast {
  readonly kind: 'forecast';
  readonly unit: string;
  readonly times: readonly string[];
  readonly truth: readonly number[];
  /** From here on the nets read what they predicted themselves. */
  readonly freeFrom: number;
  /** The value predicted for each time; null for the first. */
  readonly predicted: PerCell<readonly (number | null)[]>;
}

export interface Recalled {
  readonly kind: 'recalled';
  readonly delay: number;
  readonly rows: readonly { readonly shown: readonly string[]; readonly answers: PerCell<readonly string[]> }[];
}

/** Answers after each step of a sequence. */
export interface Answers {
  /** `probability of praise` */
  readonly name: string;
  readonly texts: readonly string[];
  /** 0..1, where the answer is or has a probability. */
  readonly shares: readonly number[] | null;
}

export interface GateTrack {
  /** i, f, g, o; r, z, n; |h| */
  readonly name: string;
  /** From -1 to 1, where a gate is from 0 to 1. */
  readonly isCandidate: boolean;
  /** Means over the units, by step. */
  readonly mean: readonly number[];
}

export interface Gates {
  readonly tokens: readonly string[];
  readonly cells: PerCell<{ readonly gates: readonly GateTrack[]; readonly answers: Answers }>;
}

/** What a dropped file was taken for. */
export type Examined =
  | { readonly kind: 'saved'; readonly settings: Settings; readonly step: number }
  | { readonly kind: 'source'; readonly source: Source; readonly guesses: readonly string[] };

/** What the page may ask at any time, also between the updates of a training: what goes in and what comes out. */
export interface Questions {
  describe: { input: Pick<Begin, 'base' | 'settings' | 'source'>; output: Description };
  /** Of the training there is, from the next update on. */
  adjust: { input: Pick<Settings, 'lr' | 'clip'>; output: null };
  /** Null: no net yet, or nothing to read. */
  gates: { input: { text: string }; output: Gates | null };
  view: { input: ViewOptions; output: View | null };
  examine: { input: { name: string; bytes: Uint8Array }; output: Examined };
  /** Makes the nets that a saved playground holds. */
  load: { input: { name: string; bytes: Uint8Array; base: string }; output: Standing };
  /** The bytes of a file that `load` takes. */
  save: { input: null; output: Uint8Array };
  forget: { input: null; output: null };
}
