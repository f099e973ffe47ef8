// The forecast example in small: the data, the linear baseline, one short training on a part of the births, the picture.
import * as u from 'unrolled';
import { forecast } from 'unrolled/tasks';
import { beforeAll, describe, expect, it } from 'vitest';
import { dateOf, loadSet, NAMES } from '../../examples/forecast/data.mjs';
import { linearAutoregression } from '../../examples/forecast/linear.mjs';
import { draw, forecastPlot, surprises } from '../../examples/forecast/plot.mjs';

const sets = new Map<string, Awaited<ReturnType<typeof loadSet>>>();

beforeAll(async () => {
  await u.ready({ threads: 1 });
  for (const name of NAMES) sets.set(name, await loadSet(name, () => {}));
});
const set = (name: string) => sets.get(name) as Awaited<ReturnType<typeof loadSet>>;

describe('the series', () => {
  it('are days in a row, as many as there should be', () => {
    for (const [name, days, first, last] of [
      ['births', 5479, '2000-01-01', '2014-12-31'],
      ['seattle', 1461, '2012-01-01', '2015-12-31'],
    ] as const) {
      const { records } = set(name);
      expect([records.length, dateOf(set(name), records[0]), dateOf(set(name), records.at(-1))]).toEqual([
        days,
        first,
        last,
      ]);
    }
  });

  it('are forecast better by a line than by the plain forecast', () => {
    expect(linearAutoregression(set('births'), { window: 28, share: 0.2 }).mae).toBeLessThan(448);
    expect(linearAutoregression(set('seattle'), { window: 28, share: 0.2 }).mae).toBeLessThan(2.36);
  });
});

it('three epochs on three years of births beat the same day last week, and the picture shows it', async () => {
  const births = set('births');
  const records = births.records.slice(-1200);
  const task = await forecast(records, {
    value: births.value,
    time: births.time,
    cell: 'gru',
    test: 0.2,
    epochs: 5,
    lr: 0.01,
  });
  const { mae, naiveMae, coverage } = task.report.test as Record<string, number>;
  expect(mae).toBeLessThan(0.95 * (naiveMae as number));
  expect(coverage).toBeGreaterThan(0.6);

  const days = Array.from({ length: 30 }, (_, k) => records.length - 30 + k);
  const answers = await task.predict(days.map((t) => records.slice(t - 28, t)));
  const shown = days.map((t, k) => {
    const [step] = answers[k] ?? [];
    if (!step) throw new Error('no answer');
    expect(step.time).toBe(dateOf(births, records[t]));
    const numbers = { actual: Number(records[t]?.births), naive: Number(records[t - 7]?.births) };
    return { date: step.time, ...numbers, value: step.value, low: step.low, high: step.high };
  });
  expect(surprises(shown, 3).map((day: { date: string }) => day.date)).toContain('2014-12-25');
  const spec = forecastPlot(births, shown, { cell: 'GRU', coverage: 0.7, stated: 0.8, shown: 30 });
  const { svg, html } = await draw([spec]);
  expect(svg[0]).toMatch(/^<svg/);
  expect(html).toContain('it holds 70.0 %');
});
