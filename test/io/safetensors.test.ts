// safetensors: what is written is what is read, in the layout others expect; files are replaced whole or not at all.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensor } from '../../src/autograd/creation.js';
import { Parameter, type Tensor } from '../../src/autograd/tensor.js';
import { DTypeError, OptionError } from '../../src/errors.js';
import { loadSafetensors, readSafetensorsMetadata, saveSafetensors, serializeSafetensors } from '../../src/io/index.js';
import { nodePlatform } from '../../src/platform/node.js';
import { setPlatform } from '../../src/platform/types.js';
import { file } from '../attacks/safetensors.js';
import { describeBackends } from '../helpers/backends.js';

const sample = (): Record<string, Tensor> => ({
  'head.weight': tensor([
    [1, 2.5],
    [-3, Number.NaN],
  ]),
  'head.bias': new Parameter(tensor([0.1, -0])),
  scalar: tensor(7),
  empty: tensor([], [0, 3]),
  ids: tensor([2 ** 31 - 1, -(2 ** 31)], undefined, { dtype: 'int32' }),
});

const summary = (tensors: Record<string, Tensor>) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, [t.dtype, t.shape, t.toArray().map(Math.fround)]]),
  );

/** One tensor "a" of a dtype, from the bytes of a typed array. */
const stored = (dtype: string, numbers: ArrayBufferView & { length: number }): Uint8Array =>
  file(
    JSON.stringify({ a: { dtype, shape: [numbers.length], data_offsets: [0, numbers.byteLength] } }),
    new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  );

let folder: string;
beforeAll(async () => {
  setPlatform(nodePlatform);
  folder = await mkdtemp(join(tmpdir(), 'unrolled-io-'));
});
afterAll(() => rm(folder, { recursive: true }));

