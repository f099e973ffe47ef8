// Word vectors out of large files: only the wanted rows, whatever pieces the file comes in, and what is wrong with a file.
import { beforeAll, describe, expect, it } from 'vitest';
import { Vocabulary, WordVectors } from '../../src/data/index.js';
import * as u from '../../src/node.js';

beforeAll(async () => {
  await u.ready({ backend: 'reference' });
});

/** A text as bytes in pieces of a few: words and numbers are cut anywhere, also inside a character. */
function* pieces(text: string, size: number): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let k = 0; k < bytes.length; k += size) yield bytes.slice(k, k + size);
}

const GLOVE = 'the 0.5 -1 2e-1\nnaïve 1 2 3\n. . . 7 7 7\ndog 4 5 6\ndog 9 9 9\n';
const words = ['dog', 'naïve', '.', 'cat'];
const expected = { dog: [4, 5, 6], naïve: [1, 2, 3] };
const asObject = (vectors: WordVectors) =>
  Object.fromEntries(vectors.words.map((word) => [word, Array.from(vectors.get(word) as Float32Array)]));

describe('WordVectors', () => {
  it.each([1, 3, 7, 1000])('keeps the wanted rows of lines that come in pieces of %i bytes', async (size) => {
    const vectors = await WordVectors.pick(pieces(GLOVE, size), { words });
    expect(asObject(vectors)).toEqual(expected);
    expect(vectors.size).toBe(3);
    const withSizes = await WordVectors.pick(pieces(`5 3\n${GLOVE}`, size), { words });
    expect(asObject(withSizes)).toEqual(expected);
  });

  it.each([1, 3, 7, 1000])(
    'keeps the wanted entries of JSON in pieces of %i bytes, without what follows them',
    async (size) => {
      const json =
        '{"size":[3],"vectors":{"the":[1,1,1,0],"say \\"dog\\"":[8,8,8],"dog":[4, 5, 6, 99],"na\\u00efve":[1,2,3,7]}}';
      const vectors = await WordVectors.pick(pieces(json, size), {
        words: [...words, 'say "dog"'],
        format: 'json',
        size: 3,
      });
      expect(asObject(vectors)).toEqual({ ...expected, 'say "dog"': [8, 8, 8] });
    },
  );

  it('fills the rows of its words in an embedding and no others', async () => {
    const vocabulary = new Vocabulary(['cat', 'naïve', 'dog']);
    const { weight } = new u.Embedding({ numEmbeddings: vocabulary.size, embeddingDim: 3 });
    const before = weight.toArray();
    const vectors = await WordVectors.pick(pieces(GLOVE, 9), { words: vocabulary.tokens });
    expect(vectors.fill(weight, vocabulary)).toBe(2);
    expect(weight.toArray()).toEqual([...before.slice(0, 15), 1, 2, 3, 4, 5, 6]);
    expect(() => vectors.fill(u.zeros([7, 4]), vocabulary)).toThrow(/must be \[7, 3\] .* got \[7, 4\]/);
  });

  it('saves and loads', async () => {
    const vectors = await WordVectors.pick(pieces(GLOVE, 9), { words });
    const again = await WordVectors.load(await vectors.save(null));
    expect(asObject(again)).toEqual(expected);
    const other = await u.io.saveSafetensors(null, { x: u.zeros([2]) });
    await expect(WordVectors.load(other)).rejects.toThrow(/must hold a tensor "vectors"/);
  });

  it('names the line or word whose vector is wrong', async () => {
    const pick = (text: string, options = {}) =>
      WordVectors.pick(pieces(text, 9), { words, name: 'glove.txt', ...options });
    await expect(pick('the 1 2 3\ndog 1 2\n')).rejects.toThrow(
      /^glove.txt, line 2: the vector of "dog" must be 3 .* got 2$/,
    );
    await expect(pick('the 1 2 3\ndog 1 x 2\n')).rejects.toThrow(/line 2: .* got 3 with "x" among them/);
    await expect(pick('{"dog":[1,2]}', { format: 'json', size: 3 })).rejects.toThrow(
      /"dog" must be 3 finite numbers, got 2/,
    );
    await expect(pick('')).rejects.toThrow(/is empty/);
    await expect(pick('{}', { format: 'json' })).rejects.toThrow(/size/);
  });
});
