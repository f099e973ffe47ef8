// Tensors to and from safetensors files: the format PyTorch, Keras and others read and write, with nothing in it that
// runs.
import { current } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { Tensor } from '../autograd/tensor.js';
import { DTypeError, OptionError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import { platform } from '../platform/types.js';
import { decode } from './safetensors-dtypes.js';
import { METADATA_KEY, parseHeader, type SafetensorsPart, serialize } from './safetensors-format.js';

/** A file's path or URL, or its bytes. */
export type SafetensorsSource = string | URL | Uint8Array | ArrayBuffer;

export interface SaveOptions {
  /** Strings to keep with the tensors; `readSafetensorsMetadata` gives them back. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * All tensors of a file by name: what `model.loadStateDict` takes.
 *
 * F32, F64 (rounded), F16 and BF16 become float32; I8 to I64, U8 to U64 and BOOL become int32.
 *
 * @throws FormatError  naming the rule of the format that is broken, or the element that does not fit its new type
 *
 *   model.loadStateDict(await loadSafetensors('model.safetensors'));
 */
export async function loadSafetensors(source: SafetensorsSource): Promise<Record<string, Tensor>> {
  const { bytes, name } = await read('loadSafetensors', source);
  const { entries } = parseHeader(bytes, name);
  const tensors = entries.map((entry): [string, Tensor] => [
    entry.name,
    tensor(decode(entry, bytes, name), entry.shape),
  ]);
  // fromEntries and not assignment: a tensor may be called "__proto__".
  return Object.fromEntries(tensors);
}

/** The strings kept with a file's tensors; empty if there are none. */
export async function readSafetensorsMetadata(source: SafetensorsSource): Promise<Record<string, string>> {
  const { bytes, name } = await read('readSafetensorsMetadata', source);
  return parseHeader(bytes, name).metadata;
}

/**
 * Writes tensors to a file. The file has its old contents or all of the new at any moment, whatever happens in between.
 *
 * @param path     where to; null: nowhere, only return the bytes (a page offers them for download)
 * @param tensors  what `model.stateDict()` returns, or any tensors by name
 * @returns the bytes of the file
 *
 *   await saveSafetensors('model.safetensors', model.stateDict(), { metadata: { epoch: '5' } });
 */
export async function saveSafetensors(
  path: string | URL | null,
  tensors: Readonly<Record<string, Tensor>>,
  options: SaveOptions = {},
): Promise<Uint8Array> {
  if (path !== null && typeof path !== 'string' && !(path instanceof URL)) {
    throw new OptionError(`saveSafetensors: path must be a path, a URL or null, got ${show(path)}`);
  }
  const bytes = serializeSafetensors(tensors, options);
  if (path !== null) await platform().writeFileAtomic(path, bytes);
  return bytes;
}

/** The bytes of a file that holds `tensors`, each as F32 or I32. */
export function serializeSafetensors(tensors: Readonly<Record<string, Tensor>>, options: SaveOptions = {}): Uint8Array {
  checkOptions<SaveOptions>('saveSafetensors', options, { metadata: is.object });
  const { metadata = {} } = options;
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string')
      throw new OptionError(`saveSafetensors: metadata.${key} must be a string, got ${show(value)}`);
  }
  if (typeof tensors !== 'object' || tensors === null) {
    throw new OptionError(`saveSafetensors: tensors must be an object of tensors by name, got ${show(tensors)}`);
  }
  return serialize(Object.entries(tensors).map(toPart), metadata);
}

function toPart([name, value]: [string, Tensor]): SafetensorsPart {
  if (name === METADATA_KEY)
    throw new OptionError(`saveSafetensors: no tensor may be called "${METADATA_KEY}"; pass { metadata }`);
  if (!(value instanceof Tensor))
    throw new DTypeError(
      `saveSafetensors: "${name}" must be a tensor, got ${show(value)}; a model's are model.stateDict()`,
    );
  const numbers = current().memory.view(value.storage);
  // A copy in the file's element type: the reference backend keeps its floats in double.
  const own = value.dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers);
  return {
    name,
    dtype: value.dtype === 'int32' ? 'I32' : 'F32',
    shape: value.shape,
    bytes: new Uint8Array(own.buffer),
  };
}

async function read(where: string, source: SafetensorsSource): Promise<{ bytes: Uint8Array; name: string }> {
  if (source instanceof Uint8Array) return { bytes: source, name: `${source.length} bytes` };
  if (source instanceof ArrayBuffer) {
    // A detached buffer has no bytes either, but does not let itself be viewed.
    const bytes = source.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(source);
    return { bytes, name: `${bytes.length} bytes` };
  }
  if (typeof source === 'string' || source instanceof URL)
    return { bytes: await platform().readFile(source), name: String(source) };
  throw new OptionError(`${where}: source must be a path, a URL or bytes, got ${show(source)}`);
}
