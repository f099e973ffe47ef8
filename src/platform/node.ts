// Node: the addon found by node-gyp-build, WASM and files read from disk. This file stands two folders below the package's
// root in src/, in dist/ and in the CommonJS bundle alike.
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Unavailable } from '../backend/unavailable.js';
import { UnrolledError } from '../errors.js';
import { followWorker, locateWasm, type Platform, type WasmVariant } from './types.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const wasmFolder = pathToFileURL(join(root, 'wasm', 'dist', '/'));
/** Built, also when this file runs from src/: a worker of Node does not read TypeScript. */
const workerFile = join(root, 'dist', 'backend', 'wasm-worker.js');

export const nodePlatform: Platform = {
  name: 'node',
  cores: availableParallelism,
  env: (name) => process.env[name],

  loadAddon() {
    const remedy = 'build it with "npm run build:native" in a clone of the repository; without it WASM is used';
    try {
      const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => unknown;
      return load(root);
    } catch (cause) {
      const text = (cause as Error).message;
      const none = `no binary for ${process.platform}-${process.arch} (Node-API 8) in this installation`;
      const reason = text.startsWith('No native build') ? none : `the addon cannot be loaded: ${text.split('\n')[0]}`;
      throw new Unavailable('native', reason, remedy, { cause });
    }
  },

  async compileWasm(variant: WasmVariant, from: string | URL = wasmFolder) {
    const place = locateWasm(variant, from);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = (await readFile(place.startsWith('file:') ? fileURLToPath(place) : place)) as Uint8Array<ArrayBuffer>;
    } catch (cause) {
      const remedy = 'run "npm run build:wasm" in a clone, reinstall the package, or pass ready({ wasmUrl })';
      throw new Unavailable('wasm', `cannot read ${place}: ${(cause as Error).message}`, remedy, { cause });
    }
    try {
      return await WebAssembly.compile(bytes);
    } catch (cause) {
      const reason = `${place} (${bytes.length} bytes) is damaged or needs a newer engine: ${(cause as Error).message}`;
      throw new Unavailable('wasm', reason, 'reinstall the package, or run "npm run build:wasm" in a clone', { cause });
    }
  },

  threadsRefused: () => null,

  startWorker(task) {
    // Without the program's own flags: a loader or an inspector that it runs under has no business in these threads.
    const worker = new Worker(workerFile, { name: 'unrolled', execArgv: [] });
    const { ready, gone } = followWorker(({ news, failed, ended }) => {
      worker.on('message', news);
      worker.on('error', (error) => failed(error.message));
      worker.on('exit', ended);
    });
    worker.postMessage(task);
    return { ready, gone, keepAlive: (on) => (on ? worker.ref() : worker.unref()) };
  },

  readFile: (path) => readFile(path).catch((cause) => refuseFile('read', path, cause)),

  async writeFileAtomic(path, bytes) {
    const target = pathOf(path);
    const partial = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
    try {
      const file = await open(partial, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync(); // else a power cut could leave the new name with none of the bytes
      } finally {
        await file.close();
      }
      await rename(partial, target);
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => {}); // what went wrong first is what to tell
      refuseFile('write', path, cause);
    }
  },
};

function pathOf(path: string | URL): string {
  try {
    return typeof path === 'string' ? path : fileURLToPath(path);
  } catch (cause) {
    return refuseFile('write', path, cause);
  }
}

function refuseFile(verb: 'read' | 'write', path: string | URL, cause: unknown): never {
  const message = `cannot ${verb} ${path}: ${(cause as Error).message}; check the path and who may ${verb} there`;
  throw new UnrolledError(message, 'ERR_FILE', { cause });
}
