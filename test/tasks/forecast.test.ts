// `forecast`, by its definition: what it makes of a series, that no part learns of another, what it predicts, what it refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coverageOf, guessSeason, seasonalNaive } from '../../src/data/series/index.js';
import * as u from '../../src/node.js';
import type { RawData, Settings } from '../../src/tasks/definition.js';
import { marginsOf, measure } from '../../src/tasks/forecast/answers.js';
import { type ForecastInput, forecastTask as task } from '../../src/tasks/forecast/index.js';
import type { Forecaster } from '../../src/tasks/forecast/model.js';
import { type ForecastPrep, forecastBatches, type Part } from '../../src/tasks/forecast/series.js';
import { forecast, loadTask } from '../../src/tasks/index.js';
import { seeded } from '../helpers/random.js';

type Records = Readonly<Record<string, unknown>>[];

/** As the framework hands them over: cells of the chosen columns by option. */
function raw(records: Records, columns: Record<string, string | string[]>, name = 'a.csv'): RawData {
  const rows = records.map((record, k) => ({
    line: k + 2,
    fields: Object.fromEntries(
      Object.entries(columns).map(([option, names]) => [
        option,
        Array.isArray(names) ? names.map((one) => record[one]) : record[names],
      ]),
    ),
  }));
  return { kind: 'rows', name, rows, columns, base: '' };
}

function settings(given: Record<string, unknown> = {}): Settings {
  const own = Object.fromEntries(Object.entries(task.options).map(([name, option]) => [name, option.default ?? null]));
  const common = {
    cell: 'lstm',
    hidden: 12,
    layers: 1,
    bidirectional: false,
    dropout: 0,
    epochs: 6,
    batch: 32,
    lr: 0.01,
  };
  return { ...own, ...common, clip: 1, patience: 8, seed: 1, embedding: 1, ...given } as unknown as Settings;
}

const day = (k: number): string => new Date(Date.UTC(2015, 0, 1 + k)).toISOString().slice(0, 10);
/** Days with a week and a slow wave in them, and another column that goes with neither. */
function days(n: number, noise = 0.5): Records {
  const random = seeded(3);
  return Array.from({ length: n }, (_, k) => ({
    date: day(k),
    y: 100 + 5 * Math.sin(k / 40) + ([0, 1, 2, 2, 3, -6, -8][k % 7] as number) + noise * (random() - 0.5),
    other: random(),
  }));
}
const columns = { value: ['y', 'other'], time: ['date'] };

interface Trained {
  readonly parts: { readonly train: Part[]; readonly valid: Part[]; readonly test: Part[] };
  readonly prep: ForecastPrep;
  readonly model: Forecaster;
  readonly settings: Settings;
  readonly said: string[];
}

async function prepared(records: Records, named: Record<string, string[]>, given: Record<string, unknown>) {
  const said: string[] = [];
  const context = { settings: settings(given), say: (line: string) => void said.push(line) };
  const all = await task.read(raw(records, named), context);
  const [rest, test] = (task.cut as NonNullable<typeof task.cut>)(all, 0.2);
  const [train, valid] = (task.cut as NonNullable<typeof task.cut>)(rest, 0.1);
  const prep = await task.prepare(train, context);
  return { parts: { train: [...train], valid: [...valid], test: [...test] }, prep, settings: context.settings, said };
}

async function trained(
  records: Records,
  named: Record<string, string[]>,
  given: Record<string, unknown> = {},
): Promise<Trained> {
  const before = await prepared(records, named, given);
  u.seed(1);
  const model = task.build(before.prep, before.settings) as Forecaster;
  const learning = task.learning(model, before.prep, before.settings);
  const data = (parts: Part[], training: boolean) => () =>
    task.batches(parts, before.prep, { settings: before.settings, training });
  await u.fit(model, data(before.parts.train, true), {
    ...learning,
    optimizer: new u.Adam(model.parameters(), { lr: before.settings.lr }),
    epochs: before.settings.epochs,
    clipNorm: 1,
    validation: data(before.parts.valid, false),
    earlyStopping: { patience: 8 },
  });
  model.eval();
  return { ...before, model };
}

beforeAll(async () => {
  await u.ready({ threads: 1 });
});

