// Arithmetic of axes and shapes that ops share: a kernel sees a tensor as [outer, n, inner] around the axis it works on.
import { type Shape, showShape, sizeOf } from '../autograd/tensor.js';
import { ShapeError } from '../errors.js';
import { show } from '../options.js';

/** `axis` counted from 0; negative ones count from the end. */
export function axisOf(op: string, axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || counted < 0 || counted >= rank) {
    const range = rank === 0 ? 'absent for a tensor without axes' : `from ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${op}: axis must be ${range}, got ${show(axis)}`);
  }
  return counted;
}

/** Sizes before, at and after an axis. */
export function around(shape: Shape, axis: number): { outer: number; n: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), n: shape[axis] as number, inner: sizeOf(shape.slice(axis + 1)) };
}

/** `shape` with the dim at `axis` replaced by any number of dims. */
export function withDim(shape: Shape, axis: number, ...dims: number[]): number[] {
  return [...shape.slice(0, axis), ...dims, ...shape.slice(axis + 1)];
}

/** The shape that two shapes broadcast to, as in NumPy. */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const m = a[axis - rank + a.length] ?? 1;
    const n = b[axis - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `${op}: shapes must broadcast, got ${showShape(a)} and ${showShape(b)}: ${m} and ${n} at axis ${axis - rank}; ` +
          'dims must be equal or 1',
      );
    }
    return m === 1 ? n : m;
  });
}

/** One call of the kernels expand and reduce_sum: `mid` copies of each of outer x inner elements. */
export interface Spread {
  readonly outer: number;
  readonly mid: number;
  readonly inner: number;
}

/** How to get from `from` to `to`, which it broadcasts to: neighbouring axes go in one call, the last axes first. */
export function spreads(from: Shape, to: Shape): Spread[] {
  const dims = [...new Array<number>(to.length - from.length).fill(1), ...from];
  const spread = (axis: number): boolean => axis >= 0 && dims[axis] === 1 && to[axis] !== 1;
  const calls: Spread[] = [];
  for (let last = to.length - 1; last >= 0; last--) {
    if (!spread(last)) continue;
    let first = last;
    while (spread(first - 1)) first--;
    calls.push({
      outer: sizeOf(dims.slice(0, first)),
      mid: sizeOf(to.slice(first, last + 1)),
      inner: sizeOf(to.slice(last + 1)),
    });
    last = first;
  }
  return calls;
}
