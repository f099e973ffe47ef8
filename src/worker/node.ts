// `unrolled/worker` in Node: the same in a thread of worker_threads.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { whyNotOurs } from '../script-url.js';
import type { Thread } from './client.js';
import { type OwnScript, openWith, type UnrolledWorker } from './open.js';
import type { WorkerOptions } from './specs.js';

export type * from './index.js';

const OWN: OwnScript = {
  file: 'entry-node.js',
  start(url) {
    const script = url === undefined ? new URL('./entry-node.js', import.meta.url) : pathOf(url);
    return threadOf(new Worker(script, { name: 'unrolled-worker' }));
  },
  async check(url, file, mark) {
    try {
      return whyNotOurs(url, file, mark, await readFile(pathOf(url), 'utf8'));
    } catch (error) {
      return `cannot read ${url}: ${(error as Error).message}`;
    }
  },
};

const pathOf = (url: string): string => (url.startsWith('file:') ? fileURLToPath(url) : resolve(url));

/**
 * Starts a thread and a backend in it; see `openWorker` of pages. The process waits for it until `terminate()`.
 *
 * `create` makes a Worker of worker_threads whose file calls `serve`.
 */
export function openWorker(options: WorkerOptions = {}): Promise<UnrolledWorker> {
  const create = options.create as unknown as (() => Worker) | undefined;
  return openWith(OWN, options, create && (() => threadOf(create())));
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
