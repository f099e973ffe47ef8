// PNG files as numbers. The pixels are decoded by fast-png; what a file claims is checked before anything is allocated for it.
import { decode } from 'fast-png';
import { Unzlib } from 'fflate';
import { DataError } from '../errors.js';
import { checkOptions, is, type Rule, show } from '../options.js';

/** A picture as numbers from 0 to 1. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** [channels, height, width], as Conv2d takes it. Values are as stored (sRGB), divided by the largest there can be. */
  readonly data: Float32Array;
}

export interface DecodePngOptions {
  /** 'grey' (0.299 R + 0.587 G + 0.114 B), 'rgb', or 'rgba'. Default 'rgb' */
  readonly channels?: 'grey' | 'rgb' | 'rgba';
  /** What shows through where a picture is transparent: a grey, or red, green, blue, from 0 to 1. Default 1, white; 'rgba' keeps alpha */
  readonly background?: number | readonly [number, number, number];
  /** Pictures of more pixels are refused. Default 2^24 */
  readonly maxPixels?: number;
  /** What messages call the file. Default 'the image' */
  readonly name?: string;
}

const isShade = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1;
const isBackground: Rule = {
  expected: 'a number from 0 to 1, or three of them',
  accepts: (value) => isShade(value) || (Array.isArray(value) && value.length === 3 && value.every(isShade)),
};

/**
 * A PNG file as numbers: 1, 2, 4, 8 or 16 bits, grey, colour, palette, with or without transparency.
 *
 *   const image = decodePng(bytes, { channels: 'grey' });   // image.data: [1, height, width], 0 black to 1 white
 *
 * @throws DataError  if the file is damaged, cut off, not a PNG, or larger than maxPixels; the message names it
 */
export function decodePng(bytes: Uint8Array | ArrayBuffer, options: DecodePngOptions = {}): Image {
  checkOptions<DecodePngOptions>('decodePng', options, {
    channels: is.oneOf('grey', 'rgb', 'rgba'),
    background: isBackground,
    maxPixels: is.integer(1),
    name: is.string,
  });
  const { channels = 'rgb', background = 1, maxPixels = 2 ** 24, name = 'the image' } = options;
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer)) {
    throw new DataError(`${name}: a PNG must be given as bytes (Uint8Array or ArrayBuffer), got ${show(bytes)}`);
  }
  const file = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const essential = inspect(file, name, maxPixels);
  let decoded: ReturnType<typeof decode>;
  try {
    decoded = decode(essential, { checkCrc: true });
  } catch (error) {
    throw new DataError(`${name}: damaged PNG: ${(error as Error).message}`, { cause: error });
  }
  return convert(
    decoded,
    channels,
    typeof background === 'number' ? [background, background, background] : background,
    name,
  );
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** What the pixels depend on. Other chunks may be anything: they are not looked at. */
const ESSENTIAL = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Checks the file's structure, its claims, and that its data are as long as they say; returns it with its essential chunks only. */
function inspect(file: Uint8Array, name: string, maxPixels: number): Uint8Array {
  if (!SIGNATURE.every((byte, k) => file[k] === byte)) {
    throw new DataError(`${name}: not a PNG file${otherFormat(file)}; PNG is the format that is read: convert it`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const kept: Uint8Array[] = [file.subarray(0, 8)];
  const data: Uint8Array[] = [];
  let header: Header | undefined;
  let type = '';
  for (let at = 8; type !== 'IEND'; ) {
    if (at + 12 > file.length) throw new DataError(`${name}: the PNG file is cut off after ${file.length} bytes`);
    const length = view.getUint32(at);
    type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (at + 12 + length > file.length) {
      throw new DataError(
        `${name}: the PNG file is cut off: its part ${show(type)} needs ${length} bytes, ${file.length - at - 12} are there`,
      );
    }
    const body = file.subarray(at + 8, at + 8 + length);
    if (header === undefined) {
      if (type !== 'IHDR' || length !== 13)
        throw new DataError(`${name}: damaged PNG: it does not begin with its header`);
      header = headerOf(body, name, maxPixels);
    }
    if (type === 'IDAT') data.push(body);
    if (ESSENTIAL.includes(type)) kept.push(file.subarray(at, at + 12 + length));
    at += 12 + length;
  }
  measure(data, header as Header, name);
  return join(kept);
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly interlaced: boolean;
}

function headerOf(body: Uint8Array, name: string, maxPixels: number): Header {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, , , interlace] = body.subarray(8) as unknown as [number, number, number, number, number];
  if (width === 0 || height === 0)
    throw new DataError(`${name}: the PNG must have pixels, it says ${width} x ${height}`);
  if (width * height > maxPixels) {
    throw new DataError(
      `${name}: ${width} x ${height} pixels are more than ${maxPixels}; make the picture smaller, or raise maxPixels`,
    );
  }
  if (!DEPTHS[color]?.includes(depth)) {
    throw new DataError(`${name}: damaged PNG: there is no color type ${color} with ${depth} bits`);
  }
  if (interlace === 1 && depth < 8) {
    throw new DataError(`${name}: interlaced PNGs of ${depth} bits are not read; save it without interlacing`);
  }
  return { width, height, bits: depth * (CHANNELS[color] as number), interlaced: interlace === 1 };
}

/** First column and row of each pass of an interlaced picture, and the distance of the next ones (Adam7). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Bytes of the data once inflated: each row has a byte of its own in front. */
function inflatedSize({ width, height, bits, interlaced }: Header): number {
  const size = (columns: number, rows: number) => (columns > 0 ? rows * (1 + Math.ceil((columns * bits) / 8)) : 0);
  if (!interlaced) return size(width, height);
  return PASSES.reduce(
    (sum, [x, y, dx, dy]) => sum + size(Math.ceil((width - x) / dx), Math.max(0, Math.ceil((height - y) / dy))),
    0,
  );
}

/** Bytes given to the inflator at once: it makes at most a thousand times as many of them before it is asked again. */
const PIECE = 16384;

/** A few bytes may inflate to gigabytes, or to less than the picture needs: both are found out without keeping the result. */
function measure(parts: readonly Uint8Array[], header: Header, name: string): void {
  const wanted = inflatedSize(header);
  let size = 0;
  const inflator = new Unzlib((piece) => {
    size += piece.length;
  });
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length && size <= wanted; at += PIECE)
        inflator.push(part.subarray(at, at + PIECE), false);
    }
    if (size <= wanted) inflator.push(new Uint8Array(0), true);
  } catch (error) {
    throw new DataError(`${name}: damaged PNG: its data cannot be inflated (${(error as Error).message})`, {
      cause: error,
    });
  }
  if (size === wanted) return;
  throw new DataError(
    `${name}: damaged PNG: ${header.width} x ${header.height} pixels need ${wanted} bytes of data, ` +
      `there are ${size > wanted ? 'more' : size}`,
  );
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function otherFormat(file: Uint8Array): string {
  const start = String.fromCharCode(...file.subarray(0, 12));
  if (file.length === 0) return ' (it is empty)';
  if (start.startsWith('\xff\xd8\xff')) return ' (it is a JPEG)';
  if (start.startsWith('GIF8')) return ' (it is a GIF)';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return ' (it is a WebP)';
  if (/^\s*</.test(start)) return ' (it begins like SVG or HTML)';
  return '';
}

