// Browsers: WASM fetched and compiled while it arrives. No import of Node anywhere below. `new URL('...', import.meta.url)` is
// written out for each file, because that is the form bundlers look for when they copy assets.
import { Unavailable, WrongScript } from '../backend/unavailable.js';
import { UnrolledError } from '../errors.js';
import { scriptIn, whyNoWorker } from '../script-url.js';
import type { FileStore } from './stores.js';
import { chunksOf, followWorker, locateWasm, type Platform, THREAD_SCRIPT, type WasmVariant } from './types.js';

const files: Record<WasmVariant, () => URL> = {
  simd128: () => new URL('../../wasm/dist/unrolled-simd128.wasm', import.meta.url),
  relaxed: () => new URL('../../wasm/dist/unrolled-relaxed.wasm', import.meta.url),
  'simd128-threads': () => new URL('../../wasm/dist/unrolled-simd128-threads.wasm', import.meta.url),
  'relaxed-threads': () => new URL('../../wasm/dist/unrolled-relaxed-threads.wasm', import.meta.url),
};
const REMEDY = 'serve the .wasm files of this package and pass ready({ wasmUrl: "/their/folder/" })';

export const browserPlatform: Platform = {
  name: 'browser',
  cores: () => navigator.hardwareConcurrency || 1,
  env: () => undefined,

  async compileWasm(variant, from) {
    const url = from === undefined ? String(files[variant]()) : locateWasm(variant, from);
    const response = await get(url);
    if (response.headers.get('content-type')?.startsWith('application/wasm')) {
      return WebAssembly.compileStreaming(response).catch((cause) => damaged(url, cause));
    }
    // A server that does not know the type: compile what it sent, unless that is a page saying "not found".
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes[0] === '<'.charCodeAt(0))
      throw new Unavailable('wasm', `${url} answered with HTML, not with WASM`, REMEDY);
    return WebAssembly.compile(bytes).catch((cause) => damaged(url, cause));
  },

  threadsRefused() {
    if (!globalThis.crossOriginIsolated) {
      return (
        'this page is not cross-origin isolated: serve it with the headers Cross-Origin-Opener-Policy: same-origin and ' +
        'Cross-Origin-Embedder-Policy: require-corp'
      );
    }
    return typeof Worker === 'undefined' ? 'no worker can be started from here' : null;
  },

  async findWorker(from) {
    const script = scriptIn(from, THREAD_SCRIPT.file);
    const wrong = await whyNoWorker(script, THREAD_SCRIPT.file, THREAD_SCRIPT.mark);
    if (wrong !== null) throw new WrongScript(wrong);
    return script;
  },

  startWorker(task, script) {
    // The same place from src/platform/ and from dist/chunks/. webpack calls the script's chunk by `name`, so that another worker of
    // this name would get this script.
    const own = () =>
      new Worker(new URL('../backend/wasm-worker.js', import.meta.url), { type: 'module', name: 'unrolled-thread' });
    const worker = script === undefined ? own() : new Worker(script, { type: 'module', name: 'unrolled-thread' });
    const { ready, gone } = followWorker(({ news, failed, ended }) => {
      worker.addEventListener('message', ({ data }) => {
        news(data);
        if (data !== 'ready') ended();
      });
      worker.addEventListener('error', ({ message }) => {
        failed(
          message ||
            'dist/backend/wasm-worker.js of this package cannot be loaded; serve it and pass ready({ workerUrl: "/its/folder/" })',
        );
        ended();
      });
    });
    worker.postMessage(task);
    return { ready, gone, keepAlive() {} }; // a page keeps nobody waiting
  },

  async readFile(path) {
    const store = storeOf(path);
    if (!store) return new Uint8Array(await (await download(path)).arrayBuffer());
    const bytes = await (await store).read(`${path}`);
    if (bytes) return bytes;
    throw new UnrolledError(`cannot read ${path}: there is no such file`, 'ERR_FILE');
  },

  async *openFile(path) {
    if (storeOf(path)) yield await browserPlatform.readFile(path);
    else {
      const { body } = await download(path);
      if (body) yield* chunksOf(body);
    }
  },

  writeFileAtomic: async (path, bytes, keep = 1) => (await storeFor('write', path)).write(`${path}`, bytes, keep),
  recoverFile: async (path) => (await storeFor('open', path)).read(`${path}`),
  makeFolder: async (path) => (await storeFor('make', path)).makeFolder(`${path}`),
  listFolder: async (path) => (await storeFor('open', path)).list(`${path}`),
  removeFile: async (path) => (await storeFor('remove', path)).remove(`${path}`),

  inFolder(folder, name) {
    const base = `${folder}`.replace(/\/?$/, '/');
    return storeOf(folder) ? base + name : new URL(name, new URL(base, globalThis.location?.href)).href;
  },
};

/** What keeps files for pages, fetched when a path first needs it; null for paths that a server answers. */
function storeOf(path: string | URL): Promise<FileStore> | null {
  const [, scheme] = /^(opfs|idb):/.exec(`${path}`) ?? [];
  if (!scheme) return null;
  stores ??= import('./stores.js').then(
    ({ openStores }) => openStores((message, code, cause) => new UnrolledError(message, code, { cause })),
    (error) => {
      stores = undefined; // may be tried again
      throw error;
    },
  );
  return stores.then((all) => all[scheme as 'opfs']);
}
let stores: Promise<Readonly<Record<'opfs' | 'idb', FileStore>>> | undefined;

async function storeFor(doing: string, path: string | URL): Promise<FileStore> {
  const store = storeOf(path);
  if (store) return store;
  throw new UnrolledError(
    `cannot ${doing} ${path}: a page has no files. Use opfs:/path or idb:/path, which the browser keeps, or the bytes that are ` +
      'returned, for example in a Blob to download',
    'ERR_NO_FILES',
  );
}

async function download(path: string | URL): Promise<Response> {
  const response = await fetch(path);
  if (response.ok) return response;
  throw new UnrolledError(`cannot read ${path}: ${response.status} ${response.statusText}`, 'ERR_FETCH');
}

async function get(url: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new Unavailable('wasm', `cannot fetch ${url}: ${(cause as Error).message}`, REMEDY, { cause });
  }
  if (!response.ok) throw new Unavailable('wasm', `${url} answered ${response.status} ${response.statusText}`, REMEDY);
  return response;
}

function damaged(url: string, cause: unknown): never {
  const reason = `${url} is truncated, damaged, or needs a newer engine: ${(cause as Error).message}`;
  throw new Unavailable('wasm', reason, 'deploy the file again, whole', { cause });
}
