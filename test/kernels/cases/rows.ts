// Cases of the kernels that treat each row apart: softmax, layer norm, embedding.
import { EPS32 } from '../../helpers/compare.js';
import { uniform } from '../../helpers/random.js';
import { below, type Fill, type KernelCase, positive } from '../harness.js';
import { type CaseTable, fewTails, leavingOut, sweep, tails } from './sizes.js';

const wide: Fill = (random, n) => uniform(random, n, -20, 20);
const probabilities: Fill = (random, n) => uniform(random, n, 0, 1);
const logProbabilities: Fill = (random, n) => uniform(random, n, -6, -0.01);
/** Alternating signs: a row of nearly equal numbers would have a variance that is all rounding. */
const alternating: Fill = (random, n) => uniform(random, n, 0.25, 1).map((x, k) => (k % 2 === 0 ? x : -x));

const rowSizes = sweep({ N: 5, C: 6 }, tails.slice(0, 42));

const rows = (more: Omit<KernelCase, 'scalars'>): KernelCase[] => rowSizes.map((scalars) => ({ scalars, ...more }));

export const rowCases: CaseTable = {
  softmax_forward: {
    why: 'x - max rounds at the size of x, up to 40, and exp turns that into a relative error; then a sum and a quotient',
    cases: rows({ rtol: 32 * EPS32, fill: { x: wide } }),
  },
  softmax_backward: {
    why: 'a sum of C products and two roundings',
    cases: rows({ rtol: 12 * EPS32, floor: 1, fill: { y: probabilities } }),
  },
  log_softmax_forward: {
    why: 'two subtractions, a sum of C and a log',
    cases: rows({ rtol: 8 * EPS32, floor: 1, fill: { x: wide } }),
  },
  log_softmax_backward: {
    why: 'a sum of C and one exp',
    cases: rows({ rtol: 12 * EPS32, floor: 1, fill: { y: logProbabilities } }),
  },
  layer_norm_forward: {
    why: 'two sums of C and a reciprocal square root',
    cases: rowSizes.flatMap((sizes) =>
      leavingOut([[], ['gamma'], ['beta'], ['gamma', 'beta']], {
        scalars: { ...sizes, eps: 1e-5 },
        fill: { x: alternating },
        rtol: 16 * EPS32,
        floor: 0.5,
      }),
    ),
  },
  layer_norm_backward: {
    why: 'two sums of C for dx, one of N for the parameters',
    cases: rows({ rtol: 16 * EPS32, floor: 1, fill: { rstd: positive } }).flatMap((spec) =>
      leavingOut([[], ['dx'], ['dgamma'], ['dbeta'], ['gamma'], ['dgamma', 'dbeta', 'gamma']], spec),
    ),
  },
  embedding_forward: {
    why: 'copies',
    cases: sweep({ N: 7, V: 9, E: 5 }, fewTails).map((scalars) => ({ scalars, rtol: 0, fill: { index: below('V') } })),
  },
  embedding_backward: {
    why: 'up to 67 additions into one row',
    cases: sweep({ N: 7, V: 9, E: 5 }, fewTails).flatMap((sizes) =>
      [-1, 0].map((padding_idx) => ({
        scalars: { ...sizes, padding_idx },
        rtol: 16 * EPS32,
        floor: 0.5,
        fill: { index: below('V') },
      })),
    ),
  },
};
