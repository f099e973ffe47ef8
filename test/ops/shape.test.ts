// Ops that only move elements, against plain indexing.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

/** 0, 1, 2, ... in the given shape. */
const count = (...shape: number[]): u.Tensor =>
  u.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => k),
    shape,
    { requiresGrad: true },
  );

describeBackends('shape ops', () => {
  it('reshape keeps the order, fills in -1, shares memory', () => {
    const x = count(2, 6);
    expect(x.reshape([3, -1]).shape).toEqual([3, 4]);
    expect(x.reshape([12]).toArray()).toEqual(x.toArray());
    expect(u.tensor([5]).reshape([]).shape).toEqual([]);
    expect(u.zeros([0, 3]).reshape([3, -1]).shape).toEqual([3, 0]);
    const plain = u.zeros([4]);
    plain.reshape([2, 2]).data[3] = 7;
    expect(plain.toArray()).toEqual([0, 0, 0, 7]);
    expect(() => x.reshape([5, -1])).toThrow(
      new u.ShapeError('reshape: shape must hold the 12 elements of [2, 6] (one dim may be -1), got [5, -1]'),
    );
    expect(() => x.reshape([-1, -1])).toThrow(u.ShapeError);
    u.gradcheck((t) => t.reshape([4, 3]).mul(t.reshape([4, 3])), [x.mul(0.1).detach(), x]);
  });

  it('a change through a reshaped parameter counts as a change of the parameter', () => {
    const p = new u.Parameter(u.zeros([2, 2]));
    const { version } = p;
    p.detach().reshape([4]).data.fill(1);
    expect(p.version).toBeGreaterThan(version);
  });

  it('transpose swaps any two axes', () => {
    const x = count(2, 3, 4);
    const values = x.toArray();
    for (const [i, j] of [
      [0, 1],
      [1, 2],
      [0, 2],
      [-1, 0],
      [1, 1],
    ] as const) {
      const y = x.transpose(i, j);
      const order = [0, 1, 2];
      [order[(i + 3) % 3], order[(j + 3) % 3]] = [order[(j + 3) % 3] as number, order[(i + 3) % 3] as number];
      expect(y.shape).toEqual(order.map((axis) => x.shape[axis]));
      expect(y.toArray()).toEqual(permuted(values, x.shape, order));
      u.gradcheck((t) => t.transpose(i, j), [x]);
    }
    expect(count(2, 3).transpose().shape).toEqual([3, 2]);
  });

  it('permute brings the axes into any order', () => {
    const x = count(2, 3, 4);
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
      [2, 1, 0],
      [-1, 0, 1],
    ]) {
      const axes = order.map((axis) => (axis + 3) % 3);
      const y = x.permute(order);
      expect([y.shape, y.toArray()]).toEqual([axes.map((axis) => x.shape[axis]), permuted(x.toArray(), x.shape, axes)]);
    }
    u.gradcheck((t) => t.permute([2, 0, 1]), [x]);
    expect(() => x.permute([0, 1])).toThrow(u.ShapeError);
    expect(() => x.permute([0, 1, 1])).toThrow(u.ShapeError);
  });

  it('concat joins along any axis; parts may be empty', () => {
    const [a, b] = [count(2, 1), count(2, 3)];
    expect(u.concat([a, b], 1).toArray()).toEqual([0, 0, 1, 2, 1, 3, 4, 5]);
    expect(u.concat([b, u.zeros([0, 3]), b]).shape).toEqual([4, 3]);
    u.gradcheck((p, q) => [u.concat([p, q, p], -1), u.concat([q, q], 0)], [a, b]);
    expect(() => u.concat([a, b])).toThrow(
      new u.ShapeError('concat: tensor 1 must be as the first, [2, 1], but for axis 0; got [2, 3]'),
    );
    expect(() => u.concat([])).toThrow(u.ShapeError);
  });

  it('stack joins along a new axis', () => {
    const [a, b] = [count(2, 2), count(2, 2).mul(10)];
    expect([u.stack([a, b]).shape, u.stack([a, b], 1).shape, u.stack([a, b], -1).shape]).toEqual([
      [2, 2, 2],
      [2, 2, 2],
      [2, 2, 2],
    ]);
    expect(u.stack([a, b], -1).toArray()).toEqual([0, 0, 1, 10, 2, 20, 3, 30]);
    u.gradcheck((p) => [u.stack([p, p], 1)], [count(2, 3)]);
    expect(() => u.stack([a, count(2, 3)])).toThrow(u.ShapeError);
  });

  it('slice cuts as Array.prototype.slice does', () => {
    const x = count(5);
    for (const [start, end] of [
      [0, 2],
      [1, undefined],
      [-2, undefined],
      [1, -1],
      [3, 99],
      [4, 2],
      [-99, 2],
    ] as const) {
      expect(x.slice(start, end).toArray()).toEqual([0, 1, 2, 3, 4].slice(start, end));
    }
    expect(count(2, 3).slice(1, 3, 1).toArray()).toEqual([1, 2, 4, 5]);
    u.gradcheck((t) => [t.slice(1, 3, 1), t.slice(0, 1), t.slice(0, 2, -1)], [count(2, 3)]);
    expect(() => x.slice(0.5)).toThrow(u.ShapeError);
  });

  it('select takes one position and its axis away', () => {
    const x = count(2, 3);
    expect([x.select(1).shape, x.select(1).toArray(), x.select(-1, 1).toArray()]).toEqual([[3], [3, 4, 5], [2, 5]]);
    u.gradcheck((t) => [t.select(0), t.select(1, -1)], [x]);
    expect(() => x.select(2)).toThrow(new u.IndexError('select: index must be from -2 to 1 for axis 0, got 2'));
  });
});

/** Row-major elements after permuting axes, by plain indexing. */
function permuted(values: readonly number[], shape: readonly number[], order: readonly number[]): number[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const result: number[] = [];
  const visit = (depth: number, at: number): void => {
    if (depth === order.length) {
      result.push(values[at] as number);
      return;
    }
    const axis = order[depth] as number;
    for (let k = 0; k < (shape[axis] as number); k++) visit(depth + 1, at + k * (strides[axis] as number));
  };
  visit(0, 0);
  return result;
}
