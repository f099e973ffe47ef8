// Prediction intervals and what plain numbers say of a forecast: coverage, width, errors.
import { OptionError } from '../../errors.js';

/**
 * By how much an interval has to be widened (or, if negative, narrowed) so that it holds the stated share of new values
 * like those measured, whatever their distribution: conformalised quantile regression.
 *
 *   s_i = max(low_i - y_i, y_i - high_i)      margin = the ceil((n + 1) coverage)-th smallest of s
 *
 * With low = high = the forecast it is split conformal prediction: s is the absolute error.
 *
 * @param coverage  above 0 and below 1
 * @returns the largest s where n is too small for the stated coverage; NaN for nothing
 * Source: Romano, Patterson & Candes 2019; Vovk, Gammerman & Shafer 2005.
 */
export function conformalMargin(
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  values: ArrayLike<number>,
  coverage: number,
): number {
  if (!(coverage > 0 && coverage < 1)) {
    throw new OptionError(`conformalMargin: coverage must be above 0 and below 1, got ${coverage}`);
  }
  const scores = Float64Array.from({ length: values.length }, (_, k) =>
    Math.max((low[k] as number) - (values[k] as number), (values[k] as number) - (high[k] as number)),
  ).sort();
  return scores[Math.min(scores.length, Math.ceil((scores.length + 1) * coverage)) - 1] ?? Number.NaN;
}

/** Share of the values that lie within their intervals, ends included. NaN for nothing. */
export function coverageOf(low: ArrayLike<number>, high: ArrayLike<number>, values: ArrayLike<number>): number {
  let inside = 0;
  for (let k = 0; k < values.length; k++) {
    const value = values[k] as number;
    if (value >= (low[k] as number) && value <= (high[k] as number)) inside++;
  }
  return inside / values.length;
}

/**
 * Interval score: the width, and for each value outside 2 / alpha times how far. Smaller is better; alpha = 1 - coverage.
 * Source: Gneiting & Raftery 2007.
 */
export function intervalScore(
  low: ArrayLike<number>,
  high: ArrayLike<number>,
  values: ArrayLike<number>,
  coverage: number,
): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) {
    const [l, h, value] = [low[k] as number, high[k] as number, values[k] as number];
    sum += h - l + (2 / (1 - coverage)) * (Math.max(0, l - value) + Math.max(0, value - h));
  }
  return sum / values.length;
}

export interface ForecastErrors {
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean of |error| / |value| over the values that are not 0, as a share: 0.03 is 3 %. NaN if all are 0. */
  readonly mape: number;
  /** Values of 0, which mape leaves out. */
  readonly zeros: number;
}

export function forecastErrors(forecast: ArrayLike<number>, values: ArrayLike<number>): ForecastErrors {
  if (forecast.length !== values.length) {
    throw new OptionError(
      `forecastErrors: as many forecasts as values are needed, got ${forecast.length} and ${values.length}`,
    );
  }
  let [absolute, squared, relative, zeros] = [0, 0, 0, 0];
  const n = values.length;
  for (let k = 0; k < n; k++) {
    const value = values[k] as number;
    const error = Math.abs((forecast[k] as number) - value);
    absolute += error;
    squared += error * error;
    if (value === 0) zeros++;
    else relative += error / Math.abs(value);
  }
  return {
    mae: absolute / n,
    rmse: Math.sqrt(squared / n),
    mape: zeros === n ? Number.NaN : relative / (n - zeros),
    zeros,
  };
}