describe('a season that drowns in nothing', () => {
  let run: Trained;
  beforeAll(async () => {
    run = await trained(days(700), columns, { horizon: 3, epochs: 25 });
  });

  it('is found, with the calendar, and said aloud', () => {
    expect(run.prep).toMatchObject({ season: 7, window: 28, calendar: ['weekday'], residual: false, targets: [0] });
    expect(run.said.join('\n')).toMatch(/a\.csv: 700 steps of 1 day, from 2015-01-01 to 2016-11-30/);
    expect(run.said.join('\n')).toMatch(
      /y: repeats itself after 7 steps; window 28.*"as 7 steps before".*calendar: weekday/,
    );
  });

  it('is forecast better than as a week before, with intervals that hold about what they state', async () => {
    const figures = await task.evaluate(run.model, run.parts.test, run.prep, run.settings);
    expect(figures.mae).toBeLessThan(0.9 * (figures.naiveMae as number));
    expect(figures.rmse).toBeGreaterThanOrEqual(figures.mae as number);
    expect(figures.mape).toBeCloseTo((figures.mae as number) / 100, 2);
    expect(Math.abs((figures.coverage as number) - 0.8)).toBeLessThan(0.2);
    expect(figures.mapeLeftOut).toBeUndefined();
  });

  it('its figures are those of forecasts made one window at a time, from the past alone', async () => {
    const [part] = run.parts.test as [Part];
    const { series, from, to } = part;
    const all = measure(run.model, part, run.prep, run.settings);
    const numbers = Array.from({ length: series.length }, (_, t) => ({
      date: day(t),
      y: series.values[2 * t],
      other: series.values[2 * t + 1],
    }));
    for (const origin of [from, from + 11, to - 3]) {
      const at = (origin - from) * 3;
      const [answer] = await task.predict(run.model, [numbers.slice(0, origin)], run.prep, run.settings);
      for (const [k, step] of (answer ?? []).entries()) {
        expect(step.time).toBe(day(origin + k));
        expect(step.target).toBe('y');
        expect(step.value).toBeCloseTo(all.value[0]?.[at + k] as number, 3);
        expect([step.low <= step.value, step.value <= step.high]).toEqual([true, true]);
        expect(all.actual[0]?.[at + k]).toBe(numbers[origin + k]?.y);
      }
      const past = numbers.slice(0, origin).map(({ y }) => y as number);
      expect(all.naive[0]?.slice(at, at + 3)).toEqual([...seasonalNaive(past, 3, 7)]);
    }
    expect(all.value[0]?.length).toBe(3 * (to - from - 2));
    expect(coverageOf(all.low[0] ?? [], all.high[0] ?? [], all.actual[0] ?? [])).toBeGreaterThan(0.5);
  });

  it('continues a history, and says what it cannot continue', async () => {
    const predict = async (history: ForecastInput) => task.predict(run.model, [history], run.prep, run.settings);
    const history = days(40);
    const [steps] = await predict(history);
    expect(steps?.map(({ time }) => time)).toEqual([day(40), day(41), day(42)]);
    await expect(async () => predict(days(27))).rejects.toThrow(/looks back on 28 steps, but there are 27/);
    const hourly = history.map((row, k) => ({ ...row, date: new Date(k * 3_600_000) }));
    await expect(async () => predict(hourly)).rejects.toThrow(
      /trained on steps of 1 day, but these rows are 1 hour apart/,
    );
    await expect(async () => predict(history.map(({ date, y }) => ({ date, y })))).rejects.toThrow(/no column "other"/);
    await expect(async () => predict([...history, { date: day(40), y: 'x', other: 1 }])).rejects.toThrow(
      /line 41, column "y"/,
    );
  });

  it('widens intervals by the margins it was given, each step by its own', () => {
    const { model, parts, prep, settings } = run;
    const of = (margin: number[]): ReturnType<typeof measure> =>
      measure(model, parts.valid[0] as Part, { ...prep, margin: [margin] }, settings);
    const [plain, wide] = [of([0, 0, 0]), of([1, 2, 3])];
    for (const at of [0, 1, 2, 30, 31, 32]) {
      const by = 1 + (at % 3);
      expect(wide.value[0]?.[at]).toBe(plain.value[0]?.[at]);
      expect(wide.low[0]?.[at]).toBeCloseTo((plain.low[0]?.[at] as number) - by, 9);
      expect(wide.high[0]?.[at]).toBeCloseTo((plain.high[0]?.[at] as number) + by, 9);
    }
    expect(task.calibrate?.(model, parts.valid, prep, { ...settings, coverage: 0.01 }).margin).toEqual([[0, 0, 0]]);
  });

  it('finds the margins with which intervals hold the stated share, each step its own; none where they do already', () => {
    const random = seeded(4);
    const n = 200;
    // Two steps ahead: intervals of +-1; errors up to 2 at the first, up to 0.5 at the second.
    const actual = Array.from({ length: 2 * n }, (_, at) => (random() - 0.5) * (at % 2 === 0 ? 4 : 1));
    const measured = (count: number) => {
      const cut = [actual.slice(0, count)];
      const all = (by: number) => [cut[0]?.map(() => by) as number[]];
      return [{ value: all(0), low: all(-1), high: all(1), actual: cut, naive: cut }];
    };
    const given = settings({ horizon: 2, coverage: 0.9 });
    const [[first, second] = []] = marginsOf(measured(2 * n), run.prep, given) as [number[]];
    const held = (by: number) => actual.filter((v, at) => at % 2 === 0 && Math.abs(v) <= 1 + by).length;
    expect(second).toBe(0);
    expect(held(first as number)).toBe(Math.ceil((n + 1) * 0.9));
    expect(marginsOf(measured(80), run.prep, given)).toEqual([[0, 0]]);
  });

  it('takes a file as one history', async () => {
    const inputs = await task.inputsOf(raw(days(30), columns), run.prep, run.settings);
    expect(inputs.length).toBe(1);
    expect((await task.predict(run.model, inputs, run.prep, run.settings))[0]?.length).toBe(3);
  });
});

