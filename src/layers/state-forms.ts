// A recurrent state outside of the library: as JSON, as typed arrays for another thread, as bytes. Whatever comes back is
// checked here, before anything is allocated for it.
import { current } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { showShape, type Tensor } from '../autograd/tensor.js';
import { FormatError } from '../errors.js';
import { exactNumbers, exactPart } from '../io/safetensors-dtypes.js';
import { parseHeader, refuse, serialize } from '../io/safetensors-format.js';
import { show } from '../options.js';

/** A tensor of a state as JSON. */
export interface JsonTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
/** A state as JSON: `JSON.stringify(state)` and `RecurrentState.fromJSON(JSON.parse(text))`. */
export interface RecurrentStateJson {
  readonly h: JsonTensor;
  readonly c: JsonTensor | null;
}

/** A tensor of a state as another thread gets it. */
export interface TransferableTensor {
  readonly shape: readonly number[];
  /** Float64Array on the reference backend, which computes in double. */
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
}
/** A state as plain objects and typed arrays, each with a buffer of its own. */
export interface TransferableState {
  readonly h: TransferableTensor;
  readonly c: TransferableTensor | null;
}

/** The tensors of a state: c is null for a layer that has none. */
export interface StateTensors {
  readonly h: Tensor;
  readonly c: Tensor | null;
}

export function toJsonTensor(t: Tensor): JsonTensor {
  return { shape: t.shape, data: t.toArray() };
}

export function toTransferableTensor(t: Tensor): TransferableTensor {
  const numbers = current().memory.view(t.storage);
  const data = numbers instanceof Float64Array ? new Float64Array(numbers) : new Float32Array(numbers);
  return { shape: [...t.shape], data };
}

/** @throws FormatError  unless `plain` is { h, c } with parts { shape, data } that agree with each other */
export function readPlainState(where: string, plain: unknown): StateTensors {
  if (typeof plain !== 'object' || plain === null) {
    throw new FormatError(`${where}: needs { h: { shape, data }, c: { shape, data } or null }, got ${show(plain)}`);
  }
  const { h, c = null } = plain as { h?: unknown; c?: unknown };
  const [first, second] = [checkPart(where, 'h', h), c === null ? null : checkPart(where, 'c', c)];
  checkPair(where, first.shape, second?.shape);
  const make = ({ shape, data }: Part): Tensor => tensor(data as number[], shape);
  return { h: make(first), c: second && make(second) };
}

const STATE_FORMAT = 'unrolled recurrent state';
const STATE_VERSION = '1';

/** A safetensors file of h and, where there is one, c. */
export function stateToBytes({ h, c }: StateTensors): Uint8Array<ArrayBuffer> {
  const parts = [exactPart('h', h), ...(c === null ? [] : [exactPart('c', c)])];
  return serialize(parts, { format: STATE_FORMAT, version: STATE_VERSION });
}

/** @throws FormatError  unless `bytes` are a file that stateToBytes wrote */
export function stateFromBytes(where: string, bytes: unknown): StateTensors {
  if (!(bytes instanceof Uint8Array)) throw new FormatError(`${where}: needs a Uint8Array, got ${show(bytes)}`);
  const { entries, metadata } = parseHeader(bytes, where);
  const { format, version } = metadata;
  if (format !== STATE_FORMAT || version !== STATE_VERSION) {
    const got = format === undefined ? 'a file without these' : `${show(format)}, version ${show(version)}`;
    throw new FormatError(
      `${where}: needs what RecurrentState.toBytes() gave, "${STATE_FORMAT}", version ${STATE_VERSION}; got ${got}`,
    );
  }
  const named = Object.fromEntries(entries.map((entry) => [entry.name, entry]));
  const { h, c, ...others } = named;
  if (h === undefined || Object.keys(others).length > 0) {
    throw new FormatError(`${where}: the file must hold h and perhaps c, got ${show(entries.map(({ name }) => name))}`);
  }
  for (const { name, dtype, shape } of entries) {
    if (dtype !== 'F32' && dtype !== 'F64') {
      refuse(where, 'dtype', `tensor ${show(name)} of a state must be F32 or F64, got ${dtype}`);
    }
    checkStateShape(where, name, shape);
  }
  checkPair(where, h.shape, c?.shape);
  const make = (entry: typeof h): Tensor => tensor(exactNumbers(entry, bytes, where), entry.shape);
  return { h: make(h), c: c === undefined ? null : make(c) };
}

interface Part {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

function checkPart(where: string, name: string, part: unknown): Part {
  const { shape, data } = (part ?? {}) as { shape?: unknown; data?: unknown };
  const isList = Array.isArray(data) || data instanceof Float32Array || data instanceof Float64Array;
  if (!Array.isArray(shape) || !isList) {
    throw new FormatError(`${where}: ${name} must be { shape, data }, got ${show(part)}`);
  }
  const size = checkStateShape(where, name, shape);
  if (data.length !== size) {
    throw new FormatError(
      `${where}: ${name} of shape ${showShape(shape)} needs ${size} numbers, got ${data.length}` +
        (data.length === 0 ? '; was its buffer transferred elsewhere?' : ''),
    );
  }
  // Not `some`: it would pass over the holes of a sparse array.
  for (let k = 0; Array.isArray(data) && k < size; k++) {
    if (typeof data[k] === 'number') continue;
    const advice = data[k] === null ? '; JSON has neither NaN nor infinities: keep those with toBytes()' : '';
    throw new FormatError(`${where}: ${name} must hold numbers, got ${show(data[k])} at position ${k}${advice}`);
  }
  return { shape, data };
}

/** The number of elements of [layers * directions, batch, size]. */
function checkStateShape(where: string, name: string, shape: readonly unknown[]): number {
  const isDim = (dim: unknown, axis: number) => Number.isSafeInteger(dim) && (dim as number) >= (axis === 1 ? 0 : 1);
  const size =
    shape.length === 3 && shape.every(isDim) ? shape.reduce<number>((n, dim) => n * (dim as number), 1) : NaN;
  if (Number.isSafeInteger(size)) return size;
  throw new FormatError(
    `${where}: the shape of ${name} must be three whole numbers, (layers*directions, batch, hiddenSize), got ${show(shape)}`,
  );
}

/** h and c belong to the same layers and rows; their sizes may differ, where h is projected. */
function checkPair(where: string, h: readonly number[], c: readonly number[] | undefined): void {
  if (c === undefined || (h[0] === c[0] && h[1] === c[1])) return;
  throw new FormatError(
    `${where}: h and c must have the same layers and rows, got ${showShape(h)} and ${showShape(c)}`,
  );
}
