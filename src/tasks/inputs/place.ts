// Where a table's values stand, and the files that it names.
import type { RawData, Row } from '../definition.js';
import type { InputKind, Place } from './input.js';

/** Where the values of a row stand. */
export const placeIn = ({ name, base }: Extract<RawData, { kind: 'rows' }>, { line }: Row): Place => ({
  file: name,
  line,
  base,
});

/** A path or URL that a table gives, as from where the program runs: relative ones are from where the table is. */
export function fromTable(path: string, base: string): string {
  const isAbsolute = /^([a-z][a-z0-9+.-]*:|\/|\\)/i.test(path);
  return isAbsolute ? path : base + path;
}

/** What stands in a row for predict, which does not know the table: paths as from where the program runs. */
export function inputOf(kind: Pick<InputKind, 'column' | 'isFile'>, row: Row, data: RawData): unknown {
  const value = row.fields[kind.column.option];
  const isPath = kind.isFile && typeof value === 'string' && data.kind === 'rows';
  return isPath ? fromTable(value, data.base) : value;
}
