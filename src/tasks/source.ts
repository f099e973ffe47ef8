// Where a task's data come from: a file's path or URL, a dropped file, a list of records, or text; and in which format.
import { parseTable, type TableFormat } from '../data/tables.js';
import { decodeText, type TextEncoding } from '../data/text/encoding.js';
import { DataError, OptionError } from '../errors.js';
import { show } from '../options.js';
import { platform } from '../platform/types.js';
import { chooseColumns, pick, type Table } from './columns.js';
import type { RawData, Row, Say, TaskDefinition } from './definition.js';

/** A file's path or URL, a File or Blob (a page's dropped file), records as a table's rows, or a text as it is. */
export type TaskSource = string | URL | Blob | readonly Readonly<Record<string, unknown>>[] | { readonly text: string };

export type SourceFormat = TableFormat | 'conll' | 'text';

export interface SourceOptions {
  /** Default: by the file's ending, else by what its first line looks like. */
  readonly format?: SourceFormat;
  /** Of text files. Default: UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: TextEncoding;
  /** What the user called columns, by TaskColumn.option. */
  readonly columns?: Readonly<Record<string, unknown>>;
  readonly say: Say;
}

const ENDINGS: Readonly<Record<string, SourceFormat>> = {
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  conll: 'conll',
  conllu: 'conll',
  txt: 'text',
  text: 'text',
};

export const isSource = (value: unknown): value is TaskSource =>
  typeof value === 'string' ||
  value instanceof URL ||
  (typeof Blob !== 'undefined' && value instanceof Blob) ||
  Array.isArray(value) ||
  typeof (value as { text?: unknown } | null)?.text === 'string';

/** @throws DataError  for a file that cannot be read as what the task needs */
export async function readSource(task: TaskDefinition, source: TaskSource, options: SourceOptions): Promise<RawData> {
  if (!isSource(source)) {
    throw new OptionError(
      `${task.name}: data must be a path, a URL, a Blob, a list of records or { text }, got ${show(source)}`,
    );
  }
  if (Array.isArray(source)) return fromRecords(task, source, options);
  if (typeof (source as { text?: unknown }).text === 'string') {
    return fromText(task, 'text', (source as { text: string }).text, '', options);
  }
  const place = source as string | URL | Blob;
  const isBlob = typeof Blob !== 'undefined' && place instanceof Blob;
  const name = isBlob ? ((place as File).name ?? 'the file') : String(place);
  const bytes = isBlob ? new Uint8Array(await place.arrayBuffer()) : await platform().readFile(place as string | URL);
  const text = decodeText(bytes, { name, ...(options.encoding && { encoding: options.encoding }) });
  return fromText(task, name, text, isBlob ? '' : name.replace(/[^/\\]*$/, ''), options);
}

function fromRecords(task: TaskDefinition, records: readonly unknown[], options: SourceOptions): RawData {
  const columns = new Set<string>();
  const rows = records.map((record, k): Row => {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) {
      throw new DataError(
        `${task.name}: record ${k + 1} must be an object such as { text, label }, got ${show(record)}`,
      );
    }
    for (const name of Object.keys(record)) columns.add(name);
    return { line: k + 1, fields: record as Record<string, unknown> };
  });
  return ofTable(task, { name: 'the records', columns: [...columns], rows }, '', options);
}

function fromText(task: TaskDefinition, name: string, text: string, base: string, options: SourceOptions): RawData {
  const format = options.format ?? formatOf(task, name, text);
  const accepted = task.inputs.flatMap((input) => (input === 'table' ? ['csv', 'tsv', 'jsonl'] : [input]));
  if (!accepted.includes(format)) {
    throw new DataError(
      `${task.name}: ${name} is taken for ${format}, the task reads ${accepted.join(', ')}; if it is one of these, say so ` +
        'with --format',
    );
  }
  if (text.trim() === '') throw new DataError(`${task.name}: ${name} is empty; nothing can be learnt from it`);
  if (format === 'text') return { kind: 'text', name, text };
  if (format === 'conll') {
    return { kind: 'rows', name, rows: readConll(task, name, text), columns: { tokens: '1', tags: 'last' }, base };
  }
  const table = parseTable(text, { format, name });
  return ofTable(task, { name, columns: table.columns, rows: table.rows }, base, options);
}

function ofTable(task: TaskDefinition, table: Table, base: string, { columns = {}, say }: SourceOptions): RawData {
  if (table.rows.length === 0) throw new DataError(`${task.name}: ${table.name} has no rows below its header`);
  const chosen = chooseColumns(task.name, table, task.columns, columns, say);
  return { kind: 'rows', name: table.name, rows: pick(table, chosen), columns: chosen, base };
}

/** By the ending; else by the first line, if the task reads tables at all. */
function formatOf(task: TaskDefinition, name: string, text: string): SourceFormat {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const known = Object.hasOwn(ENDINGS, ending) ? (ENDINGS[ending] as SourceFormat) : undefined;
  if (known && (known !== 'text' || task.inputs.includes('text'))) return known;
  if (!task.inputs.includes('table')) return task.inputs[0] === 'text' ? 'text' : 'conll';
  const first = text.slice(0, 65536).split('\n', 1)[0] as string;
  if (first.trimStart().startsWith('{')) return 'jsonl';
  if (first.includes('\t')) return task.inputs.includes('conll') && !/\t.*\t/.test(first) ? 'conll' : 'tsv';
  return 'csv';
}

/** CoNLL columns: a token a line, its tag in the last column, an empty line between sentences, "# " comments. */
function readConll(task: TaskDefinition, name: string, text: string): Row[] {
  const rows: Row[] = [];
  let tokens: string[] = [];
  let tags: string[] = [];
  let start = 1;
  const close = () => {
    if (tokens.length > 0) rows.push({ line: start, fields: { tokens, tags } });
    tokens = [];
    tags = [];
  };
  for (const [k, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line === '') {
      close();
      start = k + 2;
      continue;
    }
    if (tokens.length === 0 && line.startsWith('# ')) continue;
    const cells = line.split(line.includes('\t') ? '\t' : / +/);
    if (cells.length < 2) {
      throw new DataError(
        `${task.name}: ${name}, line ${k + 1}: a line of CoNLL columns must be a token and its tag, got ${show(line)}`,
      );
    }
    if (tokens.length === 0) start = k + 1;
    tokens.push(cells[0] as string);
    tags.push(cells.at(-1) as string);
  }
  close();
  return rows;
}
