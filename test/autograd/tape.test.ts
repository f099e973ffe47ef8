// Backward over the tape: order, accumulation, what is recorded, what is refused.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

const leaf = (data: u.NestedNumbers): u.Tensor => u.tensor(data, undefined, { requiresGrad: true });
const gradOf = (t: u.Tensor): number[] | undefined => t.grad?.toArray();

describeBackends('backward', () => {
  it('adds up over all paths to a leaf', () => {
    const x = leaf([1, 2, 3]);
    // x^2 + 3 x, twice through the same node: derivative 2 x + 3
    x.mul(x).add(x.mul(3)).sum().backward();
    expect(gradOf(x)).toEqual([5, 7, 9]);
  });

  it('hands a gradient on only when all later ops have added to it', () => {
    const x = leaf([2]);
    const y = x.mul(3);
    const early = y.mul(1);
    // y is used again long after `early`: its node must wait for both.
    y.mul(y).mul(y).add(early).sum().backward();
    expect(gradOf(x)).toEqual([3 * 3 * 36 + 3]);
  });

  it('gives x + x both of its gradients', () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    y.add(y)
      .mul(u.tensor([1, 10]))
      .sum()
      .backward();
    expect(gradOf(x)).toEqual([2, 20]);
  });

  it('of a sequence writes the gradient of a leaf where it stays, and adds what comes after', () => {
    u.seed(3);
    const layer = new u.GRU({ inputSize: 3, hiddenSize: 3 });
    const numbers = [0.3, -0.2, 0.5, 0.1, 0.9, -0.7];
    const gradients = (x: u.Tensor, h0: u.Tensor): number[] => {
      x.zeroGrad();
      h0.zeroGrad();
      layer
        .forward(x, { state: { h: h0 } })
        .output.mul(layer.forward(x).output)
        .sum()
        .backward();
      return gradOf(x) as number[];
    };
    const x = u.tensor(numbers, [1, 2, 3], { requiresGrad: true });
    const h0 = u.tensor(numbers, [1, 2, 3], { requiresGrad: true });
    const apart = gradients(x, h0);
    const ofState = gradOf(h0) as number[];
    // Central differences of the same product of two runs: both paths are there.
    const loss = (k: number, by: number): number => {
      const moved = u.tensor(
        numbers.map((v, at) => (at === k ? v + by : v)),
        [1, 2, 3],
      );
      return u.noGrad(() =>
        layer
          .forward(moved, { state: { h: h0 } })
          .output.mul(layer.forward(moved).output)
          .sum()
          .item(),
      );
    };
    for (const [k, g] of apart.entries()) expect(g).toBeCloseTo((loss(k, 1e-2) - loss(k, -1e-2)) / 2e-2, 3);
    // The memory of the first time, whose contents nobody cleared.
    expect(gradients(x, h0)).toEqual(apart);
    // Where x is the state too, its gradient is the sum.
    const both = gradients(x, x);
    for (const [k, g] of both.entries()) expect(g).toBeCloseTo((apart[k] as number) + (ofState[k] as number), 6);
  });

  it('twice in one step adds up, as in PyTorch, and changes nothing that was saved', () => {
    const x = leaf([0.5, -1]);
    const loss = x.tanh().softmax().slice(0, 1).sum();
    loss.backward();
    const once = gradOf(x) as number[];
    loss.backward();
    expect(gradOf(x)).toEqual(once.map((g) => 2 * g));
    x.zeroGrad();
    loss.backward();
    expect(gradOf(x)).toEqual(once);
  });

  it('starts from 1 for one element and asks for a gradient otherwise', () => {
    const x = leaf([[1, 2]]);
    x.sum(null, true).backward();
    expect(gradOf(x)).toEqual([1, 1]);
    expect(() => x.mul(2).backward()).toThrow(
      new u.ShapeError(
        'backward: tensor must have one element, got shape [1, 2]; reduce it with sum() or mean(), or pass its gradient',
      ),
    );
    expect(() => x.mul(2).backward(u.ones([2]))).toThrow(new u.ShapeError('backward: grad must be [1, 2], got [2]'));
    x.zeroGrad();
    const seed = u.tensor([[3, 4]]);
    x.mul(2).backward(seed);
    expect(gradOf(x)).toEqual([6, 8]);
    expect(seed.toArray()).toEqual([3, 4]);
  });

  it('of a leaf itself is its own gradient', () => {
    const x = leaf([4]);
    x.backward();
    expect(gradOf(x)).toEqual([1]);
  });

  it('refuses a tensor that depends on nothing with a gradient', () => {
    expect(() => u.tensor([1]).sum().backward()).toThrow(/does not depend on anything that requires a gradient/);
    const x = leaf([1]);
    expect(() => u.noGrad(() => x.mul(2)).backward()).toThrow(u.DTypeError);
    expect(() => x.mul(2).detach().backward()).toThrow(u.DTypeError);
  });

  it('leaves tensors alone that require no gradient', () => {
    const [x, y] = [leaf([2]), u.tensor([3])];
    x.mul(y).backward();
    expect([gradOf(x), y.grad]).toEqual([[3], null]);
  });

  it('stops at detach and goes through clone', () => {
    const x = leaf([2]);
    x.clone().mul(x.detach()).backward();
    expect(gradOf(x)).toEqual([2]);
  });

  it('forgets gradients with zeroGrad and starts anew', () => {
    const x = leaf([1]);
    x.mul(2).backward();
    x.zeroGrad();
    expect(x.grad).toBeNull();
    x.mul(5).backward();
    expect(gradOf(x)).toEqual([5]);
  });

  it('follows a chain of 20,000 ops without recursion', () => {
    const x = leaf([1]);
    let y = x;
    for (let k = 0; k < 20_000; k++) y = y.add(1);
    y.backward();
    expect(gradOf(x)).toEqual([1]);
  });
});

describeBackends('recording', () => {
  it('is off inside noGrad, nested and after an error as well', async () => {
    const x = leaf([1]);
    const made = u.noGrad(() => [u.noGrad(() => x.mul(2)), x.mul(2)]);
    expect(made.map((t) => t.requiresGrad)).toEqual([false, false]);
    expect(() =>
      u.noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('is off until an async noGrad is done', async () => {
    const x = leaf([1]);
    const pending = u.noGrad(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return x.mul(2).requiresGrad;
    });
    expect(await pending).toBe(false);
    expect(x.mul(2).requiresGrad).toBe(true);
    await expect(u.noGrad(() => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    expect(x.mul(2).requiresGrad).toBe(true);
  });
});
