// Tensors from what the user has: numbers, arrays, typed arrays, random draws.
import type { Element, Storage } from '../backend/types.js';
import { DTypeError, IndexError, OptionError, ShapeError } from '../errors.js';
import { checkOptions, is, type Rule, show } from '../options.js';
import { current } from './context.js';
import { generator } from './random.js';
import { type DType, type Shape, showShape, sizeOf, Tensor, type TensorData } from './tensor.js';

/** A number, or arrays of equal length nested to any depth. */
export type NestedNumbers = number | readonly NestedNumbers[];
export type NumericTypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

export interface TensorOptions {
  /** Default: int32 for an Int32Array, float32 for everything else. */
  readonly dtype?: DType;
  /** Ask backward for the gradient of this tensor. Default false. */
  readonly requiresGrad?: boolean;
}

const optionRules: { [K in keyof TensorOptions]-?: Rule } = {
  dtype: is.oneOf('float32', 'int32'),
  requiresGrad: is.boolean,
};

/**
 * A tensor of given numbers, which are copied.
 *
 *   u.tensor([[1, 2], [3, 4]])                          // [2, 2] float32
 *   u.tensor(new Float32Array(6), [2, 3])
 *   u.tensor([4, 1], { dtype: 'int32' })                // labels
 *
 * @param data     a number, nested arrays, or a typed array; NaN and infinities are allowed
 * @param shape    default: that of the nesting; may be left out before options
 * @param options  dtype, requiresGrad
 * @throws ShapeError  if nested arrays differ in length, or the shape does not hold as many numbers
 * @throws DTypeError  if something is not a number, not an int32 where that is asked for, or a buffer is detached
 */
export function tensor(data: NestedNumbers | NumericTypedArray, shape?: Shape, options?: TensorOptions): Tensor;
/** A tensor of given numbers in the shape of their nesting. */
export function tensor(data: NestedNumbers | NumericTypedArray, options: TensorOptions): Tensor;
export function tensor(
  data: NestedNumbers | NumericTypedArray,
  second?: Shape | TensorOptions,
  third?: TensorOptions,
): Tensor {
  const isOptions = typeof second === 'object' && second !== null && !Array.isArray(second) && third === undefined;
  const shape = isOptions ? undefined : (second as Shape | undefined);
  const options = (isOptions ? (second as TensorOptions) : third) ?? {};
  checkOptions('tensor', options, optionRules);
  const typed = ArrayBuffer.isView(data);
  const inferred: number[] = [];
  const numbers = typed ? checkTyped(data, inferred) : flatten(data, inferred);
  const dtype = options.dtype ?? (data instanceof Int32Array ? 'int32' : 'float32');
  const dims = shape === undefined ? inferred : checkShape('tensor', shape);
  if (sizeOf(dims) !== numbers.length) {
    throw new ShapeError(`tensor: shape ${showShape(dims)} needs ${sizeOf(dims)} numbers, got ${numbers.length}`);
  }
  if (dtype === 'int32' && !(numbers instanceof Int32Array)) checkInts(numbers);
  return filled(dims, dtype, options.requiresGrad ?? false, (out) => out.set(numbers));
}

export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return constant('zeros', shape, 0, options);
}

export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return constant('ones', shape, 1, options);
}

export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  if (typeof value !== 'number') throw new DTypeError(`full: value must be a number, got ${show(value)}`);
  return constant('full', shape, value, options);
}

function constant(op: string, shape: Shape, value: number, options: TensorOptions): Tensor {
  checkOptions(op, options, optionRules);
  const dtype = options.dtype ?? 'float32';
  if (dtype === 'int32') checkInts([value]);
  return filled(checkShape(op, shape), dtype, options.requiresGrad ?? false, (out) => {
    if (value !== 0) out.fill(value);
  });
}

/** Normally distributed numbers, mean 0 and standard deviation 1, from the global generator. */
export function randn(shape: Shape, options: Omit<TensorOptions, 'dtype'> = {}): Tensor {
  checkOptions('randn', options, { requiresGrad: is.boolean });
  return filled(checkShape('randn', shape), 'float32', options.requiresGrad ?? false, (out) =>
    generator.fillNormal(out as Float32Array, 0, 1),
  );
}

/** Numbers from [low, high), each equally likely, from the global generator. */
export function uniform(shape: Shape, low = 0, high = 1, options: Omit<TensorOptions, 'dtype'> = {}): Tensor {
  checkOptions('uniform', options, { requiresGrad: is.boolean });
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new OptionError(`uniform: low and high must be finite numbers, got ${show(low)} and ${show(high)}`);
  }
  const { kernels, memory } = current();
  const dims = checkShape('uniform', shape);
  const n = sizeOf(dims);
  const storage = memory.alloc('float', n, 'host');
  const { seed, drawn } = generator.state();
  // The same numbers as of generator.fillUniform, but a page that has just been opened has no compiled code for that.
  kernels.uniform(storage, n, low, high, drawn, seed | 0, Math.floor(seed / 2 ** 32) | 0);
  generator.skip(n);
  return new Tensor(storage, dims, 'float32', options.requiresGrad ?? false);
}

/** `arange(n)`: 0, 1, ..., n-1. `arange(start, end, step)`: from start, below end. int32 if all of it are integers. */
export function arange(start: number, end?: number, step = 1): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (![from, to, step].every(Number.isFinite) || !Number.isSafeInteger(length)) {
    throw new ShapeError(
      `arange: start, end and step must be finite numbers and step not 0, got ${[from, to, step].map(show).join(', ')}`,
    );
  }
  const dtype = [from, to, step].every(Number.isInteger) ? 'int32' : 'float32';
  return filled([length], dtype, false, (out) => {
    for (let k = 0; k < length; k++) out[k] = from + k * step;
  });
}

