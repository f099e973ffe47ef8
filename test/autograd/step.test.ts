// The three lifetimes as the user meets them: when a step ends, what survives it, and that memory stays flat.
import { expect, it } from 'vitest';
import { current, setCurrent } from '../../src/autograd/context.js';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

const leaf = (data: u.NestedNumbers): u.Tensor => u.tensor(data, undefined, { requiresGrad: true });

describeBackends('a step', () => {
  it('ends at the next recorded op after backward, not before', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const loss = y.sum();
    loss.backward();
    expect(y.toArray()).toEqual([2, 4]);
    u.noGrad(() => x.mul(3));
    expect([y.toArray(), loss.item()]).toEqual([[2, 4], 6]);
    x.mul(3);
    for (const use of [() => y.toArray(), () => loss.item(), () => y.data, () => y.detach(), () => y.clone()]) {
      expect(use).toThrow(u.StaleTensorError);
    }
  });

  it('tells what to do with a tensor of a finished step', () => {
    const x = leaf([1]);
    const y = x.mul(2);
    y.backward();
    expect(() => x.mul(y)).toThrow(/toArray\(\) or item\(\), keep it with detach\(\).*retainGraph: true/);
    expect(() => y.backward()).toThrow(u.StaleTensorError);
    expect(() => y.add(1)).toThrow(u.StaleTensorError);
  });

  it('goes on after backward with retainGraph', () => {
    const x = leaf([3]);
    const shared = x.mul(x);
    shared.mul(2).backward(null, { retainGraph: true });
    shared.mul(5).backward();
    expect(x.grad?.toArray()).toEqual([6 * 2 + 6 * 5]);
  });

  it('does not take detached copies, gradients and unrecorded results with it', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const kept = y.detach();
    const plain = u.noGrad(() => x.mul(4));
    y.sum().backward();
    x.mul(3);
    expect([kept.toArray(), plain.toArray(), x.grad?.toArray()]).toEqual([
      [2, 4],
      [4, 8],
      [2, 2],
    ]);
  });

  it('is not disturbed by setting the same backend again, as a second ready() does', () => {
    const x = leaf([1]);
    const y = x.mul(2);
    y.backward();
    setCurrent(current());
    x.mul(3);
    expect(() => y.item()).toThrow(u.StaleTensorError);
  });

  it('frees the gradients between ops as soon as backward is done', () => {
    const x = leaf(new Array(1000).fill(1));
    const loss = x.tanh().sigmoid().exp().sum();
    const before = current().memory.stats().step;
    loss.backward(null, { retainGraph: true });
    expect(current().memory.stats().step).toBe(before);
    loss.backward();
  });
});

describeBackends('scope', () => {
  it('takes back what was made inside; numbers and detached tensors survive', () => {
    const x = u.tensor([1, 2]);
    let inner: u.Tensor | undefined;
    const kept = u.scope(() => {
      inner = x.add(1);
      expect(inner.toArray()).toEqual([2, 3]);
      return inner.detach();
    });
    expect(kept.toArray()).toEqual([2, 3]);
    expect(() => inner?.toArray()).toThrow(u.StaleTensorError);
  });

  it('nests, and leaves the graph around it alone', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const sum = u.scope(() => {
      const z = y.add(1);
      u.scope(() => z.mul(2));
      return z.sum().item();
    });
    expect(sum).toBe(8);
    y.sum().backward();
    expect(x.grad?.toArray()).toEqual([2, 2]);
  });

  it('holds whole training steps, and then takes back the last one too', () => {
    const x = leaf([1]);
    // What lies before the scope ends with the first step inside it: where the scope began means nothing then.
    const before = [x.mul(2), x.mul(3)];
    const last = u.scope(() => {
      before[0]?.backward();
      x.mul(2).backward();
      return x.mul(2);
    });
    for (const t of [...before, last]) expect(() => t.item()).toThrow(u.StaleTensorError);
    expect(x.grad?.toArray()).toEqual([4]);
    x.mul(2).backward();
    expect(x.grad?.toArray()).toEqual([6]);
  });

  it('waits for async work, also when scopes close out of order', async () => {
    const x = u.tensor([1]);
    const before = current().memory.stats().step;
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const first = u.scope(async () => {
      const y = x.add(1);
      await sleep(2);
      return y.item();
    });
    const second = u.scope(async () => {
      const y = x.add(2);
      await sleep(8);
      return y.item();
    });
    expect(await Promise.all([first, second])).toEqual([2, 3]);
    expect(current().memory.stats().step).toBe(before);
  });

  it('closes after an error', () => {
    expect(() =>
      u.scope(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(u.tensor([1]).add(1).storage.lifetime).toBe('host');
  });
});

describeBackends('memory', () => {
  it('stays flat over 2,000 training steps', () => {
    const w = new u.Parameter(u.randn([16, 16]));
    const x = u.randn([8, 16]);
    const step = () => {
      w.zeroGrad();
      x.matmul(w).tanh().sum().backward();
    };
    for (let k = 0; k < 10; k++) step();
    const before = current().memory.stats();
    for (let k = 0; k < 2000; k++) step();
    const after = current().memory.stats();
    expect([after.persistent, after.reserved, after.stepPeak]).toEqual([
      before.persistent,
      before.reserved,
      before.stepPeak,
    ]);
  });

  it('stays flat over a synchronous loop of recorded forwards that never call backward', () => {
    const w = new u.Parameter(u.randn([16, 1024]));
    const x = u.randn([16, 1024]);
    let worst = 0;
    // 64 kB a result, 320 MB in all.
    for (let k = 0; k < 5000; k++) {
      x.mul(w);
      worst = Math.max(worst, current().memory.stats().step);
    }
    expect(worst).toBeLessThan(2 ** 27);
  });
});
