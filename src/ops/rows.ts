// Ops over rows: softmax, log softmax, layer norm; and dropout.
import { current } from '../autograd/context.js';
import { generator } from '../autograd/random.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { checkTensor, floatsOf, type Shape, sameShape, showShape, sizeOf, Tensor } from '../autograd/tensor.js';
import { Binary } from '../backend/generated/abi.js';
import type { Floats } from '../backend/types.js';
import { OptionError, ShapeError } from '../errors.js';
import { checkOptions, is, type Rule, show } from '../options.js';
import { axisOf } from './axes.js';
import { transpose } from './shape.js';

/** e^x / sum(e^x) along an axis: each row sums to 1. Computed without overflow. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return alongAxis('softmax', x, axis, (rows) => softmaxRows(rows));
}

function softmaxRows(x: Tensor): Tensor {
  const from = floatsOf(x, 'softmax', 'x');
  const [N, C] = rowsOf(x);
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  current().kernels.softmax_forward(to, from, N, C);
  const y = new Tensor(to, x.shape);
  if (recorded) {
    record('softmax', [x], [y], ([dy], grads) => {
      if (!dy) return;
      const dx = newGradient(x.size);
      current().kernels.softmax_backward(dx, dy, to, N, C);
      grads.give(x, dx);
    });
  }
  return y;
}

/** log(softmax(x)) along an axis, without the loss of precision of the two steps apart. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return alongAxis('logSoftmax', x, axis, (rows) => logSoftmaxRows(rows));
}

function logSoftmaxRows(x: Tensor): Tensor {
  const from = floatsOf(x, 'logSoftmax', 'x');
  const [N, C] = rowsOf(x);
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  current().kernels.log_softmax_forward(to, from, N, C);
  const y = new Tensor(to, x.shape);
  if (recorded) {
    record('logSoftmax', [x], [y], ([dy], grads) => {
      if (!dy) return;
      const dx = newGradient(x.size);
      current().kernels.log_softmax_backward(dx, dy, to, N, C);
      grads.give(x, dx);
    });
  }
  return y;
}

/** Kernels work on the last axis: another one is swapped with it and back. */
function alongAxis(op: string, x: Tensor, axis: number, run: (x: Tensor) => Tensor): Tensor {
  checkTensor(x, op, 'x');
  const at = axisOf(op, axis, x.shape.length);
  const last = x.shape.length - 1;
  return at === last ? run(x) : transpose(run(transpose(x, at, last)), at, last);
}

function rowsOf(x: Tensor): [N: number, C: number] {
  return [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number];
}

/** Sizes of axes, for options. */
export const isDims: Rule = {
  expected: 'an array of whole numbers >= 1',
  accepts: (v) => Array.isArray(v) && v.length > 0 && v.every((dim) => Number.isSafeInteger(dim) && dim >= 1),
};

export interface LayerNormOptions {
  /** The last dims of x, over which to normalise. Default: the shape of `weight` or `bias`, else the last dim. */
  readonly normalizedShape?: Shape;
  /** Scale, of the normalised shape. Default: 1 */
  readonly weight?: Tensor | null;
  /** Shift, of the normalised shape. Default: 0 */
  readonly bias?: Tensor | null;
  /** Added to the variance. Default 1e-5 */
  readonly eps?: number;
}

/**
 * y = weight (x - mean) / sqrt(var + eps) + bias, mean and variance (without Bessel's correction) over the last dims.
 * Source: Ba, Kiros, Hinton 2016.
 *
 * @throws ShapeError  if x does not end with the normalised shape, or weight or bias have another
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  checkOptions('layerNorm', options, { normalizedShape: isDims, weight: is.any, bias: is.any, eps: is.number(0) });
  checkTensor(x, 'layerNorm', 'x');
  const weight = options.weight ?? null;
  const bias = options.bias ?? null;
  const eps = options.eps ?? 1e-5;
  const tail = options.normalizedShape ?? weight?.shape ?? bias?.shape ?? x.shape.slice(-1);
  const lead = x.shape.length - tail.length;
  if (tail.length === 0 || lead < 0 || !sameShape(x.shape.slice(lead), tail)) {
    throw new ShapeError(`layerNorm: x must end with ${showShape(tail)} (normalizedShape), got ${showShape(x.shape)}`);
  }
  for (const [name, t] of Object.entries({ weight, bias })) {
    if (t === null) continue;
    checkTensor(t, 'layerNorm', name);
    if (!sameShape(t.shape, tail)) {
      throw new ShapeError(
        `layerNorm: ${name} must be ${showShape(tail)} (normalizedShape), got ${showShape(t.shape)}`,
      );
    }
  }
  const from = floatsOf(x, 'layerNorm', 'x');
  const gamma = weight && floatsOf(weight, 'layerNorm', 'weight');
  const beta = bias && floatsOf(bias, 'layerNorm', 'bias');
  const N = sizeOf(x.shape.slice(0, lead));
  const C = sizeOf(tail);
  const recorded = recording(x, weight, bias);
  const to = newOutput(x.size, recorded);
  const mean = newOutput(N, recorded);
  const rstd = newOutput(N, recorded);
  current().kernels.layer_norm_forward(to, mean, rstd, from, gamma, beta, N, C, eps);
  const y = new Tensor(to, x.shape);
  if (recorded) {
    const inputs = [x, weight, bias].filter((t) => t !== null);
    record('layerNorm', inputs, [y], ([dy], grads) => {
      if (!dy) return;
      const dx = grads.wants(x) ? newGradient(x.size) : null;
      const dgamma = grads.wants(weight) ? grads.accumulator(weight) : null;
      const dbeta = grads.wants(bias) ? grads.accumulator(bias) : null;
      current().kernels.layer_norm_backward(dx, dgamma, dbeta, dy, from, mean, rstd, gamma, N, C);
      if (dx !== null) grads.give(x, dx);
    });
  }
  return y;
}

/**
 * Zero with probability p, x / (1 - p) otherwise. The mask comes from the global generator: the same on every backend.
 *
 * @param p         0..1, default 0.5
 * @param training  false returns x itself. Default true
 */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  checkTensor(x, 'dropout', 'x');
  if (!(typeof p === 'number' && p >= 0 && p <= 1)) {
    throw new OptionError(`dropout: p must be a number from 0 to 1, got ${show(p)}`);
  }
  if (!training || p === 0) return x;
  const from = floatsOf(x, 'dropout', 'x');
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  const mask: Floats = newOutput(x.size, recorded);
  current().kernels.dropout_forward(to, mask, from, x.size, p, generator.word() | 0, generator.word() | 0);
  const y = new Tensor(to, x.shape);
  if (recorded) {
    // forward was: y = x mask.  dx = dy mask
    record('dropout', [x], [y], ([dy], grads) => {
      if (!dy) return;
      const dx = newGradient(x.size);
      current().kernels.binary_forward(dx, dy, mask, x.size, Binary.mul);
      grads.give(x, dx);
    });
  }
  return y;
}
