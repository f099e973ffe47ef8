// Cases of the kernels that move numbers about.
import { EPS32 } from '../../helpers/compare.js';
import { below, type KernelCase } from '../harness.js';
import { type CaseTable, dotScale, exact, fewTails, product, sweep } from './sizes.js';

/** A slice that is the whole, and one with something before and after it. */
const slices = (rtol: number): KernelCase[] =>
  sweep({ outer: 3, count: 4, inner: 5 }, fewTails).flatMap((sizes) => [
    { scalars: { ...sizes, n: sizes.count, start: 0 }, rtol },
    { scalars: { ...sizes, n: sizes.count + 3, start: 2 }, rtol },
  ]);

const gathers = (rtol: number): KernelCase[] =>
  sweep({ outer: 3, n: 6, m: 4, inner: 5 }, fewTails).map((scalars) => ({
    scalars,
    rtol,
    floor: 0.5,
    fill: { index: below('n') },
  }));

const reductions = [
  ...sweep({ outer: 3, mid: 4, inner: 5 }, fewTails),
  { outer: 1, mid: 4099, inner: 1 },
  { outer: 2, mid: 1000, inner: 17 },
];

export const shapeCases: CaseTable = {
  expand: {
    why: 'copies',
    cases: sweep({ outer: 3, mid: 4, inner: 5 }, fewTails).map((scalars) => ({ scalars, rtol: exact })),
  },
  reduce_sum: {
    why: 'summed in lanes, then pairwise: the error grows with log(mid)',
    cases: reductions.map((sizes) => ({
      scalars: { ...sizes, scale: 0.7 },
      rtol: (4 + Math.log2(sizes.mid)) * EPS32,
      floor: 0.7 * dotScale(sizes.mid),
    })),
  },
  transpose: {
    why: 'copies',
    cases: [
      ...sweep({ outer: 2, a: 3, mid: 2, b: 5, inner: 3 }, [1, 2, 7, 16, 17]),
      ...product({ outer: [1], a: fewTails, mid: [1], b: fewTails, inner: [1] }),
    ].map((scalars) => ({ scalars, rtol: exact })),
  },
  slice_forward: { why: 'copies', cases: slices(exact) },
  slice_backward: { why: 'one addition', cases: slices(EPS32) },
  place: { why: 'copies', cases: slices(exact) },
  gather_forward: { why: 'copies', cases: gathers(exact) },
  gather_backward: { why: 'up to 67 additions into one element', cases: gathers(16 * EPS32) },
};
