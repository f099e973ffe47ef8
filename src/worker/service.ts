// The worker's side: answers what a page asks for (client.ts), with the library. One run at a time, because there is one random
// generator and one tape; questions (predict, diagnose, a trained task) are answered between a run's updates and leave the
// generator as it was, so that a run comes to the same bits whoever asks meanwhile.
import * as u from '../index.js';
import { type CheckpointStore, readPlace, writePlace } from '../io/checkpoint.js';
import { adviceFor, checkOptions, is, required, show } from '../options.js';
import type { TrainedTask } from '../tasks/index.js';
import { makeBreather } from '../train/breathe.js';
import {
  buildBatch,
  buildData,
  buildModel,
  buildOptimizer,
  buildTensor,
  forwardOf,
  type ModelMakers,
  plainOutput,
} from './models.js';
import {
  type ErrorForm,
  errorForm,
  errorOf,
  type FromWorker,
  type News,
  type Restart,
  type ToWorker,
} from './protocol.js';
import type { DiagnoseSpec, FitSpec, PredictSpec } from './specs.js';

/** What a job is given beside its input. */
export interface JobContext {
  /** Reaches the page as `onEvent(event)`. `transfer`: buffers to move in place of copying. */
  send(event: unknown, transfer?: readonly Transferable[]): void;
  /**
   * To be awaited between pieces of work: returns at once, unless the page paused the run. Gives the event loop a turn now and
   * then, without which the page could neither pause, abort nor ask.
   */
  paused(): Promise<void>;
  /** The page aborted the run, with this reason. */
  readonly signal: AbortSignal;
  /** For fit's `checkpoint.path`: kept by the page, where it survives this worker. */
  readonly checkpoint: CheckpointStore;
}

/** What a page's own worker file adds. */
export interface Services {
  readonly models?: ModelMakers;
  readonly losses?: Readonly<Record<string, u.LossFunction>>;
  // biome-ignore lint/suspicious/noExplicitAny: what the page sends is between it and its worker file
  readonly jobs?: Readonly<Record<string, (input: any, context: JobContext) => unknown>>;
}

/** This thread's end of the line to the page. */
export interface Port {
  post(message: FromWorker, transfer: readonly Transferable[]): void;
  listen(receive: (message: ToWorker) => void): void;
}

type Call = Extract<ToWorker, { type: 'call' }>;
const RUNS: readonly Call['kind'][] = ['fit', 'train', 'job'];
/** Progress is told at most this often: a message costs the page more than a number does. */
const NEWS_MS = 16;
const EVERY = 25;

/** Answers on `port` from now on. */
export function startService(port: Port, services: Services): void {
  checkOptions<Services>('serve', services, { models: is.object, losses: is.object, jobs: is.object });
  const service = new Service(port, services);
  port.listen((message) => service.receive(message));
  port.post({ type: 'here' }, []);
}

class Service {
  readonly #port: Port;
  readonly #services: Services;
  readonly #tasks = new Map<number, TrainedTask>();
  readonly #runs: Run[] = [];
  readonly #questions: (() => Promise<void>)[] = [];
  #isBusy = false;

