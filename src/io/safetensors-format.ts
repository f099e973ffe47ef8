// The safetensors container itself, apart from tensors and files: what a header must satisfy, and how one is written.
//
//   8 bytes   length of the header, unsigned, little endian
//   header    JSON: { name: { dtype, shape, data_offsets: [start, end] }, ..., "__metadata__": { string: string } }
//   data      the tensors' bytes, one after the other, without holes or overlaps, to the end of the file
//
// Each rule is one named error (`SafetensorsError.rule`), and test/attacks holds a hostile file for each.
import { FormatError } from '../errors.js';
import { show } from '../options.js';

/** Bytes an element takes, by the format's name of the type. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** The reference implementation's limit: a longer header is an attack on the reader's memory. */
const MAX_HEADER_BYTES = 100_000_000;
export const METADATA_KEY = '__metadata__';

export type SafetensorsRule =
  | 'truncated' //        fewer bytes than the header or the offsets promise
  | 'header-too-large' // a header above 100 MB
  | 'header-start' //     the header does not start with '{'
  | 'header-utf8' //      the header is not UTF-8
  | 'header-json' //      the header is not JSON
  | 'duplicate-key' //    a name twice in one object
  | 'metadata' //         __metadata__ is not a map of strings to strings
  | 'entry' //            a tensor's description is not { dtype, shape, data_offsets }
  | 'dtype' //            an element type that is unknown or cannot be read
  | 'shape' //            a shape that is not a list of integers >= 0
  | 'offsets' //          offsets that are not [start, end] with 0 <= start <= end
  | 'overflow' //         a shape whose number of bytes does not fit an exact integer
  | 'size-mismatch' //    shape times dtype disagrees with the offsets
  | 'coverage' //         a hole or an overlap between tensors
  | 'trailing-data' //    bytes after the last tensor
  | 'value'; //           an element that float32 or int32 cannot hold

/** Where one tensor's bytes stand, counted from the start of the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Record<string, string>;
}

/** A file that breaks a rule of the format; `rule` says which. */
export class SafetensorsError extends FormatError {
  static {
    SafetensorsError.prototype.name = 'SafetensorsError';
  }

  readonly rule: SafetensorsRule;

  constructor(message: string, rule: SafetensorsRule) {
    super(message);
    this.rule = rule;
  }
}

/** `source` names the file in messages. */
export function refuse(source: string, rule: SafetensorsRule, message: string): never {
  throw new SafetensorsError(`safetensors: ${source}: ${message}`, rule);
}

/**
 * Reads and checks the header. After it returns, every entry's bytes lie inside the file and belong to it alone.
 *
 * @throws FormatError  naming the broken rule
 */
export function parseHeader(bytes: Uint8Array, source: string): SafetensorsHeader {
  if (bytes.length < 8) {
    refuse(source, 'truncated', `a file starts with 8 bytes of header length, got ${bytes.length} bytes in all`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (headerBytes > MAX_HEADER_BYTES) {
    refuse(
      source,
      'header-too-large',
      `the header must be at most ${MAX_HEADER_BYTES} bytes, got ${headerBytes}; this is not a safetensors file`,
    );
  }
  const dataStart = 8 + headerBytes;
  if (dataStart > bytes.length) {
    refuse(
      source,
      'truncated',
      `the header is ${headerBytes} bytes long, but only ${bytes.length - 8} follow; copy or download the file again`,
    );
  }
  const header = parseJson(bytes.subarray(8, dataStart), source);

  const entries: SafetensorsEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA_KEY) metadata = checkMetadata(value, source);
    else entries.push(checkEntry(name, value, dataStart, source));
  }
  checkCoverage(entries, dataStart, bytes.length, source);
  return { entries, metadata };
}

function parseJson(bytes: Uint8Array, source: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) {
    refuse(source, 'header-start', "the header must start with '{'; this is not a safetensors file");
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(source, 'header-utf8', 'the header is not UTF-8');
  }
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(text); // an object, for it starts with '{'
  } catch (error) {
    return refuse(source, 'header-json', `the header is not JSON (${(error as Error).message})`);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) refuse(source, 'duplicate-key', `the name ${show(twice)} stands twice in the header`);
  return header;
}

/**
 * The first key that an object of this valid JSON text holds twice; JSON.parse would silently keep the last. Strings
 * are skipped by hand: a regular expression that matches a whole one runs out of stack at some megabytes.
 */
