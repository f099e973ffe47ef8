// sum, mean, max, argmax over axes.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { seeded, uniform } from '../helpers/random.js';

const shape = [2, 3, 4];
const x = (): u.Tensor => u.tensor(uniform(seeded(1), 24), shape, { requiresGrad: true });

describeBackends('reductions', () => {
  const cases: [axis: number | number[] | null, result: number[], kept: number[]][] = [
    [null, [], [1, 1, 1]],
    [0, [3, 4], [1, 3, 4]],
    [1, [2, 4], [2, 1, 4]],
    [-1, [2, 3], [2, 3, 1]],
    [[0, 2], [3], [1, 3, 1]],
    [[1, 2], [2], [2, 1, 1]],
    [[], [2, 3, 4], [2, 3, 4]],
  ];
  for (const [axis, result, kept] of cases) {
    it(`sum and mean over ${JSON.stringify(axis)}: values, shapes, gradients`, () => {
      const t = x();
      const values = t.toArray();
      const expected = new Array<number>(kept.reduce((a, b) => a * b, 1)).fill(0);
      for (let k = 0; k < 24; k++) {
        const position = [Math.floor(k / 12), Math.floor(k / 4) % 3, k % 4];
        const at = kept.reduce((p, dim, d) => p * dim + (dim === 1 ? 0 : (position[d] as number)), 0);
        expected[at] = (expected[at] as number) + (values[k] as number);
      }
      const count = 24 / expected.length;
      expect([t.sum(axis).shape, t.sum(axis, true).shape]).toEqual([result, kept]);
      expectClose(t.sum(axis).toArray(), expected, 8 * EPS32, 'sum');
      expectClose(
        t.mean(axis).toArray(),
        expected.map((s) => s / count),
        8 * EPS32,
        'mean',
      );
      u.gradcheck((y) => [y.sum(axis), y.mean(axis, true)], [t]);
    });
  }

  it('sum of nothing is 0, mean of nothing is NaN', () => {
    expect(u.zeros([0]).sum().item()).toBe(0);
    expect(u.zeros([0]).mean().item()).toBeNaN();
    expect(u.zeros([2, 0]).sum(1).toArray()).toEqual([0, 0]);
  });

  it('refuse an axis that is not there', () => {
    expect(() => x().sum(3)).toThrow(new u.ShapeError('sum: axis must be from -3 to 2, got 3'));
    expect(() => u.tensor(1).mean(0)).toThrow(/axis must be absent for a tensor without axes/);
  });

  it('max and argmax: along an axis and of all, first of equals, NaN wins', () => {
    const t = u.tensor([
      [1, 5, 5],
      [7, -2, 0],
    ]);
    expect([t.max().item(), t.argmax().item()]).toEqual([7, 3]);
    expect([t.max(1).toArray(), t.argmax(1).toArray()]).toEqual([
      [5, 7],
      [1, 0],
    ]);
    expect([t.argmax(0).shape, t.argmax(0).toArray(), t.argmax(0).dtype]).toEqual([[3], [1, 0, 0], 'int32']);
    expect(t.max(0, true).shape).toEqual([1, 3]);
    expect(u.tensor([1, Number.NaN, 3]).argmax().item()).toBe(1);
    expect(u.tensor([1, Number.NaN, 3]).max().item()).toBeNaN();
    expect(x().max().requiresGrad).toBe(false);
    expect(() => u.zeros([2, 0]).max(1)).toThrow(u.ShapeError);
  });
});
