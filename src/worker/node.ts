// `unrolled/worker` in Node: the same in a thread of worker_threads.
import { Worker } from 'node:worker_threads';
import type { Thread } from './client.js';
import { openWith, type UnrolledWorker } from './open.js';
import type { WorkerOptions } from './specs.js';

export type * from './index.js';

/**
 * Starts a thread and a backend in it; see `openWorker` of pages. The process waits for it until `terminate()`.
 *
 * `create` makes a Worker of worker_threads whose file calls `serve`.
 */
export function openWorker(options: WorkerOptions = {}): Promise<UnrolledWorker> {
  const own = () => new Worker(new URL('./entry-node.js', import.meta.url), { name: 'unrolled-worker' });
  const create = (options.create as unknown as (() => Worker) | undefined) ?? own;
  return openWith(() => threadOf(create()), options);
}

/** In the clothes of a page's. */
function threadOf(worker: Worker): Thread {
  return {
    postMessage: (message, transfer) => worker.postMessage(message, transfer as never),
    addEventListener(type: string, listener: (event: never) => void) {
      if (type === 'message') worker.on('message', (data) => listener({ data } as never));
      else {
        worker.on('error', (error) => listener(error as never));
        worker.on('exit', () => listener({ message: 'it ended' } as never));
      }
    },
    terminate: () => worker.terminate(),
  };
}
