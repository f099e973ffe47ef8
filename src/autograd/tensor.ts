// Tensor and Parameter: a shape over a storage, its gradient, and the tape node that made it. Ops are attached as methods
// by src/ops/methods.ts, so that this file knows none of them.
import type { Floats, Ints, Lifetime, Storage } from '../backend/types.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import { current, finishStep } from './context.js';
import { type Node, newOutput, record, recording, runBackward } from './tape.js';

export type DType = 'float32' | 'int32';
export type Shape = readonly number[];
/** What `t.data` is: float32 is Float64Array on the reference backend, which computes in double. */
export type TensorData = Float32Array | Float64Array | Int32Array;

export interface BackwardOptions {
  /** Keep the step: its tensors stay readable and backward can run again after more ops. Default false. */
  readonly retainGraph?: boolean;
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, dim) => product * dim, 1);
export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** An n-dimensional array of float32 or int32 numbers, row-major. Made by `u.tensor`, `u.zeros`, ... and by every op. */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** Where the numbers are; ops hand it to kernels. @internal */
  readonly storage: Storage;
  /** Whether backward computes a gradient for this tensor, or for what it was made of. */
  requiresGrad: boolean;
  /**
   * The gradient of a leaf (a tensor no recorded op made), null until backward reaches it and after zeroGrad. Its memory is
   * used again after zeroGrad: clone() it to keep the numbers.
   */
  grad: Tensor | null = null;
  /** The recorded op that made this tensor. @internal */
  node: Node | null = null;
  /** Which of that op's outputs it is. @internal */
  slot = 0;
  #version = 0;
  /** The tensor whose numbers these are too, after detach() or reshape(). */
  #base: Tensor | null = null;
  #gradBuffer: Floats | null = null;

  /** @internal */
  constructor(storage: Storage, shape: Shape, dtype: DType = 'float32', requiresGrad = false) {
    this.storage = storage;
    this.shape = shape;
    this.dtype = dtype;
    this.size = storage.length;
    this.requiresGrad = requiresGrad;
  }

  /**
   * The numbers themselves, to read and write now. Do not keep it: the memory may move or be used again.
   *
   * @throws StaleTensorError  if the step this tensor belongs to is over
   */
  get data(): TensorData {
    // Whoever reads this may write through it.
    this.touch();
    return current().memory.view(this.storage) as TensorData;
  }

  /** Counts changes of the numbers. Whatever is derived from a parameter (packed weights) compares it. */
  get version(): number {
    return (this.#base ?? this).#version;
  }

  /** Tells that the numbers were changed through the storage. Reading `data` does it by itself. */
  touch(): void {
    (this.#base ?? this).#version++;
  }

  /** A flat copy of the numbers, row-major. */
  toArray(): number[] {
    return Array.from(current().memory.view(this.storage) as TensorData);
  }

  /**
   * The number in a tensor of one element.
   *
   * @throws ShapeError  if there is not exactly one
   */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: tensor must have one element, got shape ${showShape(this.shape)}`);
    return (current().memory.view(this.storage) as TensorData)[0] as number;
  }

  /**
   * Adds the gradient of this tensor to `grad` of every leaf it was computed from. The step then ends at the next recorded
   * op; until that moment its tensors can be read and backward can run again, adding up as in PyTorch.
   *
   * @param grad     gradient to start from, in this tensor's shape; default 1 for a tensor of one element
   * @param options  `retainGraph: true` keeps the step going
   * @throws ShapeError  if this tensor has more than one element and no `grad` is given, or the shapes differ
   * @throws StaleTensorError  if the step is over
   */
  backward(grad?: Tensor | null, options: BackwardOptions = {}): void {
    checkOptions<BackwardOptions>('backward', options, { retainGraph: is.boolean });
    if (!this.requiresGrad) {
      throw new DTypeError(
        'backward: this tensor does not depend on anything that requires a gradient; was it made inside noGrad, or from ' +
          'detached tensors?',
      );
    }
    runBackward(this, this.#seed(grad ?? null));
    if (!options.retainGraph) finishStep();
  }

  #seed(grad: Tensor | null): Floats {
    const { memory } = current();
    // A finished step is told here, before anything is computed.
    memory.view(this.storage);
    if (grad !== null) {
      if (!(grad instanceof Tensor)) {
        throw new DTypeError(
          `backward: grad must be a tensor or null, got ${show(grad)}; options come after it: ` +
            'backward(null, { retainGraph: true })',
        );
      }
      if (!sameShape(grad.shape, this.shape)) {
        throw new ShapeError(`backward: grad must be ${showShape(this.shape)}, got ${showShape(grad.shape)}`);
      }
      return floatsOf(grad, 'backward', 'grad');
    }
    if (this.size !== 1) {
      throw new ShapeError(
        `backward: tensor must have one element, got shape ${showShape(this.shape)}; reduce it with sum() or mean(), or ` +
          'pass its gradient',
      );
    }
    const one = memory.alloc('float', 1, 'host');
    memory.view(one)[0] = 1;
    return one;
  }

  /** Forgets the gradient, so that the next backward starts from zero. */
  zeroGrad(): void {
    this.grad = null;
  }

  /** The buffer that gradients of this leaf add up in; zero when backward is the first to reach it since zeroGrad. @internal */
  gradAccumulator(): Floats {
    if (this.grad === null) {
      const buffer = this.gradBuffer();
      current().memory.view(buffer).fill(0);
      this.grad = new Tensor(buffer, this.shape);
    }
    return this.grad.storage as Floats;
  }

  /** A gradient of this leaf: added, or if it is the first since zeroGrad copied, unless it is where it stays. @internal */
  addGrad(more: Floats): void {
    if (this.grad !== null) {
      current().kernels.axpy(this.grad.storage as Floats, more, more.length, 1);
      return;
    }
    const buffer = this.gradBuffer();
    if (more !== buffer) copyInto(buffer, more);
    this.grad = new Tensor(buffer, this.shape);
  }

  /** Where the gradient of this leaf stays. Its contents are undefined while `grad` is null. @internal */
  gradBuffer(): Floats {
    if (this.#gradBuffer?.alive !== true)
      this.#gradBuffer = current().memory.alloc('float', this.size, this.gradLifetime());
    return this.#gradBuffer;
  }

  /** @internal */
  protected gradLifetime(): Lifetime {
    return 'host';
  }

  /** The same numbers without history, safe to keep: copied if they belong to a step, shared otherwise. */
  detach(): Tensor {
    if (this.storage.lifetime !== 'step') return this.alias(this.shape);
    const storage = current().memory.alloc(this.storage.element, this.size, 'host');
    copyInto(storage, this.storage);
    return new Tensor(storage, this.shape, this.dtype);
  }

  /** The same numbers under another shape of the same size, without history. @internal */
  alias(shape: Shape): Tensor {
    const alias = new Tensor(this.storage, shape, this.dtype);
    alias.#base = this.#base ?? this;
    return alias;
  }

  /** A copy of the numbers. Gradients flow through it. */
  clone(): Tensor {
    const recorded = recording(this);
    const storage = newOutput(this.size, recorded, this.storage.element);
    copyInto(storage, this.storage);
    const y = new Tensor(storage, this.shape, this.dtype);
    if (recorded) record('clone', [this], [y], ([dy], grads) => dy && grads.give(this, dy));
    return y;
  }

  /** Frees the memory of a parameter now. Never needed: unreachable tensors are collected. */
  dispose(): void {
    const { memory } = current();
    memory.free(this.storage);
    if (this.#gradBuffer !== null) memory.free(this.#gradBuffer);
    this.#gradBuffer = null;
    this.grad = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What console.log and messages show: `Tensor [2, 2] float32: 1, 2, 3, 4`. */
  toString(): string {
    const kind = this instanceof Parameter ? 'Parameter' : 'Tensor';
    return `${kind} ${showShape(this.shape)} ${this.dtype}: ${this.#numbers()}`;
  }

  /** For messages and logs, so it never throws. */
  #numbers(): string {
    if (!this.storage.alive) return '(freed, or of a step that is over)';
    try {
      const values = current().memory.view(this.storage) as TensorData;
      const shown = Array.from(values.subarray(0, SHOWN_NUMBERS), (value) => Number(value.toPrecision(6)));
      return shown.join(', ') + (values.length > SHOWN_NUMBERS ? ', ...' : '');
    } catch {
      return '(of another backend)';
    }
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  toJSON(): { shape: Shape; dtype: DType; data: number[] } {
    return { shape: this.shape, dtype: this.dtype, data: this.toArray() };
  }
}

/** How many numbers toString shows. */
const SHOWN_NUMBERS = 8;

/** A tensor that training changes: lives in backend memory, requires a gradient, is found by `Module.parameters()`. */
export class Parameter extends Tensor {
  /** @param from  initial numbers and shape; copied */
  constructor(from: Tensor) {
    const numbers = floatsOf(from, 'Parameter', 'from');
    const storage = current().memory.alloc('float', from.size, 'persistent');
    copyInto(storage, numbers);
    super(storage, from.shape, 'float32', true);
  }

  /** @internal */
  protected override gradLifetime(): Lifetime {
    return 'persistent';
  }
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** DTypeError naming the op and the argument unless `t` is a tensor. For ops that look at its shape first. */
export function checkTensor(t: unknown, op: string, argument: string): asserts t is Tensor {
  if (t instanceof Tensor) return;
  throw new DTypeError(`${op}: ${argument} must be a tensor, got ${show(t)}; ${tensorAdvice(t)}`);
}

function tensorAdvice(given: unknown): string {
  const isResult = typeof given === 'object' && given !== null && 'output' in given && 'state' in given;
  return isResult ? "a recurrent layer's result is { output, state }: take its output" : 'make one with u.tensor()';
}

/** The storage of a float32 tensor; DTypeError naming the op and the argument for anything else. */
export function floatsOf(t: Tensor, op: string, argument: string): Floats {
  checkTensor(t, op, argument);
  if (t.dtype !== 'float32') {
    throw new DTypeError(
      `${op}: ${argument} must be float32, got ${t.dtype}; convert it with u.tensor(t.toArray(), t.shape)`,
    );
  }
  return t.storage as Floats;
}

/** The storage of an int32 tensor; DTypeError naming the op and the argument for anything else. */
export function intsOf(t: Tensor, op: string, argument: string): Ints {
  checkTensor(t, op, argument);
  if (t.dtype !== 'int32') {
    throw new DTypeError(`${op}: ${argument} must be int32, got ${t.dtype}; make it with { dtype: 'int32' }`);
  }
  return t.storage as Ints;
}

/** Both views are taken after the allocation: growth of the WASM memory would detach one taken before. */
function copyInto(to: Storage, from: Storage): void {
  const { memory } = current();
  (memory.view(to) as Float32Array).set(memory.view(from) as Float32Array);
}
