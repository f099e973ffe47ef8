// Cases of the loss kernels: every reduction, with and without weights.
import { Reduction, Regression } from '../../../src/backend/generated/abi.js';
import { EPS32 } from '../../helpers/compare.js';
import { integers, uniform } from '../../helpers/random.js';
import { type Fill, type KernelCase, positive } from '../harness.js';
import { type CaseTable, elementwise, fewTails, leavingOut, product, sweep } from './sizes.js';

const logits: Fill = (random, n) => uniform(random, n, -20, 20);
const moderate: Fill = (random, n) => uniform(random, n, -2, 2);
const logProbabilities: Fill = (random, n) => uniform(random, n, -6, -0.01);
const probabilities: Fill = (random, n) => uniform(random, n, 0, 1);

/** Classes, about a quarter of them ignored, but never the first: a mean over nothing is NaN and has its own test. */
const targets: Fill = (random, n, { C, ignore_index }) =>
  integers(random, n, C as number).map((t, k) => (k > 0 && random() < 0.25 ? (ignore_index as number) : t));

const reductions = Object.values(Reduction);

/** L follows from the number of terms and the reduction. */
const withLength = (spec: KernelCase, terms: 'n' | 'N'): KernelCase => ({
  ...spec,
  scalars: { ...spec.scalars, L: spec.scalars.reduction === Reduction.none ? (spec.scalars[terms] as number) : 1 },
});

const crossEntropy = (fill: Record<string, Fill>): KernelCase[] =>
  sweep({ N: 6, C: 5 }, fewTails).flatMap((sizes) =>
    product({ reduction: reductions, label_smoothing: [0, 0.1] }).flatMap((options) =>
      leavingOut([[], ['weight']], {
        scalars: { ...sizes, ...options, ignore_index: -100 },
        fill: { target: targets, weight: positive, ...fill },
        rtol: 16 * EPS32,
        floor: 0.25,
      }).map((spec) => withLength(spec, 'N')),
    ),
  );

const perElement = (scalars: Record<string, number>, more: Omit<KernelCase, 'scalars'>): KernelCase[] =>
  reductions.flatMap((reduction) => elementwise({ reduction, ...scalars }, more).map((spec) => withLength(spec, 'n')));

/** Moderate logits measured closely, and large ones, where terms of the logit's size cancel to a small loss. */
const bce = (ulps: number): KernelCase[] =>
  [
    { x: moderate, floor: 0.25 },
    { x: logits, floor: 20 },
  ].flatMap(({ x, floor }) =>
    perElement(
      {},
      { rtol: ulps * EPS32, floor, fill: { x, t: probabilities, weight: positive, pos_weight: positive } },
    ).flatMap((spec) => leavingOut([[], ['weight'], ['pos_weight'], ['weight', 'pos_weight']], spec)),
  );

const regression = (rtol: number): KernelCase[] =>
  Object.values(Regression).flatMap((kind) => perElement({ kind, delta: 0.4 }, { rtol, floor: 0.25 }));

export const lossCases: CaseTable = {
  cross_entropy_forward: {
    why: 'a log-softmax, whose logits up to 20 keep their absolute error, and a sum of N',
    cases: crossEntropy({ logits }),
  },
  cross_entropy_backward: {
    why: 'one exp and three products',
    cases: crossEntropy({ logp: logProbabilities, denominator: positive }),
  },
  bce_with_logits_forward: { why: 'exp and log at a few ulp, a sum of n', cases: bce(16) },
  bce_with_logits_backward: { why: 'one sigmoid at 4 ulp and four roundings', cases: bce(12) },
  regression_loss_forward: { why: 'two roundings a term, a sum of n', cases: regression(12 * EPS32) },
  regression_loss_backward: {
    why: 'three roundings',
    cases: regression(4 * EPS32).flatMap((spec) => leavingOut([[], ['dx'], ['dt']], spec)),
  },
};
