// The last checkpoint, in IndexedDB, where it survives the worker and the page.
import { del, get, set } from 'idb-keyval';
import { notice } from './notices.js';

const KEY = 'unrolled playground: last checkpoint';
/** Where the browser keeps nothing, a checkpoint survives the worker at least. */
let last: Uint8Array | null = null;

/** As unrolled/worker takes it. */
export const kept = {
  async read(): Promise<Uint8Array | null> {
    last ??= (await get<Uint8Array>(KEY).catch(() => undefined)) ?? null;
    return last;
  },

  async write(bytes: Uint8Array): Promise<void> {
    last = bytes;
    await set(KEY, bytes).catch(refused);
  },

  async forget(): Promise<void> {
    last = null;
    await del(KEY).catch(refused);
  },
};

let hasComplained = false;

function refused(error: unknown): void {
  if (hasComplained) return;
  hasComplained = true;
  notice(
    'info',
    `This browser keeps nothing for this page (${(error as Error).message}): training goes on, but after a reload it is gone. Save it as a file.`,
  );
}
