// The WASM backend: the same kernels as exports of a pure .wasm file, with a loader of our own. Persistent and step storages
// live in the module's heap. A `host` storage is copied into it for the time of a call, and back if the kernel writes it.
// With threads the heap is a SharedArrayBuffer, and workers have instances of their own over it (wasm-pool.ts).
import { BackendError } from '../errors.js';
import type { Platform } from '../platform/types.js';
import { foreignError } from './binding.js';
import { ABI_VERSION, type Access, type Binding, bindKernels, kernelNames, type RawKernels } from './generated/abi.js';
import { BackendMemory, type Block, type Heap, refuseDetached } from './memory.js';
import { ALIGNMENT, type Region } from './memory-arena.js';
import type { Backend, BackendInfo, Storage } from './types.js';
import { Unavailable } from './unavailable.js';
import { hasThreads, wasmImports } from './wasm-imports.js';
import { type PoolExports, WasmPool } from './wasm-pool.js';

type WasmExports = RawKernels & {
  memory?: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(address: number): void;
  u_abi_version(): number;
  u_isa_best(): number;
  u_open(isa: number, threads: number): number;
  u_close(ctx: number): void;
  _initialize?(): void;
};

const REMEDY = 'use the .wasm files of this release, or run "npm run build:wasm" in a clone';
/** U_ISA_WASM_RELAXED of native/runtime/ctx.h. */
const ISA_RELAXED = 6;

/** What wasm/build.mjs links a module with shared memory for. */
const INITIAL_PAGES = 256;
/** 4 GiB, all that a 32-bit address reaches. */
const MOST_PAGES = 65536;

/**
 * `threads` are what a module that was built for them starts with; the others have one. `script`: of its workers, where it is not
 * the package's.
 *
 * @throws Unavailable if the module is of another version than this library, or its threads cannot be started.
 */
export async function openWasm(
  module: WebAssembly.Module,
  { threads = 1, platform, script }: { threads?: number; platform: Platform; script?: string },
): Promise<Backend> {
  const shared = hasThreads(module) ? sharedMemory() : null;
  const instance = await WebAssembly.instantiate(module, wasmImports(module, shared));
  const raw = instance.exports as unknown as WasmExports;
  raw._initialize?.();
  const abi = raw.u_abi_version?.();
  if (abi !== ABI_VERSION) {
    throw new Unavailable('wasm', `module was built for ABI ${abi}, this library needs ${ABI_VERSION}`, REMEDY);
  }
  const missing = kernelNames.find((name) => !(`u_${name}` in raw));
  if (missing) throw new Unavailable('wasm', `the module lacks the kernel "${missing}"`, REMEDY);
  const isa = raw.u_isa_best();
  const ctx = raw.u_open(isa, 1);
  if (ctx === 0) throw new Unavailable('wasm', 'no memory to open the module', 'close other pages or programs');

  const heap = new WasmHeap(raw, shared ?? (raw.memory as WebAssembly.Memory));
  const memory = new BackendMemory(heap);
  const simd = isa === ISA_RELAXED ? 'wasm-relaxed-simd' : 'wasm-simd';
  const pool =
    shared &&
    new WasmPool(
      instance.exports as unknown as PoolExports,
      ctx,
      module,
      shared,
      (task) => platform.startWorker(task, script),
      platform.cores(),
    );
  await pool?.resize(threads);
  return {
    get info(): BackendInfo {
      return { name: 'wasm', simd, threads: heap.closed ? 0 : (pool?.threads ?? 1), abi, tried: [] };
    },
    memory,
    kernels: bindKernels(new WasmBinding(raw, ctx, heap, memory)),
    ...(pool && { setThreads: (count: number) => pool.resize(count), rest: () => pool.resize(1) }),
    close() {
      if (heap.closed) return;
      memory.close();
      heap.closed = true;
      if (pool) void pool.close().then(() => raw.u_close(ctx));
      else raw.u_close(ctx);
    },
  };
}