  constructor(port: Port, services: Services) {
    this.#port = port;
    this.#services = services;
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'open':
        void this.#open(message.options, message.lock);
        break;
      case 'ping':
        this.#port.post({ type: 'pong' }, []);
        break;
      case 'forget':
        this.#tasks.delete(message.task);
        break;
      case 'call':
        if (RUNS.includes(message.kind)) this.#runs.push(new Run(message, this.#port, () => this.#answerAll()));
        else this.#questions.push(() => this.#answer(message));
        this.#current()?.nudge();
        void this.#work();
        break;
      case 'abort':
        this.#abort(message.id, message.reason);
        break;
      default:
        this.#find(message.id)?.setPaused(message.type === 'pause');
    }
  }

  #find(id: number): Run | undefined {
    return this.#runs.find((run) => run.id === id);
  }

  /** One that has not begun need not wait for its turn to be told so. */
  #abort(id: number, reason: ErrorForm): void {
    const run = this.#find(id);
    run?.abort(reason);
    if (!run?.isWaiting) return;
    this.#runs.splice(this.#runs.indexOf(run), 1);
    this.#port.post({ type: 'failed', id, error: reason, state: null }, []);
  }

  /** The run under way stays at the head of the list until it is over. */
  #current(): Run | undefined {
    return this.#runs[0];
  }

  async #open(options: u.ReadyOptions, lock: string | null): Promise<void> {
    try {
      const info = await u.ready(options);
      const locked = lock !== null && (await holdLock(lock));
      this.#port.post({ type: 'opened', info: JSON.parse(JSON.stringify(info)), locked }, []);
    } catch (error) {
      this.#port.post({ type: 'refused', error: errorForm(error) }, []);
    }
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#runs.length + this.#questions.length > 0) {
        await this.#answerAll();
        const run = this.#current();
        if (run === undefined) continue;
        await run.perform(() => this.#perform(run));
        this.#runs.shift();
      }
    } finally {
      this.#isBusy = false;
    }
  }

  async #answerAll(): Promise<void> {
    for (let next = this.#questions.shift(); next; next = this.#questions.shift()) await next();
  }

  /** A question: nothing of it is left in the generator. */
  async #answer({ id, kind, input }: Call): Promise<void> {
    const before = u.generator.state();
    const buffers: ArrayBuffer[] = [];
    try {
      const value = await this.#ask(kind, input, buffers);
      this.#port.post({ type: 'done', id, value }, buffers);
    } catch (error) {
      this.#port.post({ type: 'failed', id, error: errorForm(error), state: null }, []);
    } finally {
      u.generator.restore(before);
    }
  }

  async #ask(kind: Call['kind'], input: unknown, buffers: ArrayBuffer[]): Promise<unknown> {
    switch (kind) {
      case 'predict':
        return plainOutput(await this.#predict(input as PredictSpec), buffers);
      case 'diagnose':
        return this.#diagnose(input as DiagnoseSpec);
      case 'load': {
        const { task, from } = input as { task: number; from: never };
        const { loadTask } = await import('../tasks/index.js');
        return this.#keep(task, await loadTask(from), buffers);
      }
      default:
        return this.#askTask(input as TaskQuestion);
    }
  }

  async #predict(spec: PredictSpec): Promise<unknown> {
    checkOptions<PredictSpec>('predict', spec, {
      model: required(is.any),
      state: required(is.instance(Uint8Array)),
      x: required(is.any),
      lengths: is.any,
    });
    const model = await this.#model(spec.model, spec.state);
    const x = buildTensor('predict: x', spec.x);
    const forward = model as u.Module & { forward(...inputs: unknown[]): unknown };
    return spec.lengths === undefined ? u.predict(forward, x) : u.predict(forward, x, { lengths: spec.lengths });
  }

  async #diagnose({ model: spec, state, batch, loss, ...options }: DiagnoseSpec): Promise<u.DiagnosisJson> {
    if (!(state instanceof Uint8Array)) {
      throw new u.OptionError(`diagnose: state must be the bytes of a safetensors file, got ${show(state)}`);
    }
    const model = await this.#model(spec, state);
    const found = u.diagnose(model, buildBatch('diagnose: batch', batch), { ...options, loss: this.#loss(loss) });
    return found.toJSON();
  }

  async #model(spec: FitSpec['model'], state: Uint8Array | undefined): Promise<u.Module> {
    const model = buildModel(spec, this.#services.models);
    if (state !== undefined) model.loadStateDict(await u.io.loadSafetensors(state));
    return model;
  }

  #loss(name: string): u.LossSpec {
    const { losses = {} } = this.#services;
    return typeof name === 'string' && Object.hasOwn(losses, name)
      ? (losses[name] as u.LossFunction)
      : (name as u.LossName);
  }

  async #askTask({ task: id, files, method, inputs }: TaskQuestion): Promise<unknown> {
    let task = this.#tasks.get(id);
    if (task === undefined) {
      // Another worker than the one that trained or loaded it.
      const { loadTask } = await import('../tasks/index.js');
      task = await loadTask(files as never);
      this.#tasks.set(id, task);
    }
    const run = task[method] as (...given: unknown[]) => unknown;
    const answer = await run.apply(task, inputs as unknown[]);
    return answer instanceof u.Diagnosis ? answer.toJSON() : answer;
  }

  /** What the page's RemoteTask is made of. */
  #keep(id: number, task: TrainedTask, buffers: ArrayBuffer[]) {
    this.#tasks.set(id, task);
    const files = task.files();
    for (const file of Object.values(files)) buffers.push(file.buffer as ArrayBuffer);
    const { name, settings, report, gradients } = task;
    return { name, settings, report, gradients, files };
  }

  #perform(run: Run): Promise<Result> {
    switch (run.call.kind) {
      case 'fit':
        return this.#fit(run, run.call.input as FitSpec);
      case 'train':
        return this.#train(run, run.call.input as Training);
      default:
        return this.#job(run, run.call.input as { name: string; input: unknown });
    }
  }

  async #fit(run: Run, spec: FitSpec): Promise<Result> {
    checkOptions<FitSpec>('fit', spec, FIT_RULES);
    const { model: what, data, optimizer, loss, validation, seed = 0, state, ...rest } = spec;
    u.seed(seed);
    const model = await this.#model(what, state);
    run.keepState(() => u.io.serializeSafetensors(model.stateDict()));
    const history = await u.fit(model, buildData('fit: data', data), {
      ...rest,
      ...(validation && { validation: buildData('fit: validation', validation) }),
      ...forwardOf(model, rest.tbptt !== undefined),
      loss: this.#loss(loss),
      optimizer: buildOptimizer(optimizer, model),
      signal: run.signal,
      onProgress: (progress) => run.tell('progress', progress),
      callbacks: { onBatchEnd: () => run.turn(), onEpochEnd: (record) => run.tell('epoch', record) },
      checkpoint: { path: run.checkpoint, every: run.call.restart.every ?? EVERY },
    });
    const bytes = u.io.serializeSafetensors(model.stateDict());
    return { value: { history, state: bytes }, buffers: [bytes.buffer as ArrayBuffer] };
  }

  async #train(run: Run, { task: id, name, data, options }: Training): Promise<Result> {
    const [{ runTask }, { taskNamed }] = await Promise.all([import('../tasks/run.js'), import('../tasks/list.js')]);
    const { every } = run.call.restart;
    const task = await runTask(taskNamed(name), data as never, {
      ...options,
      signal: run.signal,
      say: (message: string) => run.tell('say', message),
      onProgress: (progress: u.Progress) => run.tell('progress', progress),
      onEpoch: (record: u.EpochRecord) => run.tell('epoch', record),
      callbacks: { onBatchEnd: () => run.turn() },
      // A folder keeps its own.
      ...(options.out === undefined && { checkpoint: { path: run.checkpoint, ...(every !== null && { every }) } }),
    });
    const buffers: ArrayBuffer[] = [];
    return { value: this.#keep(id, task, buffers), buffers };
  }

  async #job(run: Run, { name, input }: { name: string; input: unknown }): Promise<Result> {
    const { jobs = {} } = this.#services;
    const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
    if (job === undefined) {
      const names = Object.keys(jobs);
      throw new u.OptionError(
        `run: no job "${name}" is registered${names.length > 0 ? adviceFor(name, names) : ''}; register it in a worker file of ` +
          'your own, serve({ jobs }), and pass openWorker({ create })',
      );
    }
    const { signal, checkpoint } = run;
    const breathe = makeBreather();
    const value = await job(input, {
      send: (event, transfer = []) => run.send(event, transfer),
      async paused() {
        await breathe();
        await run.turn();
        signal.throwIfAborted();
      },
      signal,
      // The bytes stay the job's: saveCheckpoint returns them.
      checkpoint: { read: () => checkpoint.read(), write: (bytes) => checkpoint.write(bytes.slice()) },
    });
    return { value, buffers: [] };
  }
}

