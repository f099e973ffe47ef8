// Which backend to use: the fastest that works here, or the one asked for. Every attempt is kept with its reason and remedy,
// so that nobody has to guess why WASM runs where the addon was expected.
import { relaxedSimd, simd as wasmSimd } from 'wasm-feature-detect';
import { BackendError, UnrolledError } from '../errors.js';
import { checkOptions, is } from '../options.js';
import { platform, type WasmVariant } from '../platform/types.js';
import { type Addon, openNative } from './native.js';
import { createReferenceBackend } from './reference/index.js';
import type { Attempt, Backend, BackendInfo, BackendName, Simd } from './types.js';
import { Unavailable } from './unavailable.js';
import { openWasm } from './wasm.js';

export interface ReadyOptions {
  /** 'auto', the default: native, else WASM, else reference. */
  backend?: 'auto' | BackendName;
  /** Threads of the native backend. Results are the same bits for any number. Default: the cores, at most 8. */
  threads?: number;
  /** The instruction set. Default: the best this machine has. */
  simd?: Simd;
  /** Where the .wasm files are, when not where this package has them: a folder (ending in "/") or one file. */
  wasmUrl?: string | URL;
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

async function start({ backend, simd, threads, wasmUrl }: BackendSpec): Promise<Backend> {
  switch (backend) {
    case 'native':
      return startNative(simd, threads);
    case 'wasm':
      return startWasm(simd, wasmUrl);
    case 'reference':
      if (simd !== undefined && simd !== 'scalar') throw new Unavailable('reference', `it has no simd "${simd}"`);
      return createReferenceBackend();
  }
}

function startNative(simd?: Simd, threads = Math.min(platform().cores(), MOST_THREADS_BY_DEFAULT)): Backend {
  const { loadAddon } = platform();
  if (!loadAddon)
    throw new Unavailable('native', 'there are no addons in a browser', 'WASM is the backend for browsers');
  return openNative(loadAddon() as Addon, { simd, threads });
}

async function startWasm(simd?: Simd, wasmUrl?: string | URL): Promise<Backend> {
  const remedy = 'use Chrome 91, Firefox 89, Safari 16.4, Node 20 or newer';
  if (typeof WebAssembly === 'undefined') throw new Unavailable('wasm', 'this engine has no WebAssembly', remedy);
  if (!(await wasmSimd())) throw new Unavailable('wasm', 'this engine has no WASM SIMD', remedy);
  if (simd === undefined) return startBestWasm(wasmUrl);
  const variant = ({ 'wasm-relaxed-simd': 'relaxed', 'wasm-simd': 'simd128' } as Record<string, WasmVariant>)[simd];
  if (!variant) throw new Unavailable('wasm', `it has no simd "${simd}"`, 'choose "wasm-simd" or "wasm-relaxed-simd"');
  if (variant === 'relaxed' && !(await relaxedSimd())) {
    throw new Unavailable(
      'wasm',
      'this engine has no relaxed SIMD',
      'choose "wasm-simd", or in Node 20 start with --experimental-wasm-relaxed-simd',
    );
  }
  return openWasm(await platform().compileWasm(variant, wasmUrl));
}

async function startBestWasm(wasmUrl?: string | URL): Promise<Backend> {
  if (await relaxedSimd()) {
    try {
      return openWasm(await platform().compileWasm('relaxed', wasmUrl));
    } catch {
      // That file may be absent: its build needs more tools. What is wrong with both, the other one's error says too.
    }
  }
  return openWasm(await platform().compileWasm('simd128', wasmUrl));
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
    wasmUrl: { expected: 'a URL', accepts: (value) => typeof value === 'string' || value instanceof URL },
  });
  if (selected && options.backend === undefined && options.simd === undefined && options.wasmUrl === undefined) {
    return withThreads(selected.backend, options.threads);
  }
  const asked = options.backend === 'auto' ? undefined : options.backend;
  const wanted = asked ?? fromEnvironment('UNROLLED_BACKEND', ['auto', ...AUTO]) ?? 'auto';
  const simd = options.simd ?? fromEnvironment('UNROLLED_SIMD', SIMD);
  const tried: Attempt[] = [];
  for (const name of wanted === 'auto' ? AUTO : [wanted]) {
    try {
      const backend = withThreads(
        await openOnce({ ...options, backend: name, ...(simd && { simd }) }),
        options.threads,
      );
      tried.push({
        backend: name,
        ok: true,
        reason: `chosen: ${backend.info.simd}, ${threadsOf(backend, options.threads)}`,
      });
      selected = { backend, tried };
      return backend;
    } catch (error) {
      tried.push(failure(name, error));
    }
  }
  throw new BackendError('no backend could be started', tried);
}

function threadsOf({ info }: Backend, wanted: number | undefined): string {
  const note =
    wanted !== undefined && wanted !== info.threads ? ` (${wanted} asked for: more than this backend has)` : '';
  return `threads: ${info.threads}${note}`;
}

/** What runs the kernels, and what was tried before it was chosen. Throws BackendError before `ready()`. */
export function backendInfo(): BackendInfo {
  if (!selected) throw new BackendError('no backend is ready: call await ready() first');
  return { ...selected.backend.info, tried: selected.tried };
}

function openOnce(spec: BackendSpec): Promise<Backend> {
  const key = [spec.backend, spec.simd, spec.wasmUrl].join(' ');
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

function withThreads(backend: Backend, threads: number | undefined): Backend {
  if (threads !== undefined && 'setThreads' in backend) (backend.setThreads as (n: number) => void)(threads);
  return backend;
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
