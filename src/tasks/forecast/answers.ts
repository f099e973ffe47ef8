// From the net's quantiles to numbers in the series' own unit: over a part that is known, and behind the end of a history.
import { noGrad } from '../../autograd/context.js';
import { conformalMargin } from '../../data/series/intervals.js';
import type { TimeSeries } from '../../data/series/read.js';
import { addSteps, showStep, showTime } from '../../data/series/time.js';
import { DataError } from '../../errors.js';
import type { Settings } from '../definition.js';
import type { Forecaster } from './model.js';
import {
  type ForecastBatch,
  type ForecastPrep,
  forecastBatches,
  makeBatch,
  originsOf,
  type Part,
  sequenceOf,
} from './series.js';

/** Of each target: all steps of all windows, one after the other. */
export interface Measured {
  readonly value: number[][];
  readonly low: number[][];
  readonly high: number[][];
  readonly actual: number[][];
  readonly naive: number[][];
}

/** The middle one is the median; the others are the ends of an interval of the stated coverage. */
export function quantilesOf(settings: Settings): [low: number, middle: number, high: number] {
  const coverage = settings.coverage as number;
  return [(1 - coverage) / 2, 0.5, (1 + coverage) / 2];
}

/** Forecasts of every window of a part beside what came, and beside the plain forecast. */
export function measure(model: Forecaster, part: Part, prep: ForecastPrep, settings: Settings): Measured {
  const { series } = part;
  const V = series.variables;
  const horizon = settings.horizon as number;
  const origins = originsOf(part, prep.window, horizon);
  const empty = (): number[][] => prep.targets.map(() => []);
  const all: Measured = { value: empty(), low: empty(), high: empty(), actual: empty(), naive: empty() };
  let window = 0;
  for (const batch of forecastBatches([part], prep, horizon, 256, false)) {
    answersOf(model, batch, prep, horizon, (b, k, n, low, value, high) => {
      const origin = origins[window + b] as number;
      const v = prep.targets[n] as number;
      (all.low[n] as number[]).push(low);
      (all.value[n] as number[]).push(value);
      (all.high[n] as number[]).push(high);
      (all.actual[n] as number[]).push(series.values[(origin + k) * V + v] as number);
      (all.naive[n] as number[]).push(series.values[(origin - prep.season + (k % prep.season)) * V + v] as number);
    });
    window += batch.size;
  }
  return all;
}

/** Fewer windows than this say too little of how often values lie outside. */
const ENOUGH_WINDOWS = 50;

/**
 * By how much intervals have to be wider so that they hold the stated share of the validation part, for each target and step of
 * the horizon; never narrower. Quantiles that a net has learnt hold less of new values than of those it learnt from (on births
 * 61 to 81 % of the test part, 80 stated); widened so, 67 to 81 %. Narrowed, where the validation part is small, they held
 * less; and of one width for all days (split conformal) they were wider for the same share.
 */
export function marginsOf(measured: readonly Measured[], prep: ForecastPrep, settings: Settings): number[][] {
  const horizon = settings.horizon as number;
  return prep.targets.map((_, n) =>
    Array.from({ length: horizon }, (_, k) => {
      /** Of the k-th step of all windows. */
      const of = (what: 'low' | 'high' | 'actual'): number[] =>
        measured.flatMap((part) => {
          const all = part[what][n] as number[];
          return Array.from({ length: all.length / horizon }, (_, w) => all[w * horizon + k] as number);
        });
      const actual = of('actual');
      if (actual.length < ENOUGH_WINDOWS) return 0;
      return Math.max(0, conformalMargin(of('low'), of('high'), actual, settings.coverage as number));
    }),
  );
}

/** One step ahead of one variable. */
export interface ForecastStep {
  /** Date or time; the row's number where there are no times. */
  readonly time: string;
  readonly target: string;
  /** The median. */
  readonly value: number;
  /** Ends of the interval that should hold the stated share of values (`coverage`). */
  readonly low: number;
  readonly high: number;
}

/** The steps behind the end of a history. */
export function continued(
  model: Forecaster,
  series: TimeSeries,
  prep: ForecastPrep,
  settings: Settings,
): ForecastStep[] {
  const horizon = settings.horizon as number;
  if (series.length < prep.window) {
    throw new DataError(
      `${series.name}: the model looks back on ${prep.window} steps, but there are ${series.length}; give more of the history`,
    );
  }
  const { unit, count } = prep.step;
  if (series.length > 1 && (series.step.unit !== unit || series.step.count !== count)) {
    throw new DataError(
      `${series.name}: the model was trained on steps of ${showStep(prep.step)}, but these rows are ${showStep(series.step)} apart`,
    );
  }
  if (prep.known.length > 0 && series.future < horizon) {
    throw new DataError(
      `${series.name}: to predict ${horizon} steps, ${prep.known.join(', ')} must be known for as many rows behind the last ` +
        `value, but there are ${series.future}; add rows with them and empty values`,
    );
  }
  const batch = makeBatch(sequenceOf(series, prep, horizon), [series.length], horizon, prep);
  const last = series.times[series.length - 1] as number;
  const steps: ForecastStep[] = [];
  answersOf(model, batch, prep, horizon, (_, k, n, low, value, high) => {
    const target = prep.columns[prep.targets[n] as number] as string;
    steps.push({ time: showTime(addSteps(last, k + 1, series.step), series.step), target, value, low, high });
  });
  return steps;
}

type Take = (b: number, k: number, n: number, low: number, value: number, high: number) => void;

function answersOf(model: Forecaster, batch: ForecastBatch, prep: ForecastPrep, horizon: number, take: Take): void {
  const out = noGrad(() => model.forward(batch).data.slice());
  const N = prep.targets.length;
  const scalers = prep.targets.map((v) => ({
    center: prep.scaler.center[v] as number,
    scale: prep.scaler.scale[v] as number,
  }));
  for (let b = 0; b < batch.size; b++) {
    for (let k = 0; k < horizon; k++) {
      for (let n = 0; n < N; n++) {
        const at = ((b * horizon + k) * N + n) * 3;
        const { center, scale } = scalers[n] as { center: number; scale: number };
        // Quantiles are learnt each by itself and may cross: in order they are right, or nearer to it.
        const [low, value, high] = Array.from(
          out.subarray(at, at + 3),
          (z) => (z + (batch.level[b * N + n] as number)) * scale + center,
        ).sort((p, q) => p - q) as [number, number, number];
        const margin = prep.margin[n]?.[k] ?? 0;
        take(b, k, n, low - margin, value, high + margin);
      }
    }
  }
}
