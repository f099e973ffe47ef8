// The honest baseline: linear regression on what the nets are given, the last days' values and the calendar of the next.
import { Matrix, solve } from 'ml-matrix';
import { calendar } from 'unrolled/data';
import { dateOf } from './data.mjs';

/**
 * Least squares with a little of ridge (1e-3 of the mean square, so that weekdays beside a constant have a solution):
 *
 *   y_t = a + sum_i sum_v w_iv x_{t-i,v} + c . calendar_t
 *
 * fitted on the days before the last fifth, like the nets, and those they keep for early stopping, too.
 *
 * @returns {{ mae: number, parameters: number }}  on the last fifth
 */
export function linearAutoregression(set, { window, share }) {
  const { records, value, target } = set;
  const dates = records.map((record) => Date.parse(dateOf(set, record)));
  const days = calendar(dates, { parts: ['weekday', 'yearday'] });
  const numbers = records.map((record) => value.map((name) => Number(record[name])));
  const features = (t) => [
    1,
    ...numbers.slice(t - window, t).flat(),
    ...days.values.subarray(t * days.features, (t + 1) * days.features),
  ];
  const cut = records.length - Math.round(records.length * share);
  const steps = (from, to) => Array.from({ length: to - from }, (_, k) => from + k);
  const wanted = (t) => Number(records[t][target]);
  const X = new Matrix(steps(window, cut).map(features));
  const y = Matrix.columnVector(steps(window, cut).map(wanted));
  const gram = X.transpose().mmul(X);
  const size = gram.diagonal().reduce((sum, d) => sum + d, 0) / gram.rows;
  const weights = solve(gram.add(Matrix.eye(gram.rows).mul(1e-6 * size)), X.transpose().mmul(y)).to1DArray();
  const errors = steps(cut, records.length).map((t) =>
    Math.abs(features(t).reduce((sum, x, k) => sum + x * weights[k], 0) - wanted(t)),
  );
  return { mae: errors.reduce((sum, e) => sum + e, 0) / errors.length, parameters: weights.length };
}
