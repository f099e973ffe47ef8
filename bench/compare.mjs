// compare.mjs: do two systems compute the same? Asked of every number before anything is timed: a comparison of different
// work is worth nothing.
import { resultsOf, split } from './inputs.mjs';

/**
 * How far a result may be from the first subject's, as a share of the largest magnitude in its array.
 * `values`: outputs and states; `gradients`: of inputs and weights.
 */
export const TOLERANCES = {
  fp32: { values: 1e-5, gradients: 2e-5, why: 'fp32 sums in another order, tanh and sigmoid by other approximations' },
  double: { values: 1e-5, gradients: 2e-5, why: 'the difference is the rounding of the other side, fp32' },
  bf16: { values: 2e-2, gradients: 0, why: 'weights keep 8 bits: 2^-9 each, summed over I + H products and T steps' },
  int8: {
    values: 8e-2,
    gradients: 0,
    why: 'weights keep 7 bits and a sign, one scale a row; inputs are quantised too',
  },
};

/** max |a - b| / max |b|; infinite where either is no number. */
export function deviation(actual, expected) {
  let worst = 0;
  let scale = 0;
  for (let k = 0; k < expected.length; k++) {
    const difference = Math.abs(actual[k] - expected[k]);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(expected[k]));
  }
  return worst === 0 ? 0 : worst / scale;
}

/**
 * Throws if `actual` is further from `expected` than its precision explains.
 * @param actual, expected  { name, precision, results: Float32Array } of the same workload
 * @returns the largest deviation of any array
 */
export function checkAgreement(workload, actual, expected) {
  const layout = resultsOf(workload);
  const [a, b] = [split(layout, actual.results), split(layout, expected.results)];
  const { values, gradients, why } = TOLERANCES[actual.precision];
  let largest = 0;
  for (const [array] of layout) {
    const off = deviation(a[array], b[array]);
    const allowed = array.startsWith('d_') ? gradients : values;
    if (!(off <= allowed))
      throw new Error(
        `${workload.name}: ${actual.name} and ${expected.name} do not compute the same: "${array}" differs by ` +
          `${off.toExponential(1)} of its largest value, allowed are ${allowed.toExponential(1)} (${why})`,
      );
    largest = Math.max(largest, off);
  }
  return largest;
}

/** The same bits? Two zeros of different sign are not. */
export function sameBits(a, b) {
  const [x, y] = [a, b].map((f) => Buffer.from(f.buffer, f.byteOffset, f.byteLength));
  return x.equals(y);
}
