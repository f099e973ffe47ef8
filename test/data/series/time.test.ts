// Times, calendars and seasons.
import { describe, expect, it } from 'vitest';
import {
  addSteps,
  autocorrelation,
  calendar,
  guessSeason,
  inferStep,
  naiveError,
  parseTime,
  seasonalNaive,
  showStep,
  showTime,
  stepsBetween,
} from '../../../src/data/series/index.js';
import { DataError, OptionError } from '../../../src/errors.js';
import { seeded } from '../../helpers/random.js';

const DAY = 86_400_000;

describe('times', () => {
  it('are read as ISO dates, years, seconds and milliseconds, all in UTC', () => {
    const at = Date.UTC(2014, 2, 2);
    for (const cell of [
      '2014-03-02',
      ' 2014-3-2',
      '2014/03/02',
      '2014-03-02T00:00Z',
      '2014-03-02 01:00:00+01:00',
      at,
      String(at),
      at / 1000,
      new Date(at),
    ])
      expect(parseTime(cell, 'x'), String(cell)).toBe(at);
    expect(parseTime('2014-03-02T10:20:30.5', 'x')).toBe(at + ((10 * 60 + 20) * 60 + 30.5) * 1000);
    expect(parseTime('2014-03-01T20:00-0400', 'x')).toBe(at);
    expect([parseTime('2014', 'x'), parseTime(2014, 'x'), parseTime('2014-05', 'x')]).toEqual([
      Date.UTC(2014, 0),
      Date.UTC(2014, 0),
      Date.UTC(2014, 4),
    ]);
  });

  it('that are none, or could be two, are refused with the place', () => {
    for (const cell of ['', 'yesterday', null, undefined, {}, '2014-13-01', '2014-02-30', '2014-01-01T25:00'])
      expect(() => parseTime(cell, 'a.csv, line 3'), String(cell)).toThrow(/^a\.csv, line 3: /);
    expect(() => parseTime('03/04/2014', 'x')).toThrow(/whether the day or the month comes first/);
    expect(() => parseTime('31.12.2014', 'x')).toThrow(DataError);
  });

  const months = (day: number, n = 30): number[] => Array.from({ length: n }, (_, k) => Date.UTC(2012, k, day));
  const ends = Array.from({ length: 30 }, (_, k) => Date.UTC(2012, k + 1, 0));

  it.each([
    ['1 day', [0, DAY, 2 * DAY, 5 * DAY]],
    ['1 hour', [0, 1, 2, 3].map((h) => h * 3_600_000)],
    ['15 minutes', [0, 1, 2, 3].map((q) => q * 900_000)],
    ['1 month', months(1)],
    ['1 month', months(15)],
    ['1 month', ends],
    ['3 months', months(1).filter((_, k) => k % 3 === 0)],
    ['1 year', [2001, 2002, 2003].map((y) => Date.UTC(y, 0))],
    ['7 days', [0, 7, 14].map((d) => Date.UTC(2014, 0, 1 + d))],
    ['20 milliseconds', [0, 20, 40]],
  ])('%s apart are found to be', (shown, times) => {
    const step = inferStep(times);
    expect(showStep(step)).toBe(shown);
    times.slice(1).forEach((time, k) => {
      const n = stepsBetween(times[k] as number, time, step);
      expect(addSteps(times[k] as number, n, step)).toBe(time);
    });
  });

  it('are shown as short as they are', () => {
    expect(showTime(Date.UTC(2014, 0, 2))).toBe('2014-01-02');
    expect(showTime(Date.UTC(2014, 0, 2, 5))).toBe('2014-01-02T05:00Z');
    expect(showTime(Date.UTC(2014, 0), { unit: 'month', count: 1 })).toBe('2014-01');
    expect(showTime(41, { unit: 'index', count: 1 })).toBe('41');
  });
});

