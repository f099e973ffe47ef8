// charlm and wordlm: what they measure is what the model says, the state is carried, and they write what they have learnt.
import { beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { charlm, wordlm } from '../../src/tasks/index.js';

const text = 'the quick brown fox jumps over a lazy dog. '.repeat(90);
const quick = { hidden: 24, batch: 4, window: 16, epochs: 6, lr: 0.02 };

beforeAll(() => u.ready({ backend: 'native', threads: 1 }).then(() => {}));

describe('charlm', () => {
  it('learns a repeated sentence almost without a bit, and writes it', async () => {
    const task = await charlm({ text }, quick);
    expect(task.report.test?.bitsPerChar).toBeLessThan(0.3);
    expect(task.report.test?.perplexity).toBeCloseTo(2 ** (task.report.test?.bitsPerChar as number), 6);
    expect(task.generate('the quick brown ', { length: 9, temperature: 0 })).toBe('fox jumps');
    expect(task.gradients).toContain('gradient flow');
  });

  it('bits per character are the mean surprise of one character after the other', async () => {
    const task = await charlm({ text }, { ...quick, epochs: 1 });
    const sample = 'a lazy dog jumps over the brown fox';
    const [score] = await task.predict([sample]);
    const vocabulary = ['<pad>', '<unk>', '<s>', '</s>', ...(task.prep as { vocabulary: string[] }).vocabulary];
    let bits = 0;
    let state: u.RecurrentState | null = null;
    const model = task.model as unknown as {
      forward(ids: u.Tensor, state: u.RecurrentState | null): { output: u.Tensor; state: u.RecurrentState };
    };
    for (let k = 0; k + 1 < sample.length; k++) {
      const ids = u.tensor([vocabulary.indexOf(sample[k] as string)], [1, 1], { dtype: 'int32' });
      const result = u.noGrad(() => model.forward(ids, state));
      state = result.state;
      const probabilities = result.output.reshape([-1]).softmax().toArray();
      bits -= Math.log2(probabilities[vocabulary.indexOf(sample[k + 1] as string)] as number);
    }
    expect(score?.bitsPerChar).toBeCloseTo(bits / (sample.length - 1), 4);
    expect(score?.next[0]?.probability).toBeGreaterThan(0);
  });

  it('rows side by side read the text as one: every character but the first is a target once', async () => {
    const { charlmTask } = await import('../../src/tasks/language-model.js');
    const letters = Array.from({ length: 103 }, (_, k) => String.fromCharCode(97 + (k % 26)));
    const settings = { ...quick, batch: 4, window: 7 } as never;
    const prep = { vocabulary: Array.from(new Set(letters)) };
    const pairs: string[] = [];
    for (const batch of charlmTask.batches([{ text: letters.join('') }], prep as never, {
      settings,
      training: true,
    }) as Iterable<{ x: u.Tensor; y: u.Tensor }>) {
      batch.x.toArray().forEach((id, k) => {
        const target = batch.y.toArray()[k] as number;
        if (target !== -100) pairs.push(`${id}>${target}`);
      });
    }
    const id = (letter: string) => 4 + prep.vocabulary.indexOf(letter);
    const wanted = letters.slice(1).map((letter, k) => `${id(letters[k] as string)}>${id(letter)}`);
    expect(pairs.sort()).toEqual(wanted.sort());
  });

  it('unknown characters count at the price of an unknown one, and a text too short is refused', async () => {
    const task = await charlm({ text }, { ...quick, epochs: 1 });
    const [known, unknown] = await task.predict(['the quick fox', 'the \u03ba\u03b1\u03c4 fox']);
    expect(unknown?.bitsPerChar).toBeGreaterThan(known?.bitsPerChar as number);
    await expect(task.predict(['a'])).rejects.toThrow(/at least two chars/);
    await expect(charlm({ text: 'a' }, quick)).rejects.toThrow(u.DataError);
    await expect(charlm({ text }, { ...quick, bidirectional: true })).rejects.toThrow(/forward only/);
  });
});

describe('wordlm', () => {
  it('learns words, ties vectors and scores where sizes agree, and writes sentences', async () => {
    const task = await wordlm({ text }, { ...quick, embedding: 24, minCount: 1, dropout: 0 });
    expect(task.report.test?.perplexity).toBeLessThan(2);
    const model = task.model as unknown as { head: u.Linear; embedding: u.Embedding };
    expect(model.head.weight).toBe(model.embedding.weight);
    expect(task.generate('jumps over a', { length: 2, temperature: 0 })).toBe(' lazy dog');
  });
});
