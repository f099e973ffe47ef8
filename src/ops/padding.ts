// Padding of ragged sequences: cut off from what comes after, whatever stands in it.
import { tensor } from '../autograd/creation.js';
import { checkTensor, showShape, type Tensor } from '../autograd/tensor.js';
import { LengthsError, ShapeError } from '../errors.js';
import { show } from '../options.js';
import { indexSelect } from './gather.js';
import { concat, reshape } from './shape.js';

/** Valid steps of each row. */
export type RowLengths = readonly number[] | Int32Array | Tensor;

/**
 * Zeros past each row's length. Not a product with 0 and 1, which would leave a NaN what it is.
 *
 * @param x        [T, B, ...]
 * @param lengths  B whole numbers in 0..T
 */
export function zeroPadding(x: Tensor, lengths: RowLengths): Tensor {
  checkTensor(x, 'zeroPadding', 'x');
  const [T, B] = x.shape;
  if (T === undefined || B === undefined) {
    throw new ShapeError(`zeroPadding: x must be [T, B, ...] (time, batch), got ${showShape(x.shape)}`);
  }
  const steps = checkLengths('zeroPadding', lengths, T, B);
  if (steps.every((length) => length === T)) return x;
  const size = x.size / (T * B);
  const zeros = tensor(new Float32Array(size), [1, size]);
  // Row T*B of the joined rows is the one of zeros.
  const index = Int32Array.from({ length: T * B }, (_, k) =>
    Math.floor(k / B) < (steps[k % B] as number) ? k : T * B,
  );
  return reshape(indexSelect(concat([reshape(x, [T * B, size]), zeros], 0), index), x.shape);
}

/** @throws LengthsError  unless there is one whole number in 0..T for each of B rows */
export function checkLengths(where: string, lengths: RowLengths, T: number, B: number): number[] {
  const list = typeof (lengths as Tensor).toArray === 'function' ? (lengths as Tensor).toArray() : lengths;
  if (!(Array.isArray(list) || ArrayBuffer.isView(list)) || (list as number[]).length !== B) {
    throw new LengthsError(
      `${where}: lengths must be ${B} numbers, one for each row of the batch, got ${show(lengths)}`,
    );
  }
  const steps = Array.from(list as ArrayLike<number>);
  const wrong = steps.findIndex((length) => !(Number.isInteger(length) && length >= 0 && length <= T));
  if (wrong >= 0) {
    throw new LengthsError(
      `${where}: lengths[${wrong}] must be a whole number from 0 to ${T} (time steps), got ${show(steps[wrong])}`,
    );
  }
  return steps;
}
