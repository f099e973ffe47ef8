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
  const table = new DelimitedRows(name, delimiterOf(text, format));
  const rows: TableRow[] = [];
  Papa.parse<string[]>(text, {
    ...delimiting(table.delimiter, format),
    step({ data: cells, errors: [error] }) {
      const row = table.row(cells, error);
      if (row !== null) rows.push(row);
    },
  });
  return { columns: table.columns, rows };
}

/** What papaparse is told. */
const delimiting = (delimiter: string, format: 'csv' | 'tsv') => ({
  delimiter,
  // A quote inside a TSV's cell is a character like any other.
  ...(format === 'tsv' && { quoteChar: '\0', escapeChar: '\0' }),
});

/** The rows of a delimited table, cells given one row after the other; knows on which line each begins. @internal */
export class DelimitedRows {
  readonly #name: string;
  readonly delimiter: string;
  readonly columns: string[] = [];
  #line = 1;

  constructor(name: string, delimiter: string) {
    this.#name = name;
    this.delimiter = delimiter;
  }

  /** On which the next row begins. */
  get line(): number {
    return this.#line;
  }

  /**
   * The whole rows at the beginning of `text`, whose line ends are LF, and where they end. `isEnd`: no more text comes, the last row is
   * whole.
   */
  take(text: string, format: 'csv' | 'tsv', isEnd: boolean): { rows: TableRow[]; end: number } {
    const parser = new Papa.Parser({ ...delimiting(this.delimiter, format), newline: '\n' });
    const { data, errors, meta } = parser.parse(text, 0, !isEnd) as Papa.ParseResult<string[]>;
    const rows = data.map((cells, k) =>
      this.row(
        cells,
        errors.find((error) => error.row === k),
      ),
    );
    return { rows: rows.filter((row) => row !== null), end: meta.cursor };
  }

  /** @returns null for the header and for an empty line */
  row(cells: readonly string[], error?: { readonly message: string }): TableRow | null {
    const line = this.#line;
    this.#line++;
    for (const cell of cells) for (const character of cell) if (character === '\n') this.#line++;
    if (error !== undefined) {
      throw new DataError(
        `${this.#name}, line ${line}: ${error.message}; a quote in a cell is written "" and the cell "..."`,
      );
    }
    if (cells.length === 1 && (cells[0] as string).trim() === '') return null;
    const { columns } = this;
    if (columns.length === 0) {
      columns.push(...header(cells, this.#name));
      return null;
    }
    if (cells.length !== columns.length) {
      throw new DataError(
        `${this.#name}, line ${line}: a row must have ${columns.length} cells as the header (${columns.join(', ')}), ` +
          `got ${cells.length}; a cell with "${this.delimiter}" or a line break in it must stand in quotes`,
      );
    }
    return { line, fields: Object.fromEntries(columns.map((column, k) => [column, cells[k]])) };
  }
}

/** A comma in the first line of a .csv may be a semicolon, where the comma is the decimal sign. @internal */
export function delimiterOf(text: string, format: 'csv' | 'tsv'): ',' | ';' | '\t' {
  if (format === 'tsv') return '\t';
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
    const fields = parseJsonLine(raw, k + 1, name);
    for (const column of Object.keys(fields)) columns.add(column);
    rows.push({ line: k + 1, fields });
  }
  return { columns: [...columns], rows };
}

/** One line of JSONL. @internal */
export function parseJsonLine(raw: string, line: number, name: string): Record<string, unknown> {
  let fields: unknown;
  try {
    fields = JSON.parse(raw);
  } catch (cause) {
    throw new DataError(`${name}, line ${line}: must be JSON, one object a line: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new DataError(`${name}, line ${line}: must be a JSON object such as {"text": "..."}, got ${show(fields)}`);
  }
  return fields as Record<string, unknown>;
}
