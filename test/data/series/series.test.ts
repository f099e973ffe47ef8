// Windows and scalers of time series: what they hold, that nothing is copied, that nothing leaks, and hostile numbers.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MinMaxScaler,
  RobustScaler,
  Scaler,
  StandardScaler,
  type Windows,
  windows,
} from '../../../src/data/series/index.js';
import { DataError, FormatError, OptionError, ShapeError } from '../../../src/errors.js';

const counting = (n: number, variables = 1): Float64Array => Float64Array.from({ length: n * variables }, (_, k) => k);
const list = (all: Windows): number[][][] => Array.from(all, ({ x, y }) => [[...x], [...y]]);

describe('windows', () => {
  it('are consecutive steps, with the next ones as what follows', () => {
    expect(list(windows([0, 1, 2, 3, 4], { window: 2, horizon: 2 }))).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(list(windows({ values: counting(4, 2), variables: 2 }, { window: 2 }))).toEqual([
      [
        [0, 1, 2, 3],
        [4, 5],
      ],
      [
        [2, 3, 4, 5],
        [6, 7],
      ],
    ]);
  });

  it('are counted by the definition, for any sizes', () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        size,
        size,
        size,
        fc.nat(60),
        fc.nat(60),
        (n, window, horizon, stride, a, b) => {
          const [from, to] = [Math.min(a, n), Math.min(b, n)];
          const starts: number[] = [];
          const first = Math.max(0, from - window);
          for (let s = first; s + window + horizon <= to; s += stride) starts.push(s);
          const make = () => windows(counting(n), { window, horizon, stride, from, to });
          if (starts.length === 0) {
            expect(make).toThrow(OptionError);
            return;
          }
          const all = make();
          expect(Array.from(all, ({ start }) => start)).toEqual(starts);
          for (const { start, origin, x, y } of all) {
            expect([x[0], x.length, y[0], y.length, origin]).toEqual([
              start,
              window,
              start + window,
              horizon,
              start + window,
            ]);
            expect(origin).toBeGreaterThanOrEqual(Math.min(from, origin));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('view the series: nothing is copied', () => {
    const values = counting(100);
    for (const { x, y } of windows(values, { window: 10, horizon: 3 })) {
      expect(x.buffer).toBe(values.buffer);
      expect(y.buffer).toBe(values.buffer);
    }
  });

  it('of the part behind a cut look back before it, and those before it end there', () => {
    const cut = 70;
    const before = windows(counting(100), { window: 10, horizon: 3, to: cut });
    const behind = windows(counting(100), { window: 10, horizon: 3, from: cut });
    expect(Math.max(...Array.from(before, ({ y }) => Math.max(...y)))).toBe(cut - 1);
    expect(behind.at(0).origin).toBe(cut);
    expect([...behind.at(0).x]).toEqual(Array.from({ length: 10 }, (_, k) => 60 + k));
    expect(before.length + behind.length).toBe(100 - 10 - 3 + 1 - (3 - 1));
  });

  it('that do not fit are refused with the sizes', () => {
    expect(() => windows([1, 2, 3], { window: 5 })).toThrow(
      /window of 5 and a horizon of 1 need 6 steps, but there are 3/,
    );
    expect(() => windows([], { window: 1 })).toThrow(/there are 0/);
    expect(() => windows([1, 2, 3], { window: 2, horizon: 0 })).toThrow(/"horizon" must be an integer >= 1, got 0/);
    expect(() => windows([1, 2, 3], { window: 2, to: 4 })).toThrow(/to must be at most 3/);
    expect(() => windows({ values: counting(5), variables: 2 }, { window: 1 })).toThrow(/every row must have all/);
    expect(() => windows('abc' as never, { window: 1 })).toThrow(DataError);
    expect(() => windows([1, 2, 3], { window: 1 }).at(2)).toThrow(/from 0 to 1, got 2/);
  });
});

const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => Math.round(1000 * x) / 1000);

describe.each([
  ['standard', StandardScaler],
  ['minmax', MinMaxScaler],
  ['robust', RobustScaler],
] as const)('the %s scaler', (kind, Kind) => {
  it('comes back to the numbers, in double, through what it saves', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 50 }), (rows) => {
        const series = { values: Float64Array.from(rows.flat()), variables: 2 };
        const scaler = Scaler.fromJSON(JSON.parse(JSON.stringify(Kind.fit(series))));
        expect(scaler.kind).toBe(kind);
        const back = scaler.inverse({ values: scaler.transform(series), variables: 2 });
        back.forEach((x, k) => {
          const [center, scale] = [scaler.center[k % 2] as number, scaler.scale[k % 2] as number];
          const size = Math.abs((series.values[k] as number) - center) + scale;
          expect(Math.abs(x - (series.values[k] as number))).toBeLessThanOrEqual(
            2 ** -22 * size + 1e-12 * Math.abs(center),
          );
        });
      }),
      { numRuns: 100 },
    );
  });

  it('makes a constant 0, and 0 the constant again', () => {
    for (const constant of [0, 0.1, -1e12, 1e-300]) {
      const scaler = Kind.fit(new Array(97).fill(constant));
      expect([...scaler.transform([constant])]).toEqual([0]);
      expect([...scaler.inverse([0])]).toEqual([constant]);
      expect(scaler.scale).toEqual([1]);
    }
  });

  it('takes figures of its range alone: what lies behind may be anything', () => {
    const [train, test] = [
      [1, 5, 3, 2, 8, 4],
      [1e9, Number.NaN, -7],
    ];
    const alone = Kind.fit(train);
    expect(Kind.fit([...train, ...test], { to: train.length }).toJSON()).toEqual(alone.toJSON());
    expect(Kind.fit([...test, ...train], { from: test.length }).toJSON()).toEqual(alone.toJSON());
  });

  it('refuses what has no figures, naming the place', () => {
    expect(() => Kind.fit([])).toThrow(/no steps/);
    const series = { values: Float64Array.of(1, 2, 3, Number.NaN), variables: 2 };
    expect(() => Kind.fit(series)).toThrow(/got NaN at step 1 of variable 1/);
    expect(() => Kind.fit([1, Infinity])).toThrow(DataError);
    expect(() => Kind.fit([1, 2], { too: 1 } as never)).toThrow(/unknown option "too"/);
  });
});

