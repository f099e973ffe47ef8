// Recurrent states made to harm: refused with a format error that says why, before memory is taken for them.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { file } from './safetensors.js';

const good = { shape: [1, 2, 1], data: [1, 2] };

const plain: readonly [name: string, state: unknown, says: RegExp][] = [
  ['nothing', undefined, /needs \{ h: .*got undefined/],
  ['a text', '{"h":1}', /needs \{ h:/],
  ['no h', { c: good }, /h must be \{ shape, data \}, got undefined/],
  ['a c that is 0', { h: good, c: 0 }, /c must be \{ shape, data \}, got 0/],
  ['a shape of 10^27 elements', { h: { shape: [1e9, 1e9, 1e9], data: [] } }, /shape of h must be three whole numbers/],
  ['a shape that promises 8 GB', { h: { shape: [1, 1, 2 ** 31], data: [1] } }, /needs 2147483648 numbers, got 1/],
  ['a shape of NaN', { h: { shape: [1, Number.NaN, 1], data: [] } }, /three whole numbers/],
  ['a negative shape', { h: { shape: [-1, 2, -1], data: [1, 2] } }, /three whole numbers/],
  ['a fractional shape', { h: { shape: [1, 0.5, 4], data: [1, 2] } }, /three whole numbers/],
  ['two axes', { h: { shape: [2, 1], data: [1, 2] } }, /three whole numbers/],
  ['no layers', { h: { shape: [0, 2, 1], data: [] } }, /three whole numbers/],
  ['data without a length', { h: { shape: [1, 2, 1], data: { 0: 1, 1: 2 } } }, /must be \{ shape, data \}/],
  ['data that lies about its length', { h: { shape: [1, 2, 1], data: { length: 2 } } }, /must be \{ shape, data \}/],
  ['a text among the numbers', { h: { ...good, data: [1, '2'] } }, /must hold numbers, got "2" at position 1/],
  [
    'null, which JSON makes of NaN',
    { h: { ...good, data: [null, 2] } },
    /got null at position 0; JSON has neither NaN/,
  ],
  ['a hole', { h: { ...good, data: new Array(2) } }, /got undefined at position 0/],
  ['integers as typed array', { h: { ...good, data: Int32Array.of(1, 2) } }, /must be \{ shape, data \}/],
  [
    'c of other rows',
    { h: good, c: { shape: [1, 1, 2], data: [1, 2] } },
    /same layers and rows, got \[1, 2, 1\] and \[1, 1, 2\]/,
  ],
];

const METADATA = { format: 'unrolled recurrent state', version: '1' };

/** A file of tensors, each of `bytes` zeros. */
function made(tensors: Record<string, { dtype?: string; shape: unknown; bytes: number }>, metadata: object = METADATA) {
  const header: [string, unknown][] = [['__metadata__', metadata]];
  let at = 0;
  for (const [name, { dtype = 'F32', shape, bytes }] of Object.entries(tensors)) {
    header.push([name, { dtype, shape, data_offsets: [at, at + bytes] }]);
    at += bytes;
  }
  return file(JSON.stringify(Object.fromEntries(header)), new Uint8Array(at)); // fromEntries: for "__proto__"
}

const h = { shape: [1, 2, 1], bytes: 8 };
const files: readonly [name: string, bytes: unknown, says: RegExp][] = [
  ['a text', 'h', /needs a Uint8Array, got "h"/],
  ['no bytes', new Uint8Array(0), /starts with 8 bytes/],
  ['a header length with all bits set', file('{}', [], 2n ** 64n - 1n), /header must be at most/],
  ['a model', made({ h }, {}), /needs what RecurrentState.toBytes\(\) gave.*got a file without these/],
  [
    'a later version',
    made({ h }, { ...METADATA, version: '2' }),
    /version 1; got "unrolled recurrent state", version "2"/,
  ],
  ['no h', made({ c: h }), /must hold h and perhaps c, got \["c"\]/],
  ['a third tensor', made({ h, x: h }), /must hold h and perhaps c, got \["h", "x"\]/],
  ['a tensor called __proto__', made({ h, ['__proto__']: h }), /must hold h and perhaps c/],
  ['integers', made({ h: { ...h, dtype: 'I32' } }), /must be F32 or F64, got I32/],
  ['halves', made({ h: { dtype: 'F16', shape: [1, 2, 1], bytes: 4 } }), /must be F32 or F64, got F16/],
  ['two axes', made({ h: { shape: [2, 1], bytes: 8 } }), /three whole numbers/],
  ['a shape of NaN, which JSON makes null', made({ h: { shape: [Number.NaN], bytes: 8 } }), /list of integers/],
  ['a huge shape', made({ h: { shape: [2 ** 40, 2 ** 40, 1], bytes: 8 } }), /more bytes than a file can have/],
  ['a shape larger than its bytes', made({ h: { shape: [1, 2 ** 30, 1], bytes: 8 } }), /takes 4294967296 bytes/],
  ['c of other rows', made({ h, c: { shape: [1, 1, 2], bytes: 8 } }), /same layers and rows/],
];

describeBackends('hostile recurrent states', () => {
  for (const [name, state, says] of plain) {
    it(`${name}, as plain objects`, () => {
      for (const read of [u.RecurrentState.fromJSON, u.RecurrentState.fromTransferable]) {
        expect(() => read(state as never)).toThrow(u.FormatError);
        expect(() => read(state as never)).toThrow(says);
      }
    });
  }
  for (const [name, bytes, says] of files) {
    it(`${name}, as bytes`, () => {
      expect(() => u.RecurrentState.fromBytes(bytes as never)).toThrow(u.FormatError);
      expect(() => u.RecurrentState.fromBytes(bytes as never)).toThrow(says);
    });
  }

  it('a file made the same way without a flaw is read', () => {
    expect(u.RecurrentState.fromBytes(made({ h, c: { shape: [1, 2, 3], bytes: 24 } })).c?.shape).toEqual([1, 2, 3]);
  });

  it('every prefix of a good file is refused', () => {
    const bytes = new u.RecurrentState(u.zeros([1, 2, 1]), u.zeros([1, 2, 1])).toBytes();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => u.RecurrentState.fromBytes(bytes.slice(0, length))).toThrow(u.FormatError);
    }
  });
});
