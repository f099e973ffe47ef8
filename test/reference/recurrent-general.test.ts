// rnn_general_* of the reference backend: its gradients against differences of its forward, for every cell with everything a
// layer may have; and what the contract says of it, from the definitions. Other backends are compared with it in test/kernels.
import { describe, expect, it } from 'vitest';
import { cells } from '../../src/backend/cells/index.js';
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
      const near = moved(STEP) - moved(-STEP);
      const far = moved(2 * STEP) - moved(-2 * STEP);
      const numeric = (8 * near - far) / (12 * STEP);
      const size = Math.max(Math.abs(analytic), Math.abs(numeric), FLOOR);
      // What two step sizes disagree by is what differences do not know: STEP^2 f''' / 2 of a smooth function, STEP times the
      // jump of f'' where that jumps (elu, softsign), and all of the jump where f' itself does (relu, the clip).
      const doubt = Math.abs(near / (2 * STEP) - far / (4 * STEP)) / size;
      if (doubt > KINK) {
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
