// The checkpoints of a run: when fit writes one, and what it makes of one it finds.
import { CheckpointError, FormatError, OptionError } from '../errors.js';
import {
  applyCheckpoint,
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
import type { Json } from '../io/exact-json.js';
import type { StateDict } from '../layers/module.js';
import { checkOptions, is, required, show } from '../options.js';
import {
  type CheckpointOptions,
  type Cursor,
  type EpochState,
  isResumable,
  type TrainingState,
} from './checkpointing.js';
import type { Metric } from './metrics.js';

/** A checkpoint that training goes on from. */
export interface Resumed {
  readonly opened: OpenedCheckpoint;
  readonly state: TrainingState;
}

/** The checkpoints of one run. */
export class Checkpoints {
  readonly #place: CheckpointPlace;
  readonly #keep: number;
  readonly #resume: boolean;
  readonly every: number | undefined;

  constructor(options: CheckpointOptions, metrics: readonly Metric[]) {
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
    if (every !== undefined) checkMetrics(metrics);
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

  /** @throws CheckpointError  if the run that wrote it had options with which this one cannot go on */
  checkSameRun(
    { opened: { name }, state: { epoch, earlyStopping } }: Resumed,
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

  /** Puts it into model, optimiser and generator: all or nothing. */
  apply({ opened }: Resumed, to: Pick<CheckpointParts, 'model' | 'optimizer'>): void {
    applyCheckpoint(opened, to);
  }

  /** For data that do not give the batches again which were done when it was made, but `given`. */
  otherData({ opened: { name }, state: { cursor } }: Resumed, given: number): CheckpointError {
    const { epoch, batch, window } = cursor;
    const place = window > 0 ? `in batch ${batch + 1}, behind window ${window}` : `behind batch ${batch}`;
    return new CheckpointError(
      `fit: checkpoint: ${name} was made in epoch ${epoch}, ${place}, but the data gave ${given} batches, or another number ` +
        'of windows; give fit the same data, or { resume: false } to start anew',
    );
  }

  async save(parts: CheckpointParts, state: TrainingState, best: StateDict | null): Promise<void> {
    const bytes = packCheckpoint('fit', parts, { json: state as unknown as Json, best });
    await writePlace(this.#place, bytes, this.#keep);
  }
}

function checkMetrics(metrics: readonly Metric[]): void {
  const metric = metrics.find((one) => !isResumable(one));
  if (metric === undefined) return;
  throw new OptionError(
    `fit: checkpoint: the metric "${metric.name}" cannot be kept in the middle of an epoch; give it saveState() and ` +
      'restoreState(saved), or leave out "every": checkpoints are then written after epochs',
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
