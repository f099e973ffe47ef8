// What a visitor can choose: tasks, cells, sizes; with what each task begins, and what is allowed.

export type Cell = 'rnn' | 'lstm' | 'gru';
export const CELLS: readonly Cell[] = ['rnn', 'lstm', 'gru'];

export type TaskName = 'reviews' | 'text' | 'series' | 'sine' | 'copy';

export interface Settings {
  readonly task: TaskName;
  readonly cells: readonly Cell[];
  /** Units of each layer. */
  readonly hidden: number;
  readonly layers: number;
  readonly lr: number;
  /** The gradients' common norm is cut to this; 0: it is not. */
  readonly clip: number;
  /** Steps that the gradient goes back through; 0: all. */
  readonly window: number;
  /** Sequences of an update. */
  readonly batch: number;
  /** Steps of a sequence; of the copy task: between the symbols and the answer. */
  readonly length: number;
  /** Of the LSTM's forget gate at first. */
  readonly forgetBias: number;
  readonly seed: number;
  /** Updates of a run. */
  readonly steps: number;
}

/** Settings that are numbers. */
export type NumberName = Exclude<keyof Settings, 'task' | 'cells'>;

export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

/** What is allowed: more than this would take a browser too long, or its memory. */
export const LIMITS: Readonly<Record<NumberName, Limits>> = {
  hidden: { min: 1, max: 512, integer: true },
  layers: { min: 1, max: 4, integer: true },
  lr: { min: 0, max: 10, integer: false },
  clip: { min: 0, max: 1000, integer: false },
  window: { min: 0, max: 500, integer: true },
  batch: { min: 1, max: 256, integer: true },
  length: { min: 2, max: 500, integer: true },
  forgetBias: { min: -10, max: 10, integer: false },
  seed: { min: 0, max: 2 ** 32 - 1, integer: true },
  steps: { min: 1, max: 1_000_000, integer: true },
};

const common = { cells: CELLS, layers: 1, clip: 1, window: 0, seed: 1 } as const;

/** With what each task begins: small enough to see something within seconds. */
export const PRESETS: Readonly<Record<TaskName, Settings>> = {
  reviews: { ...common, task: 'reviews', hidden: 32, lr: 0.004, batch: 32, length: 30, forgetBias: 1, steps: 600 },
  text: { ...common, task: 'text', hidden: 96, lr: 0.005, batch: 16, length: 64, forgetBias: 1, steps: 2000 },
  series: { ...common, task: 'series', hidden: 24, lr: 0.005, batch: 16, length: 60, forgetBias: 1, steps: 600 },
  sine: { ...common, task: 'sine', hidden: 16, lr: 0.01, batch: 16, length: 60, forgetBias: 1, steps: 500 },
  copy: { ...common, task: 'copy', hidden: 48, lr: 0.02, batch: 32, length: 30, forgetBias: 3, steps: 800 },
};

/** What is wrong with a number, in words for the visitor; null if nothing is. */
export function complaint(name: NumberName, value: number): string | null {
  const { min, max, integer } = LIMITS[name];
  const kind = integer ? 'a whole number' : 'a number';
  const isFine = Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value));
  return isFine ? null : `must be ${kind} from ${min} to ${max}`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Settings out of a file; null if they are none. */
export function readSettings(value: unknown): Settings | null {
  if (!isRecord(value) || !Object.hasOwn(PRESETS, String(value.task))) return null;
  const { cells } = value;
  if (!Array.isArray(cells) || cells.length === 0 || !cells.every((cell) => CELLS.includes(cell))) return null;
  for (const name of Object.keys(LIMITS) as NumberName[]) {
    if (typeof value[name] !== 'number' || complaint(name, value[name]) !== null) return null;
  }
  return value as unknown as Settings;
}
