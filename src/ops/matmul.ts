// Matrix products.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { checkTensor, floatsOf, showShape, sizeOf, Tensor } from '../autograd/tensor.js';
import { ShapeError } from '../errors.js';
import { broadcastShapes } from './axes.js';
import { expand } from './broadcast.js';
import { reshape } from './shape.js';

/**
 * Matrix product over the last two axes; the axes before them broadcast. A vector on the left is a row, on the right a
 * column, and its axis is not in the result, as in torch.matmul.
 *
 * @param a  [..., M, K] or [K]
 * @param b  [..., K, N] or [K]
 * @returns [..., M, N]
 * @throws ShapeError  if the K differ or the other axes do not broadcast
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor(a, 'matmul', 'a');
  checkTensor(b, 'matmul', 'b');
  const left = a.shape.length === 1 ? reshape(a, [1, a.size]) : a;
  const right = b.shape.length === 1 ? reshape(b, [b.size, 1]) : b;
  const [M, K] = left.shape.slice(-2);
  const [K2, N] = right.shape.slice(-2);
  if (M === undefined || K === undefined || N === undefined || K !== K2) {
    throw new ShapeError(
      `matmul: the last axis of a must be as long as the last but one of b (a vector's only one), got ${showShape(a.shape)} ` +
        `and ${showShape(b.shape)}`,
    );
  }
  const shape = [
    ...broadcastShapes('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2)),
    ...(a.shape.length === 1 ? [] : [M]),
    ...(b.shape.length === 1 ? [] : [N]),
  ];
  // One matrix on the right serves all rows of the left: a single large product.
  if (right.shape.length === 2)
    return reshape(product(reshape(left, [1, sizeOf(left.shape.slice(0, -1)), K]), reshape(right, [1, K, N])), shape);
  const batch = broadcastShapes('matmul', left.shape.slice(0, -2), right.shape.slice(0, -2));
  const P = sizeOf(batch);
  const as = reshape(expand(left, [...batch, M, K]), [P, M, K]);
  const bs = reshape(expand(right, [...batch, K, N]), [P, K, N]);
  return reshape(product(as, bs), shape);
}

/** y[p] = a[p] b[p] */
function product(a: Tensor, b: Tensor): Tensor {
  const [P, M, K] = a.shape as [number, number, number];
  const N = b.shape[2] as number;
  const left = floatsOf(a, 'matmul', 'a');
  const right = floatsOf(b, 'matmul', 'b');
  const recorded = recording(a, b);
  const to = newOutput(P * M * N, recorded);
  current().kernels.matmul_forward(to, left, right, P, M, N, K);
  const y = new Tensor(to, [P, M, N]);
  if (recorded) {
    record('matmul', [a, b], [y], ([dy], grads) => {
      if (!dy) return;
      const da = grads.wants(a) ? newGradient(a.size) : null;
      const db = grads.wants(b) ? newGradient(b.size) : null;
      current().kernels.matmul_backward(da, db, dy, left, right, P, M, N, K);
      if (da !== null) grads.give(a, da);
      if (db !== null) grads.give(b, db);
    });
  }
  return y;
}

/**
 * y = x w^T + b
 *
 * @param x       [..., I]
 * @param weight  [O, I]
 * @param bias    [O]
 * @returns [..., O]
 * @throws ShapeError  if the shapes disagree
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  checkTensor(x, 'linear', 'x');
  checkTensor(weight, 'linear', 'weight');
  if (bias !== null) checkTensor(bias, 'linear', 'bias');
  const [O, I] = weight.shape;
  if (O === undefined || I === undefined || weight.shape.length !== 2) {
    throw new ShapeError(`linear: weight must be [outFeatures, inFeatures], got ${showShape(weight.shape)}`);
  }
  if (x.shape.at(-1) !== I)
    throw new ShapeError(`linear: x must be [..., ${I}] (inFeatures), got ${showShape(x.shape)}`);
  if (bias !== null && (bias.shape.length !== 1 || bias.size !== O)) {
    throw new ShapeError(`linear: bias must be [${O}] (outFeatures), got ${showShape(bias.shape)}`);
  }
  const from = floatsOf(x, 'linear', 'x');
  const w = floatsOf(weight, 'linear', 'weight');
  const b = bias === null ? null : floatsOf(bias, 'linear', 'bias');
  const N = sizeOf(x.shape.slice(0, -1));
  const recorded = recording(x, weight, bias);
  const to = newOutput(N * O, recorded);
  current().kernels.linear_forward(to, from, w, b, N, I, O);
  const y = new Tensor(to, [...x.shape.slice(0, -1), O]);
  if (recorded) {
    const inputs = bias === null ? [x, weight] : [x, weight, bias];
    record('linear', inputs, [y], ([dy], grads) => {
      if (!dy) return;
      const dx = grads.wants(x) ? newGradient(x.size) : null;
      const dw = grads.wants(weight) ? grads.accumulator(weight) : null;
      const db = grads.wants(bias) ? grads.accumulator(bias) : null;
      current().kernels.linear_backward(dx, dw, db, dy, from, w, N, I, O);
      if (dx !== null) grads.give(x, dx);
    });
  }
  return y;
}
