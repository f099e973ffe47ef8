// The native backend: kernels of the Node addon. A call writes its arguments into a frame of doubles that it shares with the
// addon, then crosses once with the kernel's number. All memory is ordinary ArrayBuffers, read in place.
import { BackendError } from '../errors.js';
import { foreignError } from './binding.js';
import { ABI_VERSION, type Access, type Binding, bindKernels, frameKernels, kernelTable } from './generated/abi.js';
import { BackendMemory, type Block, type Heap, refuseDetached } from './memory.js';
import { ALIGNMENT, type Region } from './memory-arena.js';
import type { Backend, BackendInfo, Simd, Storage } from './types.js';
import { Unavailable } from './unavailable.js';

/** What native/addon.cc exports. */
export interface Addon {
  readonly abi: number;
  readonly kernels: readonly string[];
  /** The instruction sets of this CPU, the fastest first. */
  readonly isas: readonly Simd[];
  open(options: { simd?: Simd; threads?: number }): AddonInstance;
  addressOf(buffer: ArrayBuffer): number;
}

export interface AddonInstance {
  readonly simd: Simd;
  readonly frame: Float64Array;
  call(index: number): number;
  threads(): number;
  setThreads(threads: number): number;
  close(): void;
}

const REMEDY = 'run "npm run build:native" in a clone, or reinstall the package';

/** @throws Unavailable if the addon is of another version than this library, or `simd` is not to be had on this CPU. */
export function openNative(addon: Addon, options: { simd?: Simd | undefined; threads: number }): Backend {
  if (addon.abi !== ABI_VERSION) {
    const reason = `addon was built for ABI ${addon.abi}, this library needs ${ABI_VERSION}`;
    throw new Unavailable('native', reason, REMEDY);
  }
  const missing = Object.keys(kernelTable).find((name, k) => addon.kernels[k] !== name);
  if (missing) throw new Unavailable('native', `addon and library disagree about the kernel "${missing}"`, REMEDY);
  const { simd, threads } = options;
  if (simd !== undefined && !addon.isas.includes(simd)) {
    throw new Unavailable('native', `simd "${simd}" is not available here`, `choose one of ${addon.isas.join(', ')}`);
  }
  const instance = addon.open(simd === undefined ? { threads } : { simd, threads });
  const memory = new BackendMemory(new NativeHeap(addon));
  const binding = new NativeBinding(instance, memory);
  return {
    get info(): BackendInfo {
      const running = binding.closed ? 0 : instance.threads();
      return { name: 'native', simd: instance.simd, threads: running, abi: addon.abi, tried: [] };
    },
    setThreads(count) {
      instance.setThreads(count);
    },
    memory,
    kernels: bindKernels(binding),
    close() {
      binding.closed = true;
      memory.close();
      instance.close();
    },
  };
}

class NativeHeap implements Heap {
  constructor(private readonly addon: Addon) {}

  take(bytes: number): Region {
    // Room to align: a kernel's loads are fastest when no register's worth straddles two cache lines.
    const buffer = new ArrayBuffer(bytes + ALIGNMENT);
    const start = this.addon.addressOf(buffer);
    const address = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    return { bytes, address, buffer, offset: address - start };
  }
  host(bytes: number): Region {
    return this.take(bytes);
  }
  give(): void {
    // The garbage collector's.
  }
  bufferOf(region: Region): ArrayBuffer {
    return region.buffer as ArrayBuffer;
  }
  reserved(): null {
    return null;
  }
}

class NativeBinding implements Binding {
  readonly ctx = 0; // the addon's instance knows its own
  readonly raw;
  closed = false;
  /** Keeps the buffers of the call reachable: an address alone would not keep them from being collected. */
  private readonly held: (Storage | null)[] = [];
  private count = 0;

  constructor(
    instance: AddonInstance,
    private readonly memory: BackendMemory,
  ) {
    this.raw = frameKernels(instance.frame, instance.call);
    this.held = new Array(instance.frame.length).fill(null);
  }

  enter(storage: Storage | null, _access: Access): number {
    if (storage === null) return 0;
    if (this.closed) throw new BackendError('native: this backend was closed; call await ready() again');
    const block = storage as Block;
    if (block.owner !== this.memory) throw foreignError();
    refuseDetached(block.root.region);
    this.held[this.count++] = storage;
    return block.address;
  }

  leave(): void {
    while (this.count > 0) this.held[--this.count] = null;
  }
}
