// Node: the addon found by node-gyp-build, WASM and files read from disk. This file stands two folders below the package's
// root in src/, and so does the one in dist/chunks/ that has it.
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Addon, openNative } from '../backend/native.js';
import { Unavailable, WrongScript } from '../backend/unavailable.js';
import { UnrolledError } from '../errors.js';
import { scriptIn, whyNotOurs } from '../script-url.js';
import { followWorker, locateWasm, type Platform, THREAD_SCRIPT, type WasmVariant } from './types.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const wasmFolder = pathToFileURL(join(root, 'wasm', 'dist', '/'));
/** Built, also when this file runs from src/: a worker of Node does not read TypeScript. */
const workerFile = join(root, 'dist', 'backend', 'wasm-worker.js');

/** The addon's exports. Throws Unavailable. */
export function loadAddon(): Addon {
  const remedy = 'build it with "npm run build:native" in a clone of the repository; without it WASM is used';
  try {
    const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Addon;
    return load(root);
  } catch (cause) {
    const text = (cause as Error).message;
    const none = `no binary for ${process.platform}-${process.arch} (Node-API 8) in this installation`;
    const reason = text.startsWith('No native build') ? none : `the addon cannot be loaded: ${text.split('\n')[0]}`;
    throw new Unavailable('native', reason, remedy, { cause });
  }
}

export const nodePlatform: Platform = {
  name: 'node',
  cores: availableParallelism,
  env: (name) => process.env[name],

  openAddon: (options) => openNative(loadAddon(), options),

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

  async findWorker(from) {
    const place = scriptIn(from, THREAD_SCRIPT.file);
    const script = place.startsWith('file:') ? fileURLToPath(place) : resolve(place);
    const text = await readFile(script, 'utf8').catch((cause) => {
      throw new WrongScript(`cannot read ${script}: ${(cause as Error).message}`);
    });
    const wrong = whyNotOurs(script, THREAD_SCRIPT.file, THREAD_SCRIPT.mark, text);
    if (wrong !== null) throw new WrongScript(wrong);
    return script;
  },

  startWorker(task, script = workerFile) {
    // Without the program's own flags: a loader or an inspector that it runs under has no business in these threads.
    const worker = new Worker(script, { name: 'unrolled', execArgv: [] });
    const { ready, gone } = followWorker(({ news, failed, ended }) => {
      worker.on('message', news);
      worker.on('error', (error) => failed(error.message));
      worker.on('exit', ended);
    });
    worker.postMessage(task);
    return { ready, gone, keepAlive: (on) => (on ? worker.ref() : worker.unref()) };
  },

  readFile: (path) => readFile(pathOf('read', path)).catch((cause) => refuseFile('read', path, cause)),

  async *openFile(path) {
    const stream = createReadStream(pathOf('read', path));
    try {
      yield* stream as AsyncIterable<Uint8Array>;
    } catch (cause) {
      refuseFile('read', path, cause);
    }
  },

  async writeFileAtomic(path, bytes, keep = 1) {
    const target = pathOf('write', path);
    const partial = partialOf(target);
    try {
      const file = await open(partial, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync(); // else a power cut could leave the new name with none of the bytes
      } finally {
        await file.close();
      }
      if (keep > 1) await keepOlder(target, keep);
      await rename(partial, target);
      await syncFolder(dirname(target));
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => {}); // what went wrong first is what to tell
      refuseFile('write', path, cause);
    }
  },

  async recoverFile(path) {
    const target = pathOf('read', path);
    const partial = (name: string) => name.startsWith(`.${basename(target)}.`) && /\.[0-9a-f]{12}\.partial$/.test(name);
    try {
      // Whoever is writing this very file now loses: of two programs that do, neither could rely on it.
      const names = await readdir(dirname(target));
      for (const name of names.filter(partial)) await rm(join(dirname(target), name), { force: true });
      return names.includes(basename(target)) ? await readFile(target) : null;
    } catch (cause) {
      return refuseFile('read', path, cause);
    }
  },

  inFolder: (folder, name) => join(pathOf('read', folder), name),

  async makeFolder(path) {
    await mkdir(pathOf('write', path), { recursive: true }).catch((cause) => refuseFile('write', path, cause));
  },

  async listFolder(path) {
    try {
      return await readdir(pathOf('read', path));
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? null : refuseFile('read', path, cause);
    }
  },

  async removeFile(path) {
    await rm(pathOf('write', path), { force: true }).catch((cause) => refuseFile('write', path, cause));
  },
};

/** In the folder of the file itself: a rename from another file system would be a copy. */
function partialOf(target: string): string {
  const random = crypto.getRandomValues(Buffer.alloc(6)); // not of node:crypto, which takes longer to load than all of this file
  return join(dirname(target), `.${basename(target)}.${random.toString('hex')}.partial`);
}

/** target.1, target.2, ... move up, and the file is target.1 too. It keeps its own name until the new one takes it. */
async function keepOlder(target: string, keep: number): Promise<void> {
  const ignoreMissing = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  };
  for (let k = keep - 2; k >= 1; k--) await rename(`${target}.${k}`, `${target}.${k + 1}`).catch(ignoreMissing);
  const second = partialOf(target);
  try {
    // A second name costs nothing; file systems without them get a copy.
    await link(target, second).catch((error) =>
      error.code === 'ENOENT' ? ignoreMissing(error) : copyFile(target, second),
    );
    await rename(second, `${target}.1`).catch(ignoreMissing);
  } finally {
    await rm(second, { force: true });
  }
}

/** Else a power cut could take the new name back. Where a folder cannot be opened (Windows), the system sees to that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function pathOf(verb: 'read' | 'write', path: string | URL): string {
  try {
    return typeof path === 'string' && !path.startsWith('file:') ? path : fileURLToPath(path);
  } catch (cause) {
    return refuseFile(verb, path, cause);
  }
}

function refuseFile(verb: 'read' | 'write', path: string | URL, cause: unknown): never {
  const { code, message } = cause as NodeJS.ErrnoException;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const remedy = isFull ? 'free some space, or choose another place' : `check the path and who may ${verb} there`;
  throw new UnrolledError(`cannot ${verb} ${path}: ${message}; ${remedy}`, 'ERR_FILE', { cause });
}
