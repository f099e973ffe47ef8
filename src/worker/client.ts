// A page's side of a worker: sends calls, hears what comes of them, and takes them up in another worker when theirs dies. It
// carries nothing of the library but its errors.
import type { ReadyOptions } from '../backend/select.js';
import type { BackendInfo } from '../backend/types.js';
import { AbortError, OptionError, UnrolledError } from '../errors.js';
import type { CheckpointStore } from '../io/checkpoint.js';
import { buffersIn, type CallKind, errorForm, errorOf, type FromWorker, type News, type ToWorker } from './protocol.js';
import type { RunEvents, WorkerOptions } from './specs.js';

/** A thread as the client uses it: a page's Worker, or one of Node's in its clothes. */
export interface Thread {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { message?: string }) => void): void;
  terminate(): unknown;
}

/** WorkerOptions, with a thread to start; `workerUrl` is that of its own threads. */
export type ClientOptions = Omit<WorkerOptions, 'create'> & { readonly create: () => Thread };

const START_SECONDS = 60;
/** Where nobody tells of a worker's death. */
const SILENCE_SECONDS = 120;

/** How a run stands. */
export type RunStatus = 'running' | 'paused' | 'done' | 'failed' | 'aborted';

/** A run in a worker: training, or a job. */
export interface Run<Result> {
  /**
   * What came of it. Rejects with the error that the worker met, as it was there; with the reason it was aborted for; with code
   * ERR_WORKER if its worker died more often than `restarts` allows.
   */
  readonly result: Promise<Result>;
  readonly status: RunStatus;
  /** The last checkpoint that arrived, a file that `fit` anywhere goes on from: null before the first. */
  readonly checkpoint: Uint8Array | null;
  /** The weights after the last update, as a safetensors file, of a fit that was aborted or failed. Else null. */
  readonly state: Uint8Array | null;
  /** Holds it after the update under way. Questions to the worker are answered meanwhile. */
  pause(): void;
  resume(): void;
  /**
   * Ends it after the update under way: `result` rejects with `reason`. A task keeps the model of its best epoch, if there was one:
   * `result` then resolves to it.
   *
   * @param reason  default: an AbortError
   */
  abort(reason?: unknown): void;
}

/** What is asked for. */
export interface Request {
  readonly kind: CallKind;
  /** Made anew for each worker that it is sent to. */
  readonly input: (generation: number) => unknown;
  /** What the page is given for what came back. */
  readonly finish?: (value: unknown, generation: number) => unknown;
}

/** A request from its beginning to its end. */
export class Call implements Run<unknown> {
  readonly result: Promise<unknown>;
  readonly request: Request;
  readonly events: RunEvents;
  readonly id: number;
  /** The worker that it was last sent to. */
  generation = 0;
  status: RunStatus = 'running';
  checkpoint: Uint8Array | null = null;
  state: Uint8Array | null = null;
  restarts: number;
  /** How often it was sent off. */
  attempts = 0;
  /** Buffers were moved: it cannot be sent twice. */
  isMoved = false;
  reason: { readonly value: unknown } | null = null;
  readonly #send: (message: ToWorker) => void;
  readonly #cancel: () => void;
  readonly #over: () => void;
  #settle!: { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  /** The page's store is given one checkpoint at a time, the newest. */
  #writing: Promise<void> | null = null;
  #due: Uint8Array | null = null;
  #lost: { readonly error: unknown } | null = null;

  constructor(
    id: number,
    request: Request,
    events: RunEvents,
    links: { send: (message: ToWorker) => void; cancel: (call: Call) => void; over: (call: Call) => void },
  ) {
    this.id = id;
    this.request = request;
    this.events = events;
    this.restarts = events.restarts ?? 1;
    this.#send = links.send;
    this.#cancel = () => links.cancel(this);
    this.#over = () => links.over(this);
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get isOver(): boolean {
    return this.status !== 'running' && this.status !== 'paused';
  }

  pause(): void {
    if (this.status !== 'running') return;
    this.status = 'paused';
    this.#send({ type: 'pause', id: this.id });
  }

  resume(): void {
    if (this.status !== 'paused') return;
    this.status = 'running';
    this.#send({ type: 'resume', id: this.id });
  }

  abort(reason: unknown = new AbortError(`${this.request.kind} was aborted`)): void {
    if (this.isOver || this.reason) return;
    this.reason = { value: reason };
    this.#cancel();
  }

  hear(news: readonly News[]): void {
    const { onProgress, onEpoch, onSay, onEvent } = this.events;
    const listeners = { progress: onProgress, epoch: onEpoch, say: onSay, event: onEvent };
    for (const [kind, what] of news) (listeners[kind] as ((what: unknown) => void) | undefined)?.(what);
  }

  keep(bytes: Uint8Array): void {
    this.checkpoint = bytes;
    const { store } = this.events;
    if (typeof store !== 'object') return;
    this.#due = bytes;
    this.#writing ??= this.#write(store);
  }

  async #write(store: CheckpointStore): Promise<void> {
    try {
      for (let bytes = this.#due; bytes; bytes = this.#due) {
        this.#due = null;
        await store.write(bytes);
      }
    } catch (error) {
      this.#lost = { error }; // as fit fails when it cannot write
      this.abort(error);
    } finally {
      this.#writing = null;
    }
  }

