// Cases of the matrix products.
import { EPS32 } from '../../helpers/compare.js';
import { type CaseTable, dotScale, fewTails, leavingOut, sweep, tails } from './sizes.js';

/** A sum of K products added in blocks makes about sqrt(K) roundings. */
const rounding = (K: number): number => (4 + Math.sqrt(K)) * EPS32;

// Past the blocks that the products are cut into: 112 rows, 512 columns, 256 terms.
const matmuls = [
  { P: 3, M: 33, N: 35, K: 65 },
  { P: 1, M: 70, N: 131, K: 300 },
  { P: 1, M: 130, N: 64, K: 515 },
  { P: 1, M: 9, N: 1100, K: 260 },
];
const linears = [
  { N: 70, I: 300, O: 131 },
  { N: 257, I: 17, O: 33 },
  { N: 9, I: 260, O: 1100 },
];

export const matrixCases: CaseTable = {
  matmul_forward: {
    why: 'sums of K products',
    cases: [...sweep({ P: 1, M: 5, N: 6, K: 7 }, tails.slice(0, 40)), ...matmuls].map((sizes) => ({
      scalars: sizes,
      rtol: rounding(sizes.K),
      floor: dotScale(sizes.K),
    })),
  },
  matmul_backward: {
    why: 'sums of N and of M products',
    cases: [...sweep({ P: 1, M: 5, N: 6, K: 7 }, fewTails), ...matmuls].flatMap((sizes) =>
      leavingOut([[], ['da'], ['db']], {
        scalars: sizes,
        rtol: rounding(Math.max(sizes.M, sizes.N)),
        floor: dotScale(Math.min(sizes.M, sizes.N)),
      }),
    ),
  },
  linear_forward: {
    why: 'sums of I products and the bias',
    cases: [...sweep({ N: 5, I: 7, O: 6 }, tails.slice(0, 40)), ...linears].flatMap((sizes) =>
      leavingOut([[], ['b']], { scalars: sizes, rtol: rounding(sizes.I), floor: dotScale(sizes.I) }),
    ),
  },
  linear_backward: {
    why: 'sums of O and of N products, onto what is there',
    cases: [...sweep({ N: 5, I: 7, O: 6 }, fewTails), ...linears].flatMap((sizes) =>
      leavingOut([[], ['dx'], ['dw'], ['db'], ['dw', 'db']], {
        scalars: sizes,
        rtol: rounding(Math.max(sizes.N, sizes.O)),
        floor: dotScale(Math.min(sizes.N, sizes.O)),
      }),
    ),
  },
};
