// CTC loss: against every path there is, against PyTorch, by gradient check, and what it refuses.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { allTargets } from '../helpers/ctc.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { leaf } from '../helpers/tensors.js';

interface Case {
  readonly name: string;
  readonly options: u.CtcLossOptions;
}

const golden = (end: string): URL => new URL(`../golden/ctc.${end}`, import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(golden('json'), 'utf8'));
const tensors = parseGolden(readFileSync(golden('safetensors')));
const of = ({ data, shape }: GoldenTensor, requiresGrad = false): u.Tensor =>
  u.tensor(data as Float32Array, shape, { requiresGrad });

describeBackends('ctcLoss', (backend) => {
  const exact = backend === 'reference';

  for (const { name, options } of cases) {
    it(`${name}: value and gradient are PyTorch's`, () => {
      const expected = tensors.get(name) as Record<string, GoldenTensor>;
      const x = of(expected.x as GoldenTensor, true);
      const { data, shape } = expected.targets as GoldenTensor;
      const loss = u.ctcLoss(x, u.tensor(data as Int32Array, shape), options);
      loss
        .mul(of(expected.w_loss as GoldenTensor))
        .sum()
        .backward();
      expectClose(loss.toArray(), (expected.loss as GoldenTensor).data, exact ? 1e-12 : 8 * EPS32, 'loss', 1);
      expectClose(x.grad?.toArray() ?? [], (expected.dx as GoldenTensor).data, exact ? 1e-11 : 32 * EPS32, 'dx', 0.25);
    });
  }

  it('is the sum over all paths that say the target', () => {
    const [T, C] = [5, 3];
    for (const blank of [0, 2]) {
      const x = leaf(5 + blank, T, 1, C);
      const flat = x.toArray();
      const rows = Array.from({ length: T }, (_, t) => flat.slice(t * C, (t + 1) * C));
      const said = allTargets(rows, blank);
      expect(said.size).toBeGreaterThan(20);
      for (const [target, probability] of said) {
        const classes = target === '' ? [] : target.split(',').map(Number);
        const loss = u.ctcLoss(x, [classes], { blank, reduction: 'sum' }).item();
        expectClose([loss], [-Math.log(probability)], exact ? 1e-12 : 8 * EPS32, `target [${target}]`, 1);
      }
    }
  });

  it('has the gradients of its finite differences, also where rows end early', () => {
    const x = leaf(1, 7, 3, 4);
    const options = { inputLengths: [7, 4, 6], zeroInfinity: true };
    u.gradcheck((logits) => u.ctcLoss(logits, [[1, 1, 2], [3], []], options), [x]);
  });

  it('stays exact over many steps, and the gradient of each step sums to 0', () => {
    const [T, C] = [300, 30];
    const x = leaf(2, T, 1, C);
    // The same, twice in a row and alone: alpha of 300 steps would be about -1000 in plain logarithms.
    const target = Array.from({ length: 100 }, (_, k) => 1 + ((k * 7) % (C - 1)));
    u.ctcLoss(x.mul(4), [target], { reduction: 'sum' }).backward();
    const d = (x.grad as u.Tensor).toArray();
    let worst = 0;
    for (let t = 0; t < T; t++) {
      worst = Math.max(worst, Math.abs(d.slice(t * C, (t + 1) * C).reduce((sum, g) => sum + g, 0)));
    }
    expect(worst).toBeLessThan(exact ? 1e-12 : 4 * 64 * EPS32);
  });

  it('a target that does not fit is infinite, unless it is to count for nothing', () => {
    const x = leaf(3, 2, 2, 3);
    const targets = [[1, 1], [1]];
    expect(u.ctcLoss(x, targets, { reduction: 'none' }).toArray()[0]).toBe(Number.POSITIVE_INFINITY);
    u.ctcLoss(x, targets, { zeroInfinity: true }).backward();
    const d = (x.grad as u.Tensor).toArray();
    expect([0, 1, 2, 6, 7, 8].map((k) => d[k])).toEqual([0, 0, 0, 0, 0, 0]);
    expect(d[3]).not.toBe(0);
    // No steps: nothing can be said but nothing.
    const none = u.ctcLoss(x, [[], [2]], { inputLengths: [0, 0], reduction: 'none' }).toArray();
    expect(none).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('NaN in a row is NaN in its loss alone, and what is past a row is not read', () => {
    const logits = u.zeros([3, 2, 2]);
    logits.data.set([0, 0, Number.NaN, 0], 4);
    const loss = (inputLengths: number[]) =>
      u.ctcLoss(logits, [[1], [1]], { inputLengths, reduction: 'none', zeroInfinity: true }).toArray();
    expect(loss([3, 3]).map(Number.isNaN)).toEqual([false, true]);
    expect(loss([3, 1]).map(Number.isNaN)).toEqual([false, false]);
  });

  it('says what is wrong with its arguments', () => {
    const x = u.zeros([4, 2, 3]);
    const targets = [[1, 2], [1]];
    expect(() => u.ctcLoss(u.zeros([4, 3]), targets)).toThrow(/logits must be \[T,B,C\].*got \[4, 3\]/);
    expect(() => u.ctcLoss(x, [[1]])).toThrow(/targets must be 2 lists/);
    expect(() => u.ctcLoss(x, u.tensor(Int32Array.of(1, 2, 1), [3, 1]))).toThrow(/targets must be \[2,S\].*\[3, 1\]/);
    expect(() => u.ctcLoss(x, targets, { blank: 3 })).toThrow(/blank must be one of the 3 classes, 0\.\.2, got 3/);
    expect(() => u.ctcLoss(x, [[1, 3], [1]])).toThrow(/targets\[0\]\[1\] must be .* 0\.\.2, got 3/);
    expect(() => u.ctcLoss(x, [[1], [-1]])).toThrow(/targets\[1\]\[0\] .* got -1/);
    expect(() => u.ctcLoss(x, [[1], [0]])).toThrow(/targets\[1\]\[0\] .* the blank, 0/);
    expect(() => u.ctcLoss(x, targets, { inputLengths: [5, 1] })).toThrow(
      /inputLengths\[0\] must be 0\.\.4 \(T\), got 5/,
    );
    expect(() => u.ctcLoss(x, targets, { inputLengths: [-1, 1] })).toThrow(u.LengthsError);
    expect(() => u.ctcLoss(x, targets, { targetLengths: [2, 3] })).toThrow(/targetLengths\[1\] must be 0\.\.2/);
    expect(() => u.ctcLoss(x, targets, { inputLengths: [1] })).toThrow(/must be 2 lengths/);
    expect(() => u.ctcLoss(u.zeros([4, 0, 3]), [])).toThrow(/at least one target/);
  });
});
