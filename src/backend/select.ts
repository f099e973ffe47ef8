// Which backend to use: the fastest that works here, or the one asked for. Every attempt is kept with its reason and remedy,
// so that nobody has to guess why WASM runs where the addon was expected.
import { relaxedSimd, simd as wasmSimd, threads as wasmThreads } from 'wasm-feature-detect';
import { BackendError, UnrolledError } from '../errors.js';
import { checkOptions, is } from '../options.js';
import { platform } from '../platform/types.js';
import type { Attempt, Backend, BackendInfo, BackendName, Simd } from './types.js';
import { Unavailable, WrongScript } from './unavailable.js';
import { openWasm } from './wasm.js';

export interface ReadyOptions {
  /** 'auto', the default: native, else WASM, else reference. */
  backend?: 'auto' | BackendName;
  /**
   * Results are the same bits for any number. Default: native, the cores, at most 8; WASM, one. WASM with more than one is
   * another module, on shared memory, and so a backend of its own: tensors of WASM with one thread are not for it. It needs
   * Node, or a page that is cross-origin isolated; elsewhere there is one thread, and `backendInfo().tried` says why. On a
   * page's main thread it waits for the others by spinning, where a worker sleeps.
   */
  threads?: number;
  /** The instruction set. Default: the best this machine has. */
  simd?: Simd;
  /** Where the .wasm files are, when not where this package has them: a folder (ending in "/") or one file. */
  wasmUrl?: string | URL;
  /**
   * Where the script of WASM's threads is, when not where this package has it, because a bundler left it behind: a folder (ending
   * in "/") with a copy of `dist/backend/wasm-worker.js`, or the one file. Browsers start it from the page's own origin only.
   */
  workerUrl?: string | URL;
}

export interface BackendSpec extends ReadyOptions {
  backend: BackendName;
}

/** More threads than this rarely pay for one recurrent layer; who knows better says so. */
const MOST_THREADS_BY_DEFAULT = 8;
const AUTO: readonly BackendName[] = ['native', 'wasm', 'reference'];
const SIMD: readonly Simd[] = ['avx512', 'avx2', 'sse', 'neon', 'wasm-relaxed-simd', 'wasm-simd', 'scalar'];

/** A new backend with a memory of its own. `selectBackend` shares them; tests hold several at once. */
export async function createBackend(spec: BackendSpec): Promise<Backend> {
  try {
    return await start(spec);
  } catch (error) {
    throw new BackendError(`cannot start the ${spec.backend} backend`, [failure(spec.backend, error)], {
      cause: error,
    });
  }
}

async function start({ backend, simd, threads, wasmUrl, workerUrl }: BackendSpec): Promise<Backend> {
  switch (backend) {
    case 'native':
      return startNative(simd, threads);
    case 'wasm':
      return startWasm(simd, threads, wasmUrl, workerUrl);
    case 'reference':
      if (simd !== undefined && simd !== 'scalar') throw new Unavailable('reference', `it has no simd "${simd}"`);
      // On demand: a page, where WASM runs, need not load it.
      return (await import('./reference/index.js')).createReferenceBackend();
  }
}

function startNative(simd?: Simd, threads = Math.min(platform().cores(), MOST_THREADS_BY_DEFAULT)): Backend {
  const { openAddon } = platform();
  if (!openAddon)
    throw new Unavailable('native', 'there are no addons in a browser', 'WASM is the backend for browsers');
  return openAddon({ simd, threads });
}

async function startWasm(simd?: Simd, threads = 1, wasmUrl?: string | URL, workerUrl?: string | URL): Promise<Backend> {
  const remedy = 'use Chrome 91, Firefox 89, Safari 16.4, Node 20 or newer';
  if (typeof WebAssembly === 'undefined') throw new Unavailable('wasm', 'this engine has no WebAssembly', remedy);
  if (!(await wasmSimd())) throw new Unavailable('wasm', 'this engine has no WASM SIMD', remedy);
  if (threads > 1) {
    const refused = platform().threadsRefused() ?? ((await wasmThreads()) ? null : 'this engine has no WASM threads');
    if (refused) throw new Unavailable('wasm', refused);
  }
  const script = threads > 1 && workerUrl !== undefined ? await platform().findWorker(workerUrl) : undefined;
  const open = async (name: 'simd128' | 'relaxed'): Promise<Backend> => {
    const module = await platform().compileWasm(threads > 1 ? `${name}-threads` : name, wasmUrl);
    return openWasm(module, { threads, platform: platform(), ...(script && { script }) });
  };
  switch (simd) {
    case 'wasm-simd':
      return open('simd128');
    case 'wasm-relaxed-simd':
      if (await relaxedSimd()) return open('relaxed');
      throw new Unavailable(
        'wasm',
        'this engine has no relaxed SIMD',
        'choose "wasm-simd", or in Node 20 start with --experimental-wasm-relaxed-simd',
      );
    case undefined:
      if (await relaxedSimd()) {
        try {
          return await open('relaxed');
        } catch {
          // That file may be absent: its build needs more tools. What is wrong with both, the other one's error says too.
        }
      }
      return open('simd128');
    default:
      throw new Unavailable('wasm', `it has no simd "${simd}"`, 'choose "wasm-simd" or "wasm-relaxed-simd"');
  }
}

