// softmax, logSoftmax, layerNorm, dropout.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { leaf } from '../helpers/tensors.js';

describeBackends('row ops', () => {
  it('softmax sums to 1 along any axis; logSoftmax is its logarithm', () => {
    const x = leaf(1, 2, 3, 4);
    for (const axis of [0, 1, 2, -1]) {
      const y = x.softmax(axis);
      const ones = y.sum(axis).toArray();
      expectClose(
        ones,
        ones.map(() => 1),
        4 * EPS32,
        `sum along ${axis}`,
      );
      expectClose(x.logSoftmax(axis).toArray(), y.log().toArray(), 8 * EPS32, `log along ${axis}`);
      u.gradcheck((t) => [t.softmax(axis), t.logSoftmax(axis)], [x]);
    }
  });

  it('softmax does not overflow and passes NaN on', () => {
    expect(u.tensor([1e30, 0]).softmax().toArray()).toEqual([1, 0]);
    expect(u.tensor([-1e30, 0]).logSoftmax().toArray()[1]).toBe(0);
    expect(u.tensor([Number.NaN, 0]).softmax().toArray()).toEqual([Number.NaN, Number.NaN]);
  });

  it('layerNorm has mean 0 and variance 1 over the last dims; gradients of x, weight and bias', () => {
    const x = leaf(2, 3, 2, 4);
    const rows = x.layerNorm({ normalizedShape: [2, 4], eps: 0 });
    const means = rows.mean([1, 2]).toArray();
    for (const mean of means) expect(Math.abs(mean)).toBeLessThan(4 * EPS32);
    const variances = rows.mul(rows).mean([1, 2]).toArray();
    expectClose(
      variances,
      variances.map(() => 1),
      16 * EPS32,
      'variance',
    );
    const [weight, bias] = [leaf(3, 4), leaf(4, 4)];
    u.gradcheck((t, w, b) => u.layerNorm(t, { weight: w, bias: b }), [x, weight, bias]);
    u.gradcheck((t) => t.layerNorm(), [x]);
    expect(() => x.layerNorm({ normalizedShape: [3] })).toThrow(
      new u.ShapeError('layerNorm: x must end with [3] (normalizedShape), got [3, 2, 4]'),
    );
    expect(() => x.layerNorm({ weight, bias: u.zeros([3]) })).toThrow(/bias must be \[4\]/);
    expect(() => x.layerNorm({ eps: -1 })).toThrow(u.OptionError);
  });

  it('dropout zeroes with probability p, scales the rest, and its gradient has the same mask', () => {
    u.seed(1);
    const n = 20_000;
    const x = u.ones([n], { requiresGrad: true });
    const y = x.dropout(0.3);
    const values = y.toArray();
    const zeros = values.filter((v) => v === 0).length;
    // Five standard deviations of a binomial.
    expect(Math.abs(zeros - 0.3 * n)).toBeLessThan(5 * Math.sqrt(n * 0.3 * 0.7));
    expect(new Set(values.map((v) => v.toFixed(5)))).toEqual(new Set(['0.00000', (1 / 0.7).toFixed(5)]));
    y.sum().backward();
    expect(x.grad?.toArray()).toEqual(values);
  });

  it('dropout draws anew each time, the same for the same seed, and nothing outside training', () => {
    const x = u.ones([64]);
    u.seed(2);
    const [first, second] = [x.dropout().toArray(), x.dropout().toArray()];
    expect(first).not.toEqual(second);
    u.seed(2);
    expect(x.dropout().toArray()).toEqual(first);
    expect(x.dropout(0.5, false)).toBe(x);
    expect(x.dropout(0)).toBe(x);
    expect(x.dropout(1).toArray()).toEqual(new Array(64).fill(0));
    expect(() => x.dropout(1.5)).toThrow(u.OptionError);
  });
});
