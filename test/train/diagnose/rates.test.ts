// Rates, verdicts and sentences from norms.
import { describe, expect, it } from 'vitest';
import { judge, percent, rateInWords, ratePerStep, reach, short } from '../../../src/train/diagnose/rates.js';
import { sparkline } from '../../../src/train/diagnose/text.js';

const powers = (rate: number, n: number): number[] => Array.from({ length: n }, (_, k) => 3 * rate ** k);

describe('ratePerStep', () => {
  it('is the factor of a geometric series, whatever its scale', () => {
    for (const rate of [0.1, 0.5, 0.97, 1, 1.3]) expect(ratePerStep(powers(rate, 30))).toBeCloseTo(rate, 10);
  });

  it('leaves out what underflowed, overflowed or is not a number', () => {
    const norms = powers(0.5, 100).map((norm) => (norm < 1e-19 ? 0 : norm));
    expect(ratePerStep(norms)).toBeCloseTo(0.5, 10);
    expect(ratePerStep([1, NaN, 4, Infinity, 16, Infinity])).toBeCloseTo(2, 10);
  });

  it('is the slope by least squares where norms are uneven', () => {
    // By hand: y = log2 of 1, 4, 4, 16 = 0, 2, 2, 4 over 0..3: slope 6 / 5.
    expect(ratePerStep([1, 4, 4, 16])).toBeCloseTo(2 ** 1.2, 10);
  });

  it('is 0 where nothing passes, NaN where there is nothing to measure', () => {
    expect(ratePerStep([2, 0, 0])).toBe(0);
    for (const norms of [[], [2], [0, 0, 0], [0, 2, 0]]) expect(ratePerStep(norms)).toBeNaN();
  });
});

describe('judge', () => {
  it('asks what is left over the sequence, but over at least 20 steps', () => {
    expect([0.5, 0.79, 0.8, 1, 1.25, 1.27].map((rate) => judge(rate, 5))).toEqual([
      'vanishing',
      'vanishing',
      'healthy',
      'healthy',
      'healthy',
      'exploding',
    ]);
    expect(judge(0.96, 100)).toBe('healthy');
    expect(judge(0.95, 100)).toBe('vanishing');
    expect(judge(1.04, 100)).toBe('healthy');
    expect(judge(1.05, 100)).toBe('exploding');
    expect(judge(NaN, 100)).toBe('unknown');
    expect(judge(0, 3)).toBe('vanishing');
  });
});

describe('words', () => {
  it('say the rate and what it comes to', () => {
    expect(rateInWords('dL/dh', 0.71, 20)).toBe(
      'dL/dh shrinks to 0.71 of itself a step: after 20 steps 0.11 % is left',
    );
    expect(rateInWords('dL/dh', 2, 10)).toBe('dL/dh grows to 2 times itself a step: after 20 steps to 1e+6 times');
    expect(rateInWords('dL/dh', 1.0001, 50)).toContain('keeps its size');
    expect(rateInWords('dL/dh', 0, 50)).toContain('nothing passes');
    expect(rateInWords('dL/dh', NaN, 50)).toContain('too few steps');
  });

  it('reach is where 1 % is left', () => {
    expect(reach(0.1)).toBe(2);
    expect(reach(0.955)).toBe(101);
    expect(reach(1)).toBe(Infinity);
    expect(reach(0)).toBe(1);
  });

  it('numbers are short, but not so short that 0.999 looks like 1', () => {
    expect([0.123456, 12345.6, 1.23e-7, 0.9987, 0, NaN].map(short)).toEqual([
      '0.123',
      '12300',
      '1.2e-7',
      '0.9987',
      '0',
      'NaN',
    ]);
    expect(percent(0.256)).toBe('26 %');
    expect(percent(2e-9)).toBe('2e-7 %');
  });
});

describe('sparkline', () => {
  it('is logarithmic, and flat where norms are within a factor of ten', () => {
    expect(sparkline([1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([1, 1.1, 1])).toBe('███');
    expect(sparkline([0, 1])).toBe(' █');
    expect(sparkline(new Array(1000).fill(1))).toHaveLength(40);
  });
});
