// What a backend is: a memory with three lifetimes and the kernels of native/abi.h. Everything above this file is the same
// for native, WASM and reference.
import type { Kernels } from './generated/abi.js';
import type { Repetition } from './repeat.js';

export type BackendName = 'native' | 'wasm' | 'reference';
export type Simd = 'avx512' | 'avx2' | 'sse' | 'neon' | 'wasm-relaxed-simd' | 'wasm-simd' | 'scalar';

/** One backend that was considered by `ready()`, and what came of it. */
export interface Attempt {
  readonly backend: BackendName;
  readonly ok: boolean;
  /** Why it was not used, or what was chosen. */
  readonly reason: string;
  /** What the user can do about a failure. */
  readonly remedy?: string;
}

export interface BackendInfo {
  readonly name: BackendName;
  readonly simd: Simd;
  readonly threads: number;
  /** Version of native/abi.h the kernels were built from. */
  readonly abi: number;
  readonly tried: readonly Attempt[];
}

/**
 * Element type of a storage. `float` is what the API calls float32: 4 bytes on native and WASM; the reference backend keeps
 * 8, because it is the double-precision oracle. `double` holds norms and workspace sizes.
 */
export type Element = 'float' | 'int' | 'double';
export type FloatArray = Float32Array | Float64Array;
export type ElementArray<E extends Element> = E extends 'int'
  ? Int32Array
  : E extends 'double'
    ? Float64Array
    : FloatArray;

/**
 * Where a tensor's numbers live, and for how long:
 * - `persistent`: backend memory until `free` or until it is unreachable (parameters, gradients, moments, packed weights);
 * - `step`: backend memory until the step ends (activations, workspaces of a recorded op, everything inside `scope`);
 * - `host`: a JavaScript typed array, collected like any other object (what the user makes, results of unrecorded ops).
 *   Backends that cannot read it in place copy it in and out around the call.
 */
export type Lifetime = 'persistent' | 'step' | 'host';

/** A run of elements in a backend's memory. Made by `Memory` only; ops pass it to kernels and never look inside. */
export interface Storage<E extends Element = Element> {
  readonly element: E;
  readonly length: number;
  readonly lifetime: Lifetime;
  /** False once the step it belonged to is over, or after `free`. Reading it then throws. */
  readonly alive: boolean;
}
export type Floats = Storage<'float'>;
export type Ints = Storage<'int'>;
export type Doubles = Storage<'double'>;

/** `length` elements from `start`. */
export interface Run {
  readonly start: number;
  readonly length: number;
}

export interface Memory {
  /** Contents are zero for `persistent` and `host`, undefined for `step`. Throws OutOfMemoryError with the bytes asked for. */
  alloc<E extends Element>(element: E, length: number, lifetime: Lifetime): Storage<E>;
  /** `length` elements of `of` from `start`, sharing memory and lifetime. */
  slice<E extends Element>(of: Storage<E>, start: number, length: number): Storage<E>;
  /**
   * A view to read and write now. Never keep it: growth of the WASM memory detaches old views (their length becomes 0), and
   * the end of a step lets the memory be used again. Throws StaleTensorError if the storage is no longer alive.
   */
  view<E extends Element>(of: Storage<E>): ElementArray<E>;
  /** A `host` storage for each run of `numbers`, with a copy of it. Cheap where they are small, as the results of streaming. */
  keep(numbers: FloatArray, runs: readonly Run[]): Floats[];
  /** Frees persistent memory now instead of when it is collected. Nothing for the other lifetimes. */
  free(of: Storage): void;

  /** Runs `body` with a buffer that is gone afterwards: the `scratch` of kernels. */
  withScratch<R>(floats: number, body: (scratch: Floats) => R): R;

  /** Ends the step: every `step` storage dies, its memory is used again. */
  endStep(): void;
  /** Where the step memory stands now; `release(mark())` kills the step storages made in between (`scope`). */
  mark(): number;
  release(mark: number): void;
  /**
   * Called before each recorded op. A graph that grows without ever being walked backward (predictions in a loop without
   * noGrad) would grow the step memory for ever: past a limit that adapts to the largest step seen, live step storages are
   * moved to `host`, where the garbage collector takes those that nothing refers to any more. Storages stay valid.
   */
  relieve(): void;

  /** Bytes held now; `reserved` counts what was taken from the system and not given back. */
  stats(): { persistent: number; step: number; stepPeak: number; reserved: number };
}

export interface Backend {
  readonly info: BackendInfo;
  readonly memory: Memory;
  readonly kernels: Kernels;
  /** Changes the number of threads; absent where there is only one. Throws or rejects where they cannot be had. */
  setThreads?(threads: number): void | Promise<void>;
  /** Another backend takes over for now: ends what costs memory while nobody computes here. */
  rest?(): Promise<void>;
  /** A faster way to make one call again and again, where there is one; `repeatable` uses it. */
  repeat?(call: Repetition): () => void;
  /** Stops threads and frees memory. Tensors of this backend are dead afterwards. */
  close(): void;
}