// ---- what ready() and backendInfo() are made of ----------------------------------------------------------------------

/** Opened backends by what was asked for. A promise that failed is forgotten, so a failed start can be tried again. */
const opened = new Map<string, Promise<Backend>>();
let selected: { backend: Backend; tried: readonly Attempt[] } | undefined;

/** Opens what `options` ask for, or gives the backend in use if they ask for none. Asked twice, it is the same backend. */
export async function selectBackend(options: ReadyOptions = {}): Promise<Backend> {
  checkOptions('ready', options, {
    backend: is.oneOf('auto', ...AUTO),
    threads: is.integer(1, 256),
    simd: is.oneOf(...SIMD),
    wasmUrl: is.url,
    workerUrl: is.url,
  });
  const { backend: name, simd: set, wasmUrl, workerUrl } = options;
  if (selected && [name, set, wasmUrl, workerUrl].every((value) => value === undefined)) {
    const { backend, tried } = selected;
    const chosen = await chosenWith(backend, options.threads);
    if (options.threads !== undefined) selected = { backend, tried: [...tried.slice(0, -1), chosen] };
    return backend;
  }
  const asked = name === 'auto' ? undefined : name;
  const wanted = asked ?? fromEnvironment('UNROLLED_BACKEND', ['auto', ...AUTO]) ?? 'auto';
  const simd = set ?? fromEnvironment('UNROLLED_SIMD', SIMD);
  const tried: Attempt[] = [];
  for (const next of wanted === 'auto' ? AUTO : [wanted]) {
    try {
      const { backend, why } = await openBest({ ...options, backend: next, ...(simd && { simd }) });
      tried.push(await chosenWith(backend, options.threads, why));
      const before = selected?.backend;
      selected = { backend, tried };
      if (before !== backend) await before?.rest?.();
      return backend;
    } catch (error) {
      if (error instanceof WrongScript) throw error;
      tried.push(failure(next, error));
    }
  }
  throw new BackendError('no backend could be started', tried);
}

/** Gives the backend in use its threads. If they are fewer than asked for, `why` is the reason, or what came of trying. */
async function chosenWith(backend: Backend, threads: number | undefined, why?: string): Promise<Attempt> {
  const { name } = backend.info;
  let reason = why ?? 'more than this backend has';
  if (threads !== undefined && backend.setThreads) {
    try {
      await backend.setThreads(threads);
    } catch (error) {
      reason = failure(name, error).reason;
    }
  } else if (name === 'wasm' && !why) {
    reason = `it was opened with one; ready({ backend: "wasm", threads: ${threads} }) opens another, with tensors of its own`;
  }
  const { info } = backend;
  const note = threads !== undefined && threads !== info.threads ? ` (${threads} asked for: ${reason})` : '';
  return { backend: name, ok: true, reason: `chosen: ${info.simd}, threads: ${info.threads}${note}` };
}

/** What runs the kernels, and what was tried before it was chosen. Throws BackendError before `ready()`. */
export function backendInfo(): BackendInfo {
  if (!selected) throw new BackendError('no backend is ready: call await ready() first');
  return { ...selected.backend.info, tried: selected.tried };
}

/** Where WASM cannot have threads, WASM with one is the best there is, and `why` says so. */
async function openBest(spec: BackendSpec): Promise<{ backend: Backend; why?: string }> {
  if (!isThreadedWasm(spec)) return { backend: await openOnce(spec) };
  try {
    return { backend: await openOnce(spec) };
  } catch (error) {
    if (error instanceof WrongScript) throw error;
    return { backend: await openOnce({ ...spec, threads: 1 }), why: failure('wasm', error).reason };
  }
}

const isThreadedWasm = ({ backend, threads = 1 }: BackendSpec): boolean => backend === 'wasm' && threads > 1;

function openOnce(spec: BackendSpec): Promise<Backend> {
  const script = isThreadedWasm(spec) ? (spec.workerUrl ?? 'own') : 'none';
  const key = [spec.backend, spec.simd, spec.wasmUrl, script].join(' ');
  let promise = opened.get(key);
  if (!promise) {
    promise = start(spec);
    opened.set(key, promise);
    promise.then(
      (backend) => forgetWhenClosed(backend, key),
      () => opened.delete(key),
    );
  }
  return promise;
}

function forgetWhenClosed(backend: Backend, key: string): void {
  const close = backend.close.bind(backend);
  backend.close = () => {
    opened.delete(key);
    if (selected?.backend === backend) selected = undefined;
    close();
  };
}

function fromEnvironment<T extends string>(variable: string, values: readonly T[]): T | undefined {
  const value = platform().env(variable);
  if (!value) return undefined;
  if (!(values as readonly string[]).includes(value)) {
    throw new BackendError(`the environment variable ${variable} must be one of ${values.join(', ')}, got "${value}"`);
  }
  return value as T;
}

function failure(backend: BackendName, error: unknown): Attempt & { ok: false } {
  if (error instanceof Unavailable) {
    const { reason, remedy } = error;
    return { backend, ok: false, reason, ...(remedy && { remedy }) };
  }
  const reason = error instanceof UnrolledError ? error.message : String(error);
  return { backend, ok: false, reason };
}
