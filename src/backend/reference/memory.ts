// The reference backend's memory: typed arrays, left to the garbage collector. What needs care is only that storages die when
// they die on the other backends, so that a program that reads a stale tensor fails here too.
import { OutOfMemoryError } from '../../errors.js';
import { detachedError, foreignError, staleError } from '../binding.js';
import type { Element, ElementArray, FloatArray, Floats, Lifetime, Memory, Run, Storage } from '../types.js';

/** How long a group of storages lives: an allocation of its own, or all that a step made between two marks. */
interface Life {
  alive: boolean;
  lifetime: Lifetime;
  bytes: number;
}

/** A stretch of a step, from one mark to the next. It does not list its storages: they refer to it. */
interface Period {
  readonly mark: number;
  life: Life;
}

class ReferenceStorage<E extends Element> implements Storage<E> {
  readonly length: number;

  constructor(
    readonly element: E,
    readonly array: ElementArray<E>,
    readonly life: Life,
    /** Of the whole memory, until the backend is closed. */
    readonly root: { alive: boolean },
  ) {
    this.length = array.length;
  }

  get lifetime(): Lifetime {
    return this.life.lifetime;
  }

  get alive(): boolean {
    return this.life.alive && this.root.alive;
  }
}

/** Step memory below this is never relieved. */
const RELIEF_FLOOR_BYTES = 64 * 2 ** 20;

export class ReferenceMemory implements Memory {
  private readonly root = { alive: true };
  private persistent = 0;
  /** Storages that nobody freed leave the count when they are collected. */
  private readonly collected = new FinalizationRegistry<number>((bytes) => {
    this.persistent -= bytes;
  });
  private marks = 0;
  private periods: Period[] = [];
  private stepPeak = 0;
  private largestStep = 0;

  alloc<E extends Element>(element: E, length: number, lifetime: Lifetime): Storage<E> {
    const array = allocate(element, length);
    return new ReferenceStorage(element, array, this.lifeOf(array.byteLength, lifetime), this.root);
  }

  private lifeOf(bytes: number, lifetime: Lifetime): Life {
    if (lifetime === 'step') {
      const { life } = this.periods.at(-1) ?? this.openPeriod();
      life.bytes += bytes;
      this.stepPeak = Math.max(this.stepPeak, this.stepBytes());
      return life;
    }
    const life: Life = { alive: true, lifetime, bytes };
    if (lifetime === 'persistent') {
      this.persistent += bytes;
      this.collected.register(life, bytes, life);
    }
    return life;
  }

  slice<E extends Element>(of: Storage<E>, start: number, length: number): Storage<E> {
    const { element, array, life } = this.own(of);
    // What subarray would quietly cut short is a mistake of the caller.
    if (start < 0 || length < 0 || start + length > array.length) {
      throw new RangeError(`slice: ${start}..${start + length} is outside a storage of ${array.length} elements`);
    }
    return new ReferenceStorage(element, array.subarray(start, start + length) as ElementArray<E>, life, this.root);
  }

  view<E extends Element>(of: Storage<E>): ElementArray<E> {
    return this.own(of).array;
  }

  keep(numbers: FloatArray, runs: readonly Run[]): Floats[] {
    return runs.map(({ start, length }) => {
      const storage = this.alloc('float', length, 'host');
      this.view(storage).set(numbers.subarray(start, start + length));
      return storage;
    });
  }

  private own<E extends Element>(of: Storage<E>): ReferenceStorage<E> {
    if (!of.alive) throw staleError(of);
    const storage = of as ReferenceStorage<E>;
    if (storage.root !== this.root) throw foreignError();
    // A transferred array is empty, whatever it held.
    if (storage.array.length !== storage.length) throw detachedError();
    return storage;
  }

  free(of: Storage): void {
    const { life, root } = of as ReferenceStorage<Element>;
    if (root !== this.root) throw foreignError();
    if (life.lifetime !== 'persistent' || !life.alive) return;
    life.alive = false;
    this.persistent -= life.bytes;
    this.collected.unregister(life);
  }

  withScratch<R>(floats: number, body: (scratch: Floats) => R): R {
    const array = allocate('float', floats);
    const life: Life = { alive: true, lifetime: 'step', bytes: array.byteLength };
    try {
      return body(new ReferenceStorage('float', array, life, this.root));
    } finally {
      life.alive = false;
    }
  }

  mark(): number {
    return this.openPeriod().mark;
  }

  release(mark: number): void {
    while ((this.periods.at(-1)?.mark ?? 0) >= mark) this.closePeriod();
  }

  endStep(): void {
    while (this.periods.length > 0) this.closePeriod();
  }

  relieve(): void {
    // The collector already takes what nothing refers to; all there is to do is to forget that these storages had a step.
    if (this.stepBytes() <= Math.max(RELIEF_FLOOR_BYTES, 2 * this.largestStep)) return;
    for (const period of this.periods) {
      period.life.lifetime = 'host';
      period.life = { alive: true, lifetime: 'step', bytes: 0 };
    }
  }

  private openPeriod(): Period {
    // Marks only grow, so that a mark from before an endStep still says what came after it.
    const period: Period = { mark: ++this.marks, life: { alive: true, lifetime: 'step', bytes: 0 } };
    this.periods.push(period);
    return period;
  }

  private closePeriod(): void {
    this.largestStep = Math.max(this.largestStep, this.stepBytes());
    const period = this.periods.pop();
    if (period) period.life.alive = false;
  }

  private stepBytes(): number {
    let bytes = 0;
    for (const { life } of this.periods) bytes += life.bytes;
    return bytes;
  }

  stats(): { persistent: number; step: number; stepPeak: number; reserved: number } {
    const step = this.stepBytes();
    return { persistent: this.persistent, step, stepPeak: this.stepPeak, reserved: this.persistent + step };
  }

  close(): void {
    this.root.alive = false;
    this.endStep();
  }
}

function allocate<E extends Element>(element: E, length: number): ElementArray<E> {
  try {
    return (element === 'int' ? new Int32Array(length) : new Float64Array(length)) as ElementArray<E>;
  } catch (cause) {
    const bytes = length * (element === 'int' ? 4 : 8);
    throw new OutOfMemoryError(`the reference backend could not allocate ${bytes} bytes`, bytes, { cause });
  }
}
