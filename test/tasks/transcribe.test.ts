// transcribe: sounds, numbers and letters to texts, over small made-up data whose rule a net can learn.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { loadTask, type TaskOptions, transcribe } from '../../src/tasks/index.js';
import { seeded } from '../helpers/random.js';
import { encodeWav } from '../helpers/wav.js';

const folder = mkdtempSync(path.join(tmpdir(), 'unrolled-transcribe-'));
beforeAll(async () => {
  await u.ready({ backend: 'native', threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick: TaskOptions = { epochs: 40, hidden: 24, lr: 0.02, batch: 16, dropout: 0, patience: 40 };
const random = seeded(3);
const draw = (n: number): number => Math.floor(n * random());
const words = Array.from({ length: 240 }, (_, k) =>
  Array.from({ length: 2 + (k % 4) }, () => 'abx'[draw(3)] as string).join(''),
);
const unique = [...new Set(words)];
/** "x" sounds as two, "a" and "b" as one: more units than letters. */
const spoken = (word: string) => Array.from(word, (c) => ({ a: 'AH', b: 'B', x: 'K S' })[c]).join(' ');

it('learns to spell out letters, where targets are longer than their inputs', async () => {
  const said: string[] = [];
  const rows = unique.map((word) => ({ word, phonemes: spoken(word) }));
  const out = path.join(folder, 'spelling');
  const task = await transcribe(rows, { ...quick, targetUnits: 'spaced', embedding: 8, out, say: (s) => said.push(s) });
  expect(said.join('\n')).toMatch(/4 different units to write/);
  expect(task.report.test?.wer).toBeLessThan(0.1);
  expect(task.report.test?.exact).toBeGreaterThan(0.7);
  const [first, second] = await task.predict(['abx', 'xx']);
  expect(first?.text).toBe('AH B K S');
  expect(second?.text).toBe('K S K S');
  expect(first?.logProb).toBeLessThanOrEqual(0);
  const again = await loadTask(out);
  expect(await again.predict(['abx', 'xx'])).toEqual([first, second]);
});

/** A tone of 60 ms for each letter, and a pause. */
const tones: Readonly<Record<string, number>> = { a: 400, b: 1100, x: 2300 };
function sound(word: string): Uint8Array {
  const samples = Array.from(word).flatMap((letter) =>
    Array.from({ length: 800 }, (_, n) =>
      n < 480 ? 0.5 * Math.sin((2 * Math.PI * (tones[letter] as number) * n) / 8000) : 0.01 * (random() - 0.5),
    ),
  );
  return encodeWav({ sampleRate: 8000, bits: 16, channels: 1, samples });
}

it('learns letters from sounds of a manifest; what cannot be read is named, and left out on request only', async () => {
  const lines = ['wav,target'];
  for (const [k, word] of unique.slice(0, 90).entries()) {
    writeFileSync(path.join(folder, `${k}.wav`), sound(word));
    lines.push(`${k}.wav,${word}`);
  }
  lines.push('missing.wav,ab', 'bad.wav,ab');
  writeFileSync(path.join(folder, 'bad.wav'), sound('ab').subarray(0, 300));
  const file = path.join(folder, 'sounds.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  await expect(transcribe(file, quick)).rejects.toThrow(/sounds\.csv, line 92: .*missing\.wav/);

  const said: string[] = [];
  const options = { ...quick, epochs: 25, melBands: 16, skipUnreadable: true, say: (s: string) => said.push(s) };
  const task = await transcribe(file, options);
  expect(said.join('\n')).toMatch(/bad\.wav is truncated/);
  expect(said.join('\n')).toMatch(/2 of 92 inputs could not be read/);
  expect(task.report.test?.cer).toBeLessThan(0.25);
  const [answer] = await task.predict([path.join(folder, '0.wav')]);
  expect(answer?.text).toBe(unique[0]);
});

it('says what is wrong with its data', async () => {
  await expect(transcribe([{ word: 'a', target: '' }], quick)).rejects.toThrow(/line 1: the target is empty/);
  await expect(transcribe([{ word: '', target: 'a' }], quick)).rejects.toThrow(/must have at least one letter/);
  await expect(transcribe([{ sentence: 'a', target: 'a' }], quick)).rejects.toThrow(
    /must have one column to read, it has 0/,
  );
});
