// The native backend: kernels of the Node addon. A call writes its arguments into a frame of doubles that it shares with the
// addon, then crosses once with the kernel's number. All memory is ordinary ArrayBuffers, read in place.
import { BackendError } from '../errors.js';
import { foreignError } from './binding.js';
import { ABI_VERSION, type FrameBinding, frameKernels, kernelNames } from './generated/abi.js';
import { BackendMemory, type Block, type Heap, refuseDetached } from './memory.js';
import { ALIGNMENT, isDetached, type Region } from './memory-arena.js';
import type { Repetition } from './repeat.js';
import type { Backend, BackendInfo, Element, Memory, Simd, Storage } from './types.js';
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
  const missing = kernelNames.find((name, k) => addon.kernels[k] !== name);
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
    kernels: frameKernels(binding),
    repeat: (call) => repeatFrame(call, binding, memory),
    close() {
      binding.close();
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

class NativeBinding implements FrameBinding {
  readonly frame;
  readonly call;
  /** Whose storages kernels may follow: nobody's when closed. */
  private owner: Memory | null;
  private scratch: Block<'float'> | null = null;

  constructor(instance: AddonInstance, memory: Memory) {
    this.frame = instance.frame;
    this.call = instance.call;
    this.owner = memory;
  }

  get closed(): boolean {
    return this.owner === null;
  }

  close(): void {
    this.owner = null;
    this.scratch = null;
  }

  // An address alone does not keep a buffer from being collected. It need not: nothing is collected between here and the
  // end of the call, for the addon makes no JavaScript objects before the kernel is done.
  put(slot: number, storage: Storage, element: Element, length: number): boolean {
    const block = storage as Block;
    if (block.element !== element || !(block.length >= length) || !this.mayFollow(block)) return false;
    this.frame[slot] = block.address;
    return true;
  }

  mayFollow(block: Block): boolean {
    const { living, region } = block.root;
    return block.owner === this.owner && living && !isDetached(region);
  }

  /** One for all repeated calls, at an address that stays. The largest asked for so far. */
  repeatScratch(memory: BackendMemory, floats: number): Block<'float'> {
    if (this.scratch === null || this.scratch.length < floats) {
      this.scratch = memory.alloc('float', floats, 'persistent');
    }
    return this.scratch;
  }

  admit(storage: Storage): void {
    if (this.closed) throw new BackendError('native: this backend was closed; call await ready() again');
    const block = storage as Block;
    if (block.owner !== this.owner) throw foreignError();
    refuseDetached(block.root.region);
  }
}

/** Keeps the frame that the checked call left behind and puts it back, as long as the storages may be followed. */
function repeatFrame(call: Repetition, binding: NativeBinding, memory: BackendMemory): () => void {
  const { kernel, storages, checked, floats } = call;
  const index = kernelNames.indexOf(kernel);
  const roots = [...new Set(storages.map((storage) => (storage as Block).root))];
  const scratch = binding.repeatScratch(memory, floats);
  const saved = new Float64Array(binding.frame.length);
  let isSaved = false;
  const callChecked = (): void => {
    checked(scratch);
    saved.set(binding.frame);
    isSaved = true;
  };
  return () => {
    if (!isSaved) return callChecked();
    for (let k = 0; k < roots.length; k++) if (!binding.mayFollow(roots[k] as Block)) return callChecked();
    binding.frame.set(saved);
    const status = binding.call(index);
    // The checked call says what it means.
    if (status !== 0) callChecked();
  };
}