describe('parts of a series', () => {
  const spoiled = (from: number): Records =>
    days(300).map((row, k) => (k < from ? row : { ...row, y: 1e6 * (k % 2), other: -1e6 }));

  it('before a cut learn nothing of what lies behind it: the same figures and the same batches, whatever stands there', async () => {
    const of = async (records: Records, given = {}) => {
      const { prep, parts } = await prepared(records, columns, { horizon: 2, ...given });
      u.seed(5);
      const list = [...forecastBatches(parts.train, prep, 2, 32, true)];
      return {
        prep,
        end: (parts.train[0] as Part).to,
        numbers: list.map(({ x, y, base }) => [x, y, base].map((t) => t?.toArray())),
      };
    };
    for (const residual of ['no', 'yes']) {
      const clean = await of(days(300), { residual });
      expect(clean.end).toBe(216);
      const other = await of(spoiled(216), { residual });
      expect(other.prep).toEqual(clean.prep);
      expect(other.numbers).toEqual(clean.numbers);
      // It is not that nothing matters: one step earlier does.
      const leaking = await of(spoiled(215), { residual });
      expect(leaking.prep).not.toEqual(clean.prep);
    }
  });

  it('follow each other without a gap, and look back before their beginning', async () => {
    const { parts, prep } = await prepared(days(300), columns, {});
    const {
      train: [train],
      valid: [valid],
      test: [test],
    } = parts as unknown as Record<'train' | 'valid' | 'test', [Part]>;
    expect([train?.from, train?.to, valid?.from, valid?.to, test?.from, test?.to]).toEqual([
      0, 216, 216, 240, 240, 300,
    ]);
    const sizes = [train, valid, test].map((part) =>
      [...forecastBatches([part as Part], prep, 1, 1000, false)].map(({ size }) => size),
    );
    expect(sizes).toEqual([[216 - 28], [24], [60]]);
  });
});

