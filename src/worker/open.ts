// openWorker, the same for pages and for Node: what a worker is asked for, by names that are those of the library.
import type { BackendInfo } from '../backend/types.js';
import { OptionError, UnrolledError } from '../errors.js';
import { checkOptions, is, type Rule } from '../options.js';
import { scriptIn } from '../script-url.js';
import type { TaskName } from '../tasks/definition.js';
import type { TaskFiles } from '../tasks/folder.js';
import type { TaskOptions } from '../tasks/run.js';
import type { TaskSource } from '../tasks/source.js';
import type { DiagnosisJson } from '../train/diagnose/diagnosis.js';
import { Client, type Request, type Run, type Thread } from './client.js';
import { placeOf } from './places.js';
import type { CallKind } from './protocol.js';
import { RemoteTask, type TaskForm } from './remote-task.js';
import type { DiagnoseSpec, FitSpec, Fitted, PredictSpec, RunEvents, WorkerOptions } from './specs.js';

/** Options of a task that are data; the others are events. */
export type RemoteTaskOptions = Omit<
  TaskOptions,
  'signal' | 'say' | 'onProgress' | 'onEpoch' | 'callbacks' | 'checkpoint'
>;

const isPlace: Rule = {
  expected: "a path 'idb:/...' or 'opfs:/...', or an object { read, write }",
  accepts: (value) =>
    typeof value === 'string'
      ? /^(idb|opfs):/.test(value) || typeof document === 'undefined'
      : ['read', 'write'].every((name) => typeof (value as Record<string, unknown> | null)?.[name] === 'function'),
};
const eventRules: { readonly [name in keyof RunEvents]-?: Rule } = {
  onProgress: is.function,
  onEpoch: is.function,
  onEvent: is.function,
  onSay: is.function,
  signal: { expected: 'an AbortSignal', accepts: (value) => value instanceof AbortSignal },
  store: isPlace,
  every: is.integer(1),
  restarts: is.integer(0),
  transfer: is.boolean,
};

/**
 * The library in a worker: the page asks, the worker computes. Several runs are done one after the other; predict, diagnose and
 * the methods of tasks are answered between a run's updates and do not change what comes of it.
 */
export class UnrolledWorker {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** The backend that runs there. */
  get info(): BackendInfo {
    return this.#client.info;
  }

  /**
   * Trains a model that is described as data; see `fit` for what happens and ModelSpec for the description.
   *
   *   const run = worker.fit({ model, data: [{ x: { data, shape: [T, B] }, y: { data: labels } }], loss: 'crossEntropy',
   *     optimizer: { type: 'Adam', lr: 0.01 }, epochs: 5 }, { onProgress: ({ loss }) => draw(loss) });
   *   const { history, state } = await run.result;
   *
   * Data are copied unless `transfer` is set; weights and checkpoints come back without a copy.
   */
  fit(spec: FitSpec, events: RunEvents = {}): Run<Fitted> {
    return this.#run('fit', spec, events) as Run<Fitted>;
  }

  /**
   * Trains a task of `unrolled/tasks`, with its options. Paths of data are relative to the page.
   *
   *   const task = await worker.train('classify', 'reviews.csv', { cell: 'gru' }).result;
   */
  train(task: TaskName, data: TaskSource, options: RemoteTaskOptions = {}, events: RunEvents = {}): Run<RemoteTask> {
    for (const name of ['signal', 'say', 'onProgress', 'onEpoch', 'callbacks', 'checkpoint']) {
      if ((options as Record<string, unknown>)[name] === undefined) continue;
      throw new OptionError(
        `train: "${name}" cannot go to a worker; pass it as an event: { onProgress, onEpoch, onSay, signal, store }`,
      );
    }
    const id = this.#client.nextId();
    const places = Object.fromEntries(
      (['out', 'valid', 'test'] as const).flatMap((name) =>
        options[name] === undefined ? [] : [[name, placeOf(options[name])]],
      ),
    );
    const input = { task: id, name: task, data: placeOf(data), options: { ...options, ...places } };
    return this.#run('train', input, events, this.#taskOf(id)) as Run<RemoteTask>;
  }