function convert(
  png: ReturnType<typeof decode>,
  channels: 'grey' | 'rgb' | 'rgba',
  background: readonly number[],
  name: string,
): Image {
  const { width, height } = png;
  const count = { grey: 1, rgb: 3, rgba: 4 }[channels];
  const pixels = width * height;
  const data = new Float32Array(count * pixels);
  const read = reader(png, name);
  const rgba = new Float64Array(4);
  for (let k = 0; k < pixels; k++) {
    read(k, rgba);
    const alpha = rgba[3] as number;
    for (let c = 0; c < 3 && channels !== 'rgba'; c++) {
      rgba[c] = alpha * (rgba[c] as number) + (1 - alpha) * (background[c] as number);
    }
    if (channels === 'grey') {
      data[k] = 0.299 * (rgba[0] as number) + 0.587 * (rgba[1] as number) + 0.114 * (rgba[2] as number);
    } else {
      for (let c = 0; c < count; c++) data[c * pixels + k] = rgba[c] as number;
    }
  }
  return { width, height, channels: count, data };
}

/** A function that writes pixel k as red, green, blue, alpha from 0 to 1. */
function reader(png: ReturnType<typeof decode>, name: string): (k: number, rgba: Float64Array) => void {
  const { width, depth, channels, data, palette, transparency } = png;
  const most = 2 ** depth - 1;
  const stride = Math.ceil((width * depth) / 8);
  /** Sample s of the picture; those of fewer than 8 bits are packed, each row on its own. */
  const sample = (s: number): number => {
    if (depth >= 8) return data[s] as number;
    const bit = (s % width) * depth;
    const byte = data[Math.floor(s / width) * stride + (bit >> 3)] as number;
    return (byte >> (8 - depth - (bit & 7))) & most;
  };
  if (palette) {
    return (k, rgba) => {
      const color = palette[sample(k)];
      if (color === undefined) {
        throw new DataError(
          `${name}: damaged PNG: pixel ${k} has color ${sample(k)} of a palette of ${palette.length}`,
        );
      }
      for (let c = 0; c < 4; c++) rgba[c] = (color[c] ?? 255) / 255;
    };
  }
  const isColor = channels >= 3;
  const hasAlpha = channels === 2 || channels === 4;
  return (k, rgba) => {
    let hidden = transparency !== undefined && transparency.length > 0;
    for (let c = 0; c < 3; c++) {
      const value = sample(k * channels + (isColor ? c : 0));
      if (hidden && value !== transparency?.[isColor ? c : 0]) hidden = false;
      rgba[c] = value / most;
    }
    rgba[3] = hasAlpha ? sample(k * channels + channels - 1) / most : hidden ? 0 : 1;
  };
}
