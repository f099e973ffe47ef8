// What differs between Node and the browser, in one interface. The entry points (src/node.ts, src/browser.ts) choose one;
// nothing else imports a platform.
import type { Backend, Simd } from '../backend/types.js';
import { Unavailable } from '../backend/unavailable.js';
import type { WorkerNews, WorkerTask } from '../backend/wasm-worker.js';
import { BackendError } from '../errors.js';

/** A .wasm file, by the last part of its name. Those with threads work on shared memory. */
export type WasmVariant = 'simd128' | 'relaxed' | 'simd128-threads' | 'relaxed-threads';

/** A worker that runs src/backend/wasm-worker.ts. */
export interface PoolWorker {
  /** Resolves when it takes part in the pool's jobs; rejects if that cannot be. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, whether or not it ever was ready. */
  readonly gone: Promise<void>;
  /** Whether the process waits for it to end, as it does at first. */
  keepAlive(on: boolean): void;
}

export interface Platform {
  readonly name: 'node' | 'browser';
  /** Processor cores that threads may use. */
  cores(): number;
  /** An environment variable; undefined where there are none. */
  env(name: string): string | undefined;
  /** Starts the native addon. Throws Unavailable. Absent where there are no addons, so that a page does not load what drives them. */
  openAddon?(options: { simd?: Simd | undefined; threads: number }): Backend;
  /**
   * Compiles a variant of the WASM module. `from`: where its file is, or the folder (ending in "/") that holds all; by
   * default the one in this package. Throws Unavailable.
   */
  compileWasm(variant: WasmVariant, from?: string | URL): Promise<WebAssembly.Module>;
  /** Why WASM cannot have threads here, and what to do about it; null where it can. */
  threadsRefused(): string | null;
  /** The script of WASM's threads at a place of the caller's, a folder (ending in "/") or a file. Throws WrongScript. */
  findWorker(from: string | URL): Promise<string>;
  /** `script`: what findWorker found; by default that of this package. */
  startWorker(task: WorkerTask, script?: string): PoolWorker;
  /** The bytes of a file; in the browser, of what a URL answers, or of what opfs:/path or idb:/path holds. */
  readFile(path: string | URL): Promise<Uint8Array>;
  /** The same bytes bit by bit, in memory that does not grow with the file. */
  openFile(path: string | URL): AsyncIterable<Uint8Array>;
  /**
   * The file has its old contents or all of the new, whenever the process ends. `keep`: files in all, the older ones called
   * `path.1`, `path.2`, ...; default 1. In the browser: opfs:/path and idb:/path.
   */
  writeFileAtomic(path: string | URL, bytes: Uint8Array, keep?: number): Promise<void>;
  /** The bytes of a file that writeFileAtomic wrote, null where there is none; removes what a killed one left of its work. */
  recoverFile(path: string | URL): Promise<Uint8Array | null>;
  /** The file called `name` in a folder, or beside the files that a URL ending in "/" leads to. */
  inFolder(folder: string | URL, name: string): string;
  /** Makes a folder and those above it where they are missing. */
  makeFolder(path: string | URL): Promise<void>;
  /** Names of what is in a folder; null where there is none. */
  listFolder(path: string | URL): Promise<readonly string[] | null>;
  /** Removes a file if it is there. */
  removeFile(path: string | URL): Promise<void>;
}

let current: Platform | undefined;

export function setPlatform(platform: Platform): void {
  current = platform;
}

export function platform(): Platform {
  if (!current) throw new BackendError('no platform is set: import "unrolled" itself, not one of its files');
  return current;
}

/** The file name of a variant, appended to folders. */
export function locateWasm(variant: WasmVariant, from: string | URL): string {
  const place = String(from);
  return place.endsWith('/') ? `${place}unrolled-${variant}.wasm` : place;
}

/** The script of WASM's threads, and a name that is in it however it was bundled. */
export const THREAD_SCRIPT = { file: 'wasm-worker.js', mark: 'u_work_failed' } as const;

/** Follows a worker from its start to its end. `listen` passes on its messages, errors, and how it ended. */
export function followWorker(
  listen: (on: { news(news: WorkerNews): void; failed(why: string): void; ended(): void }) => void,
): Pick<PoolWorker, 'ready' | 'gone'> {
  let ended!: () => void;
  const gone = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const ready = new Promise<void>((resolve, reject) => {
    const failed = (why: string) => reject(new Unavailable('wasm', `a thread could not be started: ${why}`));
    listen({
      news: (news) => (news === 'ready' ? resolve() : news !== 'gone' && failed(news.failed)),
      failed,
      ended() {
        failed('its worker ended');
        ended();
      },
    });
  });
  ready.catch(() => {}); // told to who awaits it; nobody does when another thread failed before
  return { ready, gone };
}

/** What a stream of the web delivers. Not every browser can go through one with `for await`. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel(); // whoever stops early needs no more of it
  }
}
