// `tag`: a label for each word, from CoNLL columns and lists; words never seen by their endings, tags never seen as mistakes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { loadTask, type TaskOptions, tag } from '../../src/tasks/index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'unrolled-tag-'));
beforeAll(async () => {
  await u.ready({ backend: 'native', threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Stems are all different; what a word is stands in its ending alone, and in the word before for "x". */
const stem = (k: number): string => `${'bdfgkl'[k % 6]}${'aeiou'[(k >> 1) % 5]}${'mnprt'[(k >> 2) % 5]}${'aeo'[k % 3]}`;
const sentence = (k: number) => ({
  tokens: turned(k, ['The', `${stem(k)}ous`, `${stem(k * 7 + 3)}ness`, `${stem(k * 5 + 1)}ed`, `${k}`]),
  tags: turned(k, ['DET', 'ADJ', 'NOUN', 'VERB', 'NUM']),
});
/** Sentences of 4 or 5 words begin anywhere: no place in a sentence says what stands there. */
const turned = (k: number, words: readonly string[]): string[] =>
  [...words.slice(k % 5), ...words.slice(0, k % 5)].slice(k % 2);
const sentences = Array.from({ length: 200 }, (_, k) => sentence(k));
const quick: TaskOptions = { epochs: 4, hidden: 8, embedding: 8, lr: 0.02, dropout: 0, batch: 16 };

describe('tag', () => {
  it('knows words it never saw by their endings and shape', async () => {
    const task = await tag(sentences, quick);
    expect(task.report.test?.accuracy).toBeGreaterThan(0.98);
    const [given] = await task.predict([['The', 'zuzuous', 'zuzuness', 'zuzued', '9999']]);
    expect(given?.tags).toEqual(['DET', 'ADJ', 'NOUN', 'VERB', 'NUM']);
  });

  it('counts a tag that was not there to learn from as a mistake', async () => {
    const test = [0, 1, 2, 3].map((k) => ({
      tokens: ['Oh', ...sentence(500 + k).tokens],
      tags: ['INTJ', ...sentence(500 + k).tags],
    }));
    const task = await tag(sentences, { ...quick, test });
    const { accuracy, unseenTags } = task.report.test as { accuracy: number; unseenTags: number };
    expect(unseenTags).toBe(4);
    expect(accuracy).toBeLessThanOrEqual(18 / 22);
    expect(accuracy).toBeGreaterThan(0.7);
  });

  it('reads CoNLL columns, and answers the same when it is loaded again', async () => {
    const file = path.join(folder, 'words.conll');
    const out = path.join(folder, 'model');
    const text = sentences.map(({ tokens, tags }) => tokens.map((token, k) => `${token}\t${tags[k]}`).join('\n'));
    writeFileSync(file, `${text.join('\n\n')}\n`);
    const task = await tag(file, { ...quick, epochs: 2, out });
    const inputs = ['The fanous tones moped 12', 'The'];
    const again = await loadTask(out);
    expect(await again.predict(inputs)).toEqual(await task.predict(inputs));
  });

  it('names the line whose words and tags are not as many', async () => {
    const rows = [...sentences.slice(0, 3), { tokens: ['a', 'b'], tags: ['DET'] }];
    await expect(tag(rows, quick)).rejects.toThrow(/line 4: there must be a tag for each word, got 2 words and 1 tags/);
  });

  it('refuses data of one tag', async () => {
    const rows = sentences.map(({ tokens }) => ({ tokens, tags: tokens.map(() => 'X') }));
    await expect(tag(rows, quick)).rejects.toThrow(/all words have the tag "X"/);
  });
});
