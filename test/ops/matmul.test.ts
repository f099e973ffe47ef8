// matmul in all its forms, and linear.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { leaf } from '../helpers/tensors.js';

/** [M,K] times [K,N], plain loops. */
function product(a: readonly number[], b: readonly number[], M: number, K: number, N: number): number[] {
  return Array.from({ length: M * N }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += (a[Math.floor(at / N) * K + k] as number) * (b[k * N + (at % N)] as number);
    return sum;
  });
}

describeBackends('matmul', () => {
  it('multiplies matrices of all small sizes', () => {
    for (const [M, K, N] of [
      [1, 1, 1],
      [3, 5, 2],
      [7, 17, 9],
      [16, 33, 31],
    ] as const) {
      const [a, b] = [leaf(1, M, K), leaf(2, K, N)];
      expectClose(a.matmul(b).toArray(), product(a.toArray(), b.toArray(), M, K, N), 16 * EPS32, `${M}x${K}x${N}`);
    }
    u.gradcheck((a, b) => a.matmul(b), [leaf(3, 3, 5), leaf(4, 5, 2)]);
  });

  const forms: [a: number[], b: number[], result: number[]][] = [
    [[4], [4], []],
    [[4], [4, 3], [3]],
    [[2, 4], [4], [2]],
    [[5, 2, 4], [4], [5, 2]],
    [
      [5, 2, 4],
      [4, 3],
      [5, 2, 3],
    ],
    [[4], [5, 4, 3], [5, 3]],
    [
      [2, 4],
      [5, 4, 3],
      [5, 2, 3],
    ],
    [
      [5, 2, 4],
      [5, 4, 3],
      [5, 2, 3],
    ],
    [
      [5, 1, 2, 4],
      [3, 4, 3],
      [5, 3, 2, 3],
    ],
  ];
  for (const [shapeA, shapeB, shape] of forms) {
    it(`[${shapeA}] by [${shapeB}] gives [${shape}], with gradients`, () => {
      const [a, b] = [leaf(5, ...shapeA), leaf(6, ...shapeB)];
      expect(a.matmul(b).shape).toEqual(shape);
      u.gradcheck((p, q) => p.matmul(q), [a, b]);
    });
  }

  it('of a batch is the product of each matrix', () => {
    const [a, b] = [leaf(7, 3, 2, 4), leaf(8, 3, 4, 5)];
    const y = a.matmul(b);
    for (let p = 0; p < 3; p++) {
      expectClose(y.select(p).toArray(), a.select(p).matmul(b.select(p)).toArray(), 4 * EPS32, `matrix ${p}`);
    }
  });

  it('of nothing summed is zero', () => {
    expect(
      u
        .zeros([2, 0])
        .matmul(u.zeros([0, 3]))
        .toArray(),
    ).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('says which sizes differ', () => {
    expect(() => u.zeros([2, 3]).matmul(u.zeros([2, 3]))).toThrow(/got \[2, 3\] and \[2, 3\]/);
    expect(() => u.zeros([2, 2, 3]).matmul(u.zeros([3, 3, 2]))).toThrow(u.ShapeError);
    expect(() => u.tensor(1).matmul(u.zeros([1]))).toThrow(u.ShapeError);
  });
});

describeBackends('linear', () => {
  it('is x w^T + b over the last axis, with gradients', () => {
    const [x, w, b] = [leaf(1, 2, 3, 4), leaf(2, 5, 4), leaf(3, 5)];
    expect(u.linear(x, w, b).shape).toEqual([2, 3, 5]);
    expectClose(u.linear(x, w, b).toArray(), x.matmul(w.transpose()).add(b).toArray(), 8 * EPS32, 'linear');
    u.gradcheck(u.linear as (...t: u.Tensor[]) => u.Tensor, [x, w, b]);
    u.gradcheck((p, q) => u.linear(p, q), [x, w]);
  });

  it('checks its shapes', () => {
    const w = u.zeros([5, 4]);
    expect(() => u.linear(u.zeros([2, 3]), w)).toThrow(
      new u.ShapeError('linear: x must be [..., 4] (inFeatures), got [2, 3]'),
    );
    expect(() => u.linear(u.zeros([2, 4]), w, u.zeros([4]))).toThrow(u.ShapeError);
    expect(() => u.linear(u.zeros([4]), u.zeros([4]))).toThrow(u.ShapeError);
  });
});
