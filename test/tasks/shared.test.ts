// Small things that tasks share: what a run says it learns from, what is made once and not in each epoch, numbers of labels.
import { beforeAll, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { charlm, forecast, tag, wordlm } from '../../src/tasks/index.js';
import { labelNumbers } from '../../src/tasks/labels.js';
import { once } from '../../src/tasks/once.js';

beforeAll(async () => {
  await u.ready({ backend: 'native', threads: 1 });
});
const quick = { epochs: 1, hidden: 4, embedding: 4 };

it('a text is counted in characters or words, a series in rows', async () => {
  const text = 'the cat sat on the mat and the dog sat on it too. '.repeat(40);
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  await charlm({ text }, { ...quick, say });
  expect(said.join('\n')).toMatch(
    /charlm: 1,6\d\d characters to learn from, 2\d\d for early stopping, \d\d\d to test on/,
  );
  await wordlm({ text }, { ...quick, say });
  expect(said.join('\n')).toMatch(/wordlm: 4\d\d words to learn from, \d\d for early stopping, \d\d to test on/);
  await forecast(
    Array.from({ length: 200 }, (_, k) => ({ value: Math.sin(k) })),
    { ...quick, window: 60, say },
  );
  expect(said.join('\n')).toContain('forecast: 160 rows to learn from, 20 for early stopping, 20 to test on');
});

it('too little to cut a part off is said in the same words', async () => {
  await expect(charlm({ text: 'abcdef' }, quick)).rejects.toThrow(
    /6 characters are too few to keep 10 %.*more characters/,
  );
  await expect(tag([{ tokens: ['a'], tags: ['B'] }], quick)).rejects.toThrow(/1 example is too few/);
});

it('once makes the same of a list only once, and anew for another list or argument', () => {
  let calls = 0;
  const made = once((list: readonly number[], factor: number) => {
    calls++;
    return list.map((x) => x * factor);
  });
  const list = [1, 2];
  expect(made(list, 3)).toBe(made(list, 3));
  expect(calls).toBe(1);
  expect(made(list, 4)).toEqual([4, 8]);
  expect(made([1, 2], 4)).toEqual([4, 8]);
  expect(calls).toBe(3);
});

it('labels that are not known are numbered behind those that are, each with its own number', () => {
  expect(labelNumbers(['a', 'b'], ['b', 'x', 'y', 'a', 'x'])).toEqual([1, 2, 3, 0, 2]);
});
