// translate: small made-up languages that attention learns in a moment; what its options mean.
import { beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { loadTask, translate } from '../../src/tasks/index.js';
import { seeded } from '../helpers/random.js';

beforeAll(() => u.ready({ backend: 'native', threads: 1 }).then(() => {}));

const WORDS: readonly (readonly [string, string])[] = [
  ['one', 'un'],
  ['two', 'deux'],
  ['red', 'rouge'],
  ['blue', 'bleu'],
  ['cat', 'chat'],
  ['dog', 'chien'],
];
const random = seeded(11);
const draw = (n: number) => Math.floor(random() * n);
/** Words in the reverse order. */
const pairs = Array.from({ length: 500 }, () => {
  const list = Array.from({ length: 2 + draw(3) }, () => WORDS[draw(6)] as readonly [string, string]);
  return {
    source: list.map(([english]) => english).join(' '),
    target: list
      .map(([, french]) => french)
      .reverse()
      .join(' '),
  };
});
const quick = {
  hidden: 40,
  embedding: 24,
  epochs: 30,
  batch: 8,
  lr: 0.008,
  patience: 30,
  dropout: 0,
  valid: 0,
  test: 0.15,
};

describe('translate', () => {
  it('learns words and their order, and says how well', async () => {
    const task = await translate(pairs, quick);
    expect(task.report.test?.exact).toBeGreaterThan(0.9);
    expect(task.report.test?.tokenErrorRate).toBeLessThan(0.1);
    const [answer] = await task.predict(['red cat']);
    expect(answer?.text).toBe('chat rouge');
    expect(answer?.logProb).toBeLessThan(0);
    const again = await loadTask(task.files());
    expect(await again.predict(['red cat'])).toEqual([answer]);
  });

  it('characters to units apart', async () => {
    const sounds = Array.from({ length: 400 }, () => {
      const word = Array.from({ length: 2 + draw(3) }, () => 'abcde'[draw(5)]).join('');
      return { source: word, target: Array.from(word, (letter) => `${letter.toUpperCase()}1`).join(' ') };
    });
    const task = await translate(sounds, { ...quick, sourceUnits: 'chars', targetUnits: 'spaced' });
    expect((await task.predict(['bad']))[0]?.text).toBe('B1 A1 D1');
  });

  it('a source that occurs twice does not lie on both sides of the split', async () => {
    const twice = [...pairs, ...pairs];
    const said: string[] = [];
    await translate(twice, { ...quick, epochs: 1, say: (line) => said.push(line) });
    const [, learnt, tested] =
      /(\d+) examples to learn from, \d+ for early stopping, (\d+) to test on/.exec(said.join('\n')) ?? [];
    expect(Number(learnt) + Number(tested)).toBe(twice.length);
    expect(Number(tested) % 2).toBe(0);
  });

  it('wrong rows and options are named', async () => {
    await expect(translate([{ source: 'a', target: '' }, ...pairs], quick)).rejects.toThrow(
      /line 1: the target is empty/,
    );
    await expect(translate([{ source: 7, target: 'a' }], quick)).rejects.toThrow(/the source must be a text, got 7/);
    await expect(translate(pairs, { ...quick, attention: 'global' })).rejects.toThrow(/"attention" must be one of/);
    await expect(translate(pairs, { ...quick, tied: true })).rejects.toThrow(/embeddingSize must be hiddenSize/);
  });
});
