// Ops that move elements and compute nothing: reshape, transpose, join, cut.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { checkTensor, floatsOf, type Shape, sameShape, showShape, sizeOf, Tensor } from '../autograd/tensor.js';
import { IndexError, ShapeError } from '../errors.js';
import { show } from '../options.js';
import { around, axisOf, withDim } from './axes.js';

/**
 * The same elements under another shape; memory is shared.
 *
 * @param shape  one dim may be -1: what remains
 * @throws ShapeError  if the sizes differ
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor(x, 'reshape', 'x');
  const dims = fillIn(x, shape);
  const recorded = recording(x);
  const y = x.alias(dims);
  // forward was: y = x.  dy becomes dx as it is.
  if (recorded) record('reshape', [x], [y], ([dy], grads) => dy && grads.give(x, dy));
  return y;
}

function fillIn(x: Tensor, shape: Shape): number[] {
  if (!Array.isArray(shape)) {
    throw new ShapeError(
      `reshape: shape must be an array of whole numbers, got ${show(shape)}; write reshape([2, -1])`,
    );
  }
  const free = shape.indexOf(-1);
  const rest = sizeOf(shape.filter((_, k) => k !== free));
  const dims = free < 0 ? [...shape] : withDim(shape, free, rest === 0 ? 0 : x.size / rest);
  if (sizeOf(dims) !== x.size || !dims.every((dim) => Number.isInteger(dim) && dim >= 0)) {
    throw new ShapeError(
      `reshape: shape must hold the ${x.size} elements of ${showShape(x.shape)} (one dim may be -1), got ${showShape(shape)}`,
    );
  }
  return dims;
}

/** Swaps two axes: by default the last two, which transposes a matrix. */
export function transpose(x: Tensor, axis0 = -2, axis1 = -1): Tensor {
  const from = floatsOf(x, 'transpose', 'x');
  const rank = x.shape.length;
  const i = axisOf('transpose', axis0, rank);
  const j = axisOf('transpose', axis1, rank);
  if (i === j) return reshape(x, x.shape);
  const [first, last] = i < j ? [i, j] : [j, i];
  const { outer, n: a } = around(x.shape, first);
  const { n: b, inner } = around(x.shape, last);
  const mid = sizeOf(x.shape.slice(first + 1, last));
  const shape = withDim(withDim(x.shape, first, b), last, a);
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  current().kernels.transpose(to, from, outer, a, mid, b, inner);
  const y = new Tensor(to, shape);
  if (recorded) {
    record('transpose', [x], [y], ([dy], grads) => {
      if (!dy) return;
      const dx = newGradient(x.size);
      current().kernels.transpose(dx, dy, outer, b, mid, a, inner);
      grads.give(x, dx);
    });
  }
  return y;
}

/**
 * Axes in another order.
 *
 * @param order  axis k of the result is axis order[k] of x; each axis once
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  checkTensor(x, 'permute', 'x');
  const rank = x.shape.length;
  if (!Array.isArray(order)) throw new ShapeError(`permute: order must be an array of axes, got ${show(order)}`);
  const wanted = order.map((axis) => axisOf('permute', axis, rank));
  if (wanted.length !== rank || new Set(wanted).size !== rank) {
    throw new ShapeError(`permute: order must name each of the ${rank} axes once, got ${showShape(order)}`);
  }
  // Each swap puts one axis where it belongs.
  const at = wanted.map((_, k) => k);
  let y = x;
  for (const [k, axis] of wanted.entries()) {
    const where = at.indexOf(axis);
    if (where === k) continue;
    y = transpose(y, k, where);
    at[where] = at[k] as number;
    at[k] = axis;
  }
  return y;
}

/**
 * Tensors joined along an axis they already have; all other dims are equal.
 *
 *   concat([forward, backward], -1)
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const head = firstOf('concat', tensors);
  const at = axisOf('concat', axis, head.shape.length);
  for (const [k, t] of tensors.entries()) {
    if (t.shape.length !== head.shape.length || !sameShape(withDim(t.shape, at), withDim(head.shape, at))) {
      throw new ShapeError(
        `concat: tensor ${k} must be as the first, ${showShape(head.shape)}, but for axis ${at}; got ${showShape(t.shape)}`,
      );
    }
  }
  const counts = tensors.map((t) => t.shape[at] as number);
  const total = counts.reduce((n, count) => n + count, 0);
  return join('concat', tensors, counts, withDim(head.shape, at, total), at);
}

/** Tensors of one shape joined along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const head = firstOf('stack', tensors);
  const at = axisOf('stack', axis, head.shape.length + 1);
  for (const [k, t] of tensors.entries()) {
    if (!sameShape(t.shape, head.shape)) {
      throw new ShapeError(
        `stack: tensor ${k} must be as the first, ${showShape(head.shape)}, got ${showShape(t.shape)}`,
      );
    }
  }
  const shape = [...head.shape.slice(0, at), tensors.length, ...head.shape.slice(at)];
  return join('stack', tensors, new Array(tensors.length).fill(1), shape, at);
}

/** The tensor whose shape the others must have. */
function firstOf(op: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors)) {
    throw new ShapeError(`${op}: tensors must be an array, got ${show(tensors)}; write ${op}([a, b])`);
  }
  tensors.forEach((t, k) => {
    checkTensor(t, op, `tensor ${k}`);
  });
  const [head] = tensors;
  if (head === undefined) throw new ShapeError(`${op}: tensors must hold at least one tensor, got none`);
  return head;
}

