// Which column of a table is what: as asked for, else guessed from the names, and then said aloud.
import { DataError } from '../errors.js';
import { adviceFor } from '../options.js';
import type { Row, Say, TaskColumn, TaskName } from './definition.js';

/** A table as it was read: cells by the names of its own columns. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export type Chosen = Readonly<Record<string, string | readonly string[]>>;

/**
 * @param asked  by TaskColumn.option, what the user named: `{ text: 'review' }`
 * @throws DataError  naming the missing column and those that are there
 */
export function chooseColumns(
  task: TaskName,
  table: Table,
  wanted: readonly TaskColumn[],
  asked: Readonly<Record<string, unknown>>,
  say: Say,
): Chosen {
  const chosen: Record<string, string | readonly string[]> = {};
  const taken = new Set<string>();
  const guessed: string[] = [];
  for (const column of wanted) {
    const named = asked[column.option];
    if (named === undefined) continue;
    const names = column.several ? [named].flat().flatMap((name) => String(name).split(',')) : [String(named)];
    for (const name of names) {
      if (!table.columns.includes(name))
        throw missing(task, table, column, `"${name}"`, adviceFor(name, table.columns));
      taken.add(name);
    }
    chosen[column.option] = column.several ? names : (names[0] as string);
  }
  const named = new Set(wanted.filter(({ option }) => chosen[option] !== undefined).map(({ group }) => group));
  for (const column of wanted) {
    if (chosen[column.option] !== undefined || (column.group !== undefined && named.has(column.group))) continue;
    const free = table.columns.filter((name) => !taken.has(name));
    const guess = guessColumn(column, free);
    if (guess === undefined) continue;
    taken.add(guess);
    guessed.push(`${column.option} = "${guess}"`);
    chosen[column.option] = column.several ? [guess] : guess;
  }
  // With as many columns left as places, the order decides: a table of two columns without telling names.
  const open = wanted.filter((column) => chosen[column.option] === undefined && !column.optional);
  const left = table.columns.filter((name) => !taken.has(name));
  if (open.length > 0 && left.length === open.length) {
    for (const [k, column] of open.entries()) {
      const name = left[k] as string;
      chosen[column.option] = column.several ? [name] : name;
      guessed.push(`${column.option} = "${name}"`);
    }
  }
  for (const column of wanted) {
    if (chosen[column.option] === undefined && !column.optional) {
      throw missing(task, table, column, column.guesses.map((name) => `"${name}"`).join(' or '), '');
    }
  }
  if (guessed.length > 0) say(`${table.name}: columns guessed: ${guessed.join(', ')}`);
  return chosen;
}

function guessColumn({ guesses }: TaskColumn, columns: readonly string[]): string | undefined {
  for (const guess of guesses) {
    const found = columns.find((name) => name.trim().toLowerCase() === guess);
    if (found !== undefined) return found;
  }
  return undefined;
}

function missing(task: TaskName, table: Table, column: TaskColumn, wanted: string, advice: string): DataError {
  const there = table.columns.map((name) => `"${name}"`).join(', ') || 'none';
  return new DataError(
    `${task}: ${table.name} has no column ${wanted} for --${column.option} (${column.help})${advice}; ` +
      `its columns are ${there}: name one with --${column.option} NAME`,
  );
}

/** The cells of the chosen columns, by option. A row that lacks a cell has undefined there. */
export function pick(table: Table, chosen: Chosen): Row[] {
  return table.rows.map(({ line, fields }) => ({
    line,
    fields: Object.fromEntries(
      Object.entries(chosen).map(([option, name]) => [
        option,
        typeof name === 'string' ? fields[name] : name.map((one) => fields[one]),
      ]),
    ),
  }));
}
