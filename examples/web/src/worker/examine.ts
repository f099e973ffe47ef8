// What a dropped file is: a saved playground, a table with a series or with labelled texts, or a text. What was guessed is said.
import { decodeText, type ParsedTable, parseTable } from 'unrolled/data';
import type { Examined } from '../shared/messages.js';
import type { Labelled, Series } from '../shared/sources.js';
import { isZip, openArchive } from './archive.js';

/** A file that cannot be learnt from; the message is for the visitor. */
export class FileError extends Error {}

/** It has to fit into a page, and into a file that is saved. */
const MOST_BYTES = 8 * 2 ** 20;
const MOST_LABELS = 20;

/** @throws FileError, ArchiveError, DataError  saying what the file is not, and what would do */
export function examine(name: string, bytes: Uint8Array): Examined {
  if (isZip(bytes)) {
    const { settings, step } = openArchive(bytes, name);
    return { kind: 'saved', settings, step };
  }
  if (bytes.length === 0) throw new FileError(`${name} is empty`);
  if (bytes.length > MOST_BYTES) {
    throw new FileError(
      `${name} has ${(bytes.length / 2 ** 20).toFixed(1)} MB; this page takes up to ${MOST_BYTES / 2 ** 20} MB: cut it`,
    );
  }
  const text = readable(name, bytes);
  const isTable = /\.(csv|tsv|tab)$/i.test(name);
  if (!isTable) {
    return {
      kind: 'source',
      source: { kind: 'text', name, text },
      guesses: [`${name} is taken for a text, to be learnt character by character`],
    };
  }
  const table = parseTable(text, { format: /\.csv$/i.test(name) ? 'csv' : 'tsv', name });
  if (table.rows.length === 0)
    throw new FileError(`${name} has a header and no rows; each row is something to learn from`);
  return fromTable(name, table);
}

function readable(name: string, bytes: Uint8Array): string {
  try {
    return decodeText(bytes, { name });
  } catch {
    throw new FileError(
      `${name} is no text (its bytes are not UTF-8): this page takes CSV files, text files and playgrounds it has saved. If it is a text in another encoding, save it as UTF-8`,
    );
  }
}

function fromTable(name: string, { columns, rows }: ParsedTable): Examined {
  const cells = (column: string) => rows.map(({ fields }) => String(fields[column] ?? '').trim());
  const numeric = columns.filter((column) => cells(column).every(isNumber));
  const others = columns.filter((column) => !numeric.includes(column));
  const label = columnCalled(columns, ['label', 'class', 'sentiment', 'category', 'target', 'y'], (column) => {
    const kinds = new Set(cells(column)).size;
    return kinds >= 2 && kinds <= MOST_LABELS && kinds <= rows.length / 2;
  });
  const text = columnCalled(others, ['text', 'review', 'sentence', 'message', 'comment']) ?? longest(others, cells);
  if (label !== undefined && text !== undefined && text !== label && meanLength(cells(text)) > 8) {
    return labelled(name, cells(text), cells(label), [`texts from the column "${text}"`, `labels from "${label}"`]);
  }
  const value =
    columnCalled(numeric, ['value', 'y', 'temperature', 'temp_max', 'price', 'close', 'count']) ?? lastOf(numeric);
  if (value === undefined) {
    throw new FileError(
      `${name} has the columns ${columns.map((column) => `"${column}"`).join(', ')}: neither numbers in every row (a series) nor a text and a label; write one of these, with a header line`,
    );
  }
  const time = columnCalled(others, ['date', 'time', 'timestamp', 'day', 'month', 'year']) ?? others[0];
  const source: Series = {
    ...{ kind: 'series', name, unit: '' },
    times: time === undefined ? rows.map((_, k) => String(k + 1)) : cells(time),
    values: cells(value).map(Number),
  };
  const guesses = [`${name} is taken for a series: values from the column "${value}", in the order of the rows`];
  if (time !== undefined) guesses.push(`times from "${time}"`);
  return { kind: 'source', source, guesses };
}

function labelled(
  name: string,
  texts: readonly string[],
  marks: readonly string[],
  guessed: readonly string[],
): Examined {
  const labels = [...new Set(marks)].sort();
  // Files are often sorted by label, and the first rows are those that are only measured.
  const order = texts.map((_, k) => k).sort((a, b) => scattered(a) - scattered(b));
  const source: Labelled = {
    ...{ kind: 'labelled', name, labels },
    texts: order.map((k) => texts[k] as string),
    classes: order.map((k) => labels.indexOf(marks[k] as string)),
  };
  const shown = labels.slice(0, 6).join(', ') + (labels.length > 6 ? ', ...' : '');
  return { kind: 'source', source, guesses: [`${name} is taken for labelled texts: ${guessed.join(', ')} (${shown})`] };
}

/** An order that is the same every time and has nothing to do with that of the file. */
const scattered = (k: number): number => Math.imul(k + 1, 0x9e3779b1) >>> 0;

const isNumber = (cell: string): boolean => cell !== '' && Number.isFinite(Number(cell));
const lastOf = (columns: readonly string[]): string | undefined => columns.at(-1);
const meanLength = (texts: readonly string[]): number =>
  texts.reduce((sum, { length }) => sum + length, 0) / texts.length;

function columnCalled(
  columns: readonly string[],
  names: readonly string[],
  fits: (column: string) => boolean = () => true,
): string | undefined {
  for (const name of names) {
    const found = columns.find((column) => column.trim().toLowerCase() === name);
    if (found !== undefined && fits(found)) return found;
  }
  return undefined;
}

function longest(columns: readonly string[], cells: (column: string) => readonly string[]): string | undefined {
  const lengths = columns.map((column) => ({ column, length: meanLength(cells(column)) }));
  return lengths.sort((a, b) => b.length - a.length)[0]?.column;
}
