// Elements of safetensors files as float32 or int32: the two types a tensor can have. Nothing is changed silently: a
// number that the target cannot hold is an error; F64 is rounded to float32.
import { current } from '../autograd/context.js';
import type { Tensor } from '../autograd/tensor.js';
import { show } from '../options.js';
import { DTYPE_BYTES, refuse, type SafetensorsEntry, type SafetensorsPart } from './safetensors-format.js';

type Read = (view: DataView, at: number) => number;

const FLOATS: Readonly<Record<string, Read>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => halfToNumber(view.getUint16(at, true)),
  BF16: (view, at) => bfloatToNumber(view.getUint16(at, true)),
};

const INTEGERS: Readonly<Record<string, Read>> = {
  // Number(bigint) rounds above 2^53, but stays outside int32 there, which is refused below.
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  U64: (view, at) => Number(view.getBigUint64(at, true)),
  I32: (view, at) => view.getInt32(at, true),
  U32: (view, at) => view.getUint32(at, true),
  I16: (view, at) => view.getInt16(at, true),
  U16: (view, at) => view.getUint16(at, true),
  I8: (view, at) => view.getInt8(at),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

/** IEEE half: 1 sign, 5 exponent (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const bfloatBits = new DataView(new ArrayBuffer(4));

/** bfloat16: the upper half of a float32. */
function bfloatToNumber(bits: number): number {
  bfloatBits.setUint32(0, bits * 65536);
  return bfloatBits.getFloat32(0);
}

/** One tensor's elements, copied out of the file. */
export function decode(entry: SafetensorsEntry, file: Uint8Array, source: string): Float32Array | Int32Array {
  const { name, dtype, start, end } = entry;
  const width = DTYPE_BYTES[dtype] as number;
  const count = (end - start) / width;
  const view = new DataView(file.buffer, file.byteOffset + start, end - start);
  const readFloat = FLOATS[dtype];
  if (readFloat !== undefined) {
    const values = new Float32Array(count);
    for (let k = 0; k < count; k++) {
      const value = readFloat(view, k * width);
      values[k] = value;
      if (dtype === 'F64' && Number.isFinite(value) && !Number.isFinite(values[k])) {
        refuse(source, 'value', `element ${k} of tensor ${show(name)} (F64) is ${value}, which float32 cannot hold`);
      }
    }
    return values;
  }
  const readInteger = INTEGERS[dtype] as Read;
  const values = new Int32Array(count);
  for (let k = 0; k < count; k++) {
    const value = readInteger(view, k * width);
    values[k] = value;
    if (values[k] !== value) {
      refuse(source, 'value', `element ${k} of tensor ${show(name)} (${dtype}) is ${value}, which int32 cannot hold`);
    }
  }
  return values;
}

/**
 * A tensor to be written as it stands in memory: F64 on the reference backend, which computes in double. For what goes on
 * exactly where it stopped; a model that is published is F32 whatever computed it.
 */
export function exactPart(name: string, t: Tensor): SafetensorsPart {
  const numbers = current().memory.view(t.storage);
  const dtype = numbers instanceof Int32Array ? 'I32' : numbers instanceof Float64Array ? 'F64' : 'F32';
  return { name, dtype, shape: t.shape, bytes: new Uint8Array(numbers.slice().buffer) };
}

/** What `exactPart` wrote, in its own precision; any other type is refused. */
export function exactNumbers(
  { name, dtype, start, end }: SafetensorsEntry,
  file: Uint8Array,
  source: string,
): Float32Array | Float64Array | Int32Array {
  // A copy, for in the file it need not stand at a multiple of its width. Not slice: that of a Node Buffer copies nothing.
  const own = new Uint8Array(file.subarray(start, end)).buffer;
  if (dtype === 'F32') return new Float32Array(own);
  if (dtype === 'F64') return new Float64Array(own);
  if (dtype === 'I32') return new Int32Array(own);
  return refuse(source, 'dtype', `tensor ${show(name)} must be F32, F64 or I32, got ${dtype}`);
}