function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | null)[] = []; // a set for each open object, null for each open array
  const colon = /[ \t\r\n]*:/y;
  const token = /["{}[\]]/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '{') open.push(new Set());
    else if (match[0] === '[') open.push(null);
    else if (match[0] !== '"') open.pop();
    else {
      const end = endOfString(text, match.index);
      token.lastIndex = end;
      colon.lastIndex = end;
      if (!colon.test(text)) continue;
      const literal = text.slice(match.index, end);
      const key: string = literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1);
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** Behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(value: unknown, source: string): Record<string, string> {
  if (!isObject(value)) {
    return refuse(source, 'metadata', `${METADATA_KEY} must be a map of strings to strings, got ${show(value)}`);
  }
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== 'string') {
      refuse(source, 'metadata', `${METADATA_KEY}[${show(key)}] must be a string, got ${show(entry)}`);
    }
  }
  return value as Record<string, string>;
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function checkEntry(name: string, value: unknown, dataStart: number, source: string): SafetensorsEntry {
  const tensor = `tensor ${show(name)}`;
  if (!isObject(value) || !('dtype' in value && 'shape' in value && 'data_offsets' in value)) {
    return refuse(source, 'entry', `${tensor} must be described as { dtype, shape, data_offsets }, got ${show(value)}`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    return refuse(
      source,
      'dtype',
      `${tensor} has dtype ${show(dtype)}; known are ${Object.keys(DTYPE_BYTES).join(', ')}`,
    );
  }
  if (!Array.isArray(shape) || shape.some((dim) => typeof dim !== 'number' || !Number.isInteger(dim) || dim < 0)) {
    return refuse(source, 'shape', `the shape of ${tensor} must be a list of integers >= 0, got ${show(shape)}`);
  }
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !isSize(offsets[0]) ||
    !isSize(offsets[1]) ||
    offsets[0] > offsets[1]
  ) {
    return refuse(
      source,
      'offsets',
      `the offsets of ${tensor} must be [start, end] with 0 <= start <= end, got ${show(offsets)}`,
    );
  }
  let size = DTYPE_BYTES[dtype] as number;
  for (const dim of shape as number[]) {
    size *= dim;
    if (!Number.isSafeInteger(size)) {
      refuse(source, 'overflow', `the shape ${show(shape)} of ${tensor} is more bytes than a file can have`);
    }
  }
  const [start, end] = offsets as [number, number];
  if (end - start !== size) {
    refuse(
      source,
      'size-mismatch',
      `${tensor}, ${dtype} ${show(shape)}, takes ${size} bytes, but its offsets hold ${end - start}`,
    );
  }
  return { name, dtype, shape, start: dataStart + start, end: dataStart + end };
}

/** The tensors must follow one another without holes or overlaps, from the header to the end of the file. */
function checkCoverage(entries: SafetensorsEntry[], dataStart: number, fileBytes: number, source: string): void {
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  let expected = dataStart;
  for (const { name, start, end } of entries) {
    if (start !== expected) {
      const what = start < expected ? 'overlaps the one before it' : 'leaves a hole before it';
      refuse(
        source,
        'coverage',
        `tensor ${show(name)} must start at byte ${expected - dataStart}, got ${start - dataStart}: it ${what}`,
      );
    }
    expected = end;
  }
  if (expected > fileBytes) {
    refuse(
      source,
      'truncated',
      `the tensors take ${expected - dataStart} bytes, but only ${fileBytes - dataStart} follow; ` +
        'copy or download the file again',
    );
  }
  if (expected < fileBytes) {
    refuse(source, 'trailing-data', `${fileBytes - expected} bytes follow the last tensor; nothing may`);
  }
}

/** One tensor to be written: its bytes are little endian. */
export interface SafetensorsPart {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * The whole file. Tensors are sorted by element size (largest first, so that each is aligned) and name, as the
 * reference writes them.
 */
export function serialize(
  parts: readonly SafetensorsPart[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const width = (part: SafetensorsPart) => DTYPE_BYTES[part.dtype] ?? 0;
  const sorted = [...parts].sort((a, b) => width(b) - width(a) || (a.name < b.name ? -1 : 1));

  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA_KEY, metadata]] : [];
  let offset = 0;
  for (const { name, dtype, shape, bytes } of sorted) {
    header.push([name, { dtype, shape, data_offsets: [offset, offset + bytes.length] }]);
    offset += bytes.length;
  }
  // fromEntries and not assignment: a tensor may be called "__proto__".
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = Math.ceil(json.length / 8) * 8;

  const file = new Uint8Array(8 + headerBytes + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerBytes); // spaces, so that the data starts at a multiple of 8
  let at = 8 + headerBytes;
  for (const { bytes } of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
