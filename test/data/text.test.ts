// Text: tokens, pieces that go together again, vocabularies, encodings, tables.
import { describe, expect, it } from 'vitest';
import {
  decodeText,
  detokenise,
  joinPieces,
  parseTable,
  splitPieces,
  tokenise,
  Vocabulary,
} from '../../src/data/index.js';
import { DataError, FormatError, OptionError } from '../../src/errors.js';

describe('tokenise', () => {
  it.each([
    ["It isn't bad!", {}, ['it', 'is', 'not', 'bad', '!']],
    ["I can't, won't and cannot.", {}, ['i', 'can', 'not', 'will', 'not', 'and', 'can', 'not']],
    ['It\u2019s caf\u00e9 no. 7', {}, ['it', "'s", 'caf\u00e9', 'no', '7']],
    ['A, b.', { punctuation: 'all' }, ['a', ',', 'b', '.']],
    ['A, b!', { punctuation: 'none', lowercase: false }, ['A', 'b']],
    ["don't", { contractions: false }, ['don', 't']],
    ['a\u{1F600}B', { units: 'chars' }, ['a', '\u{1F600}', 'B']],
    ['', {}, []],
  ] as const)('%j with %j', (text, options, tokens) => {
    expect(tokenise(text, options)).toEqual(tokens);
  });

  it('finds words where there are no spaces, and loses no character', () => {
    const words = tokenise('\u79c1\u306f\u732b\u304c\u597d\u304d');
    expect(words.length).toBeGreaterThan(2);
    expect(words.join('')).toBe('\u79c1\u306f\u732b\u304c\u597d\u304d');
  });

  it('refuses unknown options with advice', () => {
    expect(() => tokenise('a', { unit: 'chars' } as object)).toThrow(/did you mean "units"/);
  });

  it('detokenise puts no space before punctuation', () => {
    expect(detokenise(['he', 'said', ':', '(', 'yes', ')', ',', 'it', "'s", 'so', '.'])).toBe(
      "he said: (yes), it's so.",
    );
  });
});

describe('pieces', () => {
  it.each(["l'eau, l\u00e0!", 'drapeau : France', 'a-b c', '3,5 %', '(x) "y"', '\u00bfqu\u00e9?', ''])(
    '%j goes together again',
    (text) => {
      expect(joinPieces(splitPieces(text))).toBe(text);
    },
  );

  it('a word is the same piece wherever a space is before it', () => {
    expect(splitPieces('eau, eau')).toEqual(['eau', '\u{FFED},', 'eau']);
  });
});

describe('Vocabulary', () => {
  const texts = [
    ['b', 'a', 'c'],
    ['a', 'b', '<pad>'],
    ['a', '__proto__', 'constructor'],
  ];

  it('numbers tokens by frequency, then by the alphabet, whatever the order of the texts', () => {
    const vocabulary = Vocabulary.from(texts);
    expect(vocabulary.tokens.slice(4)).toEqual(['a', 'b', '<pad>', '__proto__', 'c', 'constructor']);
    expect(Vocabulary.from([...texts].reverse()).toJSON()).toEqual(vocabulary.toJSON());
  });

  it('special tokens are no words, and words that look like them are', () => {
    const vocabulary = Vocabulary.from(texts);
    expect(vocabulary.encode(['<pad>', '__proto__', 'toString', '</s>'])).toEqual([6, 7, 1, 1]);
    expect(vocabulary.decode([2, 4, 0, 5, 1, 3, 4])).toEqual(['a', 'b', '<unk>']);
  });

  it('minCount and maxSize keep the most frequent', () => {
    expect(Vocabulary.from(texts, { minCount: 2 }).toJSON()).toEqual(['a', 'b']);
    expect(Vocabulary.from(texts, { maxSize: 5 }).toJSON()).toEqual(['a']);
  });

  it('comes back from JSON, and refuses what is none of its', () => {
    const vocabulary = Vocabulary.from(texts);
    const again = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)));
    expect(again.encode(['c', 'a'])).toEqual(vocabulary.encode(['c', 'a']));
    expect(() => Vocabulary.fromJSON({ a: 1 })).toThrow(FormatError);
    expect(() => new Vocabulary(['a', 'b', 'a'])).toThrow(/"a" twice/);
    expect(() => vocabulary.decode([99])).toThrow(OptionError);
  });
});

describe('decodeText', () => {
  const bytes = (text: string, encoding: BufferEncoding) => new Uint8Array(Buffer.from(text, encoding));

  it('UTF-8 and UTF-16 with and without a mark, and what is named', () => {
    expect(decodeText(bytes('\ufeffd\u00e9j\u00e0', 'utf8'))).toBe('d\u00e9j\u00e0');
    expect(decodeText(bytes('\ufeffd\u00e9j\u00e0', 'utf16le'))).toBe('d\u00e9j\u00e0');
    expect(decodeText(bytes('d\u00e9j\u00e0', 'latin1'), { encoding: 'latin1' })).toBe('d\u00e9j\u00e0');
  });

  it('names the first byte that is wrong: within, cut off at the end', () => {
    const name = 'x.txt';
    expect(() => decodeText(bytes('ab\u00e9c', 'latin1'), { name })).toThrow(/x\.txt: byte 2 \(0xe9\)/);
    expect(() => decodeText(bytes('ab\u00e9', 'utf8').subarray(0, 3), { name })).toThrow(/byte 2 \(0xc3\)/);
    expect(() => decodeText(new Uint8Array([0x41, 0xff, 0x42]), { name })).toThrow(/byte 1 \(0xff\)/);
    expect(() => decodeText(new Uint8Array([0x41, 0, 0x42]), { name })).toThrow(/character 1 is 0/);
    expect(() => decodeText(bytes('a', 'utf8'), { encoding: 'nonsense' })).toThrow(OptionError);
  });
});

describe('parseTable', () => {
  it('CSV: quotes, line breaks and commas in cells, empty lines, lines counted as in the file', () => {
    const { columns, rows } = parseTable('a,b\n"x, y","two\nlines"\n\n"say ""hi""",3\n', { format: 'csv' });
    expect(columns).toEqual(['a', 'b']);
    expect(rows).toEqual([
      { line: 2, fields: { a: 'x, y', b: 'two\nlines' } },
      { line: 5, fields: { a: 'say "hi"', b: '3' } },
    ]);
  });

  it('TSV: a quote is a character; JSONL: values as they are', () => {
    expect(parseTable('a\tb\n"x\ty"\n', { format: 'tsv' }).rows[0]?.fields).toEqual({ a: '"x', b: 'y"' });
    const { columns, rows } = parseTable('{"a":1}\n\n{"b":[2],"__proto__":3}\n', { format: 'jsonl' });
    expect(columns).toEqual(['a', 'b', '__proto__']);
    expect(rows.map(({ line }) => line)).toEqual([1, 3]);
  });

  it.each([
    ['csv', 'a,b\n1\n', /line 2: a row must have 2 cells/],
    ['csv', 'a,a\n1,2\n', /"a" twice/],
    ['jsonl', '{"a":1}\nnope\n', /line 2: must be JSON/],
    ['jsonl', '7\n', /line 1: must be a JSON object/],
  ] as const)('%s %j is refused', (format, text, message) => {
    expect(() => parseTable(text, { format, name: 't' })).toThrow(message);
    expect(() => parseTable(text, { format, name: 't' })).toThrow(DataError);
  });
});