  /**
   * A task that was trained before.
   *
   * @param from  a folder's path or URL, a zip's, or the files
   */
  loadTask(from: string | URL | TaskFiles | Uint8Array): Promise<RemoteTask> {
    const id = this.#client.nextId();
    return this.#run('load', { task: id, from: placeOf(from) }, {}, this.#taskOf(id)).result as Promise<RemoteTask>;
  }

  /** What a model with these weights gives for x: { data, shape, dtype } for each tensor of its result. */
  predict(spec: PredictSpec, options: Pick<RunEvents, 'transfer'> = {}): Promise<unknown> {
    return this.#run('predict', spec, options).result;
  }

  /** How gradients flow back through a model with these weights; `Diagnosis.fromJSON` makes of it what `diagnose` returns. */
  diagnose(spec: DiagnoseSpec, options: Pick<RunEvents, 'transfer'> = {}): Promise<DiagnosisJson> {
    return this.#run('diagnose', spec, options).result as Promise<DiagnosisJson>;
  }

  /**
   * A job of the page's own worker file: `serve({ jobs: { name: async (input, { send, paused, signal, checkpoint }) => result } })`.
   * Restarted after its worker's death, it is called anew with the same input; `checkpoint.read()` gives what it last wrote.
   */
  run<Result = unknown>(name: string, input?: unknown, events: RunEvents = {}): Run<Result> {
    return this.#run('job', { name, input }, events) as Run<Result>;
  }

  /** Ends the worker. Runs under way reject. */
  terminate(): void {
    this.#client.terminate();
  }

  /** Ends the thread as a crash would: runs under way go on in another. */
  kill(): void {
    this.#client.kill();
  }

  /** A fresh worker. Runs under way go on in it from their checkpoints; it does not count as a restart of theirs. */
  restart(): Promise<BackendInfo> {
    return this.#client.restart();
  }

  #taskOf(id: number): Request['finish'] {
    return (form, generation) => new RemoteTask(this.#client, id, generation, form as TaskForm);
  }

  #run(kind: CallKind, input: unknown, events: RunEvents, finish?: Request['finish']): Run<unknown> {
    checkOptions<RunEvents>(kind === 'job' ? 'run' : kind, events, eventRules);
    if (events.transfer && events.restarts) {
      throw new OptionError(
        `${kind}: data that are moved cannot be sent to a second worker; leave out transfer or restarts`,
      );
    }
    return this.#client.call({ kind, input: () => input, ...(finish && { finish }) }, events);
  }
}

/** How a worker is started from this package, here or there. @internal */
export interface OwnScript {
  /** As it is called in dist/worker/. */
  readonly file: string;
  /** Without a URL: where the package has it. */
  readonly start: (url?: string) => Thread;
  /** Why `file` cannot be started as a worker from `url`; null where nothing speaks against it. `mark`: see whyNoWorker. */
  readonly check: (url: string, file: string, mark: string) => Promise<string | null>;
}
/** The library calls it, and so it is in the script that has all of it. */
const MARK = 'u_abi_version';

/** @internal */
export async function openWith(own: OwnScript, options: WorkerOptions, given?: () => Thread): Promise<UnrolledWorker> {
  checkOptions<WorkerOptions>('openWorker', options, {
    backend: is.any, // ready() knows which there are
    threads: is.any,
    simd: is.any,
    wasmUrl: is.any,
    create: is.function,
    workerUrl: is.url,
    timeout: is.between(0),
  });
  const { wasmUrl, workerUrl, ...others } = options;
  const place = workerUrl === undefined ? undefined : String(placeOf(workerUrl));
  let script: string | undefined;
  if (place !== undefined && given === undefined) {
    script = scriptIn(place, own.file);
    const file = `dist/worker/${own.file}`;
    const wrong = await own.check(script, file, MARK);
    if (wrong !== null) {
      throw new UnrolledError(
        `openWorker: workerUrl: ${wrong}; serve ${file} of this package there, of this release`,
        'ERR_WORKER',
      );
    }
  }
  const ofThreads = given === undefined && !place?.endsWith('/') ? undefined : place;
  const client = new Client({
    ...others,
    create: given ?? (() => own.start(script)),
    ...(wasmUrl !== undefined && { wasmUrl: placeOf(wasmUrl) }),
    ...(ofThreads !== undefined && { workerUrl: ofThreads }),
  });
  await client.start();
  return new UnrolledWorker(client);
}