/** `counts[k]` of the dims at `axis` of `shape` come from tensor k. */
function join(op: string, tensors: readonly Tensor[], counts: readonly number[], shape: Shape, axis: number): Tensor {
  const parts = tensors.map((t, k) => floatsOf(t, op, `tensor ${k}`));
  const { outer, n, inner } = around(shape, axis);
  const recorded = recording(...tensors);
  const to = newOutput(sizeOf(shape), recorded);
  const starts: number[] = [];
  let start = 0;
  for (const [k, part] of parts.entries()) {
    const count = counts[k] as number;
    current().kernels.place(to, part, outer, n, inner, start, count);
    starts.push(start);
    start += count;
  }
  const y = new Tensor(to, shape);
  if (recorded) {
    // forward was: y[o,start+k,i] = x[o,k,i], for each part
    record(op, tensors, [y], ([dy], grads) => {
      if (!dy) return;
      for (const [k, t] of tensors.entries()) {
        if (!grads.wants(t)) continue;
        const dx = newGradient(t.size);
        current().kernels.slice_forward(dx, dy, outer, n, inner, starts[k] as number, counts[k] as number);
        grads.give(t, dx);
      }
    });
  }
  return y;
}

/**
 * Elements start to end-1 along an axis, copied. Negative positions count from the end, those beyond it are cut, as in
 * Array.prototype.slice.
 */
export function slice(x: Tensor, start: number, end?: number, axis = 0): Tensor {
  const from = floatsOf(x, 'slice', 'x');
  const at = axisOf('slice', axis, x.shape.length);
  const { outer, n, inner } = around(x.shape, at);
  const position = (value: number): number => {
    if (!Number.isInteger(value))
      throw new ShapeError(`slice: start and end must be whole numbers, got ${show(value)}`);
    return Math.min(Math.max(value < 0 ? value + n : value, 0), n);
  };
  const first = position(start);
  const count = Math.max(0, position(end ?? n) - first);
  const recorded = recording(x);
  const to = newOutput(outer * count * inner, recorded);
  current().kernels.slice_forward(to, from, outer, n, inner, first, count);
  const y = new Tensor(to, withDim(x.shape, at, count));
  if (recorded) {
    record('slice', [x], [y], ([dy], grads) => {
      if (dy) current().kernels.slice_backward(grads.accumulator(x), dy, outer, n, inner, first, count);
    });
  }
  return y;
}

/** What stands at one position of an axis; the axis is gone. Negative positions count from the end. */
export function select(x: Tensor, index: number, axis = 0): Tensor {
  checkTensor(x, 'select', 'x');
  const at = axisOf('select', axis, x.shape.length);
  const n = x.shape[at] as number;
  if (!Number.isInteger(index) || index < -n || index >= n) {
    throw new IndexError(`select: index must be from ${-n} to ${n - 1} for axis ${at}, got ${show(index)}`);
  }
  const counted = index < 0 ? index + n : index;
  return reshape(slice(x, counted, counted + 1, at), withDim(x.shape, at));
}

/**
 * x with zeros where `mask` is true, whatever stood there: NaN goes too.
 *
 * @param mask  one entry for each position of the axis
 */
export function zeroWhere(x: Tensor, mask: readonly boolean[], axis = 0): Tensor {
  const at = axisOf('zeroWhere', axis, x.shape.length);
  const { outer, n, inner } = around(x.shape, at);
  if (mask.length !== n) {
    throw new ShapeError(
      `zeroWhere: mask must have ${n} entries, one for each position of axis ${at}, got ${mask.length}`,
    );
  }
  const clear = (values: { fill(value: number, start: number, end: number): unknown }): void => {
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < n; k++) if (mask[k]) values.fill(0, (o * n + k) * inner, (o * n + k + 1) * inner);
    }
  };
  const from = floatsOf(x, 'zeroWhere', 'x');
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  const { memory } = current();
  memory.view(to).set(memory.view(from));
  clear(memory.view(to));
  const y = new Tensor(to, x.shape);
  if (recorded) {
    record('zeroWhere', [x], [y], ([dy], grads) => {
      if (!dy) return;
      clear(memory.view(dy));
      grads.give(x, dy);
    });
  }
  return y;
}
