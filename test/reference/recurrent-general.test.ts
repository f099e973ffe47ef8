// rnn_general_* of the reference backend: its gradients against differences of its forward, for every cell with everything a
// layer may have; and what the contract says of it, from the definitions. Other backends are compared with it in test/kernels.
import { describe, expect, it } from 'vitest';
import { cells, lstm } from '../../src/backend/cells/index.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import { describeCase, featuresOf, type GeneralCase, hasC, SEED, sampleCases } from '../helpers/general.js';
import { type GeneralInputs, generalInputs, runGeneral } from '../kernels/general-layer.js';
import type { Arrays } from '../kernels/layer.js';

const backend = createReferenceBackend();

/** The fourth-order central difference: error STEP^4 f'''''/30, about 1e-16, and rounding of 1e-16 / STEP. */
const STEP = 5e-4;
/** Relative error allowed, of the larger of the two numbers or FLOOR, below which rounding rules. */
const TOLERANCE = 2e-7;
const FLOOR = 1e-2;
/** Where differences with two step sizes disagree by more than this, there is no derivative to compare with. */
const KINK = 2e-4;

/** What has a gradient, in the order of native/abi.h. */
const differentiable = [
  ...['x', 'h0', 'c0', 'w_ih', 'w_hh', 'b_ih', 'b_hh', 'w_hr', 'w_unit', 'ln_ih', 'ln_hh', 'ln_c', 'ln_c_bias'],
];

/** sum of y * dy + hn * dhn + cn * dcn; dy is NaN where it must not matter. */
function objective(spec: GeneralCase, { scalars, start }: GeneralInputs, changed: Arrays): number {
  const results = runGeneral(backend, spec, { scalars, start: { ...start, ...changed } }, 1, { inference: true });
  let sum = 0;
  for (const [output, upstream] of [
    ['y', 'dy'],
    ['hn', 'dhn'],
    ['cn', 'dcn'],
  ] as const) {
    const weights = start[upstream];
    if (weights)
      results[output]?.forEach((value, k) => {
        sum += Number.isNaN(weights[k]) ? 0 : value * weights[k]!;
      });
  }
  return sum;
}

type FourNumbers = [number, number, number, number];

/** Elements looked at of each input: all, or as many as this, spread over it. */
const MOST = 9;

/** Returns how many elements were compared, and how many lay at a kink, where there is no derivative to compare with. */
function checkGradients(spec: GeneralCase, seed: number): { compared: number; kinks: number } {
  const inputs = generalInputs(spec, seed);
  const found = runGeneral(backend, spec, inputs, seed);
  const count = { compared: 0, kinks: 0 };
  for (const name of differentiable) {
    const given = inputs.start[name];
    const gradient = found[`d${name}`];
    if (!given || !gradient) continue;
    // Gradients that accumulate had something in them.
    const before = name === 'h0' || name === 'c0' ? new Float64Array(gradient.length) : inputs.start[`d${name}`]!;
    const stride = Math.max(1, Math.floor(given.length / MOST));
    for (let k = 0; k < given.length; k += stride) {
      const analytic: number = gradient[k]! - before[k]!;
      if (Number.isNaN(given[k])) {
        expect(analytic, `${describeCase(spec)}: d${name}[${k}], padding`).toBe(0);
        continue;
      }
      const moved = (by: number): number => {
        const values = Float64Array.from(given);
        values[k]! += by;
        return objective(spec, inputs, { [name]: values });
      };
      const [left, right, farLeft, farRight] = [-1, 1, -2, 2].map((steps) => moved(steps * STEP)) as FourNumbers;
      const near = right - left;
      const far = farRight - farLeft;
      const numeric = (8 * near - far) / (12 * STEP);
      const size = Math.max(Math.abs(analytic), Math.abs(numeric), FLOOR);
      // What two step sizes disagree by is what differences do not know: STEP^2 f''' / 2 of a smooth function, STEP times the
      // jump of f'' where that jumps (elu, softsign), and all of the jump where f' itself does (relu, the clip).
      const doubt = Math.abs(near / (2 * STEP) - far / (4 * STEP)) / size;
      // A kink right here splits every step alike and leaves no doubt; but then the second difference, which grows with the
      // square of the step where f is smooth, only doubles.
      const [bend, farBend] = [right + left, farRight + farLeft].map((sum) => Math.abs(sum - 2 * moved(0))) as [
        number,
        number,
      ];
      const isBent = bend / STEP / size > TOLERANCE && farBend < 3 * bend;
      if (doubt > KINK || isBent) {
        count.kinks++;
        continue;
      }
      count.compared++;
      if (!(Math.abs(analytic - numeric) / size < TOLERANCE + 3 * doubt)) {
        expect.fail(`${describeCase(spec)}: d${name}[${k}] is ${analytic}, by differences ${numeric}`);
      }
    }
  }
  return count;
}