/** The largest there is room for: a shared memory has to say how far it will grow, and some engines set that aside at once. */
function sharedMemory(): WebAssembly.Memory {
  for (let maximum = MOST_PAGES; maximum > INITIAL_PAGES; maximum /= 2) {
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true });
    } catch {
      // Half of it may fit.
    }
  }
  throw new Unavailable('wasm', 'no address space for a shared memory', 'close other pages or programs');
}

/** `start` is what malloc gave, before alignment. */
type WasmRegion = Region & { readonly start: number };

class WasmHeap implements Heap {
  closed = false;
  private bytes = new Uint8Array(0);

  constructor(
    private readonly raw: WasmExports,
    private readonly memory: WebAssembly.Memory,
  ) {}

  take(bytes: number): Region {
    const size = bytes + ALIGNMENT;
    // Above 2^31 an address comes back negative.
    const start = size < 2 ** 32 ? this.raw.malloc(size) >>> 0 : 0;
    if (start === 0) throw new RangeError('the WASM heap cannot grow that far');
    const address = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    const region: WasmRegion = { bytes, address, buffer: null, offset: address, start };
    return region;
  }

  give(region: Region): void {
    if (!this.closed) this.raw.free((region as WasmRegion).start);
  }

  host(bytes: number): Region {
    return { bytes, address: 0, buffer: new ArrayBuffer(bytes + 1), offset: 0 }; // never 0 bytes: that means detached
  }

  bufferOf(region: Region): ArrayBuffer {
    if (region.buffer) return region.buffer;
    if (this.closed) throw new BackendError('wasm: this backend was closed; call await ready() again');
    return this.memory.buffer as ArrayBuffer;
  }

  reserved(): number {
    return this.memory.buffer.byteLength;
  }

  /**
   * The heap, at least up to `end`, now. Growth detaches the old buffer, whose views' length becomes 0; one that is shared
   * lives on at its old length.
   */
  view(end: number): Uint8Array {
    if (this.bytes.length < end) this.bytes = new Uint8Array(this.memory.buffer);
    return this.bytes;
  }
}

/** A host storage in the heap during a call. */
interface Staged {
  readonly block: Block;
  readonly address: number;
  written: boolean;
}

class WasmBinding implements Binding {
  private readonly staged: Staged[] = [];
  private position = 0;

  constructor(
    readonly raw: RawKernels,
    readonly ctx: number,
    private readonly heap: WasmHeap,
    private readonly memory: BackendMemory,
  ) {}

  enter(storage: Storage | null, access: Access): number {
    if (storage === null) return 0;
    if (this.heap.closed) throw new BackendError('wasm: this backend was closed; call await ready() again');
    const block = storage as Block;
    if (block.owner !== this.memory) throw foreignError();
    return block.root.region.buffer === null ? block.address : this.stage(block, access);
  }

  leave(): void {
    if (this.staged.length === 0) return;
    for (const { block, address, written } of this.staged) {
      const end = address + block.bytes;
      if (written) bytesOf(block).set(this.heap.view(end).subarray(address, end));
    }
    this.staged.length = 0;
    this.memory.scratch.reset(this.position);
  }

  private stage(block: Block, access: Access): number {
    // One storage given twice is one place in the heap: kernels that may work in place see that they do.
    let entry = this.staged.find(
      (other) =>
        other.block.root === block.root && other.block.offset === block.offset && other.block.length === block.length,
    );
    if (!entry) {
      refuseDetached(block.root.region);
      const { scratch } = this.memory;
      if (this.staged.length === 0) this.position = scratch.position;
      const start = scratch.take(block.bytes);
      entry = { block, address: scratch.region.address + start, written: false };
      this.staged.push(entry);
      // Also what is only written: a storage may be longer than the kernel's result, and a kernel that fails writes nothing.
      this.heap.view(entry.address + block.bytes).set(bytesOf(block), entry.address);
    }
    if (access !== 'r') entry.written = true;
    return entry.address;
  }
}

function bytesOf(block: Block): Uint8Array {
  const { region } = block.root;
  return new Uint8Array(region.buffer as ArrayBuffer, region.offset + block.offset, block.bytes);
}