interface Result {
  readonly value: unknown;
  readonly buffers: readonly ArrayBuffer[];
}

interface Training {
  readonly task: number;
  readonly name: string;
  readonly data: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface TaskQuestion {
  readonly task: number;
  /** Where this worker may not know the task. */
  readonly files: unknown;
  readonly method: 'predict' | 'predictRows' | 'evaluate' | 'diagnose' | 'generate';
  readonly inputs: readonly unknown[];
}

const FIT_RULES = {
  model: required(is.any),
  data: required(is.any),
  loss: required(is.string),
  optimizer: required(is.object),
  epochs: is.any,
  clipNorm: is.any,
  accumulate: is.any,
  tbptt: is.any,
  validation: is.any,
  metrics: is.any,
  earlyStopping: is.any,
  seed: is.integer(0),
  state: is.instance(Uint8Array),
};

/** A run, from its call to its end. */
class Run {
  readonly call: Call;
  readonly checkpoint: CheckpointStore;
  readonly #port: Port;
  readonly #between: () => Promise<void>;
  readonly #controller = new AbortController();
  #state: (() => Uint8Array) | null = null;
  #news: News[] = [];
  #toldAt = 0;
  #isPaused = false;
  #hasStarted = false;
  /** Wakes a run that waits. */
  #wake: (() => void) | null = null;

