// Cases of the kernels that move numbers about.
import { EPS32 } from '../../helpers/compare.js';
import { below, type Fill, type KernelCase } from '../harness.js';
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

const few: Fill = (random, n) =>
  Float32Array.from({ length: n }, () => [0, 1, -1, Number.NaN][Math.floor(4.2 * random()) % 4] as number);

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
  max_pool_forward: {
    why: 'copies',
    cases: [
      { planes: 3, h: 8, w: 34, oh: 4, ow: 17, kh: 2, kw: 2, sh: 2, sw: 2, ph: 0, pw: 0 },
      { planes: 2, h: 7, w: 5, oh: 5, ow: 4, kh: 3, kw: 2, sh: 1, sw: 1, ph: 0, pw: 0 },
      { planes: 1, h: 9, w: 10, oh: 4, ow: 6, kh: 4, kw: 3, sh: 3, sw: 2, ph: 2, pw: 1 },
      { planes: 5, h: 1, w: 19, oh: 1, ow: 5, kh: 1, kw: 5, sh: 1, sw: 4, ph: 0, pw: 2 },
      { planes: 2, h: 4, w: 6, oh: 1, ow: 1, kh: 4, kw: 6, sh: 1, sw: 1, ph: 0, pw: 0 },
    ].flatMap((scalars) => [
      { scalars, rtol: exact },
      // Equals, and NaN among them.
      { scalars, rtol: exact, fill: { x: few } },
    ]),
  },
  gather_backward: { why: 'up to 67 additions into one element', cases: gathers(16 * EPS32) },
};
