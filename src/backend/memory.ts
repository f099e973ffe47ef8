// The memory of the native and the WASM backend: three lifetimes, two kinds of place.
//
//   persistent  its own region, zeroed. Native: an ArrayBuffer, collected like any other. WASM: malloc in the heap; `free`
//               returns it, and if nobody called it a FinalizationRegistry does, later.
//   step        a bump allocation in the step arena: a training step takes and gives back thousands of buffers for the
//               price of some additions. The memory keeps a list of the living ones, in order; endStep() and release()
//               mark those dead and use their bytes again, so a tensor kept too long says so instead of reading
//               another's numbers. relieve() moves them out to `host` when a graph only ever grows.
//   host        an ArrayBuffer. Native kernels read it in place; around a WASM call it is copied into the heap and back
//               (wasm.ts). This is what results outside a step are made of: a synchronous loop of 100,000 predictions stays
//               flat, because ArrayBuffers are collected also in the middle of a loop, where finalizers never run.
//
// Scratch of a single call has an arena of its own: step storages made while it is held must outlive it.
import { OutOfMemoryError, ShapeError } from '../errors.js';
import { detachedError, foreignError, staleError } from './binding.js';
import { ALIGNMENT, Arena, isDetached, type Region, type RegionSource } from './memory-arena.js';
import type { Element, ElementArray, FloatArray, Floats, Lifetime, Memory, Run, Storage } from './types.js';

const BYTES: Record<Element, number> = { float: 4, int: 4, double: 8 };
const VIEWS = { float: Float32Array, int: Int32Array, double: Float64Array };

const MiB = 2 ** 20;
/** Step memory below which relieve() never acts. */
const RELIEF_FLOOR = 64 * MiB;
/** How fast the limit of relieve() forgets a large step, a factor a step. */
const FORGET = 0.95;

/** Floats in a pool of small host storages, and the most that are put into it at once. */
const POOL = 4096;
const MOST_POOLED = 1024;
/** Floats in 64 bytes: each starts on a cache line of its own. */
const LINE = ALIGNMENT / BYTES.float;

/** The place of storages that are dead: keeps no buffer alive. */
const NOWHERE: Region = { bytes: 0, address: 0, buffer: null, offset: 0 };

/** What native and WASM memory differ in. */
export interface Heap extends RegionSource {
  /** A region of zeros in an ArrayBuffer, which the garbage collector looks after. */
  host(bytes: number): Region;
  /** The buffer to view a region in now, and where it starts there. */
  bufferOf(region: Region): ArrayBuffer;
  /** Bytes taken from the system beyond what the memory counts itself, or null if it counts all. */
  reserved(): number | null;
}

/** The storages of both backends. A slice has another block as its root and lives and moves with it. */
export class Block<E extends Element = Element> implements Storage<E> {
  readonly root: Block;
  living = true;
  /** Step storages: the order they were made in, and the arena's position before them. */
  serial = 0;
  position = 0;

  constructor(
    /** Whose it is: kernels of another backend must not follow its address. */
    readonly owner: Memory,
    readonly element: E,
    readonly length: number,
    private ownLifetime: Lifetime,
    public region: Region,
    /** Bytes from the start of the region, for a slice from the start of its root. */
    public start: number,
    root?: Block,
  ) {
    this.root = root ?? this;
  }

  get alive(): boolean {
    return this.root.living;
  }
  get lifetime(): Lifetime {
    return this.root.ownLifetime;
  }
  get bytes(): number {
    return this.length * BYTES[this.element];
  }
  /** Bytes from the start of the root's region. */
  get offset(): number {
    return this.root === this ? this.start : this.root.start + this.start;
  }
  get address(): number {
    return this.root.region.address + this.offset;
  }

  die(): void {
    this.living = false;
    this.region = NOWHERE;
  }
  moveTo(region: Region): void {
    this.ownLifetime = 'host';
    this.region = region;
    this.start = 0;
  }
}