  /** Only when the page's store has the last checkpoint. */
  async done(value: unknown): Promise<void> {
    await this.#writing;
    if (this.isOver) return;
    if (this.#lost) {
      this.failed(this.#lost.error);
      return;
    }
    this.status = this.reason ? 'aborted' : 'done';
    const { finish = (given) => given } = this.request;
    this.#settle.resolve(finish(value, this.generation));
    this.#over();
  }

  failed(error: unknown, state: Uint8Array | null = null): void {
    if (this.isOver) return;
    this.state = state;
    this.status = this.reason ? 'aborted' : 'failed';
    this.#settle.reject(this.reason ? this.reason.value : error);
    this.#over();
  }
}

/** One worker, from its start to its end. */
class Connection {
  readonly generation: number;
  /** Resolves when its backend is ready. */
  readonly info: Promise<BackendInfo>;
  isOpen = false;
  readonly #thread: Thread;
  readonly #links: ConnectionLinks;
  /** Of the lock that the worker holds as long as it lives. Only pages in a secure context have such. */
  readonly #lock = globalThis.navigator?.locks ? `unrolled-${crypto.randomUUID()}` : null;
  /** Aborted when nobody is to be told any more of the worker's end. */
  readonly #watch = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #timeout: number | undefined;
  readonly #ready: ReadyOptions;
  /** Seconds in a row without a sign of life, and how many there may be. */
  #silence = 0;
  #patience: number;
  #opened!: { resolve: (info: BackendInfo) => void; reject: (error: Error) => void };

