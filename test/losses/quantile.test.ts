// The pinball loss against PyTorch's functions, against its definition, by gradient check, and by what it is for.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { seeded, uniform } from '../helpers/random.js';
import { leaf } from '../helpers/tensors.js';

interface Case {
  readonly name: string;
  readonly options: u.QuantileLossOptions;
}

const golden = (end: string): URL => new URL(`../golden/quantile.${end}`, import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(golden('json'), 'utf8'));
const tensors = parseGolden(readFileSync(golden('safetensors')));
const of = ({ data, shape }: GoldenTensor, requiresGrad = false): u.Tensor =>
  u.tensor(data as Float32Array, shape, { requiresGrad });

describeBackends('quantileLoss', (backend) => {
  // Sums of at most 48 terms; on the reference backend of doubles.
  const rtol = backend === 'reference' ? 1e-11 : 8 * EPS32;

  for (const { name, options } of cases) {
    it(`${name}: value and gradients are PyTorch's`, () => {
      const expected = tensors.get(name) as Record<string, GoldenTensor>;
      const [x, target] = [of(expected.x as GoldenTensor, true), of(expected.target as GoldenTensor, true)];
      const loss = u.quantileLoss(x, target, options);
      loss
        .mul(of(expected.w_loss as GoldenTensor))
        .sum()
        .backward();
      for (const [what, got] of Object.entries({ loss, dx: x.grad, dtarget: target.grad })) {
        const want = expected[what] as GoldenTensor;
        expect(got?.shape, what).toEqual(want.shape);
        expectClose(got?.toArray() ?? [], want.data, rtol, what, 0.25);
      }
    });
  }

  it('is max(q d, (q - 1) d), and its gradients are its slopes', () => {
    const x = leaf(1, 5, 4, 3);
    const t = leaf(2, 5, 4);
    const quantiles = [0.05, 0.5, 0.8];
    const [xs, ts] = [x.toArray(), t.toArray()];
    const want = xs.map((v, k) => {
      const [q, d] = [quantiles[k % 3] as number, (ts[Math.floor(k / 3)] as number) - v];
      return d >= 0 ? q * d : (q - 1) * d;
    });
    const none = u.quantileLoss(x, t, { quantiles, reduction: 'none' });
    expectClose(none.toArray(), want, 8 * EPS32, 'loss');
    u.gradcheck((a, b) => u.quantileLoss(a, b, { quantiles }), [x, t]);
  });

  it('is half the absolute error for the median', () => {
    const [x, t] = [leaf(3, 6, 1), leaf(4, 6)];
    const median = u.quantileLoss(x, t, { quantiles: [0.5] }).item();
    expectClose([median], [u.mae(x.reshape([6]), t).item() / 2], 8 * EPS32, 'median');
  });

  it('is smallest where the share q of the targets lies below', () => {
    const targets = uniform(seeded(5), 400);
    const x = new u.Parameter(u.zeros([3]));
    const quantiles = [0.1, 0.5, 0.9];
    const optimizer = new u.Adam([x], { lr: 0.02 });
    for (let k = 0; k < 200; k++) {
      u.quantileLoss(u.expand(x.reshape([1, 3]), [400, 3]), targets, { quantiles }).backward();
      optimizer.step();
      optimizer.zeroGrad();
    }
    const below = x.toArray().map((v) => targets.filter((t) => t < v).length / 400);
    for (const [k, q] of quantiles.entries()) expect(Math.abs((below[k] as number) - q)).toBeLessThan(0.03);
  });

  it('says what is wrong with shapes and quantiles', () => {
    const x = u.zeros([4, 3]);
    expect(() => u.quantileLoss(x, [1, 2, 3, 4], undefined as never)).toThrow(/option "quantiles" is missing/);
    expect(() => u.quantileLoss(x, [1, 2, 3, 4], { quantiles: [0.1, 0.9] })).toThrow(
      /prediction must be \[\.\.\., 2\].*got \[4, 3\]/,
    );
    const quantiles = [0.1, 0.5, 0.9];
    expect(() => u.quantileLoss(x, u.zeros([4, 3]), { quantiles })).toThrow(/target must be \[4\].*got \[4, 3\]/);
    expect(() => u.quantileLoss(x, [1, 2, 3], { quantiles })).toThrow(u.ShapeError);
    expect(() => u.quantileLoss(x, [1, 2, 3, 4], { quantiles: [0, 0.5, 0.9] })).toThrow(/above 0 and below 1/);
    expect(() => u.quantileLoss(u.zeros([0, 1]), [], { quantiles: [0.5] })).toThrow(/at least one target/);
  });
});
