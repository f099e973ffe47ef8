// Cases of the fused optimiser updates. A parameter stays near where it was: errors are measured against its size.
import { EPS32 } from '../../helpers/compare.js';
import { uniform } from '../../helpers/random.js';
import { positive } from '../harness.js';
import { type CaseTable, elementwise, leavingOut, product } from './sizes.js';

export const optimCases: CaseTable = {
  sum_squares: { why: 'summed in double: what is left is the order', cases: elementwise({}, { rtol: 1e-12 }) },
  sgd_update: {
    why: 'four multiply-adds',
    cases: [
      ...elementwise(
        { lr: 0.1, momentum: 0, dampening: 0, nesterov: 0, weight_decay: 0.01, first: 0 },
        { rtol: 4 * EPS32, floor: 0.5, without: ['buf'] },
      ),
      ...product({ dampening: [0, 0.25], nesterov: [0, 1], first: [0, 1] }).flatMap((scalars) =>
        elementwise({ lr: 0.1, momentum: 0.9, weight_decay: 0.01, ...scalars }, { rtol: 8 * EPS32, floor: 0.5 }),
      ),
    ],
  },
  adam_update: {
    why: 'a root and a quotient: ten roundings',
    cases: product({ decoupled: [0, 1], step: [1, 1000], weight_decay: [0, 0.05] })
      .flatMap((scalars) =>
        elementwise(
          { lr: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, ...scalars },
          { rtol: 8 * EPS32, floor: 0.25, fill: { v: positive, vmax: positive } },
        ),
      )
      .flatMap((spec) => leavingOut([[], ['vmax']], spec)),
  },
  rmsprop_update: {
    why: 'a root and a quotient; sq is well above gavg^2, as it always is',
    cases: [0, 0.9].flatMap((momentum) =>
      elementwise(
        { lr: 0.01, alpha: 0.99, eps: 1e-8, weight_decay: 0.02, momentum },
        {
          rtol: 8 * EPS32,
          floor: 0.25,
          fill: { sq: (random, n) => uniform(random, n, 0.5, 2), gavg: (random, n) => uniform(random, n, -0.5, 0.5) },
        },
      ).flatMap((spec) => leavingOut(momentum === 0 ? [['buf'], ['buf', 'gavg']] : [[], ['gavg']], spec)),
    ),
  },
  adagrad_update: {
    why: 'a root and a quotient',
    cases: elementwise(
      { lr: 0.05, eps: 1e-10, weight_decay: 0.02 },
      { rtol: 8 * EPS32, floor: 0.25, fill: { sum: positive } },
    ),
  },
};
