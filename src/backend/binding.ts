// The slow paths of generated/abi.ts: what to say when an argument or a status of a kernel is wrong. Kernels called with good
// arguments never come here.
import {
  BackendError,
  DTypeError,
  IndexError,
  LengthsError,
  OptionError,
  ShapeError,
  StaleTensorError,
} from '../errors.js';
import type { Status } from './generated/abi.js';
import type { Argument } from './signature.js';
import type { Storage } from './types.js';

/** For a storage that is no longer alive. */
export function staleError(of: Storage): StaleTensorError {
  return of.lifetime === 'persistent'
    ? new StaleTensorError('this tensor was freed by dispose(); make a new one, or dispose of it later')
    : new StaleTensorError();
}

/** For a storage that another backend made: its address or array means nothing to this one. */
export function foreignError(): BackendError {
  return new BackendError(
    'this tensor or parameter belongs to another backend: ready() has switched since it was made. Call ready() with that ' +
      'backend to use it again; carry numbers over with toArray(), or a model with io.serializeSafetensors(model.stateDict())',
  );
}

/** For a storage whose ArrayBuffer the user gave away. */
export function detachedError(): DTypeError {
  return new DTypeError(
    'the buffer of a tensor was detached: it was transferred to another thread. Transfer a copy, tensor.data.slice()',
  );
}

/**
 * Throws the error that names the first argument that is not as native/abi.h demands: scalars first, for dims mention them;
 * then what `admit` of the backend has to say about the storages.
 */
export function refuse(
  kernel: string,
  args: readonly Argument[],
  values: readonly (Storage | number | null)[],
  admit: (storage: Storage) => void = () => {},
): never {
  const scalars = new Map<string, number>();
  args.forEach((arg, k) => {
    if (arg.kind === 'buffer') return;
    checkScalar(kernel, arg, values[k]);
    scalars.set(arg.name, values[k] as number);
  });
  args.forEach((arg, k) => {
    if (arg.kind === 'buffer') checkBuffer(kernel, arg, values[k] as Storage | null, scalars);
  });
  args.forEach((arg, k) => {
    if (arg.kind === 'buffer' && values[k] !== null) admit(values[k] as Storage);
  });
  throw new BackendError(`${kernel}: an argument was refused, but none of them is wrong; please report this`);
}

function checkScalar(kernel: string, arg: Argument, value: unknown): void {
  const where = `${kernel}: ${arg.name}`;
  if (typeof value !== 'number') throw new DTypeError(`${where} must be a number, got ${String(value)}`);
  if (arg.kind === 'number') return;
  if (!Number.isInteger(value)) throw new ShapeError(`${where} must be a whole number, got ${value}`);
  if (arg.kind === 'size') {
    const limit = arg.wide ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1;
    if (value < 0 || value > limit) throw new ShapeError(`${where} must be from 0 to ${limit}, got ${value}`);
  } else if ((value | 0) !== value) {
    throw new ShapeError(`${where} must fit in 32 bits, got ${value}`);
  }
}

function checkBuffer(
  kernel: string,
  arg: Argument & { kind: 'buffer' },
  storage: Storage | null | undefined,
  scalars: ReadonlyMap<string, number>,
): void {
  const where = `${kernel}: ${arg.name}`;
  if (storage === null && arg.optional) return;
  const dims = arg.dims.map((dim) => evaluate(dim, scalars));
  const length = dims.reduce((product, dim) => product * dim, 1);
  const expected = `[${arg.dims}] = [${dims}] = ${length} elements`;
  if (storage === null || storage === undefined) throw new ShapeError(`${where} must have ${expected}, got ${storage}`);
  if (storage.element !== arg.element) {
    throw new DTypeError(`${where} must hold ${arg.element} elements, got ${storage.element}`);
  }
  if (storage.length < length) throw new ShapeError(`${where} must have ${expected}, got ${storage.length}`);
  if (!storage.alive) throw staleError(storage);
}

/** A dim of native/abi.h: a sum of products of names and whole numbers. */
function evaluate(dim: string, scalars: ReadonlyMap<string, number>): number {
  const factor = (word: string) => scalars.get(word) ?? Number(word);
  const term = (product: string) => product.split('*').reduce((value, word) => value * factor(word), 1);
  return dim.split('+').reduce((sum, product) => sum + term(product), 0);
}

/** The typed error of a status other than ok. Ops that can say more (which label, which row) check before they call. */
export function statusError(kernel: string, status: keyof typeof Status | number): Error {
  switch (status) {
    case 'size':
      return new ShapeError(
        `${kernel}: a size is negative, or a product of sizes is too large for this backend; use a smaller batch or shorter ` +
          'sequences',
      );
    case 'index':
      return new IndexError(`${kernel}: an index is outside its range`);
    case 'lengths':
      return new LengthsError(`${kernel}: a length is not in 0..T, or the lengths do not add up to the number of rows`);
    case 'kind':
      return new OptionError(`${kernel}: an enumerated argument is not one of its values`);
    case 'workspace':
      return new ShapeError(`${kernel}: a workspace is smaller than rnn_sizes demands`);
    case 'null':
      return new ShapeError(`${kernel}: a buffer that this combination of arguments needs is null`);
    default:
      return new BackendError(`${kernel}: unknown status ${status}; library and kernels differ, build both again`);
  }
}
