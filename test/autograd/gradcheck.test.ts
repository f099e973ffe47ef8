// gradcheck itself: it must fail where a gradient is wrong.
import { expect, it } from 'vitest';
import { record, recording } from '../../src/autograd/tape.js';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

const leaf = (data: u.NestedNumbers): u.Tensor => u.tensor(data, undefined, { requiresGrad: true });

/** The identity with a gradient `factor` times too large. */
function wrong(x: u.Tensor, factor: number): u.Tensor {
  const y = u.noGrad(() => x.mul(1));
  if (recording(x)) {
    record('wrong', [x], [y], ([dy], grads) => {
      if (!dy) return;
      const scaled = new u.Tensor(dy, x.shape).mul(factor);
      grads.give(x, scaled.storage as typeof dy);
    });
  }
  return y;
}

describeBackends('gradcheck', () => {
  it('passes right gradients, of several inputs and outputs', () => {
    const [a, b] = [leaf([0.3, -0.7]), leaf([1.2, 0.4])];
    expect(u.gradcheck((x, y) => [x.mul(y).tanh(), x.sum()], [a, b])).toBe(true);
    expect([a.grad, b.grad]).toEqual([null, null]);
    expect(a.toArray()).toEqual([0.3, -0.7].map((v) => (a.data instanceof Float64Array ? v : Math.fround(v))));
  });

  it('finds a gradient that is 5 % wrong and names the element', () => {
    expect(() => u.gradcheck((x) => wrong(x, 1.05), [leaf([0.5, 1])])).toThrow(
      /gradcheck: gradient of input 0 \[2\] at element 0 must be .* got .* from backward/,
    );
    expect(u.gradcheck((x) => wrong(x, 1), [leaf([0.5, 1])])).toBe(true);
  });

  it('refuses to check nothing', () => {
    expect(() => u.gradcheck((t) => t.tanh(), [u.ones([2])])).toThrow(/at least one input must require a gradient/);
    expect(() => u.gradcheck((() => 5) as never, [u.ones([2], { requiresGrad: true })])).toThrow(/output 0 of fn/);
    expect(() => u.gradcheck((t) => t, u.ones([2]) as never)).toThrow(/inputs must be an array/);
  });

  it('draws the same dropout mask in every evaluation', () => {
    expect(u.gradcheck((x) => x.dropout(0.5).mul(x), [leaf([0.5, 1, 2, -1])])).toBe(true);
  });
});
