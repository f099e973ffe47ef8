// Pictures: every form of PNG against pixels that are known, damaged and hostile files, other sizes, rows and batches.
import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodePng, type Image, imageRows, imageTensor, resize } from '../../src/data/images.js';
import { DataError, OptionError, ready, ShapeError } from '../../src/node.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { CHANNELS, chunk, encodePng, header, type PngSpec, SIGNATURE } from '../helpers/png.js';
import { seeded } from '../helpers/random.js';

const palette = [
  [255, 0, 0],
  [0, 255, 0],
  [10, 20, 30],
  [255, 255, 255],
] as const;

function spec(color: PngSpec['color'], depth: PngSpec['depth'], more: Partial<PngSpec> = {}): PngSpec {
  const [width, height] = [13, 11];
  const next = seeded(color * 17 + depth);
  const limit = color === 3 ? Math.min(4, 2 ** depth) : 2 ** depth;
  const samples = Array.from({ length: width * height * CHANNELS[color] }, () => Math.floor(next() * limit));
  return { width, height, color, depth, samples, ...(color === 3 && { palette }), ...more };
}

/** The pixels by the standard's words: red, green, blue and alpha of each, from 0 to 1. */
function expected({ color, depth, samples, transparent }: PngSpec): number[][] {
  const channels = CHANNELS[color];
  const most = 2 ** depth - 1;
  return Array.from({ length: samples.length / channels }, (_, k) => {
    const raw = samples.slice(k * channels, (k + 1) * channels);
    if (color === 3) {
      const index = raw[0] as number;
      return [...(palette[index] as readonly number[]), transparent?.[index] ?? 255].map((value) => value / 255);
    }
    const shades = (color === 0 || color === 4 ? [raw[0], raw[0], raw[0]] : raw.slice(0, 3)) as number[];
    const key =
      transparent &&
      Array.from({ length: transparent.length / 2 }, (_, c) => 256 * transparent[2 * c]! + transparent[2 * c + 1]!);
    const isKey = key?.every((value, c) => value === shades[c]);
    const alpha = color === 4 || color === 6 ? (raw.at(-1) as number) / most : isKey ? 0 : 1;
    return [...shades.map((value) => value / most), alpha];
  });
}

const plane = (pixels: number[][], c: number) => pixels.map((pixel) => pixel[c] as number);

const cases: [string, PngSpec][] = [];
for (const depth of [1, 2, 4, 8, 16] as const) cases.push([`grey, ${depth} bits`, spec(0, depth)]);
for (const depth of [1, 2, 4, 8] as const)
  cases.push([`palette, ${depth} bits`, spec(3, depth, depth === 1 ? { palette: palette.slice(0, 2) } : {})]);
for (const depth of [8, 16] as const) {
  cases.push([`colour, ${depth} bits`, spec(2, depth)]);
  cases.push([`grey and alpha, ${depth} bits`, spec(4, depth)]);
  cases.push([`colour and alpha, ${depth} bits`, spec(6, depth)]);
  cases.push([`interlaced, ${depth} bits`, spec(6, depth, { interlaced: true })]);
}
cases.push(['palette with alpha', spec(3, 4, { transparent: [0, 128] })]);
cases.push(['grey with one transparent shade', spec(0, 2, { transparent: [0, 2] })]);
const colored = spec(2, 8);
cases.push([
  'colour with one transparent colour',
  { ...colored, transparent: colored.samples.slice(30, 33).flatMap((v) => [0, v]) },
]);
cases.push([
  'interlaced, so small that passes are empty',
  { ...spec(0, 8, { interlaced: true }), width: 3, height: 1, samples: [1, 2, 3] },
]);

describe('decodePng', () => {
  it.each(cases)('finds every pixel of %s', (_, png) => {
    const bytes = encodePng(png);
    const pixels = expected(png);
    const rgba = decodePng(bytes, { channels: 'rgba' });
    expect(rgba).toMatchObject({ width: png.width, height: png.height, channels: 4 });
    expectClose(
      rgba.data,
      [0, 1, 2, 3].flatMap((c) => plane(pixels, c)),
      EPS32,
      'rgba',
      1,
    );
    const over = (c: number, shade: number) => pixels.map((p) => p[3]! * p[c]! + (1 - p[3]!) * shade);
    expectClose(
      decodePng(bytes).data,
      [0, 1, 2].flatMap((c) => over(c, 1)),
      EPS32,
      'over white',
      1,
    );
    const tinted = decodePng(bytes, { background: [0.25, 0.5, 0] }).data;
    expectClose(tinted, [...over(0, 0.25), ...over(1, 0.5), ...over(2, 0)], EPS32, 'over a colour', 1);
    const grey = over(0, 0).map((red, k) => 0.299 * red + 0.587 * over(1, 0)[k]! + 0.114 * over(2, 0)[k]!);
    expectClose(decodePng(bytes, { channels: 'grey', background: 0 }).data, grey, EPS32, 'grey', 1);
  });

  it('takes an ArrayBuffer, and bytes that stand anywhere in one', () => {
    const bytes = encodePng(spec(2, 8));
    const wanted = decodePng(bytes).data;
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodePng(shifted.subarray(3)).data).toEqual(wanted);
    expect(decodePng(shifted.slice(3).buffer).data).toEqual(wanted);
  });
});

