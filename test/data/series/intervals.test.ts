// Intervals and errors of forecasts against their definitions.
import { expect, it } from 'vitest';
import { conformalMargin, coverageOf, forecastErrors, intervalScore } from '../../../src/data/series/index.js';
import { OptionError } from '../../../src/errors.js';
import { seeded } from '../../helpers/random.js';

it('the margin is the smallest that holds ceil((n + 1) coverage) of the values', () => {
  const random = seeded(1);
  for (const n of [1, 4, 9, 50, 199]) {
    for (const coverage of [0.5, 0.8, 0.9]) {
      const values = Array.from({ length: n }, () => random() - 0.5);
      const low = values.map(() => -0.3 + 0.1 * random());
      const high = values.map(() => 0.2 + 0.1 * random());
      const margin = conformalMargin(low, high, values, coverage);
      const held = (by: number): number =>
        values.filter((v, k) => v >= (low[k] as number) - by && v <= (high[k] as number) + by).length;
      const wanted = Math.min(n, Math.ceil((n + 1) * coverage));
      expect(held(margin + 1e-12)).toBeGreaterThanOrEqual(wanted);
      expect(held(margin - 1e-12)).toBeLessThan(wanted);
    }
  }
});

it('new values of the same kind lie within the widened intervals as often as stated', () => {
  const random = seeded(2);
  // Far too narrow intervals around 0, and skewed values.
  const draw = (n: number): number[] =>
    Array.from({ length: n }, () => -Math.log(random()) * (random() < 0.3 ? -2 : 1));
  const ends = (n: number, by: number): number[] => new Array(n).fill(by);
  const margin = conformalMargin(ends(2000, -0.1), ends(2000, 0.1), draw(2000), 0.8);
  const covered = coverageOf(ends(5000, -0.1 - margin), ends(5000, 0.1 + margin), draw(5000));
  expect(Math.abs(covered - 0.8)).toBeLessThan(0.02);
});

it('coverage counts the ends in, and the score charges what lies outside', () => {
  expect(coverageOf([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1.1, -0.1])).toBe(0.5);
  expect(intervalScore([0, 0], [1, 1], [0.5, 3], 0.8)).toBeCloseTo(1 + (2 / 0.2) * 2 * 0.5, 12);
  expect(coverageOf([], [], [])).toBeNaN();
  expect(conformalMargin([], [], [], 0.8)).toBeNaN();
  expect(() => conformalMargin([0], [1], [0], 1)).toThrow(OptionError);
});

it('errors are their formulas; zeros count in all but the relative one', () => {
  const { mae, rmse, mape, zeros } = forecastErrors([1, 2, 3, 5], [2, 2, 0, -4]);
  expect([mae, rmse, zeros]).toEqual([(1 + 0 + 3 + 9) / 4, Math.sqrt((1 + 9 + 81) / 4), 1]);
  expect(mape).toBeCloseTo((0.5 + 0 + 9 / 4) / 3, 15);
  expect(forecastErrors([1], [0])).toMatchObject({ mape: Number.NaN, zeros: 1 });
  expect(() => forecastErrors([1], [1, 2])).toThrow(/got 1 and 2/);
});