const base = { T: 4, B: 3, I: 3, H: 4 };

describe('gradients equal differences', () => {
  for (const cell of cells) {
    it(`${cell.name}: with nothing, and with each feature alone`, () => {
      let seed = 1;
      const features = [undefined, ...featuresOf(cell)];
      for (const feature of features) {
        for (const reverse of [false, true]) {
          const spec: GeneralCase = {
            ...{ cell, ...base, reverse, ragged: reverse, keep: reverse ? 3 : 0 },
            ...(feature && { features: [feature] }),
            ...(feature === 'projection' && { R: 3 }),
            ...(feature === 'pointwise' && { gate: 'cellSoftsign', candidate: 'cellElu', output: 'cellScaledTanh' }),
          };
          const { compared, kinks } = checkGradients(spec, ++seed);
          expect(compared).toBeGreaterThan(30);
          expect(kinks / compared).toBeLessThan(0.15);
        }
      }
    });

    it(`${cell.name}: with each activation, for gate, candidate and output, and clipped`, () => {
      let seed = 1;
      const kinds = ['Sigmoid', 'Tanh', 'Relu', 'HardSigmoid', 'Affine', 'LeakyRelu', 'ThresholdedRelu', 'ScaledTanh'];
      for (const kind of [...kinds, 'Elu', 'Softsign', 'Softplus'].map((name) => `cell${name}` as const)) {
        for (const where of ['gate', 'candidate', 'output']) {
          const spec = { cell, ...base, features: ['pointwise'], [where]: kind, clip: hasC(cell) ? 0.4 : 0 };
          checkGradients(spec as GeneralCase, ++seed);
        }
      }
    });
  }

  it(`generated combinations (seed ${SEED})`, { timeout: 120_000 }, () => {
    const total = { compared: 0, kinks: 0 };
    sampleCases({ T: 5, B: 4, I: 3, H: 5 }, 200).forEach((spec, k) => {
      const { compared, kinks } = checkGradients(spec, SEED + k);
      total.compared += compared;
      total.kinks += kinks;
    });
    expect(total.compared).toBeGreaterThan(5000);
    expect(total.kinks / total.compared).toBeLessThan(0.05);
  });
});

/** The same layer one step at a time: what is carried from one call to the next stands outside of the kernel. */
interface Chain {
  /** By time: the gradient of h after the step, of c' where the forget gate is 1, and the squares of what the weights get. */
  readonly dh: number[][];
  readonly dc: number[][];
  readonly contributions: number[][];
}

