// Files too large for memory: their text, lines and rows, one after the other, in memory that does not grow with the file.
import { DataError, OptionError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import { chunksOf, platform } from '../platform/types.js';
import { DelimitedRows, delimiterOf, parseJsonLine, type TableFormat, type TableRow } from './tables.js';
import { markOf, type TextEncoding } from './text/encoding.js';

/** A file's path or URL, a page's dropped file, or bytes as they come. */
export type StreamSource = string | URL | Blob | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface StreamOptions {
  /** For messages: the file's. Default: the path or URL. */
  readonly name?: string;
  /** Default: UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: TextEncoding;
  /** Characters that a line, or a row with the line breaks in its cells, may have at most. Default 2^24, 16.8 million. */
  readonly maxLine?: number;
}

const MAX_LINE = 2 ** 24;
const rules = { name: is.string, encoding: is.string, maxLine: is.integer(1, 2 ** 28) };

/**
 * The lines of a text, without their ends (LF or CR LF).
 *
 *   for await (const line of lines('corpus.txt')) count(line);
 *
 * @throws DataError  naming the line: bytes that are not of the encoding, a line longer than maxLine
 */
export async function* lines(source: StreamSource, options: StreamOptions = {}): AsyncGenerator<string> {
  checkOptions<StreamOptions>('lines', options, rules);
  const { maxLine = MAX_LINE } = options;
  const name = nameOf(source, options);
  /** Pieces of a line that has not ended: put together once, however many there are. */
  let pieces: string[] = [];
  let length = 0;
  let line = 1;
  const add = (piece: string) => {
    length += piece.length;
    if (length > maxLine) throw tooLong(name, line, maxLine);
    pieces.push(piece);
  };
  for await (const text of texts(source, name, options.encoding)) {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      add(text.slice(from, end));
      yield pieces.join('');
      [pieces, length, from] = [[], 0, end + 1];
      line++;
    }
    add(text.slice(from));
  }
  if (length > 0) yield pieces.join('');
}

export interface ReadRowsOptions extends StreamOptions {
  readonly format: TableFormat;
}

/**
 * The rows of a table, as parseTable gives them, one after the other.
 *
 *   for await (const { line, fields } of readRows('reviews.csv', { format: 'csv' })) ...
 *
 * @throws DataError  as parseTable and lines
 */
export async function* readRows(source: StreamSource, options: ReadRowsOptions): AsyncGenerator<TableRow> {
  checkOptions<ReadRowsOptions>('readRows', options, { ...rules, format: is.oneOf('csv', 'tsv', 'jsonl') });
  const { format, ...rest } = options;
  const name = nameOf(source, options);
  if (format !== 'jsonl') {
    yield* delimitedRows(source, format, name, options);
    return;
  }
  let line = 0;
  for await (const text of lines(source, rest)) {
    line++;
    if (text.trim() !== '') yield { line, fields: parseJsonLine(text, line, name) };
  }
}

async function* delimitedRows(
  source: StreamSource,
  format: 'csv' | 'tsv',
  name: string,
  { encoding, maxLine = MAX_LINE }: StreamOptions,
): AsyncGenerator<TableRow> {
  let table: DelimitedRows | undefined;
  let rest = '';
  /** Length from which it is worth while to look for whole rows again: each look goes over all of `rest`. */
  let worth = 0;
  const take = function* (isEnd: boolean): Generator<TableRow> {
    table ??= new DelimitedRows(name, delimiterOf(rest, format));
    const { rows, end } = table.take(rest, format, isEnd);
    yield* rows;
    rest = rest.slice(end);
  };
  for await (const text of texts(source, name, encoding)) {
    rest += text;
    if (rest.length < worth || !rest.includes('\n')) {
      if (rest.length > maxLine) throw tooLong(name, table?.line ?? 1, maxLine);
      continue;
    }
    yield* take(false);
    if (rest.length > maxLine) throw tooLong(name, table?.line ?? 1, maxLine);
    worth = Math.min(2 * rest.length, maxLine);
  }
  if (rest !== '') yield* take(true);
}

function tooLong(name: string, line: number, maxLine: number): DataError {
  return new DataError(
    `${name}, line ${line}: is longer than ${maxLine.toLocaleString('en')} characters; a line break or a closing quote may be ` +
      'missing; if lines are meant to be so long, raise maxLine',
  );
}

/** Decoded as it comes; line ends are LF. @internal */
export async function* texts(
  source: StreamSource,
  name: string,
  encoding: TextEncoding | undefined,
): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let line = 1;
  /** A CR whose LF may begin the next chunk. */
  let held = '';
  const decode = (bytes: Uint8Array | undefined): string => {
    decoder ??= makeDecoder(encoding ?? markOf(bytes ?? new Uint8Array()) ?? 'utf-8');
    let text: string;
    try {
      text = held + (bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode());
    } catch (cause) {
      throw new DataError(
        `${name}, line ${line} or soon after: bytes that are not ${decoder.encoding}; if the file is in another encoding, name it, such as ` +
          'latin1',
        { cause },
      );
    }
    held = bytes && text.endsWith('\r') ? '\r' : '';
    text = text.slice(0, text.length - held.length).replaceAll('\r\n', '\n');
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line++;
    if (text.includes('\0')) {
      throw new DataError(
        `${name}, line ${line} or just before: a character is 0, as in a file that is no text, or is UTF-16`,
      );
    }
    return text;
  };
  for await (const bytes of bytesOf(source)) yield decode(bytes);
  yield decode(undefined);
}

function makeDecoder(label: string): TextDecoder {
  try {
    return new TextDecoder(label, { fatal: true });
  } catch {
    throw new OptionError(`encoding must be one such as utf-8, utf-16le, latin1 or windows-1252, got ${show(label)}`);
  }
}

function bytesOf(source: StreamSource): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (typeof source === 'string' || source instanceof URL) return platform().openFile(source);
  if (typeof Blob !== 'undefined' && source instanceof Blob) return chunksOf(source.stream());
  if (typeof source === 'object' && source !== null && !ArrayBuffer.isView(source)) {
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return source;
  }
  throw new OptionError(`a stream must be a path, a URL, a Blob or an iterable of bytes, got ${show(source)}`);
}

function nameOf(source: StreamSource, { name }: StreamOptions): string {
  if (name !== undefined) return name;
  if (typeof source === 'string' || source instanceof URL) return String(source);
  return (source as Partial<File>).name ?? 'the stream';
}