describe('a batch', () => {
  it('holds the scaled values of each window, what is known of the step behind each, and what followed', async () => {
    for (const residual of ['no', 'yes']) {
      const { parts, prep } = await prepared(
        days(300),
        { ...columns, known: ['other'] },
        { horizon: 9, window: 9, residual },
      );
      expect(prep).toMatchObject({ calendar: ['weekday'], residual: residual === 'yes', season: 7 });
      const [part] = parts.valid as [Part];
      const [batch] = [...forecastBatches([part], prep, 9, 1000, false)];
      if (!batch) throw new Error('no batch');
      const [W, V, F] = [9, 2, 8];
      const records = days(300);
      const scaled = (t: number, v: number): number =>
        (((records[t] as never)[v === 0 ? 'y' : 'other'] as number) - (prep.scaler.center[v] as number)) /
        (prep.scaler.scale[v] as number);
      const features = (t: number): number[] => {
        const hot = Array.from({ length: 7 }, (_, d) => (d === (new Date(day(t)).getUTCDay() + 6) % 7 ? 1 : 0));
        const { center, scale } = prep.knownScaler as { center: readonly number[]; scale: readonly number[] };
        return [
          ...hot,
          (((records[t] as Record<string, unknown>).other as number) - (center[0] as number)) / (scale[0] as number),
        ];
      };
      const [x, y, future] = [batch.x.toArray(), batch.y.toArray(), batch.future?.toArray() ?? []];
      expect(batch.size).toBe(16);
      expect(batch.x.shape).toEqual([W, 16, V + F]);
      for (const b of [0, 5, 15]) {
        const origin = part.from + b;
        const level = residual === 'yes' ? scaled(origin - 1, 0) : 0;
        for (let t = 0; t < W; t++) {
          const want = [scaled(origin - W + t, 0) - level, scaled(origin - W + t, 1), ...features(origin - W + t + 1)];
          const got = x.slice((t * 16 + b) * (V + F), (t * 16 + b + 1) * (V + F));
          for (const [k, number] of want.entries()) expect(got[k]).toBeCloseTo(number, 4);
        }
        for (const k of [0, 1, 8]) {
          expect(y[b * 9 + k]).toBeCloseTo(scaled(origin + k, 0) - level, 4);
          if (batch.base)
            expect(batch.base.toArray()[b * 9 + k]).toBeCloseTo(scaled(origin + (k % 7) - 7, 0) - level, 4);
          for (const [f, number] of features(origin + k).entries()) {
            expect(future[(b * 9 + k) * F + f]).toBeCloseTo(number, 4);
          }
        }
      }
    }
  });
});

describe('forecast', () => {
  it('learns differences where the level drifts, beyond all it has seen', async () => {
    const trend = Array.from({ length: 400 }, (_, k) => ({ y: 3 * k + 20 * Math.sin((2 * Math.PI * k) / 12) }));
    const run = await trained(trend, { value: ['y'] }, { horizon: 2, epochs: 30 });
    expect(run.prep).toMatchObject({ residual: true, calendar: [], window: 48 });
    const figures = await task.evaluate(run.model, run.parts.test, run.prep, run.settings);
    expect(figures.mae).toBeLessThan(0.5 * (figures.naiveMae as number));
    const [steps] = await task.predict(run.model, [trend.map(({ y }) => y)], run.prep, run.settings);
    expect(steps?.map(({ time }) => time)).toEqual(['400', '401']);
    expect(Math.abs((steps?.[0]?.value ?? 0) - 1200)).toBeLessThan(60);
  });

  it('reads what is known of the future', async () => {
    const random = seeded(9);
    const sale = Array.from({ length: 500 }, () => (random() < 0.2 ? 1 : 0));
    const records: Records = sale.map((on, k) => ({ t: day(k), sold: 10 + 30 * on + random(), sale: on }));
    const run = await trained(records, { value: ['sold'], time: ['t'], known: ['sale'] });
    const figures = await task.evaluate(run.model, run.parts.test, run.prep, run.settings);
    expect(figures.mae).toBeLessThan(2);
    const future = [{ t: day(500), sold: '', sale: 1 }];
    const [with1] = await task.predict(run.model, [[...records, ...future]], run.prep, run.settings);
    expect(Math.abs((with1?.[0]?.value as number) - 40.5)).toBeLessThan(4);
    await expect(async () => task.predict(run.model, [records], run.prep, run.settings)).rejects.toThrow(
      /to predict 1 steps, sale must be known for as many rows behind the last value, but there are 0/,
    );
  });

  it('predicts several variables at once, and says how well each', async () => {
    const run = await trained(days(300), columns, { targets: 'all', bidirectional: true, cell: 'gru', layers: 2 });
    const figures = await task.evaluate(run.model, run.parts.test, run.prep, run.settings);
    expect(Object.keys(figures)).toEqual(expect.arrayContaining(['mae_y', 'mae_other']));
    expect(figures.mae).toBeCloseTo(((figures.mae_y as number) + (figures.mae_other as number)) / 2, 9);
    const [steps] = await task.predict(run.model, [days(300)], run.prep, run.settings);
    expect(steps?.map(({ target }) => target)).toEqual(['y', 'other']);
    await expect(prepared(days(300), columns, { targets: 'z' })).rejects.toThrow(/"all" or columns of value, got "z"/);
  });

  it('counts the zeros that a relative error cannot have', async () => {
    const run = await trained(
      days(200).map((row, k) => ({ ...row, y: k % 5 === 0 ? 0 : k % 5 })),
      columns,
      { epochs: 1 },
    );
    const figures = await task.evaluate(run.model, run.parts.test, run.prep, run.settings);
    expect(figures.mapeLeftOut).toBe(8);
    expect(figures.mape).toBeGreaterThan(0);
  });

  it('gives a constant back, and says that there is nothing to learn', async () => {
    const run = await trained(
      days(120).map((row) => ({ ...row, y: 7 })),
      columns,
      { epochs: 3 },
    );
    expect(run.said.join('\n')).toMatch(/y is 7 throughout/);
    const [steps] = await task.predict(run.model, [days(60).map((row) => ({ ...row, y: 7 }))], run.prep, run.settings);
    expect(Math.abs((steps?.[0]?.value as number) - 7)).toBeLessThan(1);
    expect(guessSeason(new Float64Array(50).fill(7))).toBe(1);
  });

  it.each([
    ['one row', days(1), {}, /need at least \d+ steps to learn from, but a\.csv has/],
    ['few rows', days(12), { window: 28 }, /window of 28 and a horizon of 1 need at least 29 steps/],
    ['a long horizon', days(60), { horizon: 50 }, /horizon of 50 need at least/],
    ['a window below the season', days(200), { window: 3, season: 7 }, /must hold a season of 7 steps, got 3/],
    [
      'NaN',
      [...days(50), { date: day(50), y: Number.NaN, other: 1 }],
      {},
      /line 52, column "y": a number is needed, got NaN/,
    ],
    ['a gap', [...days(50), { date: day(52), y: 1, other: 1 }], {}, /\(2 missing\).*--gaps interpolate/],
  ])('refuses %s', async (_, records, given, message) => {
    await expect(prepared(records, columns, given)).rejects.toThrow(message);
    await expect(prepared(records, columns, given)).rejects.toThrow(u.DataError);
  });

  it('says what gaps were filled', async () => {
    const { said, parts } = await prepared([...days(100), { date: day(102), y: 1, other: 1 }], columns, {
      gaps: 'interpolate',
    });
    expect(said.join('\n')).toMatch(/a\.csv: filled 4 of 206 cells by interpolation/);
    expect((parts.test[0] as Part).to).toBe(103);
  });

  it('refuses a part without room for the horizon', async () => {
    const { parts, prep } = await prepared(days(300), columns, { horizon: 30 });
    expect(() => [...forecastBatches(parts.valid, prep, 30, 32, false)]).toThrow(/24 steps.*horizon of 30/);
  });
});