function runSteps(spec: GeneralCase, { scalars, start }: GeneralInputs): Chain {
  const { T, B, I, H, R = H } = spec;
  const lengths = Array.from(start.lengths ?? new Array<number>(B).fill(T));
  const steps = Array.from({ length: T }, (_, s) => s);
  const rows = Array.from({ length: B }, (_, b) => b);
  /** Step s of every row that has one: [1,B,n] of [T,B,n]. */
  const at = (name: string, n: number, s: number): Float64Array => {
    const from = start[name]!;
    const piece = new Float64Array(B * n);
    for (const b of rows.filter((row) => s < lengths[row]!)) {
      const t = spec.reverse ? lengths[b]! - 1 - s : s;
      for (let k = 0; k < n; k++) piece[b * n + k] = from[(t * B + b) * n + k]!;
    }
    return piece;
  };
  const inputsAt = (s: number, given: Arrays): GeneralInputs => {
    const now = lengths.map((length) => Number(s < length));
    const pieces = { x: at('x', I, s), dy: at('dy', R, s), zone_h: at('zone_h', R, s), zone_c: at('zone_c', H, s) };
    const empty = Object.fromEntries(Object.keys(start).map((name) => [name, start[name]!]));
    for (const name of Object.keys(empty).filter((each) => each.startsWith('d') && each !== 'drop')) {
      empty[name] = new Float64Array(start[name]!.length);
    }
    const rest = {
      lengths: now,
      dx: new Float64Array(B * I),
      y: new Float64Array(B * R),
      steps: new Float64Array(B * scalars.nsteps!),
      contributions: new Float64Array(3),
    };
    return {
      scalars: { ...scalars, T: 1, rows: now.filter(Boolean).length },
      start: { ...empty, ...pieces, ...rest, ...given },
    };
  };
  const one: GeneralCase = { ...spec, T: 1, ragged: true };
  const states: Arrays[] = [{ h0: start.h0!, ...(start.c0 && { c0: start.c0 }) }];
  for (const s of steps) {
    const { hn, cn } = runGeneral(backend, one, inputsAt(s, states[s]!), 1, { inference: true });
    states.push({ h0: hn!, ...(cn && { c0: cn }) });
  }
  const chain: Chain = { dh: [], dc: [], contributions: [] };
  let [dhn, dcn] = [Array.from(start.dhn!), Array.from(start.dcn ?? [])];
  const squares = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
  for (const s of [...steps].reverse()) {
    const inputs = inputsAt(s, { ...states[s], dhn, ...(dcn.length > 0 && { dcn }) });
    const found = runGeneral(backend, one, inputs, 1);
    chain.dh[s] = dhn.map((value, k) => value + inputs.start.dy![k]!);
    chain.dc[s] = found.dc0 ?? [];
    const names = ['dw_ih', spec.cell.multiplies ? 'dw_hh' : 'dw_unit', 'db_hh'];
    chain.contributions[s] = names.map((name) => squares(found[name]!));
    [dhn, dcn] = [found.dh0!, found.dc0 ?? []];
  }
  return chain;
}

