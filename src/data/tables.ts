// Tables: CSV and TSV by papaparse, JSONL. Rows know the line of the file they stand in.
import Papa from 'papaparse';
import { DataError } from '../errors.js';
import { show } from '../options.js';

export type TableFormat = 'csv' | 'tsv' | 'jsonl';

export interface TableRow {
  /** Of the file, from 1: where the row begins. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ParsedTable {
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface ParseTableOptions {
  readonly format: TableFormat;
  /** For messages: the file's name. */
  readonly name?: string;
}

/**
 * A table's rows. CSV and TSV: the first line names the columns, cells are strings, quotes as in RFC 4180. JSONL: an object a line.
 *
 * @throws DataError  naming the line: a row with more or fewer cells than the header, an open quote, what is not JSON
 */
export function parseTable(text: string, { format, name = 'the table' }: ParseTableOptions): ParsedTable {
  return format === 'jsonl' ? parseJsonLines(text, name) : parseDelimited(text, format, name);
}

function parseDelimited(text: string, format: 'csv' | 'tsv', name: string): ParsedTable {
  const columns: string[] = [];
  const rows: TableRow[] = [];
  let line = 1;
  let cursor = 0;
  // A comma in the first line of a .csv may be a semicolon, where the comma is the decimal sign.
  const delimiter = format === 'tsv' ? '\t' : delimiterOf(text);
  Papa.parse<string[]>(text, {
    delimiter,
    // A quote inside a TSV's cell is a character like any other.
    ...(format === 'tsv' && { quoteChar: '\0', escapeChar: '\0' }),
    step({ data: cells, errors, meta }) {
      const start = line;
      for (; cursor < meta.cursor; cursor++) if (text.charCodeAt(cursor) === 10) line++;
      const [error] = errors;
      if (error !== undefined) {
        throw new DataError(
          `${name}, line ${start}: ${error.message}; a quote in a cell is written "" and the cell "..."`,
        );
      }
      if (cells.length === 1 && (cells[0] as string).trim() === '') return;
      if (columns.length === 0) {
        columns.push(...header(cells, name));
        return;
      }
      if (cells.length !== columns.length) {
        throw new DataError(
          `${name}, line ${start}: a row must have ${columns.length} cells as the header (${columns.join(', ')}), ` +
            `got ${cells.length}; a cell with "${delimiter}" or a line break in it must stand in quotes`,
        );
      }
      rows.push({ line: start, fields: Object.fromEntries(columns.map((column, k) => [column, cells[k]])) });
    },
  });
  return { columns, rows };
}

function delimiterOf(text: string): ',' | ';' {
  const end = text.indexOf('\n');
  const first = end < 0 ? text : text.slice(0, end);
  return first.includes(',') || !first.includes(';') ? ',' : ';';
}

function header(cells: readonly string[], name: string): string[] {
  const names = cells.map((cell) => cell.trim());
  const twice = names.find((cell, k) => names.indexOf(cell) !== k);
  if (twice !== undefined) {
    throw new DataError(`${name}, line 1: column names must differ from each other, got ${show(twice)} twice`);
  }
  return names;
}

function parseJsonLines(text: string, name: string): ParsedTable {
  const columns = new Set<string>();
  const rows: TableRow[] = [];
  for (const [k, raw] of text.split('\n').entries()) {
    if (raw.trim() === '') continue;
    let fields: unknown;
    try {
      fields = JSON.parse(raw);
    } catch (cause) {
      throw new DataError(`${name}, line ${k + 1}: must be JSON, one object a line: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
      throw new DataError(`${name}, line ${k + 1}: must be a JSON object such as {"text": "..."}, got ${show(fields)}`);
    }
    for (const column of Object.keys(fields)) columns.add(column);
    rows.push({ line: k + 1, fields: fields as Record<string, unknown> });
  }
  return { columns: [...columns], rows };
}
