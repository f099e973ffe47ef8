// Sums, means and maxima over axes.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, type Shape, sizeOf, Tensor } from '../autograd/tensor.js';
import { ShapeError } from '../errors.js';
import { around, axisOf, withDim } from './axes.js';
import { spreadTo, sumTo } from './broadcast.js';

/** One axis, several, or null for all of them; negative ones count from the end. */
export type Axes = number | readonly number[] | null;

/**
 * Sum over axes.
 *
 * @param axis     which; default all, giving a tensor without axes
 * @param keepdim  leave dims of 1 where axes were. Default false
 */
export function sum(x: Tensor, axis: Axes = null, keepdim = false): Tensor {
  return reduction('sum', x, axis, keepdim, () => 1);
}

/** Mean over axes; arguments as for `sum`. NaN where there is nothing to average. */
export function mean(x: Tensor, axis: Axes = null, keepdim = false): Tensor {
  return reduction('mean', x, axis, keepdim, (count) => 1 / count);
}

function reduction(op: string, x: Tensor, axis: Axes, keepdim: boolean, scaleOf: (count: number) => number): Tensor {
  const from = floatsOf(x, op, 'x');
  const axes = axesOf(op, axis, x.shape.length);
  const kept = x.shape.map((dim, k) => (axes.has(k) ? 1 : dim));
  const shape = keepdim ? kept : x.shape.filter((_, k) => !axes.has(k));
  const scale = scaleOf(sizeOf(x.shape.filter((_, k) => axes.has(k))));
  const recorded = recording(x);
  const alloc = (length: number) => newOutput(length, recorded);
  let to = sumTo(from, kept, x.shape, alloc, scale);
  if (to === from) {
    to = alloc(x.size);
    current().kernels.affine(to, from, x.size, 1, 0);
  }
  const y = new Tensor(to, shape);
  if (recorded) {
    // forward was: y = scale * sum of x over axes.  Every summand gets scale * dy.
    record(op, [x], [y], ([dy], grads) => {
      if (!dy) return;
      if (scale !== 1) current().kernels.affine(dy, dy, dy.length, scale, 0);
      grads.give(x, spreadTo(dy, kept, x.shape, newGradient));
    });
  }
  return y;
}

function axesOf(op: string, axis: Axes, rank: number): Set<number> {
  if (axis === null) return new Set(Array.from({ length: rank }, (_, k) => k));
  return new Set((Array.isArray(axis) ? axis : [axis]).map((one) => axisOf(op, one, rank)));
}

/** Largest element, of all or along an axis. Not recorded: no gradient flows through it. NaN if there is one. */
export function max(x: Tensor, axis: number | null = null, keepdim = false): Tensor {
  return extreme('max', x, axis, keepdim, 'float');
}

/** Where the largest element stands, int32: in the flat order, or along an axis. The first of equals; not recorded. */
export function argmax(x: Tensor, axis: number | null = null, keepdim = false): Tensor {
  return extreme('argmax', x, axis, keepdim, 'int');
}

function extreme(op: string, x: Tensor, axis: number | null, keepdim: boolean, element: 'float' | 'int'): Tensor {
  const from = floatsOf(x, op, 'x');
  const flat: Shape = axis === null ? [x.size] : x.shape;
  const at = axisOf(op, axis ?? 0, flat.length);
  const { outer, n, inner } = around(flat, at);
  if (n === 0) throw new ShapeError(`${op}: axis ${at} is empty, there is no largest element`);
  const one = axis === null ? x.shape.map(() => 1) : withDim(x.shape, at, 1);
  const shape = keepdim ? one : axis === null ? [] : withDim(x.shape, at);
  const y = new Tensor(newOutput(outer * inner, false, element), shape, element === 'int' ? 'int32' : 'float32');
  const { memory } = current();
  const to = memory.view(y.storage);
  const values = memory.view(from);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let best = 0;
      let largest = values[o * n * inner + i] as number;
      for (let k = 1; k < n; k++) {
        const value = values[(o * n + k) * inner + i] as number;
        // The negation lets the first NaN win, as in PyTorch.
        if (!(value <= largest) && !Number.isNaN(largest)) {
          best = k;
          largest = value;
        }
      }
      to[o * inner + i] = element === 'int' ? best : largest;
    }
  }
  return y;
}
