// Streaming from disk: lines and rows as parsing the whole would give them, however the bytes are cut; batches from a bounded
// buffer; and a file larger than the memory there is.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lines, parseTable, readRows, type StreamSource, streamBatches, type TableRow } from '../../src/data/index.js';
import { DataError } from '../../src/errors.js';
import * as u from '../../src/node.js';
import { expectSameBits } from '../helpers/compare.js';

const folder = mkdtempSync(join(tmpdir(), 'unrolled-stream-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => u.ready({ backend: 'reference' }));

const bytes = (text: string) => new TextEncoder().encode(text);
/** The bytes in pieces of these sizes, again and again. */
function* cut(text: string | Uint8Array, ...sizes: number[]): Generator<Uint8Array> {
  const all = typeof text === 'string' ? bytes(text) : text;
  for (let at = 0, k = 0; at < all.length; k++) {
    const size = sizes[k % sizes.length] as number;
    yield all.slice(at, at + size);
    at += size;
  }
}
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });

describe('lines', () => {
  it('are those of the text, wherever it is cut: inside a character, between CR and LF', async () => {
    const text = fc.array(fc.constantFrom('a', 'é', '\u{1f600}', '\n', '\r\n', ' '), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(text, sizes, async (parts, at) => {
        const whole = parts.join('');
        const wanted = whole.split(/\r?\n/);
        if (wanted.at(-1) === '') wanted.pop();
        expect(await all(lines(cut(whole, ...at)))).toEqual(wanted);
      }),
    );
  });

  it('come from files, URLs, Blobs and streams alike, with or without a byte order mark', async () => {
    const path = join(folder, 'lines.txt');
    writeFileSync(path, '\ufeffone\r\ntwo');
    const url = new URL(`file://${path}`);
    const sources: StreamSource[] = [path, url, new Blob(['\ufeffone\ntwo\n']), [bytes('one\ntwo')]];
    for (const source of sources) expect(await all(lines(source))).toEqual(['one', 'two']);
    const utf16 = Uint8Array.from(Buffer.from('\ufeffé\nz', 'utf16le'));
    expect(await all(lines(cut(utf16, 3)))).toEqual(['é', 'z']);
    expect(await all(lines([Uint8Array.of(0xe9, 10)], { encoding: 'latin1' }))).toEqual(['é']);
  });

  it('a line of 1 MB is a line; one beyond the limit is named before memory runs out', async () => {
    const long = 'x'.repeat(1 << 20);
    expect(await all(lines(cut(`a\n${long}\nb`, 65536)))).toEqual(['a', long, 'b']);
    let read = 0;
    const endless = function* () {
      for (;;) yield bytes('y'.repeat(++read && 1000));
    };
    await expect(all(lines(endless(), { name: 'log.txt', maxLine: 50_000 }))).rejects.toThrow(
      'log.txt, line 1: is longer than 50,000 characters',
    );
    expect(read).toBeLessThan(60);
    await expect(all(lines([bytes('a\nbb\nccc\n')], { maxLine: 2 }))).rejects.toThrow('line 3');
  });

  it('what is no text, or not there, is named', async () => {
    await expect(all(lines([Uint8Array.of(97, 10, 97, 0xff, 10)], { name: 'f' }))).rejects.toThrow(
      'f, line 1 or soon after: bytes that are not utf-8',
    );
    await expect(all(lines([Uint8Array.of(97, 0xc3)]))).rejects.toThrow(DataError);
    await expect(all(lines([bytes('a\nb\0')]))).rejects.toThrow('line 2 or just before: a character is 0');
    await expect(all(lines(join(folder, 'none')))).rejects.toThrow('cannot read');
    await expect(all(lines([bytes('a')], { encoding: 'klingon' }))).rejects.toThrow('encoding must be one such as');
    await expect(all(lines(7 as never))).rejects.toThrow('a stream must be a path');
    await expect(all(lines([bytes('a')], { nme: 'f' } as never))).rejects.toThrow('did you mean "name"?');
  });

  it('a file is closed when nobody wants more of it', async () => {
    const path = join(folder, 'early.txt');
    writeFileSync(path, 'line\n'.repeat(100_000));
    for await (const line of lines(path)) {
      expect(line).toBe('line');
      break;
    }
    rmSync(path);
  });
});

