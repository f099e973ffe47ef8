// Hostile safetensors files: one or more for each rule of the format, made byte by byte.
import type { SafetensorsRule } from '../../src/io/index.js';

export interface Attack {
  readonly name: string;
  readonly rule: SafetensorsRule;
  readonly bytes: Uint8Array;
  /** What the message must say besides. */
  readonly says?: RegExp;
}

/** A file of any header length, header and data, right or wrong. */
export function file(header: string | Uint8Array, data: ArrayLike<number> = [], headerBytes?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, headerBytes ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

/** One tensor called "a" with `entry` over a good description of two float32. */
const described = (entry: object, data = 8): Uint8Array =>
  file(JSON.stringify({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...entry } }), new Uint8Array(data));

const f32 = (start: number, end: number) => ({ dtype: 'F32', shape: [(end - start) / 4], data_offsets: [start, end] });

/** Tensors with the given offsets over `data` bytes. */
const placed = (offsets: Record<string, [number, number]>, data: number): Uint8Array =>
  file(
    JSON.stringify(Object.fromEntries(Object.entries(offsets).map(([name, [a, b]]) => [name, f32(a, b)]))),
    new Uint8Array(data),
  );

const int64 = (value: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(value).buffer);

export const attacks: readonly Attack[] = [
  { name: 'an empty file', rule: 'truncated', bytes: new Uint8Array(0) },
  { name: 'seven bytes', rule: 'truncated', bytes: new Uint8Array(7) },
  {
    name: 'a header longer than the file',
    rule: 'truncated',
    bytes: file('{}', [], 3n),
    says: /3 bytes long, but only 2/,
  },
  { name: 'a header of 100 MB and one byte', rule: 'header-too-large', bytes: file('{}', [], 100_000_001n) },
  { name: 'a header length with all bits set', rule: 'header-too-large', bytes: file('{}', [], 2n ** 64n - 1n) },
  { name: 'data cut short', rule: 'truncated', bytes: described({}, 7), says: /take 8 bytes, but only 7 follow/ },
  { name: 'a file cut off in its header', rule: 'truncated', bytes: described({}).slice(0, 30) },
  { name: 'an empty header', rule: 'header-start', bytes: file('') },
  { name: 'a header that starts with a space', rule: 'header-start', bytes: file(' {}') },
  { name: 'a header that is a list', rule: 'header-start', bytes: file('[]') },
  { name: 'a byte order mark', rule: 'header-start', bytes: file('\ufeff{}') },
  {
    name: 'a pickle',
    rule: 'header-too-large',
    bytes: Uint8Array.of(0x80, 2, 0x63, 0x6f, 0x73, 0x0a, 0x73, 0x79, 0x73),
  },
  {
    name: 'a header that is not UTF-8',
    rule: 'header-utf8',
    bytes: file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)),
  },
  { name: 'a header cut off', rule: 'header-json', bytes: file('{"a":') },
  { name: 'bytes after the JSON', rule: 'header-json', bytes: file('{}x') },
  { name: 'NUL bytes as padding', rule: 'header-json', bytes: file('{}\0\0') },
  { name: 'NaN in the header', rule: 'header-json', bytes: file('{"a":NaN}') },
  { name: 'nesting of 50,000 lists that never ends', rule: 'header-json', bytes: file(`{"a":${'['.repeat(50_000)}`) },
  {
    name: 'a tensor twice',
    rule: 'duplicate-key',
    bytes: file(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(4, 8))}}`, new Uint8Array(8)),
    says: /"a" stands twice/,
  },
  { name: 'a tensor twice, once in escapes', rule: 'duplicate-key', bytes: file('{"a":1,"\\u0061" :2}') },
  { name: 'a key twice inside a tensor', rule: 'duplicate-key', bytes: file('{"a":{"dtype":"F32","dtype":"I32"}}') },
  { name: 'a name after an escaped quote, twice', rule: 'duplicate-key', bytes: file('{"\\"{":{},"b":1,"b":2}') },
  { name: 'metadata that are a list', rule: 'metadata', bytes: file('{"__metadata__":["a"]}') },
  {
    name: 'metadata with a number',
    rule: 'metadata',
    bytes: file('{"__metadata__":{"epoch":5}}'),
    says: /"epoch"\] must be a string, got 5/,
  },
  { name: 'metadata that are null', rule: 'metadata', bytes: file('{"__metadata__":null}') },
  { name: 'a tensor that is a number', rule: 'entry', bytes: file('{"a":5}') },
  { name: 'a tensor that is null', rule: 'entry', bytes: file('{"a":null}') },
  {
    name: 'a tensor without dtype',
    rule: 'entry',
    bytes: file('{"a":{"shape":[],"data_offsets":[0,4]}}', new Uint8Array(4)),
  },
  {
    name: 'a dtype that does not exist',
    rule: 'dtype',
    bytes: described({ dtype: 'F31' }),
    says: /has dtype "F31"; known are F64/,
  },
  { name: 'a dtype that every object has', rule: 'dtype', bytes: described({ dtype: 'constructor' }) },
  { name: 'a dtype that is a list', rule: 'dtype', bytes: described({ dtype: ['F32'] }) },
  { name: 'a shape that is a number', rule: 'shape', bytes: described({ shape: 2 }) },
  { name: 'a negative dim', rule: 'shape', bytes: described({ shape: [-2] }) },
  { name: 'two negative dims', rule: 'shape', bytes: described({ shape: [-1, -2] }) },
  { name: 'a fractional dim', rule: 'shape', bytes: described({ shape: [0.5, 4] }) },
  { name: 'a dim that is a string', rule: 'shape', bytes: described({ shape: ['2'] }) },
  { name: 'one offset', rule: 'offsets', bytes: described({ data_offsets: [0] }) },
  { name: 'three offsets', rule: 'offsets', bytes: described({ data_offsets: [0, 8, 8] }) },
  { name: 'a negative offset', rule: 'offsets', bytes: described({ data_offsets: [-8, 0] }) },
  { name: 'offsets in the wrong order', rule: 'offsets', bytes: described({ data_offsets: [8, 0] }) },
  { name: 'a fractional offset', rule: 'offsets', bytes: described({ data_offsets: [0.5, 8.5] }) },
  { name: 'an offset above 2^53', rule: 'offsets', bytes: described({ data_offsets: [0, 2 ** 60] }) },
  { name: 'a shape whose size wraps around 64 bits to 8', rule: 'overflow', bytes: described({ shape: [2 ** 62, 2] }) },
  { name: 'a shape of 10^300 elements', rule: 'overflow', bytes: described({ shape: [1e300] }) },
  {
    name: 'a huge shape with a 0 at its end',
    rule: 'overflow',
    bytes: described({ shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] }, 0),
  },
  {
    name: 'fewer bytes than the shape needs',
    rule: 'size-mismatch',
    bytes: described({ shape: [3] }),
    says: /takes 12 bytes, but its offsets hold 8/,
  },
  { name: 'more bytes than the shape needs', rule: 'size-mismatch', bytes: described({ shape: [] }) },
  { name: 'a hole before the first tensor', rule: 'coverage', bytes: placed({ a: [4, 8] }, 8), says: /hole/ },
  { name: 'a hole between tensors', rule: 'coverage', bytes: placed({ a: [0, 4], b: [8, 12] }, 12), says: /"b".*hole/ },
  {
    name: 'tensors that overlap',
    rule: 'coverage',
    bytes: placed({ a: [0, 8], b: [4, 12] }, 12),
    says: /"b".*overlaps/,
  },
  {
    name: 'two tensors in the same place',
    rule: 'coverage',
    bytes: placed({ a: [0, 8], b: [0, 8] }, 8),
    says: /overlaps/,
  },
  { name: 'a tensor beyond the end', rule: 'truncated', bytes: placed({ a: [0, 4000] }, 4) },
  {
    name: 'bytes after the last tensor',
    rule: 'trailing-data',
    bytes: placed({ a: [0, 4] }, 5),
    says: /1 bytes follow/,
  },
  { name: 'data without a tensor', rule: 'trailing-data', bytes: file('{}', [1]) },
  {
    name: 'an I64 beyond int32',
    rule: 'value',
    bytes: file(JSON.stringify({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }), int64(2n ** 31n)),
    says: /element 0 of tensor "a" \(I64\) is 2147483648/,
  },
  {
    name: 'an I64 beyond 2^53',
    rule: 'value',
    bytes: file(JSON.stringify({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }), int64(2n ** 62n)),
  },
  {
    name: 'a U32 beyond int32',
    rule: 'value',
    bytes: file(JSON.stringify({ a: { dtype: 'U32', shape: [1], data_offsets: [0, 4] } }), [255, 255, 255, 255]),
  },
  {
    name: 'an F64 beyond float32',
    rule: 'value',
    bytes: file(
      JSON.stringify({ a: { dtype: 'F64', shape: [1], data_offsets: [0, 8] } }),
      new Uint8Array(Float64Array.of(1e300).buffer),
    ),
    says: /which float32 cannot hold/,
  },
];
