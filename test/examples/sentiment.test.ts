// The sentiment example in small: one seed, few epochs, a part of the reviews.
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as u from 'unrolled';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generator, shuffled } from '../../examples/lib/random.mjs';
import { loadReviews, split } from '../../examples/sentiment/data.mjs';
import { kinds } from '../../examples/sentiment/models.mjs';
import { orderTest } from '../../examples/sentiment/order.mjs';
import { quantizedTest } from '../../examples/sentiment/quantized.mjs';
import { loadModel, saveModel } from '../../examples/sentiment/saved.mjs';
import { tokenise, UNKNOWN, Vocabulary } from '../../examples/sentiment/text.mjs';
import { logits, trainOne } from '../../examples/sentiment/train.mjs';

let folder: string;
let reviews: Awaited<ReturnType<typeof loadReviews>>;
const silent = () => {};

beforeAll(async () => {
  await u.ready();
  folder = await mkdtemp(path.join(tmpdir(), 'unrolled-sentiment-'));
  reviews = await loadReviews(silent);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the text', () => {
  it('makes a negation a word of its own', () => {
    expect(tokenise("I don't, CAN'T and won’t: it's not great!").join(' ')).toBe(
      "i do not can not and will not it 's not great !",
    );
  });

  it('numbers the frequent words and calls the others unknown', () => {
    const words = Vocabulary.from([{ tokens: ['b', 'a', 'b'] }, { tokens: ['a', 'b', 'c'] }], 2);
    expect(words.words).toEqual(['<pad>', '<unk>', 'b', 'a']);
    expect(words.encode(['a', 'c', 'b'])).toEqual([3, UNKNOWN, 2]);
  });
});

describe('the reviews', () => {
  it('hold no text twice, and about as much praise as complaint', () => {
    expect(new Set(reviews.map(({ tokens }) => tokens.join(' '))).size).toBe(reviews.length);
    expect(reviews.length).toBe(2977);
    expect(reviews.filter(({ label }) => label === 1).length / reviews.length).toBeCloseTo(0.5, 1);
  });

  it('are split into parts that share nothing, by the seed alone', () => {
    const { train, validation, test } = split(reviews, 7);
    expect(new Set([...train, ...validation, ...test]).size).toBe(reviews.length);
    expect(test.length).toBe(Math.round(0.2 * reviews.length));
    expect(split(reviews, 7).test).toEqual(test);
    expect(split(reviews, 8).test).not.toEqual(test);
  });

  it('are fetched again when the cached file is damaged, and say so', async () => {
    const before = process.env.UNROLLED_CACHE;
    process.env.UNROLLED_CACHE = folder;
    try {
      await loadReviews(silent);
      await truncate(path.join(folder, 'sentiment@5.0.2/test/fixtures/yelp.json'), 1000);
      const said: string[] = [];
      expect(await loadReviews((line: string) => said.push(line))).toEqual(reviews);
      expect(said.join('\n')).toMatch(/yelp\.json is damaged/);
      expect(said.join('\n')).toMatch(/CC BY 4\.0/);
    } finally {
      if (before === undefined) delete process.env.UNROLLED_CACHE;
      else process.env.UNROLLED_CACHE = before;
    }
  });
});

describe.each(Object.keys(kinds))('%s', (kind) => {
  let run: Awaited<ReturnType<typeof trainOne>>;

  beforeAll(async () => {
    run = await trainOne(kind, shuffled(reviews, generator(1)).slice(0, 1500), { seed: 1, epochs: 6 });
  });

  it('does better than the majority class on reviews it was not trained on', () => {
    expect(run.testAccuracy).toBeGreaterThan(run.majorityAccuracy + 0.08);
  });

  it(
    kind === 'bag of words' ? 'gives a shuffled review the same bits' : 'gives a shuffled review another output',
    () => {
      const { largest, different, reviews: compared } = orderTest(run, run.test);
      expect(compared).toBeGreaterThan(200);
      if (kind === 'bag of words') expect([largest, different]).toEqual([0, 0]);
      else expect(different).toBe(compared);
    },
  );

  it('answers with rounded weights as with float32, but for a few reviews', () => {
    const before = logits(run.model, [[2, 3, 4]]);
    const results = quantizedTest(run);
    expect(results.map(({ dtype }) => dtype)).toEqual(kind === 'bag of words' ? [] : ['float32', 'int8', 'bf16']);
    for (const { dtype, accuracy, changed, bytes } of results) {
      expect(accuracy).toBeGreaterThan((run.testAccuracy as number) - 0.02);
      expect(changed).toBeLessThan(0.03 * run.test.length);
      if (dtype !== 'float32') expect(bytes).toBeLessThan(0.6 * (results[0] as { bytes: number }).bytes);
    }
    expect(logits(run.model, [[2, 3, 4]])).toEqual(before);
  });

  it('gives the same outputs when saved and read back', async () => {
    const at = path.join(folder, kind);
    await saveModel(at, run);
    const saved = await loadModel(at);
    const ids = run.test.map(({ tokens }) => saved.vocabulary.encode(tokens));
    expect(saved.vocabulary.words).toEqual(run.vocabulary.words);
    expect(logits(saved.model, ids)).toEqual(logits(run.model, ids));
  });

  it('is refused with another vocabulary than its own', async () => {
    const at = path.join(folder, kind);
    const words = path.join(at, 'vocabulary.json');
    const text = await readFile(words, 'utf8');
    await writeFile(words, text.replace('"<unk>"', '"unknown"'));
    await expect(loadModel(at)).rejects.toThrow(/is not the vocabulary/);
    await writeFile(words, text);
  });
});
