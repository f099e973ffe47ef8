// Metrics of whole sets (F1, area under the curve, confusion) and those of series, each against its definition written anew.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tensor } from '../../src/autograd/creation.js';
import type { Tensor } from '../../src/autograd/tensor.js';
import { FormatError, ShapeError } from '../../src/errors.js';
import {
  areaUnderCurve,
  areaUnderRoc,
  type Batch,
  bitsPerChar,
  classScores,
  confusionMatrix,
  type Metric,
  type MetricName,
  macroF1,
  macroF1Of,
  meanAbsolutePercentageError,
  perplexity,
  symmetricPercentageError,
} from '../../src/train/index.js';
import { makeMetrics } from '../../src/train/metrics.js';
import { describeBackends } from '../helpers/backends.js';

const int = (numbers: number[]): Tensor => tensor(numbers, undefined, { dtype: 'int32' });

function after(metric: Metric, ...batches: [Tensor, unknown][]): number {
  metric.reset();
  for (const [output, target] of batches) metric.update(output, target, { x: null, size: 1, tokens: 1 } as Batch);
  return metric.value();
}

const labels = fc
  .integer({ min: 1, max: 30 })
  .chain((n) => fc.tuple(...[0, 1].map(() => fc.array(fc.nat(3), { minLength: n, maxLength: n }))));

/** By pairs: how often the positive scores higher, a tie being half a victory. */
function pairs(scores: readonly number[], wanted: readonly number[]): number {
  let won = 0;
  let all = 0;
  for (const [i, a] of scores.entries()) {
    for (const [j, b] of scores.entries()) {
      if (wanted[i] !== 1 || wanted[j] !== 0) continue;
      all++;
      won += a > b ? 1 : a === b ? 0.5 : 0;
    }
  }
  return won / all;
}

describe('figures of whole sets', () => {
  it('F1 is the harmonic mean of precision and recall, read off the confusion matrix', () => {
    fc.assert(
      fc.property(labels, ([given, wanted]) => {
        const counts = confusionMatrix(given as number[], wanted as number[], 4);
        const f1s: number[] = [];
        for (let c = 0; c < 4; c++) {
          const right = (counts[c] as number[])[c] as number;
          const asked = (counts[c] as number[]).reduce((sum, n) => sum + n, 0);
          const said = counts.reduce((sum, row) => sum + (row[c] as number), 0);
          if (asked + said === 0) continue;
          const [p, r] = [said === 0 ? 0 : right / said, asked === 0 ? 0 : right / asked];
          f1s.push(p + r === 0 ? 0 : (2 * p * r) / (p + r));
          const found = classScores(given as number[], wanted as number[]).find(({ label }) => label === c);
          expect([found?.precision, found?.recall, found?.support]).toEqual([p, r, asked]);
        }
        expect(macroF1Of(given as number[], wanted as number[])).toBeCloseTo(
          f1s.reduce((sum, f1) => sum + f1, 0) / f1s.length,
          12,
        );
      }),
    );
  });

  it('a class that is wanted and never given is a class like the others, with an F1 of 0', () => {
    // As scikit-learn's f1_score defines it (macro): 1/2, 1/2, 0 and 0, of four classes.
    expect(macroF1Of([0, 1, 1, 0, 1], [0, 0, 1, 7, 8])).toBeCloseTo(0.25, 12);
    expect(classScores([0, 1], [0, 7]).map(({ label, f1, support }) => [label, f1, support])).toEqual([
      [0, 1, 1],
      [1, 0, 0],
      [7, 0, 1],
    ]);
  });

  it('the confusion matrix has what was wanted in its rows', () => {
    expect(confusionMatrix([1, 1, 0, 2], [0, 1, 0, -100])).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
  });

  it('the area under the curve is the share of pairs in the right order, ties half', () => {
    const set = fc
      .integer({ min: 2, max: 25 })
      .chain((n) =>
        fc.tuple(
          fc.array(fc.integer({ min: -3, max: 3 }), { minLength: n, maxLength: n }),
          fc.array(fc.nat(1), { minLength: n, maxLength: n }),
        ),
      );
    fc.assert(
      fc.property(set, ([scores, wanted]) => {
        const area = areaUnderCurve(scores, wanted);
        if (new Set(wanted).size < 2) expect(area).toBeNaN();
        else expect(area).toBeCloseTo(pairs(scores, wanted), 12);
      }),
    );
    expect(() => areaUnderCurve([1, 2], [1])).toThrow(ShapeError);
  });
});