describe('readRows', () => {
  const cell = fc.constantFrom('', 'a', '"', 'b "c"', 'd,e', 'f\ng', 'h;i', '\u{1f600}', '\t');
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  it('gives what parseTable gives of the whole, wherever the file is cut', async () => {
    const table = fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(table, sizes, fc.boolean(), async (rows, at, ends) => {
        const body = rows.map((row) => row.map(quoted).join(','));
        const text = ['x,y,z', ...body].join('\n') + (ends ? '\n' : '');
        const wanted = parseTable(text, { format: 'csv' }).rows;
        expect(await all(readRows(cut(text, ...at), { format: 'csv' }))).toEqual(wanted);
        expect(wanted.map(({ fields }) => Object.values(fields))).toEqual(rows);
        for (const { line, fields } of wanted) {
          const start = text
            .split('\n')
            .slice(0, line - 1)
            .join('\n').length;
          expect(text.slice(line > 1 ? start + 1 : 0)).toMatch(new RegExp(`^${quoted(String(fields.x)).slice(0, 1)}`));
        }
      }),
    );
  });

  it('reads TSV, JSONL, other separators and CR LF', async () => {
    const rowsOf = async (text: string, format: 'csv' | 'tsv' | 'jsonl') =>
      (await all(readRows(cut(text, 4), { format }))).map(({ line, fields }: TableRow) => [line, fields]);
    expect(await rowsOf('a\tb\n"1\t2"\n\n3\t4', 'tsv')).toEqual([
      [2, { a: '"1', b: '2"' }],
      [4, { a: '3', b: '4' }],
    ]);
    expect(await rowsOf('a;b\r\n"1\r\n2";3\r\n', 'csv')).toEqual([[2, { a: '1\n2', b: '3' }]]);
    expect(await rowsOf('{"a":1}\n\n{"a":[2]}', 'jsonl')).toEqual([
      [1, { a: 1 }],
      [3, { a: [2] }],
    ]);
  });

  it('names file and line of what is wrong', async () => {
    const read = (text: string, format: 'csv' | 'jsonl', maxLine = 1000) =>
      all(readRows(cut(text, 5), { format, name: 'f', maxLine }));
    await expect(read('a,b\n1,"x\ny"\n1,2,3\n', 'csv')).rejects.toThrow('f, line 4: a row must have 2 cells');
    await expect(read('a,b\n1,2\n3,"x\n\n', 'csv')).rejects.toThrow('f, line 3');
    await expect(read(`a,b\n1,"${'x\n'.repeat(900)}`, 'csv')).rejects.toThrow('f, line 2: is longer than 1,000');
    await expect(read('{"a":1}\n{"a":\n', 'jsonl')).rejects.toThrow('f, line 2: must be JSON');
    await expect(read('[1]\n', 'jsonl')).rejects.toThrow('f, line 1: must be a JSON object');
    await expect(read('a,a\n', 'csv')).rejects.toThrow('"a" twice');
  });
});

