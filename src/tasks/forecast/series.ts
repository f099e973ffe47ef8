// What the net reads of a series: scaled values, what is known of each step (calendar, known columns), and batches of windows.

import { tensor } from '../../autograd/creation.js';
import { generator } from '../../autograd/random.js';
import type { Tensor } from '../../autograd/tensor.js';
import { type CalendarPart, calendar } from '../../data/series/calendar.js';
import type { TimeSeries } from '../../data/series/read.js';
import { Scaler, type ScalerJson } from '../../data/series/scalers.js';
import { windows } from '../../data/series/series.js';
import { addSteps, type Step } from '../../data/series/time.js';
import { DataError } from '../../errors.js';
import type { BatchInput } from '../../train/data.js';

/** Steps `from`..`to` - 1 of a series are to be predicted; windows may look back before `from`. */
export interface Part {
  readonly series: TimeSeries;
  readonly from: number;
  readonly to: number;
}

/** What was learnt from the training part before the net. */
export type ForecastPrep = {
  readonly columns: readonly string[];
  readonly known: readonly string[];
  readonly time: readonly string[];
  /** Which of the columns are predicted. */
  readonly targets: readonly number[];
  readonly scaler: ScalerJson;
  readonly knownScaler: ScalerJson | null;
  readonly calendar: readonly CalendarPart[];
  readonly step: { readonly unit: Step['unit']; readonly count: number };
  readonly window: number;
  /** Lag of the plain forecast beside it: each step is what it was so many steps before. */
  readonly season: number;
  /** Whether the net predicts the difference from the plain forecast, and reads the targets relative to their last value. */
  readonly residual: boolean;
  /** [targets][horizon], in the series' own unit: by how much intervals are widened on both sides. Zeros: not at all. */
  readonly margin: readonly (readonly number[])[];
};

/** A series as numbers for the net. */
export interface Sequence {
  readonly series: TimeSeries;
  /** [steps][variables] */
  readonly scaled: Float32Array;
  /** [steps + beyond][features]: calendar and known columns of each step. */
  readonly features: Float32Array;
  readonly F: number;
  readonly scaler: Scaler;
}

/** Numbers a step that are known of the future. */
export const featuresOf = (prep: ForecastPrep): number =>
  prep.known.length + calendar([], { parts: prep.calendar }).features;

/** @param beyond  steps behind the end that features are needed of, too */
export function sequenceOf(series: TimeSeries, prep: ForecastPrep, beyond = 0): Sequence {
  const steps = series.length + beyond;
  const last = series.times[series.length - 1] as number;
  const times = Float64Array.from({ length: steps }, (_, t) =>
    t < series.times.length ? (series.times[t] as number) : addSteps(last, t - series.length + 1, series.step),
  );
  const dates = calendar(prep.calendar.length === 0 ? new Array(steps).fill(0) : times, { parts: prep.calendar });
  const K = prep.known.length;
  const known = prep.knownScaler
    ? Scaler.fromJSON(prep.knownScaler).transform({ values: series.known, variables: K })
    : new Float64Array(0);
  const F = dates.features + K;
  const features = new Float32Array(steps * F);
  for (let t = 0; t < steps; t++) {
    features.set(dates.values.subarray(t * dates.features, (t + 1) * dates.features), t * F);
    features.set(known.subarray(t * K, (t + 1) * K), t * F + dates.features);
  }
  const scaler = Scaler.fromJSON(prep.scaler);
  return { series, scaled: scaler.transform(series), features, F, scaler };
}

/** A batch of windows: what the net reads, and what it should give. */
export interface ForecastBatch {
  /** [window, B, variables + features]: values of a step, and what is known of the step behind it. */
  readonly x: Tensor;
  /** [B horizon, features] of the steps that are predicted; null without any. */
  readonly future: Tensor | null;
  /** [B, horizon, targets]: the plain forecast where the net predicts the difference from it; else null. */
  readonly base: Tensor | null;
  /** [B, horizon, targets] */
  readonly y: Tensor;
  readonly size: number;
  /** Targets were read relative to these: [B][targets]. */
  readonly level: Float32Array;
}

/** @param origins  first step to predict, for each window; steps behind the end of the series have y = 0 */
export function makeBatch(
  { series, scaled, features, F }: Sequence,
  origins: ArrayLike<number>,
  horizon: number,
  prep: ForecastPrep,
): ForecastBatch & BatchInput {
  const { window: W, targets, season, residual } = prep;
  const V = series.variables;
  const N = targets.length;
  const B = origins.length;
  const I = V + F;
  const x = new Float32Array(W * B * I);
  const future = new Float32Array(B * horizon * F);
  const y = new Float32Array(B * horizon * N);
  const base = new Float32Array(residual ? y.length : 0);
  const level = new Float32Array(B * N);
  for (let b = 0; b < B; b++) {
    const origin = origins[b] as number;
    const first = origin - W;
    for (let t = 0; t < W; t++) {
      const at = (t * B + b) * I;
      x.set(scaled.subarray((first + t) * V, (first + t + 1) * V), at);
      x.set(features.subarray((first + t + 1) * F, (first + t + 2) * F), at + V);
    }
    future.set(features.subarray(origin * F, (origin + horizon) * F), b * horizon * F);
    for (const [n, v] of targets.entries()) {
      const last = residual ? (scaled[(origin - 1) * V + v] as number) : 0;
      level[b * N + n] = last;
      if (residual) for (let t = 0; t < W; t++) x[(t * B + b) * I + v] = (x[(t * B + b) * I + v] as number) - last;
      for (let k = 0; k < horizon; k++) {
        const at = (b * horizon + k) * N + n;
        const step = origin + k;
        if (step < series.length) y[at] = (scaled[step * V + v] as number) - last;
        if (residual) base[at] = (scaled[(origin - season + (k % season)) * V + v] as number) - last;
      }
    }
  }
  return {
    x: tensor(x, [W, B, I]),
    future: F === 0 ? null : tensor(future, [B * horizon, F]),
    base: residual ? tensor(base, [B, horizon, N]) : null,
    y: tensor(y, [B, horizon, N]),
    size: B,
    level,
  };
}

/** Origins of all windows of a part, in order. */
export function originsOf({ series, from, to }: Part, window: number, horizon: number): Int32Array {
  if (to - Math.max(from, window) < horizon) {
    throw new DataError(
      `forecast: ${series.name}: a part of ${to - from} steps, from step ${from + 1} on, has no room for a window of ${window} ` +
        `before it and a horizon of ${horizon}; choose a larger part, or a shorter --horizon or --window`,
    );
  }
  const list = windows(series, { window, horizon, from, to });
  const first = list.at(0).origin;
  return Int32Array.from({ length: list.length }, (_, k) => first + k);
}

/** Batches of all windows of the parts; in the order of the global generator where they are to be learnt from. */
export function* forecastBatches(
  parts: readonly Part[],
  prep: ForecastPrep,
  horizon: number,
  size: number,
  training: boolean,
): Generator<ForecastBatch & BatchInput> {
  for (const part of parts) {
    const sequence = sequenceOf(part.series, prep);
    const inOrder = originsOf(part, prep.window, horizon);
    const origins = training ? generator.permutation(inOrder.length).map((k) => inOrder[k] as number) : inOrder;
    for (let at = 0; at < origins.length; at += size) {
      yield makeBatch(sequence, origins.subarray(at, at + size), horizon, prep);
    }
  }
}
