// Writes PNG files for tests, byte by byte: what a decoder has to find again.
import { crc32, deflateSync } from 'node:zlib';

export interface PngSpec {
  readonly width: number;
  readonly height: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha. */
  readonly color: 0 | 2 | 3 | 4 | 6;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** [height * width * channels] from 0 to 2^depth - 1. */
  readonly samples: readonly number[];
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly transparent?: readonly number[];
  readonly interlaced?: boolean;
}

export const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

export function chunk(type: string, body: Uint8Array): Buffer {
  const all = Buffer.alloc(12 + body.length);
  all.writeUInt32BE(body.length, 0);
  all.write(type, 4, 'latin1');
  all.set(body, 8);
  all.writeUInt32BE(crc(all.subarray(4, 8 + body.length)), 8 + body.length);
  return all;
}

// Node 20 has no zlib.crc32 in its earlier releases.
const crc =
  crc32 ??
  ((bytes: Uint8Array): number => {
    let c = 0xffffffff;
    for (const byte of bytes) {
      c ^= byte;
      for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    }
    return ~c >>> 0;
  });

export const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function header({ width, height, depth, color, interlaced = false }: Omit<PngSpec, 'samples'>): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([depth, color, 0, 0, interlaced ? 1 : 0], 8);
  return chunk('IHDR', body);
}

export function encodePng(spec: PngSpec): Buffer {
  const { palette, transparent, interlaced, width, height } = spec;
  const passes = interlaced
    ? [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
      ]
    : [[0, 0, 1, 1]];
  const data = passes.flatMap(([x0, y0, dx, dy]) => {
    const columns = range(x0 as number, width, dx as number);
    const rows = range(y0 as number, height, dy as number);
    return columns.length === 0 ? [] : filtered(spec, rows, columns);
  });
  const packed = deflateSync(Buffer.concat(data));
  return Buffer.concat([
    SIGNATURE,
    header(spec),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette.flat()))] : []),
    ...(transparent ? [chunk('tRNS', Uint8Array.from(transparent))] : []),
    // Ancillary, and nonsense: nobody may stumble over it.
    chunk('iCCP', Uint8Array.from([1, 2, 3])),
    chunk('IDAT', packed.subarray(0, 7)),
    chunk('IDAT', packed.subarray(7)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

const range = (start: number, end: number, step: number) =>
  Array.from({ length: Math.max(0, Math.ceil((end - start) / step)) }, (_, k) => start + k * step);

/** Rows of bytes, the filters of PNG (none, sub, up, average, Paeth) taking turns. */
function filtered({ width, color, depth, samples }: PngSpec, rows: number[], columns: number[]): Buffer[] {
  const channels = CHANNELS[color];
  const pixel = Math.max(1, (channels * depth) / 8);
  let above = Buffer.alloc(Math.ceil((columns.length * channels * depth) / 8));
  return rows.map((y, number) => {
    const row = Buffer.alloc(above.length);
    columns.forEach((x, column) => {
      for (let c = 0; c < channels; c++) {
        const value = samples[(y * width + x) * channels + c] as number;
        const at = column * channels + c;
        if (depth === 16) row.writeUInt16BE(value, 2 * at);
        else (row[(at * depth) >> 3] as number) |= value << (8 - depth - ((at * depth) & 7));
      }
    });
    const filter = number % 5;
    const bytes = row.map((byte, k) => {
      const [a, b, c] = [row[k - pixel] ?? 0, above[k] as number, above[k - pixel] ?? 0];
      const paeth = [a, b, c].sort((p, q) => Math.abs(a + b - c - p) - Math.abs(a + b - c - q))[0] as number;
      return byte - ([0, a, b, (a + b) >> 1, paeth][filter] as number);
    });
    above = row;
    return Buffer.concat([Buffer.from([filter]), bytes]);
  });
}