describe('streamBatches', () => {
  const samples = (n: number) =>
    async function* (): AsyncGenerator<u.Sample> {
      for (let k = 0; k < n; k++) yield { x: new Array(1 + ((k * 7) % 13)).fill(k), y: k % 3 };
    };
  const indices = async (batches: AsyncIterable<u.SampleBatch>) => (await all(batches)).map((batch) => batch.indices);

  it('without a buffer they come in the order of the stream, each as batches() makes it', async () => {
    const list = await all(samples(10)());
    const [ours, theirs] = [
      await all(streamBatches(samples(10), { batchSize: 4 })),
      [...u.batches(list, { batchSize: 4 })],
    ];
    expect(ours.map(({ x, y, ...rest }) => [x.toArray(), y?.toArray(), rest])).toEqual(
      theirs.map(({ x, y, ...rest }) => [x.toArray(), y?.toArray(), rest]),
    );
    expect(await indices(streamBatches(samples(10), { batchSize: 4, dropLast: true }))).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
  });

  it('shuffled, every sample comes once, in a new order each epoch, never earlier than the buffer allows', async () => {
    const stream = streamBatches(samples(200), { batchSize: 7, shuffleBuffer: 20, seed: 3 });
    const [first, second] = [(await indices(stream)).flat(), (await indices(stream)).flat()];
    expect(first).not.toEqual(second);
    for (const order of [first, second]) {
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, k) => k));
      for (const [place, index] of order.entries()) expect(index).toBeLessThan(place + 21);
    }
    const again = streamBatches(samples(200), { batchSize: 7, shuffleBuffer: 20, seed: 3 });
    expect((await indices(again)).flat()).toEqual(first);
  });

  it('bucketed, neighbours have like lengths, and batches come in any order', async () => {
    const options = { batchSize: 4, shuffleBuffer: 40, seed: 1 };
    const padding = async (more: object) =>
      (await all(streamBatches(samples(400), { ...options, ...more }))).reduce(
        (sum, { x, tokens }) => sum + x.size - (tokens ?? 0),
        0,
      );
    expect(await padding({ bucket: true })).toBeLessThan((await padding({})) / 5);
    const lengths = (await all(streamBatches(samples(400), { ...options, bucket: true }))).map(({ x }) => x.shape[0]);
    expect(lengths).not.toEqual([...lengths].sort((a, b) => (a as number) - (b as number)));
  });

  it('holds no more samples than the buffer and a pool', async () => {
    let given = 0;
    const counted = function* (): Generator<u.Sample> {
      for (; given < 1000; given++) yield { x: [given], y: 0 };
    };
    const ahead: number[] = [];
    let done = 0;
    for await (const { indices: own } of streamBatches(counted, { batchSize: 5, shuffleBuffer: 30 })) {
      done += own.length;
      ahead.push(given - done);
    }
    expect(Math.max(...ahead)).toBeLessThanOrEqual(31);
  });

  it('a run that breaks off goes on to the same bits, with dropout drawing from the same generator meanwhile', async () => {
    const run = async (seed: number | undefined, checkpoint?: u.CheckpointOptions, breakAfter = Infinity) => {
      u.seed(9);
      const model = new u.Sequential(new u.Linear({ inFeatures: 2, outFeatures: 2 }), new u.Dropout({ p: 0.5 }));
      const data = streamBatches(() => Array.from({ length: 20 }, (_, k) => ({ x: [k / 20, 1], y: k % 2 })), {
        batchSize: 3,
        shuffleBuffer: 8,
        x: 'vector',
        ...(seed !== undefined && { seed }),
      });
      let updates = 0;
      await u.fit(model, data, {
        loss: 'crossEntropy',
        optimizer: new u.SGD(model.parameters(), { lr: 0.5 }),
        epochs: 2,
        ...(checkpoint && { checkpoint }),
        onProgress() {
          if (++updates > breakAfter) throw new Error('broken off');
        },
      });
      return model.parameters().flatMap((p) => p.toArray());
    };
    for (const seed of [undefined, 4]) {
      const whole = await run(seed);
      for (const breakAfter of [2, 7, 9]) {
        const checkpoint = { path: join(folder, `run-${seed}-${breakAfter}`), every: 1 };
        await expect(run(seed, checkpoint, breakAfter)).rejects.toThrow('broken off');
        expectSameBits(await run(seed, checkpoint), whole, `seed ${seed}, broken off after ${breakAfter}`);
      }
    }
  });

  it('says what is wrong', async () => {
    expect(() => streamBatches(samples(3)() as never)).toThrow('must be a function that opens the stream');
    expect(() => streamBatches(samples(3), { shuffle: true } as never)).toThrow('unknown option "shuffle"');
    await expect(all(streamBatches(() => [{ x: ['a'] } as never]))).rejects.toThrow("x ('tokens') of sample 0");
  });
});

describe('a file larger than the memory there is', () => {
  const MEGABYTES = 40;
  const path = join(folder, 'large.jsonl');
  const script = fileURLToPath(new URL('./train-from-disk.mjs', import.meta.url));
  const child = (how: string) =>
    new Promise<{ failed: boolean; stdout: string; stderr: string }>((resolve) => {
      execFile(process.execPath, ['--max-old-space-size=24', script, how, path], (error, stdout, stderr) =>
        resolve({ failed: error !== null, stdout, stderr }),
      );
    });

  beforeAll(async () => {
    const file = createWriteStream(path);
    const filler = 'lorem ipsum dolor sit amet '.repeat(370);
    for (let k = 0; k < MEGABYTES * 100; k++) {
      const x = Array.from({ length: 8 }, (_, f) => Math.round(100 * Math.sin(k * (f + 1))) / 100);
      const line = JSON.stringify({ x, y: Number((x[0] as number) > 0), text: `${k} ${filler}` });
      if (!file.write(`${line}\n`)) await once(file, 'drain');
    }
    file.end();
    await once(file, 'finish');
  });

  it('is trained from, shuffled, with a heap of 24 MB', async () => {
    const { failed, stdout, stderr } = await child('stream');
    expect(failed, stderr).toBe(false);
    const { samples, accuracy, bytes: size } = JSON.parse(stdout);
    expect(size).toBeGreaterThan(38 << 20);
    expect(samples).toBe(MEGABYTES * 100);
    expect(accuracy).toBeGreaterThan(0.95);
  });

  it('which is too little to hold it', async () => {
    expect((await child('whole')).stderr).toContain('heap out of memory');
  });
});