  constructor(generation: number, { create, timeout, ...ready }: ClientOptions, links: ConnectionLinks) {
    this.generation = generation;
    this.#links = links;
    this.#timeout = timeout;
    this.#patience = timeout ?? START_SECONDS;
    this.info = new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
    });
    this.info.catch(() => {}); // told to who awaits it
    this.#thread = create();
    this.#thread.addEventListener('message', ({ data }) => this.#hear(data as FromWorker));
    this.#thread.addEventListener('error', ({ message }) => this.gone(message || 'its script cannot be loaded'));
    this.#timer = setInterval(() => this.#listen(), 1000);
    this.#ready = ready;
  }

  send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#thread.postMessage(message, transfer);
  }

  /** Ends it; nobody is told. */
  close(): void {
    this.#watch.abort();
    clearInterval(this.#timer);
    this.#thread.terminate();
    this.#opened.reject(workerError('the worker was ended before it was ready')); // who waits for it need not
  }

  /** It has ended, or has to. */
  gone(why: string): void {
    if (this.#watch.signal.aborted) return;
    if (!this.isOpen) this.#opened.reject(workerError(`the worker could not be started: ${why}`));
    this.close();
    if (this.isOpen) this.#links.died(this, why);
  }

  #hear(message: FromWorker): void {
    this.#silence = 0;
    switch (message.type) {
      case 'here':
        this.send({ type: 'open', options: this.#ready, lock: this.#lock });
        break;
      case 'opened':
        this.isOpen = true;
        this.#patience = this.#timeout ?? (message.locked ? Number.POSITIVE_INFINITY : SILENCE_SECONDS);
        if (message.locked) this.#awaitLock(this.#lock as string);
        this.#opened.resolve(message.info);
        break;
      case 'refused':
        this.#opened.reject(errorOf(message.error));
        this.close();
        break;
      default:
        this.#links.hear(message);
    }
  }

  #awaitLock(name: string): void {
    navigator.locks.request(name, { signal: this.#watch.signal }, () => this.gone('it was ended')).catch(() => {}); // closed
  }

  /** Counts seconds that were lived through, not those of a page that slept. */
  #listen(): void {
    if (this.isOpen && !this.#links.owes()) this.#silence = 0;
    else if (++this.#silence > this.#patience) {
      const hint = this.isOpen ? '' : '; does its file call serve() of unrolled/worker/serve?';
      this.gone(`it gave no sign of life for ${this.#patience} s${hint}`);
    } else if (this.isOpen) this.send({ type: 'ping' });
  }
}

interface ConnectionLinks {
  readonly hear: (message: FromWorker) => void;
  readonly died: (connection: Connection, why: string) => void;
  /** Whether the worker owes an answer. */
  readonly owes: () => boolean;
}

/** Calls of one page to one worker at a time, the one after the other when it dies. */
export class Client {
  readonly #options: ClientOptions;
  readonly #calls = new Map<number, Call>();
  #connection: Connection | null = null;
  #started: Promise<Connection> | null = null;
  #generations = 0;
  #ids = 0;
  #isClosed = false;
  info!: BackendInfo;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** The worker there is, or a new one. */
  start(): Promise<Connection> {
    if (this.#started) return this.#started;
    const started = this.#open();
    this.#started = started;
    started.catch(() => {
      if (this.#started === started) this.#started = null; // may be tried again
    });
    return started;
  }

  async #open(): Promise<Connection> {
    if (this.#isClosed) throw workerError('the worker was terminated; open another one');
    const connection = new Connection(++this.#generations, this.#options, {
      hear: (message) => this.#hear(message),
      died: (dead, why) => this.#died(dead, why),
      owes: () => this.#calls.size > 0,
    });
    this.#connection = connection;
    this.info = await connection.info;
    return connection;
  }

  nextId(): number {
    return ++this.#ids;
  }

  /** Sends a call off; what becomes of it is the call's. */
  call(request: Request, events: RunEvents = {}): Call {
    const { signal } = events;
    const onAbort = () => call.abort(signal?.reason);
    const call: Call = new Call(this.nextId(), request, events, {
      send: (message) => this.#connection?.isOpen && this.#connection.send(message),
      cancel: (aborted) => this.#abort(aborted),
      over: ({ id }) => {
        this.#calls.delete(id);
        signal?.removeEventListener('abort', onAbort);
      },
    });
    this.#calls.set(call.id, call);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    void this.#dispatch(call);
    return call;
  }

  async #dispatch(call: Call): Promise<void> {
    const attempt = ++call.attempts;
    try {
      const { store, transfer = false, every = null } = call.events;
      if (typeof store === 'object' && call.checkpoint === null) call.checkpoint = (await store.read()) ?? null;
      const connection = await this.start();
      if (call.isOver || attempt !== call.attempts) return;
      call.generation = connection.generation;
      const input = call.request.input(connection.generation);
      const restart = {
        isPaused: call.status === 'paused',
        checkpoint: call.checkpoint,
        store: typeof store === 'string' ? store : null,
        every,
      };
      const message: ToWorker = { type: 'call', id: call.id, kind: call.request.kind, input, restart };
      call.isMoved = transfer;
      connection.send(message, transfer ? buffersIn(input) : []);
    } catch (error) {
      if (attempt !== call.attempts) return; // it was sent off anew meanwhile
      call.failed(
        (error as Error)?.name === 'DataCloneError' ? notCloneable(call.request.kind, error as Error) : error,
      );
    }
  }

  /** The worker answers when it can; one that was not asked yet cannot. */
  #abort(call: Call): void {
    if (this.#connection?.isOpen && this.#connection.generation === call.generation) {
      this.#connection.send({ type: 'abort', id: call.id, reason: errorForm(call.reason?.value) });
    } else call.failed(null);
  }

  #hear(message: FromWorker): void {
    if (!('id' in message)) return;
    const call = this.#calls.get(message.id);
    if (call === undefined) return;
    switch (message.type) {
      case 'news':
        call.hear(message.news);
        break;
      case 'checkpoint':
        call.keep(message.bytes);
        break;
      case 'done':
        void call.done(message.value);
        break;
      case 'failed':
        call.failed(errorOf(message.error), message.state);
    }
  }

  /** What its calls are owed, another worker gives. */
  #died(connection: Connection, why: string, counts = true): void {
    if (connection !== this.#connection) return;
    this.#connection = null;
    this.#started = null;
    for (const call of [...this.#calls.values()]) {
      const { kind } = call.request;
      if (call.reason) call.failed(null);
      else if (call.isMoved) {
        call.failed(
          workerError(`${kind}: its worker died (${why}), and with it the data that were moved there; copy them`),
        );
      } else if (counts && call.restarts-- <= 0) {
        call.failed(
          workerError(`${kind}: its worker died (${why}), as those before it; pass { restarts } to try more often`),
        );
      } else void this.#dispatch(call);
    }
  }

  /** Asks nothing in return. */
  tell(message: ToWorker): void {
    if (this.#connection?.isOpen) this.#connection.send(message);
  }

  kill(): void {
    this.#connection?.gone('it was killed');
  }

  async restart(): Promise<BackendInfo> {
    const connection = this.#connection;
    connection?.close();
    if (connection) this.#died(connection, 'it was restarted', false);
    await this.start();
    return this.info;
  }

  terminate(): void {
    this.#isClosed = true;
    this.#connection?.close();
    this.#connection = null;
    this.#started = null;
    for (const call of this.#calls.values())
      call.failed(workerError(`${call.request.kind}: the worker was terminated`));
  }
}

const workerError = (message: string): UnrolledError => new UnrolledError(message, 'ERR_WORKER');

function notCloneable(kind: string, cause: Error): OptionError {
  return new OptionError(
    `${kind}: what goes to a worker must be data that can be cloned: ${cause.message}; send typed arrays, lists and records, and ` +
      'register functions in a worker file of your own',
    { cause },
  );
}
