// Seasons: autocorrelation, the lag at which a series repeats itself, and the plain forecasts that follow from it.
import { OptionError } from '../../errors.js';
import { asSeries, type SeriesInput } from './series.js';

/**
 * Autocorrelation of one variable at lags 0..most.
 *
 *   r_L = sum_t (x_t - m)(x_{t+L} - m) / sum_t (x_t - m)^2        m the mean
 *
 * Zeros behind lag 0 for a constant.
 */
export function autocorrelation(values: ArrayLike<number>, most: number): Float64Array {
  const n = values.length;
  const mean = sumOver(0, n, (k) => values[k] as number) / n;
  const centred = Float64Array.from({ length: n }, (_, k) => (values[k] as number) - mean);
  const variance = sumOver(0, n, (k) => (centred[k] as number) ** 2);
  return Float64Array.from({ length: most + 1 }, (_, lag) => {
    if (lag === 0) return 1;
    if (variance === 0 || lag >= n) return 0;
    return sumOver(0, n - lag, (k) => (centred[k] as number) * (centred[k + lag] as number)) / variance;
  });
}

function sumOver(from: number, to: number, term: (k: number) => number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += term(k);
  return sum;
}

/** Later steps are enough to see a season by, and the work grows with their number times the lags. */
const ENOUGH = 8192;

/** Seasons are looked for up to here: two years of days. */
const LONGEST = 750;

/**
 * The lag at which a series repeats itself, on a trend or not: 7 for days with a week. 1: none.
 *
 * Lags are looked at where the autocorrelation (of the values, or of their differences, which a trend does not disturb) has a
 * peak above 0.2. Of them the one is taken whose change over a season, x_t - x_{t-S}, varies least, or the shortest that
 * varies at most a quarter more, as 7 may beside 14; and none if the change from step to step varies less.
 *
 * @param values  one variable; the training part
 */
export function guessSeason(values: ArrayLike<number>): number {
  const from = Math.max(0, values.length - ENOUGH);
  const recent = Float64Array.from({ length: values.length - from }, (_, k) => values[from + k] as number);
  const most = Math.min(LONGEST, Math.floor(recent.length / 3));
  if (most < 2) return 1;
  const differences = recent.subarray(1).map((x, k) => x - (recent[k] as number));
  const lags = new Set([...peaks(autocorrelation(recent, most)), ...peaks(autocorrelation(differences, most))]);
  const spreads = Array.from(lags, (lag) => ({ lag, spread: changeSpread(recent, lag) }));
  const least = Math.min(...spreads.map(({ spread }) => spread));
  if (!(least < changeSpread(recent, 1))) return 1;
  return Math.min(...spreads.filter(({ spread }) => spread <= 1.25 * least).map(({ lag }) => lag));
}

/** Mean absolute deviation of x_t - x_{t-lag} from its own mean. */
function changeSpread(values: Float64Array, lag: number): number {
  const changes = values.subarray(lag).map((x, k) => x - (values[k] as number));
  const mean = changes.reduce((sum, x) => sum + x, 0) / changes.length;
  return changes.reduce((sum, x) => sum + Math.abs(x - mean), 0) / changes.length;
}

function peaks(correlation: Float64Array): number[] {
  const at = (lag: number): number => correlation[lag] ?? -Infinity;
  return Array.from(correlation.keys()).filter(
    (lag) => lag >= 2 && at(lag) > 0.2 && at(lag) > at(lag - 1) && at(lag) >= at(lag + 1),
  );
}

/** Mean absolute error of seasonalNaive over all steps of the horizon, from every origin that has a season behind it. */
export function naiveError(values: ArrayLike<number>, season: number, horizon: number): number {
  let sum = 0;
  let count = 0;
  for (let k = 0; k < horizon; k++) {
    const lag = season * Math.ceil((k + 1) / season);
    for (let t = season + k; t < values.length; t++, count++) {
      sum += Math.abs((values[t] as number) - (values[t - lag] as number));
    }
  }
  return count === 0 ? Infinity : sum / count;
}

/**
 * The plainest forecast: each step is what it was a season ago.
 *
 *   y_{t+k} = x_{t+k-S ceil(k/S)}        season S = 1: the last value
 *
 * @param history  one variable, at least `season` steps
 */
export function seasonalNaive(history: SeriesInput, horizon: number, season = 1): Float64Array {
  const { values, variables } = asSeries('seasonalNaive', history);
  const isWhole = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
  if (variables !== 1 || !isWhole(season) || !isWhole(horizon) || values.length < season) {
    throw new OptionError(
      'seasonalNaive: horizon and season must be whole numbers above 0, and the history one variable of at least a season, ' +
        `got horizon ${horizon}, season ${season}, ${values.length / variables} steps of ${variables} variables`,
    );
  }
  const first = values.length - season;
  return Float64Array.from({ length: horizon }, (_, k) => values[first + (k % season)] as number);
}