describe('scalers', () => {
  it('have the figures they are named for', () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(StandardScaler.fit(values).toJSON()).toEqual({ kind: 'standard', center: [5], scale: [2] });
    expect(MinMaxScaler.fit(values).toJSON()).toEqual({ kind: 'minmax', center: [2], scale: [7] });
    // numpy.percentile(values, [25, 50, 75]): 4, 4.5, 5.5
    expect(RobustScaler.fit(values).toJSON()).toEqual({ kind: 'robust', center: [4.5], scale: [1.5] });
    expect([...MinMaxScaler.fit(values).transform([2, 9, 16])]).toEqual([0, 1, 2]);
  });

  it('neither overflow nor hide that they would', () => {
    const scaler = StandardScaler.fit([1e308, -1e308, 1e308, -1e308]);
    expect(scaler.scale).toEqual([1e308]);
    expect([...scaler.transform([1e308, -1e308])]).toEqual([1, -1]);
    expect(() => MinMaxScaler.fit([1e308, -1e308])).toThrow(/spans more than a double holds/);
  });

  it('scale one variable of several, and refuse a series of another number of them', () => {
    const scaler = StandardScaler.fit({ values: Float64Array.of(0, 10, 2, 30), variables: 2 });
    expect([...scaler.transform([30, 10], 1)]).toEqual([1, -1]);
    expect([...scaler.inverse([1, -1], 1)]).toEqual([30, 10]);
    expect(() => scaler.transform([1, 2, 3])).toThrow(ShapeError);
    expect(() => scaler.inverse([1], 2)).toThrow(/variable must be from 0 to 1, got 2/);
  });

  it('that were saved by something else are refused', () => {
    for (const json of [
      {},
      null,
      { kind: 'standard', center: [1], scale: [0] },
      { kind: 'standard', center: [1], scale: [] },
      { kind: 'log', center: [1], scale: [1] },
      { kind: 'toString', center: [1], scale: [1] },
    ]) {
      expect(() => Scaler.fromJSON(json as never)).toThrow(FormatError);
    }
  });
});
