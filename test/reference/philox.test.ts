import { describe, expect, it } from 'vitest';
import { philox4x32 } from '../../src/philox.js';
import { call } from './helpers.js';

// Known-answer vectors of Random123 (kat_vectors, philox4x32 10).
const vectors = [
  {
    name: 'zeros',
    counter: [0, 0, 0, 0],
    key: [0, 0],
    words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    name: 'ones',
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    name: 'digits of pi',
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

describe('philox4x32', () => {
  it.each(vectors)('gives the published words for $name', ({ counter, key, words }) => {
    expect([...philox4x32(Uint32Array.from(counter), Uint32Array.from(key))]).toEqual(words);
  });

  it('leaves counter and key as they are, and may write over its counter', () => {
    const counter = Uint32Array.of(1, 2, 3, 4);
    const key = Uint32Array.of(5, 6);
    const words = philox4x32(counter, key);
    expect([...counter, ...key]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(philox4x32(counter, key, counter)).toEqual(words);
  });
});

describe('dropout', () => {
  it('draws word k % 4 of counter k / 4 for element k', () => {
    // Words of counter 0 under key 0, as fractions of 2^32: 0.399, 0.881, 0.736, 0.605.
    const { y, mask } = call('dropout_forward', { x: [1, 2, 3, 4], n: 4, p: 0.5, seed_lo: 0, seed_hi: 0 });
    expect(mask).toEqual([0, 2, 2, 2]);
    expect(y).toEqual([0, 4, 6, 8]);
  });

  it('takes both halves of the seed, also negative ones, as key words', () => {
    const n = 9;
    const { mask } = call('dropout_forward', { x: wave(n), n, p: 0.3, seed_lo: -7, seed_hi: 11 });
    const expected = Array.from({ length: n }, (_, k) => {
      const words = philox4x32(Uint32Array.of(k / 4, 0, 0, 0), Uint32Array.of(2 ** 32 - 7, 11));
      return words[k % 4]! < 0.3 * 2 ** 32 ? 0 : 1 / 0.7;
    });
    expect(mask).toEqual(expected);
  });

  it('drops nothing at p = 0, everything at p = 1 and about p in between', () => {
    const n = 10_000;
    const x = new Array<number>(n).fill(1);
    const kept = (p: number) => {
      const { y } = call('dropout_forward', { x, n, p, seed_lo: 1, seed_hi: 2 });
      return y!.filter((v) => v !== 0).length;
    };
    expect(kept(0)).toBe(n);
    expect(kept(1)).toBe(0);
    expect(Math.abs(kept(0.25) - 0.75 * n)).toBeLessThan(5 * Math.sqrt(n * 0.25 * 0.75));
  });
});

function wave(n: number): number[] {
  return Array.from({ length: n }, (_, k) => k - 4);
}