export class BackendMemory implements Memory {
  private readonly steps: Arena;
  /** For the scratch of kernels, and for what a backend stages around a call. A stack. */
  readonly scratch: Arena;
  /** Living step storages in the order they were made. */
  private live: Block[] = [];
  private nextSerial = 1;
  /** Small host storages are cut from one ArrayBuffer after the other; nothing in it is used twice. */
  private poolRegion = NOWHERE;
  private pool = new Float32Array(0);
  private pooled = 0;
  private persistentBytes = 0;
  private stepPeak = 0;
  /** What relieve() moved out of the current step. */
  private moved = 0;
  private typicalStep = 0;
  private readonly abandoned: FinalizationRegistry<{ bytes: number; region: Region | null }>;

  constructor(private readonly heap: Heap) {
    const source: RegionSource = {
      take: (bytes) => this.fromHeap(() => heap.take(bytes), bytes),
      give: (region) => heap.give(region),
    };
    this.steps = new Arena(source);
    this.scratch = new Arena(source);
    this.abandoned = new FinalizationRegistry(({ bytes, region }) => this.giveBack(bytes, region));
  }

  alloc<E extends Element>(element: E, length: number, lifetime: Lifetime): Block<E> {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new ShapeError(`memory: the number of elements must be a whole number from 0, got ${length}`);
    }
    const bytes = length * BYTES[element];
    if (lifetime === 'step') return this.allocStep(element, length, bytes);
    if (lifetime === 'host') {
      return new Block(
        this,
        element,
        length,
        'host',
        this.fromHeap(() => this.heap.host(bytes), bytes),
        0,
      );
    }
    const region = this.fromHeap(() => this.heap.take(bytes), bytes);
    if (region.buffer === null) new Uint8Array(this.heap.bufferOf(region), region.offset, bytes).fill(0);
    const block = new Block(this, element, length, 'persistent', region, 0);
    this.persistentBytes += region.bytes;
    // What the registry holds stays alive until its callback runs: of an ArrayBuffer only the size.
    this.abandoned.register(block, { bytes: region.bytes, region: region.buffer ? null : region }, block);
    return block;
  }

  slice<E extends Element>(of: Storage<E>, start: number, length: number): Block<E> {
    const block = this.own(of);
    if (
      !Number.isSafeInteger(start) ||
      !Number.isSafeInteger(length) ||
      start < 0 ||
      length < 0 ||
      start + length > of.length
    ) {
      throw new ShapeError(`memory: a slice must lie within 0..${of.length}, got ${length} elements from ${start}`);
    }
    const delta = (block.root === block ? 0 : block.start) + start * BYTES[of.element];
    return new Block(this, of.element, length, block.lifetime, NOWHERE, delta, block.root);
  }

  keep(numbers: FloatArray, runs: readonly Run[]): Block<'float'>[] {
    const { length } = numbers;
    const small = length <= MOST_POOLED;
    // A pool that was transferred to another thread has no length left.
    if (!small || this.pooled + length > this.pool.length) this.newPool(small ? POOL : length);
    this.pool.set(numbers, this.pooled);
    const kept: Block<'float'>[] = [];
    for (let k = 0; k < runs.length; k++) {
      const { start, length } = runs[k] as Run;
      const offset = (this.pooled + start) * BYTES.float;
      kept.push(new Block(this, 'float', length, 'host', this.poolRegion, offset));
    }
    this.pooled += Math.ceil(length / LINE) * LINE;
    return kept;
  }

  private newPool(floats: number): void {
    const bytes = floats * BYTES.float;
    this.poolRegion = this.fromHeap(() => this.heap.host(bytes), bytes);
    this.pool = new Float32Array(this.poolRegion.buffer as ArrayBuffer, this.poolRegion.offset, floats);
    this.pooled = 0;
  }

  view<E extends Element>(of: Storage<E>): ElementArray<E> {
    const block = this.own(of);
    const region = block.root.region;
    const buffer = this.heap.bufferOf(region);
    refuseDetached(region);
    const View = VIEWS[of.element] as Float32ArrayConstructor;
    return new View(buffer, region.offset + block.offset, of.length) as ElementArray<E>;
  }

  free(of: Storage): void {
    const block = of as Block;
    if (block.owner !== this) throw foreignError();
    if (block.lifetime !== 'persistent' || block.root !== block || !block.living) return;
    const { region } = block;
    this.abandoned.unregister(block);
    block.die();
    this.giveBack(region.bytes, region);
  }

  withScratch<R>(floats: number, body: (scratch: Floats) => R): R {
    const position = this.scratch.position;
    const start = this.scratch.take(floats * BYTES.float);
    const block = new Block(this, 'float', floats, 'step', this.scratch.region, start);
    try {
      return body(block);
    } finally {
      block.die();
      this.scratch.reset(position);
    }
  }

  endStep(): void {
    // Growth by at most a factor of two a step: the sum over a long loop of predictions that no backward ended, which
    // relieve() kept small, is not the size of a step.
    const size = Math.min(this.steps.position + this.moved, 2 * this.reliefLimit());
    this.typicalStep = Math.max(size, this.typicalStep * FORGET);
    this.moved = 0;
    for (const block of this.live) block.die();
    this.live = [];
    this.steps.reset(0);
  }

  mark(): number {
    return this.nextSerial;
  }

  release(mark: number): void {
    let first = this.live.length;
    while (first > 0 && (this.live[first - 1] as Block).serial >= mark) first--;
    const dead = this.live.splice(first);
    if (dead.length === 0) return;
    this.steps.reset(first === 0 ? 0 : (dead[0] as Block).position);
    for (const block of dead) block.die();
  }

  relieve(): void {
    const size = this.steps.position;
    if (size <= this.reliefLimit()) return;
    for (const block of this.live) {
      if (isDetached(block.region)) continue; // lost: whoever reads it is told so
      const from = new Uint8Array(this.heap.bufferOf(block.region), block.region.offset + block.start, block.bytes);
      const region = this.fromHeap(() => this.heap.host(from.length), from.length);
      new Uint8Array(region.buffer as ArrayBuffer, region.offset, from.length).set(from);
      block.moveTo(region);
    }
    this.live = [];
    this.moved += size;
    this.steps.reset(0);
  }

  stats(): { persistent: number; step: number; stepPeak: number; reserved: number } {
    const own = this.persistentBytes + this.steps.capacity + this.scratch.capacity;
    return {
      persistent: this.persistentBytes,
      step: this.steps.position,
      stepPeak: this.stepPeak,
      reserved: this.heap.reserved() ?? own,
    };
  }

  close(): void {
    for (const block of this.live) block.die();
    this.live = [];
    this.steps.clear();
    this.scratch.clear();
  }

  private allocStep<E extends Element>(element: E, length: number, bytes: number): Block<E> {
    const position = this.steps.position;
    const start = this.steps.take(bytes);
    const block = new Block(this, element, length, 'step', this.steps.region, start);
    block.position = position;
    block.serial = this.nextSerial++;
    this.live.push(block);
    this.stepPeak = Math.max(this.stepPeak, this.steps.position);
    return block;
  }

  private own(of: Storage): Block {
    if (!of.alive) throw staleError(of);
    if ((of as Block).owner !== this) throw foreignError();
    return of as Block;
  }

  private reliefLimit(): number {
    return Math.max(RELIEF_FLOOR, 2 * this.typicalStep);
  }

  private giveBack(bytes: number, region: Region | null): void {
    this.persistentBytes -= bytes;
    if (region) this.heap.give(region);
  }

  /** Turns a failure to allocate into an error that says how much was asked for and what is held. */
  private fromHeap(take: () => Region, bytes: number): Region {
    try {
      return take();
    } catch (cause) {
      if (cause instanceof OutOfMemoryError) throw cause;
      const { persistent, step, reserved } = this.stats();
      throw new OutOfMemoryError(
        `memory: cannot get ${bytes} bytes; ${reserved} are reserved (${persistent} persistent, ${step} in this step). ` +
          'Use a smaller batch or shorter sequences, or run predictions under noGrad()',
        bytes,
        { cause },
      );
    }
  }
}

/** The user can take an ArrayBuffer away by transferring it to a worker: kernels must not follow its old address. */
export function refuseDetached(region: Region): void {
  if (isDetached(region)) throw detachedError();
}
