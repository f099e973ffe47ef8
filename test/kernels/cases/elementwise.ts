// Cases of the elementwise kernels.
import { Activation, Binary } from '../../../src/backend/generated/abi.js';
import { EPS32 } from '../../helpers/compare.js';
import { uniform } from '../../helpers/random.js';
import { type Fill, type KernelCase, positive, value } from '../harness.js';
import { type CaseTable, elementwise, exact, leavingOut } from './sizes.js';

const wide: Fill = (random, n) => uniform(random, n, -20, 20);
const probabilities: Fill = (random, n) => uniform(random, n, 0, 1);
const withNaN: Fill = (random, n) => uniform(random, n).map((x, k) => (k % 7 === 3 ? Number.NaN : x));
const withZeros: Fill = (random, n) => uniform(random, n).map((x, k) => (k % 5 === 0 ? 0 : x));

const forward: Record<keyof typeof Activation, { rtol: number; x: Fill }> = {
  tanh: { rtol: 4 * EPS32, x: wide },
  sigmoid: { rtol: 4 * EPS32, x: wide },
  relu: { rtol: exact, x: withZeros },
  exp: { rtol: 2 * EPS32, x: wide },
  log: { rtol: 4 * EPS32, x: (random, n) => uniform(random, n, 0.01, 50) },
  sqrt: { rtol: EPS32, x: positive },
  abs: { rtol: exact, x: withZeros },
};

const backward: Record<keyof typeof Activation, Record<string, Fill>> = {
  tanh: {},
  sigmoid: { y: probabilities },
  relu: { x: withZeros },
  exp: { y: positive },
  log: { x: positive },
  sqrt: { y: positive },
  abs: { x: withZeros },
};

const kinds = Object.entries(Activation) as [keyof typeof Activation, number][];
const everyBinary = (more: Omit<KernelCase, 'scalars'>): KernelCase[] =>
  Object.values(Binary).flatMap((op) => elementwise({ op }, { fill: { b: positive }, ...more }));

export const elementwiseCases: CaseTable = {
  fill: { why: 'writes one rounded value', cases: elementwise({ value: 0.1 }, { rtol: exact }) },
  axpy: { why: 'one multiply-add', cases: elementwise({ alpha: -0.37 }, { rtol: 2 * EPS32, floor: 0.5 }) },
  affine: { why: 'one multiply-add', cases: elementwise({ alpha: 1.7, beta: 0.3 }, { rtol: 2 * EPS32, floor: 0.5 }) },
  clamp: {
    why: 'chooses among exact values; NaN stays NaN',
    cases: elementwise({ low: -0.25, high: 0.5 }, { rtol: exact, fill: { x: withNaN } }),
  },
  binary_forward: { why: 'one correctly rounded operation', cases: everyBinary({ rtol: EPS32 }) },
  binary_backward: {
    why: 'at most three roundings: dy a / b^2',
    cases: everyBinary({ rtol: 3 * EPS32 }).flatMap((spec) => leavingOut([[], ['da'], ['db']], spec)),
  },
  activation_forward: {
    why: "the contract's bounds in ulp, one ulp being at most 2^-23 of the value",
    cases: kinds.flatMap(([name, kind]) =>
      elementwise({ kind }, { rtol: forward[name].rtol, fill: { x: forward[name].x } }),
    ),
  },
  activation_backward: {
    why: 'at most three roundings; 1 - y^2 cancels near 1, to a result small against its neighbours',
    cases: kinds.flatMap(([name, kind]) =>
      elementwise({ kind }, { rtol: 4 * EPS32, floor: 0.25, fill: backward[name] }),
    ),
  },
  dropout_forward: {
    why: 'the contract promises the same bits everywhere',
    cases: [0, 0.1, 0.5, 0.9].flatMap((p) =>
      elementwise({ p, seed_lo: -123456789, seed_hi: 42 }, { rtol: exact, fill: { x: value(1) } }),
    ),
  },
  uniform: {
    why: 'the contract promises the same bits everywhere',
    cases: [0, 3, 2 ** 34 - 2, 2 ** 52 + 1].flatMap((drawn) =>
      elementwise({ low: -0.1, high: 1 / 3, drawn, seed_lo: -123456789, seed_hi: 42 }, { rtol: exact }),
    ),
  },
};