  /** @param between  answers the questions that wait */
  constructor(call: Call, port: Port, between: () => Promise<void>) {
    this.call = call;
    this.#port = port;
    this.#between = between;
    this.#isPaused = call.restart.isPaused;
    this.checkpoint = this.#openCheckpoint(call.restart);
  }

  get id(): number {
    return this.call.id;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Not yet under way. */
  get isWaiting(): boolean {
    return !this.#hasStarted;
  }

  /** How to take the weights, for a run that fails or is aborted. */
  keepState(take: () => Uint8Array): void {
    this.#state = take;
  }

  async perform(work: () => Promise<Result>): Promise<void> {
    this.#hasStarted = true;
    try {
      await this.turn();
      this.signal.throwIfAborted();
      const { value, buffers } = await work();
      this.#flush();
      this.#post({ type: 'done', id: this.id, value }, buffers);
    } catch (error) {
      this.#flush();
      const state = this.#state?.() ?? null;
      this.#post(
        { type: 'failed', id: this.id, error: errorForm(error), state },
        state ? [state.buffer as ArrayBuffer] : [],
      );
    }
  }

  abort(reason: ErrorForm): void {
    this.#controller.abort(errorOf(reason));
    this.nudge();
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.nudge();
  }

  nudge(): void {
    this.#wake?.();
  }

  /** Between two updates: questions are answered, and a paused run waits. Costs nothing when there is neither. */
  async turn(): Promise<undefined> {
    if (this.#isPaused) this.#flush();
    await this.#between();
    while (this.#isPaused && !this.signal.aborted) {
      this.#flush();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
      await this.#between();
    }
  }

  tell(...news: News): void {
    this.#news.push(news);
    if (news[0] !== 'progress' || performance.now() - this.#toldAt >= NEWS_MS) this.#flush();
  }

  send(event: unknown, transfer: readonly Transferable[]): void {
    this.#news.push(['event', event]);
    this.#flush(transfer);
  }

  #flush(transfer: readonly Transferable[] = []): void {
    if (this.#news.length === 0) return;
    const news = this.#news;
    this.#news = [];
    this.#toldAt = performance.now();
    this.#post({ type: 'news', id: this.id, news }, transfer);
  }

  #post(message: FromWorker, transfer: readonly Transferable[]): void {
    try {
      this.#port.post(message, transfer);
    } catch (cause) {
      if ((cause as Error).name !== 'DataCloneError') throw cause;
      throw new u.OptionError(
        `run: what a job sends or returns must be data that can be cloned: ${(cause as Error).message}; send typed arrays, ` +
          'lists and records, and of a tensor toArray()',
        { cause },
      );
    }
  }

  #openCheckpoint({ checkpoint, store }: Restart): CheckpointStore {
    return {
      read: () => (store === null ? checkpoint : readPlace(store)),
      write: async (bytes) => {
        if (store !== null) await writePlace(store, bytes);
        this.#flush();
        this.#port.post({ type: 'checkpoint', id: this.id, bytes }, [bytes.buffer as ArrayBuffer]);
      },
    };
  }
}

/** Holds a lock of this name as long as this thread lives: who asks for it next learns of the thread's end. */
function holdLock(name: string): Promise<boolean> {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    locks
      .request(name, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}
