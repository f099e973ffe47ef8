// The Jacobians dh_T/dh_t of one row: how much of the last state is left to be learnt from a step further back.
//
// The row is put into a batch as often as h has units, and the gradient of the last states of copy k is unit vector k: then row k
// of dh_T/dh_t is what the backward pass finds as dL/dh_t of copy k. Nothing but a plain training step of the same kernels.

import { current, scope } from '../../autograd/context.js';
import { tensor } from '../../autograd/creation.js';
import { Generator } from '../../autograd/random.js';
import type { Tensor } from '../../autograd/tensor.js';
import type { Floats } from '../../backend/types.js';
import { collectSteps, type LayerSteps } from '../../ops/diagnostics.js';
import { generalLayer } from '../../ops/recurrent-general.js';
import { ratePerStep } from './rates.js';

/** Frobenius norms of Jacobians of one row over its own steps; T: its last step in the order of reading. */
export interface Jacobian {
  /** The row of the batch. */
  readonly row: number;
  /** [length of the row] |dh_T/dh_t|, of the state as it goes on to the next step (a c apart). sqrt(size of h) at t = T. */
  readonly dh: Float64Array;
  /** [length] |dh_T/dc_t|, for cells with a c: what comes through h_t too. */
  readonly dc: Float64Array | null;
  /** [length] |dh_T/dx_t|: how much the last state moves when the input at t does. */
  readonly dx: Float64Array;
  /** Whether every unit of h_T was looked at. Otherwise the norms are estimates from `probes` random directions. */
  readonly exact: boolean;
  readonly probes: number;
  /** A factor a step further back: of |dh_T/d(h_t, c_t)|, and of |dh_T/dx_t|. */
  readonly rates: { readonly state: number; readonly dx: number };
}

/** What of a layer's call is needed to run a row of it again; numbers of the call's step are copied. */
export interface RowCall {
  readonly seen: LayerSteps;
  readonly row: number;
  readonly length: number;
  /** [length, I] */
  readonly x: Float64Array;
  readonly h0: Float64Array | null;
  readonly c0: Float64Array | null;
  /** [R] */
  readonly drop: Float64Array | null;
  /** [length, R] and [length, H] */
  readonly zoneH: Float64Array | null;
  readonly zoneC: Float64Array | null;
}

/** Up to this size of h every unit is looked at. */
const MOST_EXACT = 128;
/**
 * Random directions otherwise: the norms then have a relative standard error of at most 1 / sqrt(2 * 64) = 9 %. The directions
 * are the same at every t, so that most of it cancels in rates.
 */
const PROBES = 64;
/** Floats that the repeated run may take: 128 MiB. */
const BUDGET = 2 ** 25;

/** How many directions: what is asked for, else all up to 128 of them, else 64; fewer for very long sequences, at least 4. */
export function probesFor({ seen, length }: RowCall, asked: number | undefined): number {
  const { outputSize: R, hiddenSize: H, cell } = seen;
  if (asked !== undefined) return Math.min(asked, R);
  const { inputSize: I } = seen.call.plan;
  const perProbe = length * (2 * I + H * (cell.gates.length + 6));
  const affordable = Math.max(4, Math.floor(BUDGET / perProbe));
  const wanted = R <= MOST_EXACT ? R : PROBES;
  return wanted <= affordable ? wanted : Math.min(R, PROBES, affordable);
}

/** Copies row `row` of the call out of the step's memory. Call it while backward runs. */
export function rowOf(seen: LayerSteps, row: number): RowCall {
  const { T, B, lengths, hiddenSize: H, outputSize: R, call } = seen;
  const length = lengths === null ? T : (lengths[row] as number);
  const { memory } = current();
  const pick = (from: Floats | null, size: number, steps: number): Float64Array | null => {
    if (from === null) return null;
    const values = memory.view(from);
    const out = new Float64Array(steps * size);
    for (let t = 0; t < steps; t++) {
      for (let k = 0; k < size; k++) out[t * size + k] = values[(t * B + row) * size + k] as number;
    }
    return out;
  };
  return {
    ...{ seen, row, length },
    x: pick(call.x.storage as Floats, call.plan.inputSize, length) as Float64Array,
    h0: pick(call.h0, R, 1),
    c0: pick(call.c0, H, 1),
    drop: pick(call.masks.drop, R, 1),
    zoneH: pick(call.masks.zoneH, R, length),
    zoneC: pick(call.masks.zoneC, H, length),
  };
}

