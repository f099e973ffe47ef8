// From norms over time to a rate per step, a verdict and a sentence.

/** 'unknown': fewer than two steps to measure a rate over. */
export type Verdict = 'vanishing' | 'exploding' | 'healthy' | 'unknown';

/**
 * Squares of norms come as float32 and are below its normal numbers when the norm is below 1e-19: what stands there is rounding,
 * or 0 where the norm was not.
 */
export const SMALLEST_NORM = 1e-18;

/**
 * How a norm changes from step to step: exp of the slope of its logarithm, by least squares over `norms[k]`, k steps back.
 * Norms below 1e-18 and those that are not finite are left out. 0 where all that is further back than step 0 is 0, NaN where
 * there are not two norms.
 */
export function ratePerStep(norms: ArrayLike<number>): number {
  let [n, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (let k = 0; k < norms.length; k++) {
    const norm = norms[k] as number;
    if (!(norm > SMALLEST_NORM) || norm === Infinity) continue;
    const y = Math.log(norm);
    n++;
    sumX += k;
    sumY += y;
    sumXX += k * k;
    sumXY += k * y;
  }
  if (n >= 2) return Math.exp((n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX));
  const dies = n === 1 && (norms[0] as number) > 0 && norms.length > 1 && (norms[1] as number) <= SMALLEST_NORM;
  return dies ? 0 : NaN;
}

/** A verdict is over the steps of the sequence, but over no fewer than these. */
export const FEWEST_STEPS = 20;
/** Of the gradient at the last step: less left than the first is vanishing, more than the second exploding. */
export const LEAST_LEFT = 0.01;
export const MOST_LEFT = 100;

/**
 * 'vanishing' where less than 1 % of the gradient would be left `steps` steps back (at least 20), 'exploding' where more than a
 * hundredfold would: below 0.79 and above 1.26 a step for sequences of up to 20 steps, below 0.955 and above 1.047 for 100.
 */
export function judge(rate: number, steps: number): Verdict {
  if (Number.isNaN(rate)) return 'unknown';
  const left = rate ** Math.max(steps, FEWEST_STEPS);
  return left < LEAST_LEFT ? 'vanishing' : left > MOST_LEFT ? 'exploding' : 'healthy';
}

/** Steps after which less than 1 % is left; Infinity if that never comes. */
export function reach(rate: number): number {
  return rate < 1 ? Math.max(1, Math.ceil(Math.log(LEAST_LEFT) / Math.log(rate))) : Infinity;
}

/** `dL/dh shrinks to 0.71 of itself a step: after 20 steps 0.11 % is left`. */
export function rateInWords(what: string, rate: number, steps: number): string {
  if (Number.isNaN(rate)) return `${what}: too few steps to measure a rate`;
  if (rate === 0) return `${what} is 0 one step back: nothing passes`;
  const over = Math.max(steps, FEWEST_STEPS);
  const left = rate ** over;
  if (Math.abs(rate - 1) < 5e-4) return `${what} keeps its size: it changes by less than 0.05 % a step`;
  const after = `after ${over} steps`;
  if (rate < 1) return `${what} shrinks to ${short(rate)} of itself a step: ${after} ${percent(left)} is left`;
  return `${what} grows to ${short(rate)} times itself a step: ${after} to ${left < 1e6 ? short(left) : left.toExponential(0)} times`;
}

/** Three significant digits, without a tail of zeros; more where a number is near 1. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(1);
  return String(Number(size > 0.9 && size < 1.1 ? value.toFixed(4) : value.toPrecision(3)));
}

export function percent(fraction: number): string {
  const value = 100 * fraction;
  return `${value !== 0 && value < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(2)))} %`;
}
