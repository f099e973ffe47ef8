// The sentiment example in small: one seed, few epochs, a part of the reviews.
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as u from 'unrolled';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generator, shuffled } from '../../examples/lib/random.mjs';
import { lexicon, loadLexicon, logisticRegression, majority } from '../../examples/sentiment/baselines.mjs';
import { comparisonTable } from '../../examples/sentiment/comparison.mjs';
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

describe('what needs no recurrent net', () => {
  const review = (text: string, label: 0 | 1) => ({ text, tokens: tokenise(text), label });

  it('is as good as it is known to be on these reviews', async () => {
    const { train, validation, test } = split(reviews, 1);
    const all = [...train, ...validation];
    expect(majority(all, test)).toBeCloseTo(0.5, 1);
    expect(lexicon(await loadLexicon(silent), test, 1)).toBeGreaterThan(0.7);
    const { accuracy, parameters } = logisticRegression(all, test);
    expect(accuracy).toBeGreaterThan(0.77);
    expect(accuracy).toBeLessThan(0.87);
    expect(parameters).toBe(new Set(all.flatMap(({ tokens }) => tokens)).size + 1);
  });

  it('a mark behind a negation counts the other way round', () => {
    const marks = new Map([['good', 3]]);
    const texts = [review('good', 1), review('not good', 0), review('not so good', 0), review('a table', 1)];
    expect(lexicon(marks, texts, 1)).toBe(1);
    expect(lexicon(marks, texts, 0)).toBe(0.75);
  });

  it('word counts find the word that decides, and know nothing of others', () => {
    const train = ['a good b', 'good c', 'bad a', 'c bad b'].map((text) => review(text, text.includes('good') ? 1 : 0));
    expect(logisticRegression(train, train).accuracy).toBe(1);
    expect(logisticRegression(train, [review('good bad zzz good', 1), review('bad', 0)]).accuracy).toBe(1);
  });

  it('stands in one table with the nets', () => {
    const text = comparisonTable({
      counting: [
        { parameters: 0, accuracy: 0.5 },
        { parameters: 0, accuracy: 0.7 },
      ],
      LSTM: [{ parameters: 1000, accuracy: 0.8, auc: 0.9, secondsPerEpoch: 0.1 }],
    });
    expect(text).toMatch(/counting .* 60.0 % .* 50.0 .. 70.0/);
    expect(text).toMatch(/LSTM .* 1,000 .* 0.100 .* 80.0 % .* 0.900/);
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
