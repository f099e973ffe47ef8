// The random generator: distribution, exact resumption, permutations.
import { describe, expect, it } from 'vitest';
import { Generator } from '../../src/autograd/random.js';
import { OptionError } from '../../src/errors.js';

describe('Generator', () => {
  it('continues from a saved state with the same numbers, wherever that was', () => {
    for (const drawn of [0, 1, 2, 3, 4, 7]) {
      const one = new Generator(7);
      for (let k = 0; k < drawn; k++) one.word();
      const two = new Generator();
      two.restore(one.state());
      expect(Array.from({ length: 9 }, () => two.word())).toEqual(Array.from({ length: 9 }, () => one.word()));
    }
  });

  it('gives other streams for other seeds, also beyond 32 bits', () => {
    const words = [0, 1, 2 ** 32, 2 ** 53 - 1].map((seed) => new Generator(seed).word());
    expect(new Set(words).size).toBe(4);
  });

  it('refuses seeds that are not integers from 0 to 2^53 - 1', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53, '1' as never]) {
      expect(() => new Generator(seed)).toThrow(OptionError);
    }
  });

  it('has mean 1/2 and variance 1/12 when uniform, 0 and 1 when normal', () => {
    const n = 100_000;
    const moments = (values: Float32Array): [number, number] => {
      const mean = values.reduce((a, b) => a + b, 0) / n;
      return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
    };
    const uniform = new Float32Array(n);
    new Generator(1).fillUniform(uniform, 0, 1);
    const normal = new Float32Array(n);
    new Generator(2).fillNormal(normal, 0, 1);
    // Five standard errors: sqrt(1/12 / n), sqrt(1 / n), and for a normal's variance sqrt(2 / n).
    const [uniformMean, uniformVariance] = moments(uniform);
    expect(Math.abs(uniformMean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(uniformVariance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    const [normalMean, normalVariance] = moments(normal);
    expect(Math.abs(normalMean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(normalVariance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  it('permutes: every order of three comes up equally often', () => {
    const generator = new Generator(3);
    const counts = new Map<string, number>();
    for (let k = 0; k < 6000; k++) {
      const order = generator.permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Five standard deviations of a binomial with n = 6000, p = 1/6.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt((6000 * 5) / 36));
  });
});
