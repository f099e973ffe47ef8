// What fit keeps in a checkpoint beside weights and optimiser, when it writes one, and what it makes of one it finds.
import type { GeneratorState } from '../autograd/random.js';
import { CheckpointError, FormatError, OptionError } from '../errors.js';
import {
  type CheckpointParts,
  type CheckpointPlace,
  isPlace,
  type OpenedCheckpoint,
  openCheckpoint,
  packCheckpoint,
  placeName,
  readPlace,
  writePlace,
} from '../io/checkpoint.js';
import { checkJson, type Json } from '../io/exact-json.js';
import type { StateDict } from '../layers/module.js';
import { checkOptions, is, type Rule, required, show } from '../options.js';
import type { BestEpoch } from './early-stopping.js';
import type { EpochRecord } from './fit-options.js';
import type { Metric } from './metrics.js';
import { Mean } from './objective.js';
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

function isResumable(value: unknown): value is Resumable {
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

/** A checkpoint that training goes on from. */
export interface Resumed {
  readonly opened: OpenedCheckpoint;
  readonly state: TrainingState;
}

export const isCheckpoint: Rule = { ...is.object, expected: 'an object { path, every?, keep?, resume? }' };

/** The checkpoints of one run. */
export class Checkpoints {
  readonly #place: CheckpointPlace;
  readonly #keep: number;
  readonly #resume: boolean;
  readonly every: number | undefined;

  constructor(options: CheckpointOptions) {
    const where = 'fit: checkpoint';
    checkOptions<CheckpointOptions>(where, options, {
      path: required({ expected: 'a path, a URL, or an object { read, write }', accepts: isPlace }),
      every: is.integer(1),
      keep: is.integer(1, 1000),
      resume: is.boolean,
    });
    const { path, every, keep = 1, resume = true } = options;
    if (keep > 1 && !(typeof path === 'string' || path instanceof URL)) {
      throw new OptionError(`${where}: keep is for files; a store { read, write } keeps older ones by itself`);
    }
    this.#place = path;
    this.#keep = keep;
    this.#resume = resume;
    this.every = every;
  }

  /** Whether one is written after so many updates, in the middle of an epoch. */
  isDue(steps: number): boolean {
    return this.every !== undefined && steps % this.every === 0;
  }

  /** The checkpoint to go on from, whole but not yet applied; null to start at the beginning. */
  async open(): Promise<Resumed | null> {
    // Read also where it is not wanted: a path that cannot be read will not be written either, and better now than in hours.
    const bytes = await readPlace(this.#place);
    if (bytes === null || !this.#resume) return null;
    const name = placeName(this.#place);
    const opened = openCheckpoint(bytes, name);
    if (opened.training === null || opened.training === undefined) {
      throw new CheckpointError(
        `fit: checkpoint: ${name} was written by saveCheckpoint, not by fit, and does not say where training stands; load it ` +
          'with io.loadCheckpoint and give fit another path',
      );
    }
    return { opened, state: readTraining(name, opened.training) };
  }

  async save(parts: CheckpointParts, state: TrainingState, best: StateDict | null): Promise<void> {
    const bytes = packCheckpoint('fit', parts, { json: state as unknown as Json, best });
    await writePlace(this.#place, bytes, this.#keep);
  }
}

/** @throws CheckpointError  if the run that wrote it had options with which this one cannot go on */
export function checkSameRun(
  name: string,
  { epoch, earlyStopping }: TrainingState,
  own: { tbptt: Json; metrics: readonly string[]; monitor: string | undefined },
): void {
  const compare = (what: string, was: unknown, is: unknown) => {
    const [then, now] = [JSON.stringify(was), JSON.stringify(is)];
    if (then === now) return;
    throw new CheckpointError(
      `fit: checkpoint: ${name} was made with ${what} ${then}, got ${now}; pass the same to go on from it, or ` +
        '{ resume: false } to start anew',
    );
  };
  if (epoch !== null) {
    compare('tbptt', epoch.tbptt, own.tbptt);
    compare(
      'the metrics',
      epoch.metrics.map((metric) => metric.name),
      own.metrics,
    );
  }
  if (earlyStopping !== null && own.monitor !== undefined) {
    compare('earlyStopping of', earlyStopping.monitor, own.monitor);
  }
}

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

export function checkMetrics(metrics: readonly Metric[]): void {
  const metric = metrics.find((one) => !isResumable(one));
  if (metric === undefined) return;
  throw new OptionError(
    `fit: checkpoint: the metric "${metric.name}" cannot be kept in the middle of an epoch; give it saveState() and ` +
      'restoreState(saved), or leave out "every": checkpoints are then written after epochs',
  );
}

export function otherData(name: string, { epoch, batch, window }: Cursor, number: number): CheckpointError {
  const place = window > 0 ? `in batch ${batch + 1}, behind window ${window}` : `behind batch ${batch}`;
  return new CheckpointError(
    `fit: checkpoint: ${name} was made in epoch ${epoch}, ${place}, but the data gave ${number} batches, or another number of ` +
      'windows; give fit the same data, or { resume: false } to start anew',
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isListOf = (value: unknown, accepts: (part: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(accepts);
const hasAll = (value: unknown, names: readonly string[], accepts: (part: unknown) => boolean): boolean =>
  isRecord(value) && names.every((name) => accepts(value[name]));

/** @throws FormatError  naming the field that is not what fit writes */
function readTraining(name: string, value: unknown): TrainingState {
  const state = isRecord(value) ? value : {};
  const require = (field: string, holds: boolean) => {
    if (holds) return;
    throw new FormatError(
      `checkpoint: ${name} is damaged: training.${field} is ${show(state[field])}; go back to an older one`,
    );
  };
  const { cursor, epoch, earlyStopping, records } = state;
  require('cursor', hasAll(cursor, ['epoch', 'batch', 'window'], isCount));
  require('steps', isCount(state.steps));
  require('batches', state.batches === null || isCount(state.batches));
  require('seconds', hasAll(state.seconds, ['all', 'training', 'validation'], isNumber));
  const isEpoch =
    hasAll(epoch, ['batches', 'windows'], isCount) &&
    hasAll(epoch, ['samples', 'tokens', 'seconds'], (n) => isNumber(n) && (n as number) >= 0) &&
    hasAll((epoch as Record<string, unknown>).generator, ['seed', 'drawn'], isCount) &&
    isListOf((epoch as Record<string, unknown>).loss, isNumber) &&
    isListOf((epoch as Record<string, unknown>).metrics, (m) => isRecord(m) && typeof m.name === 'string');
  const { batch, window } = cursor as Cursor;
  const begun = window > 0 ? batch + 1 : batch;
  require('epoch', begun > 0 ? isEpoch && (epoch as EpochState).batches === begun : epoch === null);
  require('records', isListOf(records, (record) => hasAll(record, ['epoch', 'loss', 'batches'], isNumber)));
  const isEarly = isRecord(earlyStopping) && typeof earlyStopping.monitor === 'string';
  const best = isEarly ? earlyStopping.best : null;
  require('earlyStopping', earlyStopping === null || (isEarly && typeof earlyStopping.isOver === 'boolean'));
  require('earlyStopping', best === null || hasAll(best, ['epoch', 'value'], isNumber));
  require('callbacks', Array.isArray(state.callbacks));
  return state as unknown as TrainingState;
}
