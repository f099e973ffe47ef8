// Cases of the CTC kernels: lengths of every kind, a blank that is not class 0, targets that repeat or do not fit.
import { Reduction } from '../../../src/backend/generated/abi.js';
import { EPS32 } from '../../helpers/compare.js';
import { integers, uniform } from '../../helpers/random.js';
import { type Fill, type KernelCase, positive } from '../harness.js';
import { type CaseTable, product, sweep } from './sizes.js';

const logits: Fill = (random, n) => uniform(random, n, -6, 6);
/** Of probabilities that sum to 1, as forward leaves them. */
const logProbabilities: Fill = (random, n, { C }) => {
  const x = uniform(random, n, -6, 6);
  for (let k = 0; k < n; k += C as number) {
    const row = x.subarray(k, k + (C as number));
    const sum = Math.log(row.reduce((total, one) => total + Math.exp(one), 0));
    for (const [c, one] of row.entries()) row[c] = one - sum;
  }
  return x;
};
/** As forward leaves them: the largest near 0, some so small that they count for nothing. */
const paths: Fill = (random, n) => uniform(random, n, -8, 0).map((x) => (random() < 0.2 ? x - 100 : x));
/** Classes other than the blank; every third one is the one before it. */
const classes: Fill = (random, n, { C, blank }) => {
  const others = integers(random, n, (C as number) - 1).map((c) => (c >= (blank as number) ? c + 1 : c));
  for (let k = 1; k < n; k++) if (random() < 1 / 3) others[k] = others[k - 1] as number;
  return others;
};
/** Mostly long, so that most targets fit; the first row has no steps, the second no target. */
const steps: Fill = (random, n, { T }) =>
  Int32Array.from({ length: n }, (_, b) => (b === 0 && n > 2 ? 0 : (T as number) - Math.floor(3 * random() ** 2)));
const sizes: Fill = (random, n, { S }) => integers(random, n, (S as number) + 1).map((U, b) => (b === 1 ? 0 : U));

const ctc = (rtol: number, floor: number): KernelCase[] =>
  // The states of a target are lanes: S goes through the tails of every width, 2 S + 1 through all that are odd.
  sweep({ T: 12, B: 4, C: 5, S: 4 }, [3, 8, 15, 17, 33]).flatMap((dims) =>
    product({ reduction: Object.values(Reduction), zero_infinity: [0, 1] }).map((options) => ({
      scalars: {
        ...dims,
        ...options,
        blank: options.zero_infinity * (dims.C - 1),
        L: options.reduction === Reduction.none ? dims.B : 1,
      },
      fill: {
        logits,
        logp: logProbabilities,
        alpha: paths,
        nll: positive,
        targets: classes,
        input_lengths: steps,
        target_lengths: sizes,
      },
      rtol,
      floor,
    })),
  );

export const ctcCases: CaseTable = {
  ctc_loss_forward: {
    why: 'a step adds three roundings of logarithms up to 40, T of them',
    cases: ctc(32 * EPS32, 8),
  },
  ctc_loss_backward: { why: 'exp of sums of logarithms up to 40 after T steps', cases: ctc(64 * EPS32, 1) },
};
