// The threads of a WASM backend, from JavaScript's side: workers that are started, awaited and sent home. What they do in
// between is native/runtime/pool-wasm.cc. A kernel never waits for a worker that has not started yet or has left: it does the
// work of all itself.
import { OutOfMemoryError } from '../errors.js';
import type { PoolWorker } from '../platform/types.js';
import type { WorkerTask } from './wasm-worker.js';

export type PoolExports = {
  malloc(bytes: number): number;
  u_set_threads(ctx: number, threads: number): number;
  u_pool_manners(maySpin: number, mayWait: number): void;
  u_recruit(): void;
  u_dismiss(): void;
};

/** What the kernels put on a stack is less than a tenth of this. */
const STACK_BYTES = 128 * 1024;
/** U_MAX_THREADS of native/runtime/ctx.h. */
const MOST_THREADS = 64;

export class WasmPool {
  threads = 1;
  private workers: PoolWorker[] = [];
  /** Upper ends of the workers' stacks, for those who come next. */
  private readonly stacks: number[] = [];
  private closed = false;

  constructor(
    private readonly raw: PoolExports,
    private readonly ctx: number,
    private readonly module: WebAssembly.Module,
    private readonly memory: WebAssembly.Memory,
    private readonly startWorker: (task: WorkerTask) => PoolWorker,
    private readonly cores: number,
  ) {}

  /** Rejects where that many cannot be started; there is one thread then. */
  async resize(wanted: number): Promise<void> {
    const threads = Math.min(wanted, MOST_THREADS);
    if (threads === this.threads || this.closed) return;
    await this.dismiss();
    if (this.raw.u_set_threads(this.ctx, threads) !== 0) {
      throw new OutOfMemoryError(`wasm: no memory for the buffers of ${threads} threads`, 0);
    }
    // With more threads than cores a spinning thread only keeps a working one off its core.
    this.raw.u_pool_manners(Number(threads <= this.cores), Number(mayWait()));
    this.raw.u_recruit();
    try {
      for (let thread = 1; thread < threads; thread++) {
        const task = { module: this.module, memory: this.memory, thread, stack: this.stackOf(thread) };
        this.workers.push(this.startWorker(task));
      }
      await Promise.all(this.workers.map(({ ready }) => ready));
      this.threads = threads;
    } catch (error) {
      await this.dismiss();
      this.raw.u_set_threads(this.ctx, 1);
      throw error;
    }
    for (const worker of this.workers) worker.keepAlive(false);
    if (this.closed) this.raw.u_dismiss(); // meanwhile
  }

  /** Sends the workers home and resolves when they have left. At once there is nobody but the caller to take a task. */
  private async dismiss(): Promise<void> {
    const leaving = this.workers;
    this.workers = [];
    this.threads = 1;
    this.raw.u_dismiss();
    for (const worker of leaving) worker.keepAlive(true);
    await Promise.all(leaving.map(({ gone }) => gone));
  }

  /** Resolves when nobody uses the memory any more. Does not keep the process alive. */
  async close(): Promise<void> {
    this.closed = true;
    this.threads = 0;
    this.raw.u_dismiss();
    await Promise.all(this.workers.map(({ gone }) => gone));
  }

  private stackOf(thread: number): number {
    let stack = this.stacks[thread];
    if (stack === undefined) {
      const start = this.raw.malloc(STACK_BYTES) >>> 0;
      if (start === 0) throw new OutOfMemoryError('wasm: no memory for the stack of a thread', STACK_BYTES);
      stack = (start + STACK_BYTES) & -16; // what the compiler expects of a stack's end
      this.stacks[thread] = stack;
    }
    return stack;
  }
}

/** Whether this thread may sleep until another wakes it: a page's may not, those of Node and of workers may. */
function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
