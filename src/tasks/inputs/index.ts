// The kinds of inputs, and which of them a table has.
import { DataError } from '../../errors.js';
import type { RawData, ReadContext, Settings, TaskColumn, TaskOption } from '../definition.js';
import { audioInput } from './audio.js';
import { featuresInput } from './features.js';
import { imageInput } from './image.js';
import type { InputKind } from './input.js';
import { placeIn } from './place.js';
import { textInput } from './text.js';

const KINDS: readonly InputKind[] = [textInput, featuresInput, audioInput, imageInput] as unknown as InputKind[];

/** Each is optional by itself: a table has one of them. */
export const columnsOfKinds = (kinds: readonly InputKind[]): TaskColumn[] =>
  kinds.map(({ column }) => ({ ...column, optional: true, group: 'input' }));
export const inputColumns: readonly TaskColumn[] = columnsOfKinds(KINDS);
export const inputOptions: Readonly<Record<string, TaskOption>> = Object.assign(
  {},
  ...KINDS.map(({ options }) => options),
);

/** The kind that a table's columns say; text, the first, where rows have none of them. */
export function kindOf(data: Extract<RawData, { kind: 'rows' }>): InputKind {
  const found = KINDS.filter(({ column }) => data.columns[column.option] !== undefined);
  if (found.length === 1) return found[0] as InputKind;
  const names = KINDS.map(({ column }) => `--${column.option} (${column.help})`).join(' or ');
  throw new DataError(
    found.length === 0
      ? `${data.name} has no column to read: name one with ${names}`
      : `${data.name} has several columns to read (${found.map(({ column }) => data.columns[column.option]).join(', ')}): ` +
          `name one with ${names}`,
  );
}

/** @throws DataError  if a table lacks the column that a trained task reads */
export function requireColumn({ name, columns }: Extract<RawData, { kind: 'rows' }>, { column }: InputKind): void {
  if (columns[column.option] !== undefined) return;
  const guesses = column.guesses.map((guess) => `"${guess}"`).join(', ');
  throw new DataError(
    `${name} has no column that the task could read (${column.help}): name one with --column, or call it one of ${guesses}`,
  );
}

/** Settings that the first rows of a table decide where they are not given. */
export async function settled(
  kind: InputKind,
  data: Extract<RawData, { kind: 'rows' }>,
  context: ReadContext,
): Promise<Partial<Settings>> {
  if (!kind.settle) return {};
  const values = data.rows.map((row) => ({ value: row.fields[kind.column.option], place: placeIn(data, row) }));
  return kind.settle(values, context);
}

export function kindNamed(name: string): InputKind {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new DataError(`the task reads "${name}", which this version does not know`);
  return kind;
}