describeBackends('safetensors', () => {
  it('names, shapes, types and bits survive a round trip through a file', async () => {
    const path = join(folder, 'model.safetensors');
    const bytes = await saveSafetensors(path, sample(), { metadata: { epoch: '5', note: 'grüße "\u0001' } });
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    for (const source of [path, pathToFileURL(path), bytes, bytes.buffer as ArrayBuffer]) {
      expect(summary(await loadSafetensors(source))).toEqual(summary(sample()));
      expect(await readSafetensorsMetadata(source)).toEqual({ epoch: '5', note: 'grüße "\u0001' });
    }
  });

  it('the layout is that of the reference writer: sorted by name, header padded with spaces, data at a multiple of 8', async () => {
    const bytes = serializeSafetensors(sample());
    const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes));
    expect(headerBytes % 8).toBe(0);
    expect(text.trimEnd()).toBe(JSON.stringify(JSON.parse(text)));
    expect(Object.keys(JSON.parse(text))).toEqual(['empty', 'head.bias', 'head.weight', 'ids', 'scalar']);
    expect(await readSafetensorsMetadata(bytes)).toEqual({});
  });

  it('bytes at an odd place in a larger buffer are read all the same', async () => {
    const bytes = serializeSafetensors(sample());
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect(summary(await loadSafetensors(larger.subarray(3)))).toEqual(summary(sample()));
    // A header whose length is no multiple of 4 leaves the data unaligned.
    const odd = file(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ',
      new Uint8Array(Float32Array.of(1.5).buffer),
    );
    expect((await loadSafetensors(odd)).a?.toArray()).toEqual([1.5]);
  });

  it('a loaded file owns its numbers: the bytes may be used again', async () => {
    const bytes = serializeSafetensors({ a: tensor([1, 2]) });
    const { a } = await loadSafetensors(bytes);
    bytes.fill(255);
    expect(a?.toArray()).toEqual([1, 2]);
  });

  const conversions: [string, ArrayBufferView & { length: number }, 'float32' | 'int32', number[]][] = [
    ['F64', Float64Array.of(0.1, -Infinity, 1e-300), 'float32', [Math.fround(0.1), -Infinity, 0]],
    [
      'F16',
      Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x8000),
      'float32',
      [1, -2, 65504, 2 ** -24, Infinity, -0],
    ],
    ['BF16', Uint16Array.of(0x3f80, 0xc040, 0xff80), 'float32', [1, -3, -Infinity]],
    ['I64', BigInt64Array.of(-1n, 2n ** 31n - 1n), 'int32', [-1, 2 ** 31 - 1]],
    ['U64', BigUint64Array.of(3n), 'int32', [3]],
    ['U32', Uint32Array.of(2 ** 31 - 1), 'int32', [2 ** 31 - 1]],
    ['I16', Int16Array.of(-300), 'int32', [-300]],
    ['U16', Uint16Array.of(60000), 'int32', [60000]],
    ['I8', Int8Array.of(-128), 'int32', [-128]],
    ['U8', Uint8Array.of(255), 'int32', [255]],
    ['BOOL', Uint8Array.of(0, 1), 'int32', [0, 1]],
  ];
  for (const [dtype, numbers, target, expected] of conversions) {
    it(`${dtype} becomes ${target}`, async () => {
      const { a } = await loadSafetensors(stored(dtype, numbers));
      expect(a?.dtype).toBe(target);
      expect(a?.toArray()).toEqual(expected);
    });
  }

  it('names that objects have by birth are names like others', async () => {
    const dict = Object.fromEntries(
      ['__proto__', 'constructor', 'toString', '0'].map((name, k) => [name, tensor([k])]),
    );
    const back = await loadSafetensors(serializeSafetensors(dict));
    expect(Object.keys(back).sort()).toEqual(['0', '__proto__', 'constructor', 'toString']);
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value.toArray()).toEqual([0]);
  });

  it('what cannot be saved is refused by name', async () => {
    expect(() => serializeSafetensors({ a: [1, 2] as never })).toThrow(DTypeError);
    expect(() => serializeSafetensors({ a: [1, 2] as never })).toThrow(/"a" must be a tensor, got \[1, 2\]/);
    expect(() => serializeSafetensors({ __metadata__: tensor([1]) })).toThrow(OptionError);
    expect(() => serializeSafetensors({}, { metadata: { epoch: 5 as never } })).toThrow(
      /metadata.epoch must be a string, got 5/,
    );
    expect(() => serializeSafetensors({}, { metdata: {} } as never)).toThrow(/did you mean "metadata"/);
    await expect(loadSafetensors(5 as never)).rejects.toThrow(/must be a path, a URL or bytes, got 5/);
  });
});

describe('files', () => {
  it('a write that fails leaves the old file and no part of the new one', async () => {
    const path = join(folder, 'kept');
    await writeFile(path, 'old');
    // The rename fails: the target is a folder that is not empty.
    await expect(nodePlatform.writeFileAtomic(folder, new Uint8Array(4))).rejects.toMatchObject({ code: 'ERR_FILE' });
    await expect(nodePlatform.writeFileAtomic(join(folder, 'no', 'such', 'folder'), new Uint8Array(4))).rejects.toThrow(
      /ENOENT/,
    );
    expect(await readFile(path, 'utf8')).toBe('old');
    expect((await readdir(join(folder, '..'))).filter((name) => name.endsWith('.partial'))).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('a file that is there is replaced whole', async () => {
    const path = join(folder, 'replaced');
    await writeFile(path, 'old and longer than the new one');
    await nodePlatform.writeFileAtomic(path, Uint8Array.of(110, 101, 119));
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('what cannot be read is named', async () => {
    await expect(loadSafetensors(join(folder, 'missing.safetensors'))).rejects.toThrow(
      /cannot read .*missing\.safetensors/,
    );
    await expect(loadSafetensors(folder)).rejects.toMatchObject({ code: 'ERR_FILE' });
    await expect(loadSafetensors(new URL('http://localhost/x'))).rejects.toMatchObject({ code: 'ERR_FILE' });
    await expect(saveSafetensors(undefined as never, {})).rejects.toThrow(/path must be a path, a URL or null/);
  });
});
