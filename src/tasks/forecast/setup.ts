// What `forecast` finds out about a series before there is a net: columns, window, scale.

import { readSeries, type SeriesRow, type TimeSeries } from '../../data/series/read.js';
import { Scaler, type ScalerJson } from '../../data/series/scalers.js';
import { naiveError } from '../../data/series/season.js';
import { DataError, OptionError } from '../../errors.js';
import { adviceFor, show } from '../../options.js';
import type { RawData, Settings } from '../definition.js';

type Gaps = 'refuse' | 'interpolate' | 'drop';

/** The rows of a table by the names of its columns, and those of each option. */
export function tableOf(data: RawData): { rows: SeriesRow[]; value: string[]; known: string[]; time: string[] } {
  if (data.kind !== 'rows') throw new DataError(`forecast: ${data.name} must be a table with a column of numbers`);
  const of = (option: string): string[] => [data.columns[option] ?? []].flat();
  const rows = data.rows.map(({ line, fields }) => ({
    line,
    fields: Object.fromEntries(
      Object.keys(data.columns).flatMap((option) => {
        const cells =
          Array.isArray(fields[option]) && typeof data.columns[option] !== 'string' ? fields[option] : [fields[option]];
        return of(option).map((name, k) => [name, cells[k]]);
      }),
    ),
  }));
  return { rows, value: of('value'), known: of('known'), time: of('time') };
}

export function seriesOf(data: RawData, settings: Settings): TimeSeries {
  const { rows, ...columns } = tableOf(data);
  return readSeries(rows, { name: data.name, gaps: settings.gaps as Gaps, ...columns });
}

/** Which columns are predicted: the first, all, or those named. */
export function targetsOf({ columns }: TimeSeries, wanted: string | null): number[] {
  if (wanted === null) return [0];
  if (wanted === 'all') return columns.map((_, v) => v);
  return wanted.split(',').map((name) => {
    const at = columns.indexOf(name.trim());
    if (at < 0) {
      throw new OptionError(
        `forecast: option "targets" must be "all" or columns of value, got ${show(name)}${adviceFor(name, columns)}`,
      );
    }
    return at;
  });
}

/** One variable's first `steps` numbers. */
export const column = ({ values, variables }: TimeSeries, v: number, steps: number): Float64Array =>
  Float64Array.from({ length: steps }, (_, t) => values[t * variables + v] as number);

/** Four seasons, or 28 steps; not more than a third of what there is to learn from, unless a season needs it. */
export function defaultWindow(season: number, steps: number, horizon: number): number {
  const wanted = season > 1 ? Math.max(season, Math.min(4 * season, 336)) : 28;
  return Math.max(season, Math.min(wanted, Math.floor((steps - horizon) / 3)));
}

/** Whether the last fifth lies elsewhere than the rest, by more than the whole varies: a net would have to guess beyond what it saw. */
export function drifts(values: Float64Array): boolean {
  if (values.length < 20) return false;
  const cut = Math.floor(values.length * 0.8);
  const mean = (part: Float64Array): number => part.reduce((sum, x) => sum + x / part.length, 0);
  const all = mean(values);
  const deviation = Math.sqrt(mean(values.map((x) => (x - all) ** 2)));
  return Math.abs(mean(values.subarray(cut)) - mean(values.subarray(0, cut))) > 1.25 * deviation;
}

/**
 * Where differences are learnt, the size of the plain forecast's errors is 1: they are small beside the level. 1.25 is about
 * the ratio of standard deviation to mean absolute error.
 */
export function rescaled(
  scaler: ScalerJson,
  series: TimeSeries,
  targets: readonly number[],
  season: number,
  horizon: number,
  steps: number,
): ScalerJson {
  const scale = scaler.scale.map((usual, v) => {
    const error = targets.includes(v) ? 1.25 * naiveError(column(series, v, steps), season, horizon) : 0;
    return error > 0 && Number.isFinite(error) ? error : usual;
  });
  return Scaler.fromJSON({ ...scaler, scale }).toJSON();
}