describe('a trained forecast', () => {
  const options = { value: ['y', 'other'], time: 'date', hidden: 8, epochs: 3, horizon: 2, test: 0.2 };

  it('is the same when saved and loaded: answers, figures, the columns it knows', async () => {
    const task = await forecast(days(200), options);
    expect(Object.keys(task.report.test ?? {})).toEqual(
      expect.arrayContaining(['mae', 'rmse', 'mape', 'naiveMae', 'naiveMape', 'coverage']),
    );
    expect((task.prep as unknown as ForecastPrep).margin.length).toBe(1);
    const again = await loadTask(task.files());
    expect(again.prep).toEqual(task.prep);
    const rows = days(240);
    const answers = await task.predict([rows]);
    expect(answers[0]?.map(({ time }) => time)).toEqual([day(240), day(241)]);
    expect(await again.predict([rows])).toEqual(answers);
    expect(await again.predictRows(rows)).toEqual(answers);
    const renamed = rows.map(({ date, y, other }) => ({ when: date, a: y, b: other }));
    expect(await again.predictRows(renamed, { columns: { value: ['a', 'b'], time: 'when' } })).toEqual(answers);
    expect((await again.evaluate(rows)).mae).toBeGreaterThan(0);
    await expect(again.predictRows(renamed)).rejects.toThrow(/no column "y"/);
    await expect(again.predictRows(rows, { columns: { value: 'y' } })).rejects.toThrow(/--value y,other, got y/);
  });

  it('of numbers without times goes on from lines', async () => {
    const task = await forecast(
      days(200).map(({ y }) => ({ y })),
      { hidden: 8, epochs: 2 },
    );
    const numbers = days(100).map(({ y }) => y as number);
    const [steps] = await task.predict([numbers]);
    expect(steps?.map(({ time, target }) => [time, target])).toEqual([['100', 'y']]);
    expect((await task.predictLines(numbers.map(String)))[0]).toEqual(steps);
    await expect(task.predictLines(['1', 'two', '3'])).rejects.toThrow(
      /line 2, column "y": a number is needed, got "two"/,
    );
  });
});

afterAll(() => u.ready());