describeBackends('metrics of whole sets', () => {
  // Made where a backend is ready.
  const scores = (): [Tensor, Tensor][] => [
    [
      tensor([
        [2, 1, 0],
        [0, 3, 1],
        [9, 0, 0],
      ]),
      int([0, 0, -100]),
    ],
    [tensor([[0, 0, 5]]), int([2])],
  ];

  it('macroF1 counts over batches and leaves ignored targets out', () => {
    // Answers 0, 1, 2 for 0, 0, 2: F1 of 2/3, 0 and 1.
    expect(after(macroF1(), ...scores())).toBeCloseTo((2 / 3 + 0 + 1) / 3, 12);
    expect(after(macroF1(), [tensor([2, -1, -3]), tensor([1, 0, 1])])).toBeCloseTo((2 / 3 + 2 / 3) / 2, 12);
    expect(after(macroF1())).toBeNaN();
  });

  it('auc ranks logits over batches, or the difference of two scores', () => {
    const one: [Tensor, Tensor][] = [
      [tensor([3, -1]), tensor([1, 1])],
      [tensor([0, -1]), tensor([0, 0])],
    ];
    expect(after(areaUnderRoc(), ...one)).toBe(2.5 / 4);
    const two: [Tensor, Tensor] = [
      tensor([
        [1, 4],
        [5, 4],
        [2, 2],
        [3, 2],
      ]),
      int([1, 1, 0, 0]),
    ];
    expect(after(areaUnderRoc(), two)).toBe(2.5 / 4);
    expect(() => after(areaUnderRoc(), ...scores())).toThrow('take macroF1 instead');
  });

  it('bitsPerChar is the logarithm of perplexity to base 2', () => {
    const batch: [Tensor, Tensor] = [
      tensor([
        [7, 7, 7, 7],
        [0, 0, 0, 0],
      ]),
      int([3, 0]),
    ];
    expect(after(bitsPerChar(), batch)).toBeCloseTo(2, 12);
    expect(2 ** after(bitsPerChar(), ...scores())).toBeCloseTo(after(perplexity(), ...scores()), 6);
  });

  it('mape leaves targets of 0 out, smape does not', () => {
    const batches: [Tensor, Tensor][] = [
      [tensor([9, 5]), tensor([10, 0])],
      [tensor([-3]), tensor([-2])],
    ];
    expect(after(meanAbsolutePercentageError(), ...batches)).toBeCloseTo((0.1 + 0.5) / 2, 6);
    expect(after(symmetricPercentageError(), ...batches)).toBeCloseTo((2 / 19 + 2 + 2 / 5) / 3, 6);
    expect(after(symmetricPercentageError(), [tensor([0]), tensor([0])])).toBe(0);
  });

  it('all of them go on from what they saved in the middle of an epoch', () => {
    const names: MetricName[] = ['macroF1', 'bitsPerChar', 'accuracy'];
    for (const [metric, other] of names.map((name) => [...makeMetrics('', [name]), ...makeMetrics('', [name])])) {
      const whole = after(metric as Metric, ...scores());
      after(metric as Metric, scores()[0] as [Tensor, Tensor]);
      const saved = JSON.parse(JSON.stringify((metric as Metric).saveState?.()));
      other?.reset();
      other?.restoreState?.(saved);
      const [output, target] = scores()[1] as [Tensor, Tensor];
      other?.update(output, target, { x: null, size: 1, tokens: 1 });
      expect(other?.value()).toBe(whole);
    }
    for (const damaged of [null, [1, 2], [[1], []], [['a'], [1]]]) {
      expect(() => areaUnderRoc().restoreState?.(damaged)).toThrow(FormatError);
    }
  });
});