describe('steps and contributions are what their definitions say', () => {
  const every = ['norm', 'drop', 'zoneout', 'pointwise', 'projection', 'unit'] as const;
  const columnOf = (values: readonly number[], b: number, n: number): number[] => values.slice(b * n, (b + 1) * n);
  const norm = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);

  for (const cell of cells) {
    for (const reverse of [false, true]) {
      it(`${cell.name}${reverse ? ', reverse' : ''}: dL/dh and the weights' contributions, against one call a step`, () => {
        const features = every.filter((feature) => featuresOf(cell).includes(feature));
        for (const spec of [
          { cell, ...base, B: 4, reverse, ragged: true, features: [] },
          { cell, ...base, B: 4, reverse, ragged: true, features, ...(hasC(cell) && { R: 3 }) },
        ]) {
          const inputs = generalInputs(spec, 5);
          const zones = Object.fromEntries(
            ['zone_h', 'zone_c'].map((name) => [
              name,
              inputs.start[name] ?? new Float64Array(spec.T * spec.B * spec.H),
            ]),
          );
          const chain = runSteps(spec, { ...inputs, start: { ...zones, ...inputs.start } });
          const { steps, contributions } = runGeneral(backend, spec, inputs, 5);
          const { nsteps, R } = inputs.scalars as { nsteps: number; R: number };
          for (let s = 0; s < spec.T; s++) {
            Array.from(inputs.start.lengths!).forEach((length, b) => {
              if (s >= length) return;
              const t = reverse ? length - 1 - s : s;
              const at = (t * spec.B + b) * nsteps;
              expect(steps![at], `|dL/dh|^2 of row ${b}, step ${s}`).toBeCloseTo(
                norm(columnOf(chain.dh[s]!, b, R)),
                12,
              );
            });
            const t = reverse ? spec.T - 1 - s : s;
            for (const k of [0, 1, 2]) {
              const expected = chain.contributions[s]![k]!;
              expect(Math.abs(contributions![t * 3 + k]! - expected), `contribution ${k} of step ${s}`).toBeLessThan(
                1e-10 * (1 + expected),
              );
            }
          }
          // At padding nothing is said.
          Array.from(inputs.start.lengths!).forEach((length, b) => {
            for (let t = length; t < spec.T; t++) {
              const at = (t * spec.B + b) * nsteps;
              expect(steps!.slice(at, at + nsteps)).toEqual(new Array<number>(nsteps).fill(0));
            }
          });
        }
      });
    }
  }

  it('dL/dc is the gradient of the old c where the forget gate is 1, normalised, projected or not', () => {
    for (const features of [[], ['norm', 'projection'], ['unit']] as const) {
      const spec: GeneralCase = { cell: lstm, ...base, features, ragged: true, ...(features.length > 1 && { R: 3 }) };
      const inputs = generalInputs(spec, 3);
      // Of i, f, g, o: f is 1 - 1e-26.
      const b_hh = Float64Array.from({ length: 4 * spec.H }, (_, k) => (Math.floor(k / spec.H) === 1 ? 60 : 0.1));
      // Peepholes of i and f add to the gradient of the old c.
      const w_unit = Float64Array.from({ length: 3 * spec.H }, (_, k) => (k < 2 * spec.H ? 0 : 0.3));
      const start = { ...inputs.start, b_hh, ...(features.includes('unit' as never) && { w_unit }) };
      const zones = { zone_h: new Float64Array(4 * 3 * 4), zone_c: new Float64Array(4 * 3 * 4) };
      const chain = runSteps(spec, { ...inputs, start: { ...zones, ...start } });
      const { steps } = runGeneral(backend, spec, { ...inputs, start }, 3);
      const nsteps = inputs.scalars.nsteps!;
      Array.from(inputs.start.lengths!).forEach((length, b) => {
        for (let s = 0; s < length; s++) {
          const found = steps![(s * spec.B + b) * nsteps + 1]!;
          expect(found, `[${features}] row ${b} step ${s}`).toBeCloseTo(norm(columnOf(chain.dc[s]!, b, spec.H)), 12);
        }
      });
    }
  });

  it('dL/dc is that of the clipped c, also where nothing goes on from there', () => {
    // Without weights: i = o = 1/2, g = 0; c0 = 2 is far past the clip.
    const spec: GeneralCase = { cell: lstm, T: 1, B: 1, I: 1, H: 3, features: ['pointwise'], clip: 0.5 };
    const { scalars, start } = generalInputs(spec, 3);
    const none = Object.fromEntries(['w_ih', 'w_hh', 'b_hh', 'h0'].map((name) => [name, start[name]!.length]));
    const zeros = Object.fromEntries(Object.entries(none).map(([name, n]) => [name, new Float64Array(n)]));
    const b_ih = Float64Array.from({ length: 12 }, (_, k) => (Math.floor(k / 3) === 1 ? 60 : 0));
    const changed = { ...start, ...zeros, b_ih, c0: [2, 2, 2], dy: [0.1, 0.2, 0.3], dhn: [1, 2, 3], dcn: [3, 2, 1] };
    const { steps, dc0 } = runGeneral(backend, spec, { scalars, start: changed }, 3);
    const slope = 0.5 * (1 - Math.tanh(0.5) ** 2);
    expect(steps![1]).toBeCloseTo(norm([3 + 1.1 * slope, 2 + 2.2 * slope, 1 + 3.3 * slope]), 12);
    expect(dc0).toEqual([0, 0, 0]);
  });

  it('gates: means, and the fractions that are low and high', () => {
    // One step from zero states of a net without weights: every gate is the activation of its bias.
    const H = 4;
    const bias = [-3, -3, 0, 3];
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const cell of cells) {
      const spec: GeneralCase = { cell, T: 1, B: 1, I: 1, H };
      const inputs = generalInputs(spec, 3);
      const G = cell.gates.length;
      const zeros = (n: number) => new Float64Array(n);
      const start: Arrays = {
        ...inputs.start,
        ...{ w_ih: zeros(G * H), h0: zeros(H), b_hh: zeros(G * H) },
        ...(cell.multiplies && { w_hh: zeros(G * H * H) }),
        ...(hasC(cell) && { c0: zeros(H) }),
        b_ih: Float64Array.from({ length: G * H }, (_, k) => bias[k % H]!),
      };
      const { steps } = runGeneral(backend, spec, { ...inputs, start }, 3);
      cell.gates.forEach((gate, k) => {
        const isCandidate = ['g', 'n', 'h'].includes(gate);
        const isRelu = cell.name === 'rnn_relu' || cell.name === 'ind_rnn';
        const of = isRelu ? (x: number) => Math.max(x, 0) : isCandidate ? Math.tanh : sigmoid;
        const low = isRelu ? 0 : 0.5;
        const got = steps!.slice(2 + 3 * k, 5 + 3 * k);
        expect(got[0], `${cell.name}: mean of ${gate}`).toBeCloseTo(mean(bias.map(of)), 12);
        expect(got.slice(1), `${cell.name}: low and high of ${gate}`).toEqual([low, 0.25]);
      });
    }
  });
});
