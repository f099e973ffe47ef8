// The script of a worker of the WASM pool, the same in Node and in browsers: an instance of the module over the shared memory,
// with a stack of its own, that takes part in the pool's jobs until it is dismissed. It imports nothing of Node, so that
// bundlers for browsers take it as it is. Started by wasm-pool.ts through the platform.
import { wasmImports } from './wasm-imports.js';

/** What a worker is sent, once. */
export interface WorkerTask {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Its number, from 1: the caller is thread 0. */
  readonly thread: number;
  /** The upper end of its stack in the memory: stacks grow downward. */
  readonly stack: number;
}

/** What it answers: that it takes part now, that it has left, or why it could not. */
export type WorkerNews = 'ready' | 'gone' | { readonly failed: string };

interface Port {
  addEventListener(type: 'message', listener: (event: { data: WorkerTask }) => void, options: { once: true }): void;
  postMessage(news: WorkerNews): void;
  close(): void;
}
type WorkerExports = {
  stackRestore(stack: number): void;
  u_work(thread: number): void;
  u_work_failed(): void;
};

const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
const port = (threads?.parentPort ?? globalThis) as unknown as Port;

port.addEventListener(
  'message',
  async ({ data }) => {
    try {
      await work(data);
      port.postMessage('gone');
    } catch (error) {
      port.postMessage({ failed: String(error) });
    }
    port.close();
  },
  { once: true },
);

async function work({ module, memory, thread, stack }: WorkerTask): Promise<void> {
  const instance = await WebAssembly.instantiate(module, wasmImports(module, memory));
  const raw = instance.exports as WorkerExports;
  raw.stackRestore(stack);
  port.postMessage('ready');
  try {
    raw.u_work(thread);
  } catch (error) {
    raw.u_work_failed(); // else the caller would wait for the task that trapped
    throw error;
  }
}
