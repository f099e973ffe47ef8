// Rows whose file cannot be read: an error that names them, or, where the user says so, left out, named and counted.
import { DataError } from '../../errors.js';
import { is } from '../../options.js';
import type { ReadContext, Row, TaskName, TaskOption } from '../definition.js';

/** @param what  is read: "sounds" */
export const skipOption = (what: string) =>
  ({
    skipUnreadable: {
      rule: is.boolean,
      type: 'boolean',
      default: false,
      help: `leave out ${what} that cannot be read, and say which and how many`,
    },
  }) as const satisfies Record<string, TaskOption>;

/**
 * What `read` makes of each row, in order.
 *
 * @param read  its DataErrors are about the row's own input: with the setting skipUnreadable they only leave the row out
 */
export async function readEach<T>(
  task: TaskName,
  rows: readonly Row[],
  { settings, say }: ReadContext,
  read: (row: Row, index: number) => T | Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (const [k, row] of rows.entries()) {
    try {
      found.push(await read(row, k));
    } catch (error) {
      if (!(error instanceof DataError) || !settings.skipUnreadable) throw error;
      say(`${task}: left out: ${error.message}`);
    }
  }
  const unread = rows.length - found.length;
  if (unread > 0) say(`${task}: ${unread} of ${rows.length} inputs could not be read and were left out`);
  return found;
}
