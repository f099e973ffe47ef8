// Losses of predicted numbers: squared, absolute, and Huber's mixture of both.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, Tensor } from '../autograd/tensor.js';
import { Regression } from '../backend/generated/abi.js';
import type { Floats } from '../backend/types.js';
import { checkOptions, is } from '../options.js';
import { isReduction, matchingTarget, type Numbers, type ReductionName, reduce } from './common.js';

export interface RegressionOptions {
  /** Default 'mean'. */
  readonly reduction?: ReductionName;
}

export interface HuberOptions extends RegressionOptions {
  /** Where the square ends and the straight line begins. Default 1. */
  readonly delta?: number;
}

/**
 * Mean squared error: (x - t)^2. Gradients reach both sides.
 *
 * @param prediction  any shape, float32
 * @param target      the same shape (nothing is broadcast); a flat list in the same order will do
 * @returns a single number, or the prediction's shape with reduction 'none'
 * @throws ShapeError  if the shapes differ
 */
export function mse(prediction: Tensor, target: Numbers, options: RegressionOptions = {}): Tensor {
  checkOptions<RegressionOptions>('mse', options, { reduction: isReduction });
  return regression('mse', prediction, target, options.reduction, 1);
}

/** Mean absolute error: |x - t|. Arguments as for mse. */
export function mae(prediction: Tensor, target: Numbers, options: RegressionOptions = {}): Tensor {
  checkOptions<RegressionOptions>('mae', options, { reduction: isReduction });
  return regression('mae', prediction, target, options.reduction, 1);
}

/**
 * Huber's loss: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = x - t. Outliers pull with a force
 * of at most delta. Arguments as for mse.
 */
export function huber(prediction: Tensor, target: Numbers, options: HuberOptions = {}): Tensor {
  checkOptions<HuberOptions>('huber', options, { reduction: isReduction, delta: is.between(0) });
  return regression('huber', prediction, target, options.reduction, options.delta ?? 1);
}

function regression(
  op: keyof typeof Regression,
  prediction: Tensor,
  target: Numbers,
  reduction: ReductionName = 'mean',
  delta: number,
): Tensor {
  const x = floatsOf(prediction, op, 'prediction');
  const n = x.length;
  const wanted = matchingTarget(op, 'prediction', prediction, target);
  const t = wanted.storage as Floats;
  const { code, result, length: L } = reduce(op, reduction, prediction.shape, n);

  const recorded = recording(prediction, wanted);
  const { kernels } = current();
  const loss = newOutput(L, recorded);
  kernels.regression_loss_forward(loss, x, t, n, L, code, Regression[op], delta);
  const y = new Tensor(loss, result);
  if (recorded) {
    record(op, [prediction, wanted], [y], ([dloss], grads) => {
      if (!dloss) return;
      const dx = grads.wants(prediction) ? newGradient(n) : null;
      const dt = grads.wants(wanted) ? newGradient(n) : null;
      kernels.regression_loss_backward(dx, dt, dloss, x, t, n, L, code, Regression[op], delta);
      if (dx) grads.give(prediction, dx);
      if (dt) grads.give(wanted, dt);
    });
  }
  return y;
}
