// One run of a task: read, split, prepare, train with early stopping, measure, save. The same for all tasks.
import { seed } from '../autograd/random.js';
import { backendInfo } from '../backend/select.js';
import { DataError, OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { Adam } from '../optim/adam.js';
import { is, show } from '../options.js';
import type { CheckpointOptions } from '../train/checkpointing.js';
import { fit as fitModel } from '../train/fit.js';
import type { Callbacks, EpochRecord, History, Progress } from '../train/fit-options.js';
import type { CommonSettings, Say, TaskDefinition } from './definition.js';
import { gradientReport } from './gradient-report.js';
import { Outbox } from './outbox.js';
import { completeSettings, readSettings } from './settings.js';
import { isSource, readSource, type SourceFormat, type TaskSource } from './source.js';
import { splitOff } from './split.js';
import { type Report, TrainedTask } from './trained.js';

/** What a run can be told beside the settings of its task and the names of its columns. */
export interface RunOptions {
  /** Data for early stopping, or a share of FILE (the last part of a series or text, else a seeded random one). Default 0.1. */
  readonly valid?: number | TaskSource;
  /** Data to measure on once, at the end, or a share of FILE. Default 0.1. */
  readonly test?: number | TaskSource;
  /**
   * A folder for the trained task. A run that was stopped there goes on when it is started again with the same data and options.
   */
  readonly out?: string | URL;
  /** Replace another run's model in `out`. Default false: refuse. */
  readonly overwrite?: boolean;
  readonly format?: SourceFormat;
  readonly encoding?: string;
  /** Stops training after the current update; the best model so far is kept. */
  readonly signal?: AbortSignal;
  /** Told what is guessed, left out, done. Default: nobody. */
  readonly say?: Say;
  readonly onProgress?: (progress: Progress) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Beside the task's own; see fit. One that waits pauses the run. */
  readonly callbacks?: Callbacks;
  /**
   * Where the run keeps what it goes on from, in place of a folder: a store { read, write }, or a file. It must be of this run: it
   * is not compared with data and options, and it is left there at the end. Default: in `out`.
   */
  readonly checkpoint?: CheckpointOptions;
}

/** Options of a task's function: the run's, the common settings, the task's own settings and columns by name. */
export type TaskOptions = RunOptions & Partial<CommonSettings> & { readonly [name: string]: unknown };

const RUN_OPTIONS = [
  'valid',
  'test',
  'out',
  'overwrite',
  'format',
  'encoding',
  'signal',
  'say',
  'onProgress',
  'onEpoch',
  'callbacks',
  'checkpoint',
] as const satisfies readonly (keyof RunOptions)[];

/**
 * Trains a task on data.
 *
 * @throws OptionError  for a wrong option;  DataError  for data that cannot be learnt from
 */
export async function runTask<Example, Prep extends Json, Input, Answer>(
  task: TaskDefinition<Example, Prep, Input, Answer>,
  source: TaskSource,
  options: TaskOptions = {},
): Promise<TrainedTask<Input, Answer>> {
  const general = task as unknown as TaskDefinition;
  checkRunOptions(general, options);
  const say = options.say ?? (() => {});
  const given = readSettings(general, options, RUN_OPTIONS);
  const early = completeSettings(general, given);
  const columns = Object.fromEntries(task.columns.map(({ option }) => [option, options[option]]));
  const out = options.out === undefined ? null : await Outbox.open(options.out, options.overwrite ?? false);

  const read = async (from: TaskSource) => {
    const { format, encoding } = options;
    const raw = await readSource(general, from, {
      say,
      columns,
      ...(format && { format }),
      ...(encoding && { encoding }),
    });
    const examples = await task.read(raw, { settings: early, say });
    if (examples.length === 0)
      throw new DataError(`${task.name}: ${raw.name} has no examples; nothing can be learnt from it`);
    return examples;
  };
  let train = await read(source);
  const partOf = async (name: 'valid' | 'test'): Promise<readonly Example[]> => {
    const wanted = options[name] ?? 0.1;
    if (typeof wanted !== 'number') return read(wanted);
    // Shares are of the whole file, and the test part is gone when validation is cut off.
    const before =
      name === 'valid' && typeof (options.test ?? 0.1) === 'number' ? ((options.test ?? 0.1) as number) : 0;
    const [rest, part] = splitOff(task, train, wanted / (1 - before), name, early);
    train = rest;
    return part;
  };
  const test = await partOf('test');
  const valid = await partOf('valid');

  const prep = await task.prepare(train, { settings: early, say });
  const settings = completeSettings(general, given, task.defaults(train, prep));
  say(
    `${task.name}: ${count(train.length, 'example')} to learn from, ${valid.length} for early stopping, ${test.length} to test on`,
  );
  await out?.begin({ task: task.name, settings, data: fingerprint([train, valid, test]) });

  seed(settings.seed);
  const model = task.build(prep, settings);
  const parameters = model.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  const learning = task.learning(model, prep, settings);
  const { optimizer = new Adam(model.parameters(), { lr: settings.lr }), monitor, callbacks = [], ...rest } = learning;
  const batches = (examples: readonly Example[], training: boolean) => () =>
    task.batches(examples, prep, { settings, training });
  const data = batches(train, true);
  const checkpoint = options.checkpoint ?? (out && { path: out.checkpoint });
  const history = await fitModel(model, data, {
    ...rest,
    optimizer,
    epochs: settings.epochs,
    clipNorm: settings.clip,
    ...(valid.length > 0 && { validation: batches(valid, false) }),
    earlyStopping: {
      monitor: monitor ?? (valid.length > 0 ? 'validation.loss' : 'loss'),
      patience: settings.patience,
    },
    callbacks: [...[callbacks].flat(), watcher(options), ...(options.callbacks ? [options.callbacks] : [])],
    ...(checkpoint && { checkpoint }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  if (isInterrupted(history, options)) {
    if (history.best === undefined) throw options.signal?.reason ?? new Error('interrupted');
    say(`interrupted: the model of epoch ${history.best.epoch}, the best so far, is kept`);
  }
  model.eval();
  const calibrated = (valid.length > 0 && task.calibrate?.(model, valid, prep, settings)) || prep;
  const report: Report = {
    task: task.name,
    cell: settings.cell,
    parameters,
    epochs: history.epochs.length,
    secondsPerEpoch: history.epochs.reduce((sum, { seconds }) => sum + seconds, 0) / history.epochs.length,
    backend: backendInfo().name,
    test: test.length === 0 ? null : await task.evaluate(model, test, calibrated, settings, train),
  };
  const trained = new TrainedTask(task as unknown as TaskDefinition<unknown, Json, Input, Answer>, {
    model,
    settings,
    prep: calibrated,
    report,
    gradients: await gradientReport(model, batches(valid.length > 0 ? valid : train, false)(), learning),
  });
  await out?.finish(trained.files(), isInterrupted(history, options));
  return trained;
}

function watcher({ signal, onEpoch }: RunOptions): Callbacks {
  return {
    onBatchEnd: () => (signal?.aborted ? 'stop' : undefined),
    onEpochEnd(record) {
      onEpoch?.(record);
    },
  };
}

const isInterrupted = (history: History, { signal }: RunOptions) =>
  history.stopped === 'callback' && (signal?.aborted ?? false);

function checkRunOptions(task: TaskDefinition, options: TaskOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(`${task.name}: options must be an object, got ${show(options)}`);
  }
  for (const name of ['valid', 'test'] as const) {
    const part = options[name];
    if (part === undefined || isSource(part) || (typeof part === 'number' && part >= 0 && part < 1)) continue;
    throw new OptionError(
      `${task.name}: option "${name}" must be a share from 0 to below 1, or data, got ${show(part)}`,
    );
  }
  const { valid = 0.1, test = 0.1 } = options;
  if (typeof valid === 'number' && typeof test === 'number' && valid + test >= 1) {
    throw new OptionError(
      `${task.name}: "valid" and "test" must leave something to learn from, got ${valid} and ${test}`,
    );
  }
  if (options.overwrite !== undefined && !is.boolean.accepts(options.overwrite)) {
    throw new OptionError(`${task.name}: option "overwrite" must be true or false, got ${show(options.overwrite)}`);
  }
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

/** So that a run is not taken up with other data. 64 bits over the examples' JSON, one at a time: all of it may be no string. */
function fingerprint(parts: readonly (readonly unknown[])[]): string {
  let length = 0;
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (const example of parts.flatMap((part, k) => [k, ...part])) {
    const text = JSON.stringify(example, (_, value) =>
      ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
    );
    length += text.length;
    for (let k = 0; k < text.length; k++) {
      low = Math.imul(low ^ text.charCodeAt(k), 0x01000193);
      high = Math.imul(high + text.charCodeAt(k), 0x85ebca6b) ^ (high >>> 13);
    }
  }
  return `${length}-${(low >>> 0).toString(16)}${(high >>> 0).toString(16)}`;
}