describe('the calendar', () => {
  it('gives weekdays as one of seven and seasons as a place on a circle', () => {
    const times = [new Date('2014-12-31T12:00Z'), new Date('2015-01-05T00:00Z')];
    const { values, features, names } = calendar(times, { parts: ['weekday', 'yearday', 'hour'] });
    expect(features).toBe(11);
    expect(names.slice(0, 8)).toEqual(
      ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((d) => `weekday_${d}`).concat('yearday_sin'),
    );
    expect([...values.subarray(0, 7)]).toEqual([0, 0, 1, 0, 0, 0, 0]);
    expect([...values.subarray(11, 18)]).toEqual([1, 0, 0, 0, 0, 0, 0]);
    // The last noon of the year is beside January 1 on the circle; noon is opposite midnight.
    expect(values[8]).toBeCloseTo(1, 3);
    expect([values[10], values[21]]).toEqual([-1, 1]);
  });

  it('encodes each part both ways', () => {
    const times = [Date.UTC(2015, 11, 31, 23, 59)];
    for (const [part, size, value] of [
      ['minute', 60, 59],
      ['hour', 24, 23],
      ['weekday', 7, 3],
      ['monthday', 31, 30],
      ['month', 12, 11],
      ['yearday', 366, 364],
    ] as const) {
      const hot = calendar(times, { parts: [part], encoding: 'onehot' });
      expect([hot.features, hot.values.indexOf(1)]).toEqual([size, value]);
      const { values } = calendar(times, { parts: [part], encoding: 'cyclic' });
      expect(Math.hypot(...values)).toBeCloseTo(1, 6);
    }
  });

  it('refuses parts it has not, and times that are none', () => {
    expect(() => calendar([0], { parts: ['week' as never] })).toThrow(/"parts" must be a list of minute, hour/);
    expect(() => calendar([Number.NaN], { parts: ['hour'] })).toThrow(/times\[0\] is no time: NaN/);
  });
});

const noisy = (n: number, f: (t: number) => number, noise: number, seed = 1): Float64Array => {
  const random = seeded(seed);
  return Float64Array.from({ length: n }, (_, t) => f(t) + noise * (random() - 0.5));
};

describe('seasons', () => {
  it('autocorrelation is its formula', () => {
    const x = [1, 3, 2, 5, 4];
    // m = 3; centred -2 0 -1 2 1; sum of squares 10
    expect([...autocorrelation(x, 3)]).toEqual([1, (0 + 0 - 2 + 2) / 10, (2 + 0 - 1) / 10, (-4 + 0) / 10]);
    expect([...autocorrelation([7, 7, 7], 2)]).toEqual([1, 0, 0]);
  });

  it.each([
    ['a week in days', 7, noisy(400, (t) => [9, 8, 9, 9, 9, 3, 2][t % 7] as number, 1)],
    [
      'a day in hours',
      24,
      noisy(1000, (t) => Math.sin((2 * Math.PI * t) / 24) + 0.3 * Math.sin((2 * Math.PI * t) / 12), 0.1),
    ],
    ['a year in months, on a trend', 12, noisy(144, (t) => t + 20 * Math.sin((2 * Math.PI * t) / 12), 2)],
    ['no season in noise', 1, noisy(500, () => 0, 1)],
    ['no season in a trend', 1, noisy(300, (t) => t, 0.1)],
    ['no season in a constant', 1, new Float64Array(100)],
    ['no season in two values', 1, Float64Array.of(1, 2)],
    ['none in nothing', 1, new Float64Array(0)],
  ])('finds %s', (_, season, values) => {
    expect(guessSeason(values)).toBe(season);
  });

  it('the naive forecast repeats the last season', () => {
    expect([...seasonalNaive([1, 2, 3, 4, 5], 4, 3)]).toEqual([3, 4, 5, 3]);
    expect([...seasonalNaive([1, 2, 3], 2)]).toEqual([3, 3]);
    expect(() => seasonalNaive([1, 2], 1, 3)).toThrow(OptionError);
    expect(() => seasonalNaive([1, 2], 0)).toThrow(/got horizon 0/);
  });

  it('its mean error is that of its forecasts at every origin', () => {
    const values = noisy(60, (t) => t % 5, 1);
    for (const [season, horizon] of [
      [1, 1],
      [5, 1],
      [5, 7],
      [3, 4],
    ] as const) {
      let [sum, count] = [0, 0];
      for (let k = 1; k <= horizon; k++) {
        for (let t = season + k - 1; t < 60; t++, count++) {
          const forecast = seasonalNaive(values.subarray(0, t - k + 1), k, season).at(-1) as number;
          sum += Math.abs(forecast - (values[t] as number));
        }
      }
      expect(naiveError(values, season, horizon)).toBeCloseTo(sum / count, 12);
    }
  });
});
