// `forecast`: the next steps of a numeric series, of one or many variables, with prediction intervals.
import { informativeParts } from '../../data/series/calendar.js';
import { coverageOf, forecastErrors } from '../../data/series/intervals.js';
import { readSeries, type SeriesRow } from '../../data/series/read.js';
import { StandardScaler } from '../../data/series/scalers.js';
import { guessSeason, naiveError } from '../../data/series/season.js';
import { showStep, showTime } from '../../data/series/time.js';
import { DataError } from '../../errors.js';
import { quantileLoss } from '../../losses/index.js';
import { is } from '../../options.js';
import { WeightAverage } from '../../train/weight-average.js';
import type { TaskDefinition } from '../definition.js';
import { continued, type ForecastStep, type Measured, marginsOf, measure, quantilesOf } from './answers.js';
import { Forecaster } from './model.js';
import { type ForecastPrep, forecastBatches, type Part } from './series.js';
import { column, defaultWindow, drifts, rescaled, seriesOf, tableOf, targetsOf } from './setup.js';

export type { ForecastStep } from './answers.js';

/** What predict takes: the history up to now, as records with the columns of the training file; or numbers, where one column without times was learnt. */
export type ForecastInput = readonly (Readonly<Record<string, unknown>> | number)[];

export const forecastTask: TaskDefinition<Part, ForecastPrep, ForecastInput, readonly ForecastStep[]> = {
  name: 'forecast',
  summary: 'the next steps of a numeric series, with intervals',
  inputs: ['table'],
  columns: [
    {
      option: 'value',
      guesses: [
        'value',
        'values',
        'y',
        'target',
        'count',
        'sales',
        'demand',
        'load',
        'price',
        'close',
        'births',
        'temp_max',
        'temperature',
        'temp',
      ],
      several: true,
      help: 'numbers; the first is predicted, all are read',
    },
    {
      option: 'time',
      guesses: ['time', 'date', 'datetime', 'timestamp', 'ds', 'day', 'month', 'year'],
      several: true,
      optional: true,
      help: 'a time, or year, month, day, hour in columns of their own',
    },
    { option: 'known', guesses: [], several: true, optional: true, help: 'numbers that are known of the future, too' },
  ],
  options: {
    horizon: { rule: is.integer(1, 100_000), type: 'number', default: 1, help: 'steps to predict' },
    window: { rule: is.integer(1), type: 'number', help: 'steps to look back on; default: four seasons, or 28' },
    targets: {
      rule: is.string,
      type: 'string',
      help: 'what is predicted: columns of --value, or "all"; default: the first',
    },
    gaps: {
      rule: is.oneOf('refuse', 'interpolate', 'drop'),
      type: 'string',
      default: 'refuse',
      help: 'missing rows and cells that are no numbers: refuse, interpolate or drop',
    },
    coverage: {
      rule: is.between(0, 1),
      type: 'number',
      default: 0.8,
      help: 'share of values that intervals should hold',
    },
    season: {
      rule: is.integer(1),
      type: 'number',
      help: 'steps after which the series repeats itself; default: guessed',
    },
    residual: {
      rule: is.oneOf('auto', 'yes', 'no'),
      type: 'string',
      default: 'auto',
      help: 'predict the difference from the plain forecast; auto: where the level drifts',
    },
  },
  split: 'last',

  read(data, { settings, say }) {
    const series = seriesOf(data, settings);
    for (const note of series.notes) say(`${series.name}: ${note}`);
    const [from, to] = [
      showTime(series.times[0] as number, series.step),
      showTime(series.times[series.length - 1] as number, series.step),
    ];
    say(
      `${series.name}: ${series.length} ${series.length === 1 ? 'step' : 'steps'} of ${showStep(series.step)}, from ${from} to ${to}`,
    );
    return [{ series, from: 0, to: series.length }];
  },
  amount: (parts) => ({ count: parts.reduce((sum, { from, to }) => sum + to - from, 0), unit: 'row' }),
  cut: (parts, share) => {
    const { series, from, to } = parts.at(-1) as Part;
    const middle = to - Math.round((to - from) * share);
    return [[...parts.slice(0, -1), { series, from, to: middle }], [{ series, from: middle, to }]];
  },

  prepare([part], { settings, say }) {
    const { series, to } = part as Part;
    const horizon = settings.horizon as number;
    const targets = targetsOf(series, settings.targets as string | null);
    // Nothing behind `to` is looked at: it belongs to the other parts.
    const first = column(series, targets[0] as number, to);
    const guessed = guessSeason(first);
    const season = (settings.season as number | null) ?? guessed;
    const window = (settings.window as number | null) ?? defaultWindow(season, to, horizon);
    if (to < window + horizon) {
      throw new DataError(
        `forecast: a window of ${window} and a horizon of ${horizon} need at least ${window + horizon} steps to learn from, ` +
          `but ${series.name} has ${to}; choose a shorter --window or --horizon, or give more rows`,
      );
    }
    if (season > window) {
      throw new DataError(
        `forecast: the window must hold a season of ${season} steps, got ${window}; raise --window or lower --season`,
      );
    }
    const plain = naiveError(first, season, horizon) < naiveError(first, 1, horizon) ? season : 1;
    const residual = settings.residual === 'yes' || (settings.residual === 'auto' && drifts(first));
    const scaler = StandardScaler.fit(series, { to }).toJSON();
    const parts =
      series.step.unit === 'index' ? [] : informativeParts(series.times.subarray(0, to), first, series.step);
    const name = series.columns[targets[0] as number];
    say(
      `${name}: ${season > 1 ? `repeats itself after ${season} steps` : 'no season found'}; window ${window}; beside it the plain ` +
        `forecast ${plain > 1 ? `"as ${plain} steps before"` : '"as the last"'}` +
        `${parts.length > 0 ? `; calendar: ${parts.join(', ')}` : ''}${residual ? '; differences from the plain forecast are learnt' : ''}`,
    );
    for (const v of targets) {
      const values = column(series, v, to);
      if (values.every((x) => x === values[0]))
        say(`${series.columns[v]} is ${values[0]} throughout: there is nothing to learn in it`);
    }
    return {
      columns: series.columns,
      known: series.knownColumns,
      time: series.timeColumns,
      step: series.step,
      targets,
      scaler: residual ? rescaled(scaler, series, targets, plain, horizon, to) : scaler,
      knownScaler:
        series.knownColumns.length === 0
          ? null
          : StandardScaler.fit({ values: series.known, variables: series.knownColumns.length }, { to }).toJSON(),
      calendar: parts,
      window,
      season: plain,
      residual,
      margin: targets.map(() => new Array<number>(horizon).fill(0)),
    };
  },
  defaults: () => ({ hidden: 32, dropout: 0.1, lr: 0.003, epochs: 60, patience: 15, batch: 32 }),
  build: (prep, settings) => new Forecaster(prep, settings, settings.horizon as number, 3),

  batches: (parts, prep, { settings, training }) =>
    forecastBatches(
      parts,
      prep,
      settings.horizon as number,
      training ? settings.batch : Math.max(256, settings.batch),
      training,
    ),
  learning: (model, _prep, settings) => ({
    // The weights of single updates jump about; on a small validation part a lucky one among them would be kept.
    callbacks: new WeightAverage(model, { decay: 0.99 }),
    loss: (output, y) => quantileLoss(output, y, { quantiles: quantilesOf(settings) }),
    forward: (model: Forecaster, batch) => model.forward(batch as never),
  }),

  calibrate(model, parts, prep, settings) {
    const measured = parts.map((part) => measure(model as Forecaster, part, prep, settings));
    return { ...prep, margin: marginsOf(measured, prep, settings) };
  },
  evaluate(model, parts, prep, settings) {
    const measured = parts.map((part) => measure(model as Forecaster, part, prep, settings));
    const joined = (what: keyof Measured, n?: number): number[] =>
      measured.flatMap((part) => (n === undefined ? part[what].flat() : (part[what][n] as number[])));
    const { mae, rmse, mape, zeros } = forecastErrors(joined('value'), joined('actual'));
    const naive = forecastErrors(joined('naive'), joined('actual'));
    const each = prep.targets.map((v, n) => [
      `mae_${prep.columns[v]}`,
      forecastErrors(joined('value', n), joined('actual', n)).mae,
    ]);
    return {
      mae,
      rmse,
      mape,
      naiveMae: naive.mae,
      naiveMape: naive.mape,
      coverage: coverageOf(joined('low'), joined('high'), joined('actual')),
      // Values of 0, which have no relative error.
      ...(zeros > 0 && { mapeLeftOut: zeros }),
      ...(prep.targets.length > 1 && Object.fromEntries(each)),
    };
  },

  predict: (model, inputs, prep, settings) =>
    inputs.map((input, k) => {
      const name = `forecast: history ${k + 1}`;
      const rows = input.map((row, line): SeriesRow => {
        const fields = typeof row === 'number' ? { [prep.columns[0] as string]: row } : row;
        return { line: line + 1, fields };
      });
      return continued(
        model as Forecaster,
        readSeries(rows, {
          name,
          value: prep.columns,
          known: prep.known,
          time: prep.time,
          gaps: settings.gaps as 'refuse' | 'interpolate' | 'drop',
        }),
        prep,
        settings,
      );
    }),
  columnsOf: ({ columns, known, time }) => ({
    value: columns,
    ...(known.length > 0 && { known }),
    ...(time.length > 0 && { time }),
  }),
  inputsOf(data, prep) {
    const { rows, ...given } = tableOf(data);
    // Columns may have other names here: their order says which is which.
    const wanted = { value: prep.columns, known: prep.known, time: prep.time };
    for (const option of ['value', 'known', 'time'] as const) {
      if (given[option].length === wanted[option].length) continue;
      throw new DataError(
        `forecast: ${data.name} must have the columns that were learnt from, --${option} ${wanted[option].join() || '(none)'}, ` +
          `got ${given[option].join() || 'none'}`,
      );
    }
    const rename = (fields: Readonly<Record<string, unknown>>) =>
      Object.fromEntries(
        (['value', 'known', 'time'] as const).flatMap((option) =>
          given[option].map((name, k) => [wanted[option][k] as string, fields[name]]),
        ),
      );
    return [rows.map(({ fields }) => rename(fields))];
  },
};
