// BLEU against sacreBLEU itself, error rates against a distance written another way, and what wrong arguments are told.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, ShapeError } from '../../src/errors.js';
import {
  bleu,
  charErrorRate,
  editDistance,
  exactMatch,
  wordErrorRate,
  wordF1,
  wordOverlap,
} from '../../src/train/index.js';

interface Case {
  readonly name: string;
  readonly hypotheses: string[];
  readonly references: string[][];
  readonly bleu: number;
}

const golden = JSON.parse(readFileSync(new URL('../golden/bleu.json', import.meta.url), 'utf8')) as {
  readonly sacrebleu: string;
  readonly cases: Case[];
};

describe(`BLEU is that of sacreBLEU ${golden.sacrebleu}`, () => {
  for (const { name, hypotheses, references, bleu: wanted } of golden.cases) {
    it(name, () => {
      expect(bleu(hypotheses, references)).toBeCloseTo(wanted, 9);
      const single = references.every(({ length }) => length === 1);
      if (single) expect(bleu(hypotheses, references.flat())).toBeCloseTo(wanted, 9);
    });
  }

  it('has goldens between nothing and everything', () => {
    const figures = golden.cases.map(({ bleu: figure }) => figure);
    expect(figures.filter((figure) => figure > 1 && figure < 99).length).toBeGreaterThan(8);
    expect(figures).toContain(0);
  });

  it('is of the whole set: the order of the sentences does not matter, a mean of sentences is another number', () => {
    const { hypotheses, references } = golden.cases[1] as Case;
    expect(bleu([...hypotheses].reverse(), [...references].reverse())).toBeCloseTo(bleu(hypotheses, references), 12);
    expect(bleu([], [])).toBeNaN();
  });
});

/** By the definition: the recursion over last symbols, not the rows of a table. */
function distance(a: readonly unknown[], b: readonly unknown[], known = new Map<string, number>()): number {
  if (a.length === 0 || b.length === 0) return a.length + b.length;
  const key = `${a.length},${b.length}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const [x, y] = [a.slice(0, -1), b.slice(0, -1)];
  const value = Math.min(
    distance(x, b, known) + 1,
    distance(a, y, known) + 1,
    distance(x, y, known) + (a.at(-1) === b.at(-1) ? 0 : 1),
  );
  known.set(key, value);
  return value;
}

describe('error rates', () => {
  it('editDistance is the recursion of its definition', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 9 });
    fc.assert(fc.property(letters, letters, (a, b) => editDistance(a, b) === distance(a, b)));
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance([], [1, 2])).toBe(2);
  });

  it('are errors over all of the references, not a mean of rates', () => {
    // 1 of 1 words and 0 of 9: a mean of rates would say 0.5.
    expect(wordErrorRate(['b', 'a b c d e f g h i'], ['a', 'a b c d e f g h i'])).toBe(0.1);
    expect(wordErrorRate(['the cat  sat\n', ''], ['the  cat sat', 'on it'])).toBe(2 / 5);
    expect(wordErrorRate(['a b c d'], ['a'])).toBe(3);
  });

  it('take lists of tokens as they are', () => {
    expect(wordErrorRate([['HH', 'AH', 'L']], [['HH', 'EH', 'L', 'OW']])).toBe(0.5);
    expect(wordErrorRate([[1, 2, 3]], [[1, 3]])).toBe(0.5);
    expect(wordErrorRate([['a b']], [['a', 'b']])).toBe(1);
  });

  it('of characters count code points, spaces too', () => {
    expect(charErrorRate(['ab c'], ['abc'])).toBe(1 / 3);
    expect(charErrorRate(['\u{1f600}a'], ['\u{1f601}a'])).toBe(0.5);
    expect(charErrorRate([['a', 'b']], ['ab'])).toBe(0);
  });

  it('without anything to get right are NaN', () => {
    expect(wordErrorRate([], [])).toBeNaN();
    expect(charErrorRate(['a'], [''])).toBeNaN();
  });
});

describe('matches and shared words', () => {
  it('exactMatch counts whole answers', () => {
    expect(exactMatch(['red car', 'Red car', ''], ['red car', 'red car', ''])).toBe(2 / 3);
    expect(
      exactMatch(
        [['a', 'b'], ['a']],
        [
          ['a', 'b'],
          ['a', 'b'],
        ],
      ),
    ).toBe(0.5);
    expect(exactMatch([], [])).toBeNaN();
  });

  it('wordF1 shares a word as often as both have it, in any order, over the whole set', () => {
    // Shared: red, car, car; given 4, wanted 5.
    expect(wordOverlap(['car red car car'], ['a red car and car'])).toEqual({
      precision: 3 / 4,
      recall: 3 / 5,
      f1: 6 / 9,
    });
    expect(wordF1(['a', 'b c d e'], ['a', 'x y z'])).toBe(2 / 9);
    expect(wordF1(['a b'], ['b a'])).toBe(1);
    expect(wordOverlap([''], [''])).toEqual({ precision: 0, recall: 0, f1: 0 });
  });
});

describe('wrong arguments', () => {
  it('say how many of each there were', () => {
    for (const figure of [bleu, wordErrorRate, charErrorRate, exactMatch, wordF1]) {
      expect(() => figure(['a', 'b'], ['a'])).toThrow(ShapeError);
      expect(() => figure(['a', 'b'], ['a'])).toThrow('got 2 hypotheses and 1 references');
      expect(() => figure('a' as never, ['a'])).toThrow(OptionError);
      expect(() => figure([7 as never], ['a'])).toThrow(OptionError);
    }
    expect(() => bleu(['a'], [[]])).toThrow('hypothesis 0 has no reference');
    expect(() => bleu([['a'] as never], ['a'])).toThrow('join tokens with spaces');
  });
});