/**
 * One row of zeros with a single 1 for each class number.
 *
 * @param classes     int32 tensor or numbers, each in 0..numClasses-1
 * @param numClasses  length of a row
 * @returns float32 [...shape of classes, numClasses]
 * @throws IndexError  if a class is outside its range
 */
export function oneHot(classes: Tensor | NestedNumbers | Int32Array, numClasses: number): Tensor {
  if (!Number.isSafeInteger(numClasses) || numClasses < 1) {
    throw new ShapeError(`oneHot: numClasses must be a whole number >= 1, got ${show(numClasses)}`);
  }
  const index = toIndex(classes, 'oneHot', 'classes');
  const numbers = current().memory.view(index.storage) as Int32Array;
  return filled([...index.shape, numClasses], 'float32', false, (out) => {
    numbers.forEach((number, k) => {
      if (number < 0 || number >= numClasses) throw outOfRange('oneHot', 'class', number, k, index.shape, numClasses);
      out[k * numClasses + number] = 1;
    });
  });
}

/** Class numbers, token ids, positions: an int32 tensor, made from whatever the user gave. */
export function toIndex(data: Tensor | NestedNumbers | Int32Array, op: string, argument: string): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, undefined, { dtype: 'int32' });
  if (data.dtype !== 'int32') {
    throw new DTypeError(`${op}: ${argument} must be int32, got ${data.dtype}; make it with { dtype: 'int32' }`);
  }
  return data;
}

/** What to say about an index outside 0..limit-1: which one, where it stands, what would be right. */
export function outOfRange(
  op: string,
  what: string,
  value: number,
  at: number,
  shape: Shape,
  limit: number,
): IndexError {
  const position: number[] = [];
  let rest = at;
  for (const dim of [...shape].reverse()) {
    position.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  const range = limit > 0 ? `from 0 to ${limit - 1}` : 'absent: there is nothing to choose from';
  return new IndexError(`${op}: ${what} at ${showShape(position)} must be ${range}, got ${value}`);
}

/** Each dim a whole number, not negative; ShapeError otherwise. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape) || !shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw new ShapeError(`${op}: shape must be an array of whole numbers >= 0, got ${show(shape)}`);
  }
  return [...shape];
}

function filled(shape: Shape, dtype: DType, requiresGrad: boolean, fill: (out: TensorData) => void): Tensor {
  if (requiresGrad && dtype !== 'float32') {
    throw new DTypeError(`tensor: only float32 tensors can require a gradient, got ${dtype}`);
  }
  const { memory } = current();
  const element: Element = dtype === 'int32' ? 'int' : 'float';
  const storage: Storage = memory.alloc(element, sizeOf(shape), 'host');
  fill(memory.view(storage) as TensorData);
  return new Tensor(storage, shape, dtype, requiresGrad);
}

function checkTyped(data: ArrayBufferView, inferred: number[]): NumericTypedArray {
  if (data instanceof DataView || data instanceof BigInt64Array || data instanceof BigUint64Array) {
    throw new DTypeError(
      `tensor: data must be a typed array of numbers, got ${data.constructor.name}; convert it, for example with ` +
        'Int32Array.from(data, Number)',
    );
  }
  const numbers = data as NumericTypedArray;
  try {
    // Throws for a detached buffer, and for a view that a resized buffer no longer covers; both look empty otherwise.
    numbers.keys();
  } catch (cause) {
    throw new DTypeError(
      `tensor: the buffer of this ${data.constructor.name} is detached (transferred elsewhere) or was resized below it; ` +
        'make the tensor before, or transfer a copy',
      { cause },
    );
  }
  inferred.push(numbers.length);
  return numbers;
}

/** More axes than anybody nests: an array that contains itself would be walked for ever. */
const MAX_RANK = 64;

/** All numbers of nested arrays in order; their shape goes to `shape`. */
function flatten(data: NestedNumbers, shape: number[]): number[] {
  for (let level: NestedNumbers | undefined = data; Array.isArray(level); level = level[0] as NestedNumbers) {
    if (shape.length === MAX_RANK) {
      throw new ShapeError(`tensor: data must be nested at most ${MAX_RANK} arrays deep; does it contain itself?`);
    }
    shape.push(level.length);
  }
  const numbers: number[] = [];
  const visit = (value: unknown, depth: number, path: string): void => {
    if (depth === shape.length) {
      if (typeof value === 'number') numbers.push(value);
      else if (Array.isArray(value))
        throw new ShapeError(`tensor: data${path} is an array where its neighbours are numbers`);
      else throw new DTypeError(`tensor: data${path} must be a number, got ${show(value)}`);
      return;
    }
    if (!Array.isArray(value)) {
      throw new ShapeError(
        `tensor: data${path} must be an array of ${shape[depth]} as its neighbours are, got ${show(value)}`,
      );
    }
    if (value.length !== shape[depth]) {
      throw new ShapeError(
        `tensor: data${path} must have ${shape[depth]} elements as its neighbours have, got ${value.length}`,
      );
    }
    for (let k = 0; k < value.length; k++) {
      const item: unknown = value[k];
      // Paths are for messages: none is built for a number that is as it should be.
      if (typeof item === 'number' && depth + 1 === shape.length) numbers.push(item);
      else visit(item, depth + 1, `${path}[${k}]`);
    }
  };
  visit(data, 0, '');
  return numbers;
}

function checkInts(numbers: ArrayLike<number>): void {
  for (let k = 0; k < numbers.length; k++) {
    const value = numbers[k] as number;
    if ((value | 0) !== value) {
      throw new DTypeError(`tensor: element ${k} must be an integer from -2^31 to 2^31 - 1 for int32, got ${value}`);
    }
  }
}
