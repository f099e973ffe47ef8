// Pinball loss: what predicted quantiles are trained with, and so the ends of prediction intervals.
import { tensor } from '../autograd/creation.js';
import { floatsOf, sameShape, showShape, type Tensor } from '../autograd/tensor.js';
import { OptionError, ShapeError } from '../errors.js';
import { add, mul, neg, relu, sub } from '../ops/elementwise.js';
import { mean, sum } from '../ops/reduce.js';
import { reshape } from '../ops/shape.js';
import { checkOptions, type Rule, required, show } from '../options.js';
import { isReduction, type Numbers, type ReductionName, reduce, toTensor } from './common.js';

export interface QuantileLossOptions {
  /** Which quantiles the last axis of the prediction holds: each above 0 and below 1, as [0.1, 0.5, 0.9]. */
  readonly quantiles: readonly number[];
  /** Default 'mean', over all elements of the prediction. */
  readonly reduction?: ReductionName;
}

const isQuantiles: Rule = {
  expected: 'a list of numbers above 0 and below 1',
  accepts: (v) => Array.isArray(v) && v.length > 0 && v.every((q) => typeof q === 'number' && q > 0 && q < 1),
};

/**
 * Pinball loss of predicted quantiles: smallest, on average, where a share q of the targets lies below the prediction for q.
 *
 *   loss = max(q d, (q - 1) d) = q d + relu(-d)      d = t - x
 *
 * For q = 0.5 it is half the absolute error. Gradients reach both sides; at d = 0 the prediction's is -q.
 *
 * @param prediction  [..., Q] float32, one number a quantile
 * @param target      [...] float32; a flat list in the same order will do
 * @returns a single number, or [..., Q] with reduction 'none'
 * @throws ShapeError  if the shapes disagree;  OptionError  if a quantile is not between 0 and 1
 * Source: Koenker & Bassett 1978.
 *
 *   quantileLoss(model.forward(x), y, { quantiles: [0.1, 0.5, 0.9] }).backward();
 */
export function quantileLoss(prediction: Tensor, target: Numbers, options: QuantileLossOptions): Tensor {
  if (options === undefined) {
    throw new OptionError('quantileLoss: option "quantiles" is missing; it must be a list such as [0.1, 0.5, 0.9]');
  }
  checkOptions<QuantileLossOptions>('quantileLoss', options, {
    quantiles: required(isQuantiles),
    reduction: isReduction,
  });
  const { quantiles, reduction = 'mean' } = options;
  floatsOf(prediction, 'quantileLoss', 'prediction');
  const Q = quantiles.length;
  const rows = prediction.shape.slice(0, -1);
  if (prediction.shape.at(-1) !== Q) {
    throw new ShapeError(
      `quantileLoss: prediction must be [..., ${Q}], one number for each of the quantiles ${show(quantiles)}, got ` +
        showShape(prediction.shape),
    );
  }
  const t = toTensor(target);
  floatsOf(t, 'quantileLoss', 'target');
  const flat = t !== target && t.shape.length === 1 && t.size * Q === prediction.size;
  if (!flat && !sameShape(t.shape, rows)) {
    throw new ShapeError(
      `quantileLoss: target must be ${showShape(rows)}, the prediction's shape without its quantiles, got ` +
        showShape(t.shape),
    );
  }
  reduce('quantileLoss', reduction, prediction.shape, prediction.size);

  const d = sub(reshape(t, [...rows, 1]), prediction);
  const loss = add(mul(d, tensor(quantiles)), relu(neg(d)));
  return reduction === 'none' ? loss : reduction === 'sum' ? sum(loss) : mean(loss);
}
