// Word vectors learnt elsewhere, as what classify and tag begin with.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WordVectors } from '../../src/data/index.js';
import * as u from '../../src/node.js';
import { classify, loadTask, type TaskOptions, tag } from '../../src/tasks/index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'unrolled-vectors-'));
const write = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
beforeAll(async () => {
  await u.ready({ backend: 'native', threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sentences of one word that says the label, among others that do not. Each of 40 such words is in two of them. */
const words = Array.from({ length: 40 }, (_, k) => `${k % 2 ? 'plus' : 'minus'}${String.fromCharCode(97 + (k >> 1))}`);
const rows = Array.from({ length: 80 }, (_, k) => ({
  text: `${k < 40 ? 'the' : 'this'} film was ${words[k % 40]} today`,
  label: k % 2 ? 'pos' : 'neg',
}));
/** Good words lie on one side, bad ones on the other. */
const vector = (word: string) => [word.startsWith('plus') ? 1 : -1, word.charCodeAt(word.length - 1) % 3, 0.5];
const glove = (list: readonly string[]) => list.map((word) => `${word} ${vector(word).join(' ')}\n`).join('');
const quick: TaskOptions = { epochs: 1, hidden: 6, dropout: 0, wordDropout: 0, minCount: 1 };

/** The embedding before the first update: training that changes nothing. */
async function rowsOf(options: TaskOptions): Promise<(word: string) => number[]> {
  const { model, prep } = await classify(rows, { ...quick, lr: 1e-30, ...options });
  const { vocabulary } = (prep as { input: { vocabulary: string[] } }).input;
  const weight = model.stateDict()['front.embedding.weight'] as u.Tensor;
  const size = weight.shape[1] as number;
  return (word) => {
    const at = 4 + vocabulary.indexOf(word);
    return weight.toArray().slice(at * size, (at + 1) * size);
  };
}

describe('classify with vectors', () => {
  it('begins with the rows of the words that the file knows; their size is that of the embedding', async () => {
    const said: string[] = [];
    const file = write('glove.txt', glove([...words.slice(0, 30), 'elsewhere']));
    const row = await rowsOf({ vectors: file, say: (line) => said.push(line) });
    expect(row(words[3] as string)).toEqual(vector(words[3] as string));
    expect(row('film')).toHaveLength(3);
    expect(Math.max(...row('film').map(Math.abs))).toBeLessThan(0.5);
    // All but those that only the other parts have.
    expect(said.join('\n')).toMatch(/glove\.txt: vectors of 3 numbers for (2\d|30) of 4\d words/);
  });

  it('takes what WordVectors.save wrote, with the same result', async () => {
    const text = write('all.txt', `40 3\n${glove(words)}`);
    const table = path.join(folder, 'all.safetensors');
    await (await WordVectors.pick(text, { words: [...words, 'other'] })).save(table);
    const [fromText, fromTable] = [await rowsOf({ vectors: text }), await rowsOf({ vectors: table })];
    for (const word of ['film', ...words]) expect(fromTable(word)).toEqual(fromText(word));
  });

  it('answers the same when it is loaded again without the file: the model has the rows of its words, and no others', async () => {
    const vectors = write('few.txt', glove([...words, ...Array.from({ length: 2000 }, (_, k) => `more${k}`)]));
    const out = path.join(folder, 'model');
    const task = await classify(rows, { ...quick, vectors, out });
    rmSync(vectors);
    const inputs = rows.slice(0, 4).map(({ text }) => text);
    expect(await (await loadTask(out)).predict(inputs)).toEqual(await task.predict(inputs));
    const sizes = ['config.json', 'model.safetensors'].map((name) => readFileSync(path.join(out, name)).length);
    expect(Math.max(...sizes)).toBeLessThan(4000);
  });

  it.each([
    ['none.txt', 'der 1 2 3\ndas 4 5 6\n', {}, /none\.txt has a vector for none of the \d+ words .*another language/],
    ['short.txt', `the 1 2 3\n${words[1]} 1 2\n`, {}, /short\.txt, line 2: the vector of "plusa" must be 3 .* got 2/],
    ['long.txt', `the 1 2 3\n${words[1]} 1 2 3 4\n`, {}, /long\.txt, line 2: the vector of "plusa" must be 3 .* got 4/],
    ['words.txt', 'the\nfilm\n', {}, /words\.txt, line 1: there must be numbers behind the word, got "the"/],
    ['nan.txt', 'the 1 2 3\nfilm 1 x 3\n', {}, /line 2: the vector of "film" .*"x" among them/],
    ['empty.txt', '', {}, /empty\.txt: is empty/],
    ['size.txt', glove(words), { embedding: 50 }, /3 numbers each, the embedding is to have 50; .*--embedding 3/],
  ] as const)('%s is refused, and leaves nothing behind', async (name, text, options, message) => {
    const out = path.join(folder, `out-${name}`);
    const error = await classify(rows, { ...quick, ...options, vectors: write(name, text), out }).catch((e) => e);
    expect(error).toBeInstanceOf(u.UnrolledError);
    expect(error.message).toMatch(message);
    await expect(loadTask(out)).rejects.toThrow(/holds no trained task/);
    await expect(classify(rows, { ...quick, out })).resolves.toBeDefined();
  });

  it('a missing file, and a file of other tensors', async () => {
    const vectors = path.join(folder, 'nowhere.txt');
    await expect(classify(rows, { ...quick, vectors })).rejects.toThrow(/nowhere\.txt/);
    const other = path.join(folder, 'other.safetensors');
    await u.io.saveSafetensors(other, { x: u.zeros([2]) });
    await expect(classify(rows, { ...quick, vectors: other })).rejects.toThrow(/other\.safetensors must hold/);
  });
});

it('tag begins with vectors, too', async () => {
  const sentences = rows.map(({ text, label }) => {
    const tokens = text.split(' ');
    return { tokens, tags: tokens.map((token) => (words.includes(token) ? label : 'other')) };
  });
  const vectors = write('tags.txt', glove(words));
  const { model, prep, settings } = await tag(sentences, { epochs: 1, hidden: 6, minCount: 1, lr: 1e-30, vectors });
  expect(settings.embedding).toBe(3);
  const at = 4 + (prep as { words: string[] }).words.indexOf(words[1] as string);
  const weight = (model.stateDict()['words.weight'] as u.Tensor).toArray();
  expect(weight.slice(3 * at, 3 * at + 3)).toEqual(vector(words[1] as string));
});