/** @param probes  directions; the size of h for all */
export function jacobianOf(call: RowCall, probes: number): Jacobian {
  const { seen, row, length } = call;
  const { plan, weights } = seen.call;
  const { outputSize: R, hiddenSize: H, cell, reverse } = seen;
  const I = plan.inputSize;
  const exact = probes === R;
  return scope(() => {
    const x = repeated(call.x, length, probes, I);
    x.requiresGrad = true;
    const start = (numbers: Float64Array | null, size: number): Tensor | null =>
      numbers && repeated(numbers, 1, probes, size);
    const mask = (numbers: Float64Array | null, steps: number, size: number): Floats | null =>
      numbers && (repeated(numbers, steps, probes, size).storage as Floats);
    const masks = {
      drop: mask(call.drop, 1, R),
      zoneH: mask(call.zoneH, length, R),
      zoneC: mask(call.zoneC, length, H),
    };
    let found: LayerSteps | null = null;
    collectSteps(
      (steps) => {
        found = steps;
      },
      () => {
        const h0 = start(call.h0, R);
        const c0 = start(call.c0, H);
        // The weights without their wish for a gradient: what their owners hold stays untouched.
        const still = weights.map((weight) => (weight === null ? null : weight.detach())) as unknown as typeof weights;
        const { hn } = generalLayer([plan], x, [still], h0, c0, { lengths: null, masks: () => masks });
        hn.backward(seedOf(probes, R, exact), { retainGraph: true });
      },
    );
    const { steps } = found as unknown as LayerSteps;
    const width = 2 + 3 * cell.gates.length;
    // For a v of independent standard normal numbers the mean of |v^T J|^2 is |J|^2.
    const share = exact ? 1 : 1 / probes;
    const overProbes = (at: (t: number, probe: number) => number): Float64Array =>
      Float64Array.from({ length }, (_, t) => {
        let sum = 0;
        for (let probe = 0; probe < probes; probe++) sum += at(t, probe);
        return Math.sqrt(sum * share);
      });
    const dh = overProbes((t, probe) => steps[(t * probes + probe) * width] as number);
    const dc = cell.states.includes('c')
      ? overProbes((t, probe) => steps[(t * probes + probe) * width + 1] as number)
      : null;
    const dxs = (x.grad as Tensor).toArray();
    const dx = overProbes((t, probe) => {
      let sum = 0;
      for (let i = 0; i < I; i++) sum += (dxs[(t * probes + probe) * I + i] as number) ** 2;
      return sum;
    });
    const back = (norms: Float64Array): Float64Array => (reverse ? norms : norms.slice().reverse());
    // dh_T/dh_T is the identity and says nothing about a c, which may be all that carries anything further.
    const state = dc === null ? back(dh) : back(dh.map((norm, t) => Math.hypot(norm, dc[t] as number))).subarray(1);
    return { row, dh, dc, dx, exact, probes, rates: { state: ratePerStep(state), dx: ratePerStep(back(dx)) } };
  });
}

/** [steps, probes, size]: each step's numbers for every probe. */
function repeated(numbers: Float64Array, steps: number, probes: number, size: number): Tensor {
  const out = new Float64Array(steps * probes * size);
  for (let t = 0; t < steps; t++) {
    for (let probe = 0; probe < probes; probe++) {
      out.set(numbers.subarray(t * size, (t + 1) * size), (t * probes + probe) * size);
    }
  }
  return tensor(out, [steps, probes, size]);
}

/** [1, probes, R]: the unit vectors, or random directions: the same every time. */
function seedOf(probes: number, R: number, exact: boolean): Tensor {
  const seed = new Float64Array(probes * R);
  if (exact) for (let k = 0; k < R; k++) seed[k * R + k] = 1;
  else new Generator(2).fillNormal(seed, 0, 1);
  return tensor(seed, [1, probes, R]);
}