describe('what decodePng refuses', () => {
  const good = encodePng(spec(2, 8));
  const named = { name: 'a.png' };
  const file = (claims: Partial<PngSpec>, data: Uint8Array) =>
    Buffer.concat([
      SIGNATURE,
      header({ ...spec(0, 8), ...claims }),
      chunk('IDAT', data),
      chunk('IEND', new Uint8Array(0)),
    ]);

  it('a file cut off anywhere, without an exception of another kind', () => {
    for (let length = 0; length < good.length; length++) {
      expect(() => decodePng(good.subarray(0, length), named), `${length} bytes`).toThrow(DataError);
    }
    expect(() => decodePng(good.subarray(0, 60), named)).toThrow(/^a\.png: the PNG file is cut off/);
  });
  it('a file with any one byte changed, or the same picture', () => {
    const wanted = decodePng(good).data;
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ 0x55;
      let image: Image;
      try {
        image = decodePng(bad);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(DataError);
        continue;
      }
      expect(image.data, `byte ${at}`).toEqual(wanted);
    }
  });
  it('sizes that cannot be, before anything is allocated', () => {
    const none = deflateSync(new Uint8Array(4));
    expect(() => decodePng(file({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 }, none), named)).toThrow(
      /a\.png: 2147483647 x 2147483647 pixels are more than 16777216/,
    );
    expect(() => decodePng(good, { maxPixels: 100 })).toThrow(/13 x 11 pixels are more than 100/);
    expect(() => decodePng(file({ width: 0 }, none))).toThrow(/must have pixels, it says 0 x 11/);
    expect(() => decodePng(file({ width: 4000, height: 4000 }, none))).toThrow(
      /need 16004000 bytes of data, there are 4/,
    );
    expect(() => decodePng(file({ color: 2, depth: 4 }, none))).toThrow(/no color type 2 with 4 bits/);
    expect(() => decodePng(file({ depth: 4, interlaced: true }, none))).toThrow(/save it without interlacing/);
  });
  it('data that inflate to far more than the picture needs', () => {
    const bomb = deflateSync(Buffer.alloc(300_000_000));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decodePng(file({}, bomb), named)).toThrow(
      /a\.png: damaged PNG: 13 x 11 pixels need 154 bytes of data, there are more/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
    expect(() => decodePng(file({}, Buffer.from('not deflated')))).toThrow(/cannot be inflated/);
  });
  it('other formats, by name, and what is no file at all', () => {
    expect(() => decodePng(Buffer.from('\xff\xd8\xff\xe0', 'latin1'), named)).toThrow(
      /a\.png: not a PNG file \(it is a JPEG\)/,
    );
    expect(() => decodePng(new Uint8Array(0))).toThrow(/the image: not a PNG file \(it is empty\)/);
    expect(() => decodePng('a.png' as never)).toThrow(/must be given as bytes/);
    expect(() => decodePng(good, { channels: 'gray' as never })).toThrow(OptionError);
    expect(() => decodePng(good, { background: 2 })).toThrow(/must be a number from 0 to 1/);
  });
  it('a color that the palette does not have', () => {
    const bad = encodePng({ ...spec(3, 8), samples: new Array(143).fill(7) });
    expect(() => decodePng(bad)).toThrow(/pixel 0 has color 7 of a palette of 4/);
  });
});

describe('pictures', () => {
  beforeAll(() => ready({ backend: 'reference' }));
  const image = (width: number, height: number, channels: number, data: number[]): Image => ({
    width,
    height,
    channels,
    data: Float32Array.from(data),
  });

  it('resize takes the mean of the area of each pixel, and keeps the mean of all', () => {
    const x = image(4, 2, 1, [0, 1, 0.5, 0.5, 1, 0, 0.25, 0.75]);
    expect(Array.from(resize(x, 2, 1).data)).toEqual([0.5, 0.5]);
    expect(resize(x, 4, 2)).toBe(x);
    // 1.5 pixels wide: one and a half of the three.
    expectClose(resize(image(3, 1, 1, [1, 0, 0.5]), 2, 1).data, [2 / 3, 1 / 3], EPS32, '3 to 2');
    expect(Array.from(resize(image(2, 1, 1, [0, 1]), 4, 1).data)).toEqual([0, 0, 1, 1]);
    const next = seeded(1);
    const wide = image(
      17,
      13,
      3,
      Array.from({ length: 17 * 13 * 3 }, () => next()),
    );
    const small = resize(wide, 5, 7);
    const mean = ({ data }: Image, c: number) => {
      const part = data.subarray((c * data.length) / 3, ((c + 1) * data.length) / 3);
      return part.reduce((sum, value) => sum + value, 0) / part.length;
    };
    for (let c = 0; c < 3; c++) expect(mean(small, c)).toBeCloseTo(mean(wide, c), 5);
    expect(() => resize(wide, 0, 3)).toThrow(/width must be a whole number of at least 1, got 0/);
  });

  it('rows are steps, one channel after the other', () => {
    const x = image(2, 2, 2, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(imageRows(x).map((row) => Array.from(row))).toEqual([
      [1, 2, 5, 6],
      [3, 4, 7, 8],
    ]);
  });

  it('a batch holds the pictures one after the other, all of one size', () => {
    const x = image(2, 1, 1, [0.25, 0.5]);
    const batch = imageTensor([x, image(2, 1, 1, [0.75, 1])]);
    expect([batch.shape, batch.toArray()]).toEqual([
      [2, 1, 1, 2],
      [0.25, 0.5, 0.75, 1],
    ]);
    expect(() => imageTensor([x, image(1, 1, 1, [1])])).toThrow(
      new ShapeError('imageTensor: image 1 must be 2 x 1 with 1 channels as the first, got 1 x 1 with 1; use resize'),
    );
    expect(() => imageTensor([])).toThrow(ShapeError);
  });
});
