// Sounds in tasks: what cannot be read, paths from anywhere, sampling rates, deltas.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { classify, loadTask, type TaskOptions, transcribe } from '../../src/tasks/index.js';
import { seeded } from '../helpers/random.js';
import { encodeWav } from '../helpers/wav.js';

const folder = mkdtempSync(path.join(tmpdir(), 'unrolled-audio-'));
const random = seeded(7);
beforeAll(async () => {
  await u.ready({ backend: 'native', threads: 1 });
  mkdirSync(path.join(folder, 'clips'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const quick: TaskOptions = { epochs: 12, hidden: 12, lr: 0.02, dropout: 0, melBands: 12 };

/** A rising or a falling tone of 0.2 s, from about 500 to about 1500 Hz or back. */
function sweep(label: 'up' | 'down', sampleRate: number): Uint8Array {
  const [start, length] = [450 + 100 * random(), Math.round(0.2 * sampleRate)];
  let phase = 0;
  const samples = Array.from({ length }, (_, n) => {
    const share = label === 'up' ? n / length : 1 - n / length;
    phase += (2 * Math.PI * (start + 1000 * share)) / sampleRate;
    return 0.5 * Math.sin(phase) + 0.01 * (random() - 0.5);
  });
  return encodeWav({ sampleRate, bits: 16, channels: 1, samples });
}

/** A manifest of clips, whose paths are relative to it. */
function manifest(name: string, count: number, rateOf: (k: number) => number, more: readonly string[] = []): string {
  const lines = ['clip,label'];
  for (let k = 0; k < count; k++) {
    const label = k % 2 ? 'up' : 'down';
    writeFileSync(path.join(folder, 'clips', `${name}${k}.wav`), sweep(label, rateOf(k)));
    lines.push(`clips/${name}${k}.wav,${label}`);
  }
  const file = path.join(folder, `${name}.csv`);
  writeFileSync(file, `${[...lines, ...more].join('\n')}\n`);
  return file;
}

describe('classify, of sounds', () => {
  it('names what cannot be read, leaves it out on request and counts it; predicts a table from anywhere', async () => {
    writeFileSync(path.join(folder, 'clips', 'cut.wav'), sweep('up', 8000).subarray(0, 200));
    const file = manifest('plain', 60, () => 8000, ['clips/missing.wav,up', 'clips/cut.wav,down']);
    await expect(classify(file, quick)).rejects.toThrow(/plain\.csv, line 62: .*missing\.wav/);

    const said: string[] = [];
    const task = await classify(file, { ...quick, skipUnreadable: true, say: (line) => said.push(line) });
    expect(said).toContainEqual(expect.stringMatching(/^classify: left out: .*line 63: .*cut\.wav is truncated/));
    expect(said).toContain('classify: 2 of 62 inputs could not be read and were left out');
    expect(task.report.test?.accuracy).toBe(1);

    expect(path.resolve('.')).not.toBe(folder);
    const rows = await task.predictRows(manifest('more', 6, () => 8000));
    expect(rows.map((row) => (row as { label: string }).label)).toEqual(['down', 'up', 'down', 'up', 'down', 'up']);
    // A column of another name is that of sounds, as the task was trained.
    const odd = path.join(folder, 'odd.csv');
    writeFileSync(odd, 'text,zzz\nhello,clips/more1.wav\n');
    const [row] = await task.predictRows(odd, { columns: { [task.inputColumn]: 'zzz' } });
    expect(row).toMatchObject({ label: 'up' });
    await expect(task.predictRows(odd)).rejects.toThrow(/odd\.csv has no column that the task could read .*--column/);
    // Lines are paths from where the program runs.
    const [line] = await task.predictLines([path.join(folder, 'clips', 'more1.wav')]);
    expect(line).toMatchObject({ label: 'up' });
  });

  it('brings sounds of other rates to that of the first, or to the one asked for, then and later', async () => {
    const said: string[] = [];
    const rates = [8000, 16_000, 11_025];
    const file = manifest('mixed', 60, (k) => rates[k % 3] as number);
    const out = path.join(folder, 'mixed-model');
    const task = await classify(file, { ...quick, out, say: (line) => said.push(line) });
    expect(said.join('\n')).toContain('sounds are heard at 8000 samples a second, as the first');
    expect(task.settings.sampleRate).toBe(8000);
    expect(task.report.test?.accuracy).toBeGreaterThan(0.8);
    const other = manifest('later', 6, () => 22_050);
    const again = await loadTask(out);
    expect((await again.predictRows(other)).map((row) => (row as { label: string }).label)).toEqual([
      'down',
      'up',
      'down',
      'up',
      'down',
      'up',
    ]);
    expect((await again.evaluate(other)).accuracy).toBe(1);
    const asked = await classify(file, { ...quick, epochs: 1, sampleRate: 4000 });
    expect((asked.prep as { input: { sampleRate: number } }).input.sampleRate).toBe(4000);
  });

  it('hears how the bands change where deltas are asked for', async () => {
    const file = path.join(folder, 'plain.csv');
    const widths = [];
    for (const deltas of [0, 1, 2]) {
      const { prep } = await classify(file, { ...quick, epochs: 1, skipUnreadable: true, deltas });
      widths.push((prep as { input: { mean: number[] } }).input.mean.length);
    }
    expect(widths).toEqual([12, 24, 36]);
    await expect(classify(file, { ...quick, deltas: 3 })).rejects.toThrow(/"deltas" must be/);
  });
});

it('transcribe takes sounds of several rates, too', async () => {
  const file = path.join(folder, 'mixed.csv');
  const task = await transcribe(file, { ...quick, epochs: 1, audio: 'clip', target: 'label' });
  expect(task.settings.sampleRate).toBe(8000);
});
