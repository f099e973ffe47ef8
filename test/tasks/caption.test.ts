// `caption`, and pictures in `classify`: from files of a manifest to words, saved and loaded, and what is said of bad pictures.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Image } from '../../src/data/images.js';
import { DataError, ready } from '../../src/node.js';
import { caption, classify, loadTask } from '../../src/tasks/index.js';
import { encodePng } from '../helpers/png.js';
import { seeded } from '../helpers/random.js';

const SIZE = 16;
const COLORS = { red: [255, 0, 0], green: [0, 200, 0], blue: [0, 0, 255] } as const;
const SHAPES = ['bar', 'pole', 'box'] as const;

/** A bar, a pole or a box of a color, somewhere on white. */
function drawing(color: keyof typeof COLORS, shape: (typeof SHAPES)[number], random: () => number): number[] {
  const [width, height] = { bar: [10, 3], pole: [3, 10], box: [6, 6] }[shape] as [number, number];
  const left = Math.floor(random() * (SIZE - width));
  const top = Math.floor(random() * (SIZE - height));
  const samples: number[] = [];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const inside = x >= left && x < left + width && y >= top && y < top + height;
      samples.push(
        ...(inside ? COLORS[color] : [255, 255, 255]).map((v) => Math.max(0, v - Math.floor(random() * 20))),
      );
    }
  }
  return samples;
}

const folder = mkdtempSync(join(tmpdir(), 'unrolled-caption-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const captions: { file: string; text: string }[] = [];
beforeAll(async () => {
  await ready({ threads: 1 });
  const random = seeded(4);
  for (let k = 0; k < 240; k++) {
    const color = Object.keys(COLORS)[k % 3] as keyof typeof COLORS;
    const shape = SHAPES[Math.floor(k / 3) % 3] as (typeof SHAPES)[number];
    const file = `${k}.png`;
    const samples = drawing(color, shape, random);
    writeFileSync(join(folder, file), encodePng({ width: SIZE, height: SIZE, color: 2, depth: 8, samples }));
    captions.push({ file, text: shape === 'box' ? `a ${color} box` : `${color} ${shape}` });
  }
  const csv = (header: string, line: (row: (typeof captions)[number]) => string) =>
    `${[header, ...captions.map(line)].join('\n')}\n`;
  writeFileSync(
    join(folder, 'captions.csv'),
    csv('image,text', ({ file, text }) => `${file},${text}`),
  );
  writeFileSync(
    join(folder, 'colors.csv'),
    csv('image,label', ({ file, text }) => `${file},${/bar|pole|box/.exec(text)?.[0]}`),
  );
});

const small = {
  imageSize: SIZE,
  filters: 8,
  hidden: 32,
  embedding: 16,
  dropout: 0,
  epochs: 25,
  patience: 25,
  batch: 8,
  lr: 0.004,
  shift: 2,
  seed: 1,
};

describe('caption', () => {
  it.each(['gru', 'lstm'] as const)(
    'learns to name color and shape of pictures never seen (%s), and comes back from disk',
    async (cell) => {
      const out = join(folder, `model-${cell}`);
      const task = await caption(join(folder, 'captions.csv'), {
        ...small,
        cell,
        out,
        ...(cell === 'lstm' && { attention: 'additive' }),
      });
      const { exact, wordF1, bleu } = task.report.test as Record<string, number>;
      expect(exact).toBeGreaterThan(0.8);
      expect(wordF1).toBeGreaterThan(0.9);
      expect(bleu).toBeGreaterThanOrEqual(0);
      const paths = captions.slice(0, 9).map(({ file }) => join(folder, file));
      const answers = await task.predict(paths);
      expect(answers.filter(({ text }, k) => text === captions[k]?.text).length).toBeGreaterThanOrEqual(8);
      const again = await loadTask(out);
      expect(await again.predict(paths)).toEqual(answers);
    },
    60_000,
  );

  it('writes the same for a path, bytes and pixels', async () => {
    const samples = drawing('red', 'box', seeded(9));
    const bytes = encodePng({ width: SIZE, height: SIZE, color: 2, depth: 8, samples });
    const path = join(folder, 'one.png');
    writeFileSync(path, bytes);
    const image: Image = {
      width: SIZE,
      height: SIZE,
      channels: 3,
      data: Float32Array.from({ length: samples.length }, (_, k) => {
        const pixel = k % (SIZE * SIZE);
        return (samples[pixel * 3 + Math.floor(k / (SIZE * SIZE))] as number) / 255;
      }),
    };
    const task = await caption(join(folder, 'captions.csv'), { ...small, epochs: 1 });
    const answers = await task.predict([path, bytes, image] as never);
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  }, 60_000);

  it('names a picture that cannot be read, and leaves it out only when told to', async () => {
    writeFileSync(join(folder, 'bad.png'), 'no picture');
    const list = [
      ...captions.slice(0, 30),
      { file: 'bad.png', text: 'nothing' },
      { file: 'none.png', text: 'nothing' },
    ];
    const manifest = join(folder, 'bad.jsonl');
    writeFileSync(manifest, list.map(({ file, text }) => JSON.stringify({ image: file, text })).join('\n'));
    await expect(caption(manifest, { ...small, epochs: 1 })).rejects.toThrow(DataError);
    await expect(caption(manifest, { ...small, epochs: 1 })).rejects.toThrow(/line 31: .*bad\.png: not a PNG file/);
    const said: string[] = [];
    await caption(manifest, { ...small, epochs: 1, skipUnreadable: true, say: (line) => said.push(line) });
    expect(said.filter((line) => line.startsWith('caption: left out')).length).toBe(2);
    expect(said).toContain('caption: 2 of 32 inputs could not be read and were left out');
    await expect(caption([{ image: 5, text: 'five' }], small)).rejects.toThrow(
      /must be the path of a PNG file, or its bytes, got 5/,
    );
    await expect(caption(manifest, { ...small, imageSize: 4 })).rejects.toThrow(/imageSize must be at least 8/);
  }, 60_000);
});

describe('classify', () => {
  it('reads pictures row by row', async () => {
    const task = await classify(join(folder, 'colors.csv'), {
      imageSize: SIZE,
      hidden: 32,
      epochs: 30,
      lr: 0.005,
      seed: 1,
    });
    expect(task.report.test?.accuracy).toBeGreaterThan(0.8);
    const [answer] = await task.predict([join(folder, '0.png')]);
    expect(answer?.label).toBe('bar');
  }, 60_000);
});
