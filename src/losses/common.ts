// What the losses share: how one number a row becomes the result, and targets and weights given as plain numbers.
import { type NestedNumbers, type NumericTypedArray, tensor } from '../autograd/creation.js';
import { floatsOf, type Shape, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import { Reduction } from '../backend/generated/abi.js';
import { ShapeError } from '../errors.js';
import { is, type Rule } from '../options.js';

/** 'mean' and 'sum' give a single number, 'none' one for each row or element. */
export type ReductionName = 'mean' | 'sum' | 'none';

export const isReduction: Rule = is.oneOf('mean', 'sum', 'none');

/** Numbers in any form a loss takes them. */
export type Numbers = Tensor | NestedNumbers | NumericTypedArray;

export const isNumbers: Rule = {
  expected: 'a tensor or a list of numbers',
  accepts: (v) => v instanceof Tensor || Array.isArray(v) || ArrayBuffer.isView(v) || typeof v === 'number',
};

/** A tensor as it is; anything else as a new float32 tensor. */
export const toTensor = (numbers: Numbers): Tensor => (numbers instanceof Tensor ? numbers : tensor(numbers));

/**
 * The kernel's code, and the shape of the result of `count` losses in `shape`.
 *
 * @throws ShapeError  for the mean of nothing: it would be NaN
 */
export function reduce(
  op: string,
  reduction: ReductionName,
  shape: Shape,
  count: number,
): { code: Reduction; result: Shape; length: number } {
  if (reduction === 'mean' && count === 0) {
    throw new ShapeError(`${op}: there must be at least one target to take the mean of, got shape ${showShape(shape)}`);
  }
  const code = Reduction[reduction];
  return reduction === 'none' ? { code, result: shape, length: count } : { code, result: [], length: 1 };
}

/** The target as a float32 tensor of the prediction's shape. */
export function matchingTarget(op: string, name: string, prediction: Tensor, target: Numbers): Tensor {
  const t = toTensor(target);
  floatsOf(t, op, 'target');
  const flat = !(target instanceof Tensor) && t.shape.length === 1 && t.size === prediction.size;
  if (!flat && !sameShape(t.shape, prediction.shape)) {
    throw new ShapeError(
      `${op}: target must have the shape of the ${name}, ${showShape(prediction.shape)}, got ${showShape(t.shape)}; ` +
        'reshape() one of them',
    );
  }
  return t;
}
