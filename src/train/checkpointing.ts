// What fit keeps of a run beside weights and optimiser, and where it stands. Writing and reading it is checkpoints.ts, which is
// loaded by runs that have a checkpoint.
import type { GeneratorState } from '../autograd/random.js';
import type { CheckpointPlace } from '../io/checkpoint.js';
import { checkJson, type Json } from '../io/exact-json.js';
import { is, type Rule } from '../options.js';
import type { BestEpoch } from './early-stopping.js';
import type { EpochRecord } from './fit-options.js';
import { Mean } from './mean.js';
import type { Window } from './windows.js';

/**
 * Checkpoints from which a killed run goes on to the same weights, bit for bit, as if nothing had happened (on the same
 * backend and instruction set).
 *
 * That takes data that give the same batches again: an array; `batches(...)`; or an iterable or function whose batches
 * depend on nothing but the epoch, the global generator where the epoch starts, and what its `saveState()` returned and
 * `restoreState(saved)` gets. Batches that were done before are read and skipped.
 */
export interface CheckpointOptions {
  /** A file's path or URL; in a page `opfs:/path`, `idb:/path`, or a store of your own, `{ read, write }`. */
  readonly path: CheckpointPlace;
  /** Updates between checkpoints. Default: one after every epoch. The last one is written when training ends. */
  readonly every?: number;
  /** Files to keep in all: older ones are called `path.1`, `path.2`, ... Default 1. */
  readonly keep?: number;
  /** Go on from the checkpoint that is there, if there is one. Default true; false starts anew and overwrites it. */
  readonly resume?: boolean;
}

/** Data or metrics with a memory of their own. */
export interface Resumable {
  saveState(): Json;
  restoreState(saved: Json): void;
}

export function isResumable(value: unknown): value is Resumable {
  const { saveState, restoreState } = (value ?? {}) as Partial<Resumable>;
  return typeof saveState === 'function' && typeof restoreState === 'function';
}

/** The state of data or metrics that have one, checked; null for all others. */
export function stateOf(where: string, value: unknown): Json {
  if (!isResumable(value)) return null;
  const saved = value.saveState();
  checkJson(`${where}: what saveState returned`, saved);
  return saved;
}

export function restoreState(value: unknown, saved: Json): void {
  if (saved !== null && isResumable(value)) value.restoreState(saved);
}

/** Where training goes on: complete batches of the epoch, and complete windows of the batch after them. */
export interface Cursor {
  readonly epoch: number;
  readonly batch: number;
  readonly window: number;
}

/** All of a run that is neither a tensor nor the generator. */
export interface TrainingState {
  readonly cursor: Cursor;
  readonly steps: number;
  /** Of an epoch, once known. */
  readonly batches: number | null;
  readonly seconds: { readonly all: number; readonly training: number; readonly validation: number };
  /** Of the epoch that is under way; null between epochs. */
  readonly epoch: EpochState | null;
  readonly records: readonly EpochRecord[];
  readonly earlyStopping: {
    readonly monitor: string;
    readonly best: BestEpoch | null;
    readonly isOver: boolean;
  } | null;
  /** What the data and validation data said of themselves between epochs. */
  readonly data: Json;
  readonly validation: Json;
  /** What each callback's onSave returned. */
  readonly callbacks: readonly Json[];
}

/** Where an epoch starts from: what its batches depend on. */
export interface EpochStart {
  readonly generator: GeneratorState;
  readonly data: Json;
}

/** What an epoch had come to. */
export interface EpochState extends EpochStart {
  readonly loss: readonly [sum: number, weight: number];
  readonly batches: number;
  readonly windows: number;
  readonly samples: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly metrics: readonly { readonly name: string; readonly state: Json }[];
  /** How batches are cut: another cut would not find its place again. */
  readonly tbptt: Json;
}

export const isCheckpoint: Rule = { ...is.object, expected: 'an object { path, every?, keep?, resume? }' };

/** What an epoch has come to so far. */
export interface Totals {
  readonly loss: Mean;
  batches: number;
  windows: number;
  samples: number;
  tokens: number;
  seconds: number;
}

export function newTotals(from: EpochState | null): Totals {
  const loss = new Mean();
  if (from === null) return { loss, batches: 0, windows: 0, samples: 0, tokens: 0, seconds: 0 };
  loss.restore(from.loss);
  const { batches, windows, samples, tokens, seconds } = from;
  return { loss, batches, windows, samples, tokens, seconds };
}

/** Where training goes on behind a window of the batch with this number. */
export function behind(epoch: number, number: number, window: Window): Cursor {
  const isLast = window.number === window.count;
  return isLast ? { epoch, batch: number, window: 0 } : { epoch, batch: number - 1, window: window.number };
}
