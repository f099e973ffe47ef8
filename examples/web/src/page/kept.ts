// Checkpoints in IndexedDB, where they survive the worker and the page. Each tab's training has a key of its own, which the tab
// knows after a reload; a Web Lock of the same name tells the other tabs that it is in use. What a closed tab left is found by the
// next one that opens.
import { del, delMany, get, keys, set } from 'idb-keyval';
import { notice } from './notices.js';

const PREFIX = 'unrolled playground: training ';
/** Where a tab remembers its key. */
const TAB = 'unrolled playground: training of this tab';
/** Trainings of closed tabs that stay: the newest. */
const MOST_LEFT = 3;
/** Where there are no locks, a training that may be another tab's is not old before. */
const OLD_MS = 7 * 24 * 60 * 60 * 1000;
/** A reload may come before the browser has let go of the lock of the page before; a copy of an open tab never gets it. */
const RELOAD_MS = 1000;

export interface Found {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Only pages in a secure context have locks. */
const { locks } = navigator as { locks?: LockManager };

/** This tab's key. */
let own = claim();
/** Whether what is kept under it was trained or loaded by this page, and not by the one before the reload. */
let isOurs = false;
/** Where the browser keeps nothing, a checkpoint survives the worker at least. */
let last: Uint8Array | null = null;
let letGo = () => {};

/** read, write: as unrolled/worker takes it. */
export const kept = {
  async read(): Promise<Uint8Array | null> {
    if (isOurs) last ??= await bytesOf(await own);
    return last;
  },

  async write(bytes: Uint8Array): Promise<void> {
    isOurs = true;
    last = bytes;
    await set(await own, bytes).catch(refused);
  },

  async forget(): Promise<void> {
    last = null;
    if (isOurs) await del(await own).catch(refused);
  },

  /** Another training begins: what was found, and not gone on with, stays where it is for the next page that opens. */
  async begin(): Promise<void> {
    if (isOurs || (await bytesOf(await own)) === null) return;
    letGo();
    own = claimNew();
  },

  /** The training to go on with: this tab's from before its reload, else the newest that a closed tab left. */
  async find(): Promise<Found | null> {
    const mine = await own;
    const { left } = await others();
    for (const key of [mine, ...left]) {
      const bytes = await bytesOf(key);
      if (bytes !== null) return { key, bytes };
    }
    return null;
  },

  /** From now on a training that was found is this tab's. False: another tab has taken it meanwhile. */
  async take({ key, bytes }: Found): Promise<boolean> {
    if (key !== (await own)) {
      if (!(await hold(key))) return false;
      remember(key);
      own = Promise.resolve(key);
    }
    isOurs = true;
    last = bytes;
    return true;
  },

  /** Removes a training that was found, unless another tab has taken it meanwhile. */
  async drop({ key }: Found): Promise<void> {
    if (key === (await own)) await del(key).catch(refused);
    else await whenFree(key, () => del(key).catch(refused));
  },

  /** Whether other tabs have trainings. Removes the oldest of those that closed tabs left. */
  async areOthers(): Promise<boolean> {
    const { left, open } = await others();
    const old = left.slice(MOST_LEFT).filter((key) => locks || Date.now() - beginningOf(key) > OLD_MS);
    await delMany(old).catch(refused);
    return open.length > 0;
  },
};

// ---- keys ----

/** The tab's from before its reload, or a new one. A tab that was duplicated has the key of a tab that is open: not its own. */
async function claim(): Promise<string> {
  const before = remembered();
  if (before !== null && (await hold(before, AbortSignal.timeout(RELOAD_MS)))) return before;
  return claimNew();
}

async function claimNew(): Promise<string> {
  // Not crypto.randomUUID: over plain HTTP from another machine there is none.
  const key = `${PREFIX}${Date.now()} ${Math.random()}`;
  await hold(key);
  remember(key);
  return key;
}

const beginningOf = (key: string): number => Number(key.slice(PREFIX.length).split(' ')[0]);

/** What is kept beside this tab's: for closed tabs, and for open ones. The newest first. */
async function others(): Promise<{ left: string[]; open: string[] }> {
  const mine = await own;
  const names = await keys<string>().catch(() => []);
  const all = names.filter((key) => String(key).startsWith(PREFIX) && key !== mine);
  all.sort((a, b) => beginningOf(b) - beginningOf(a));
  const held = new Set((await locks?.query())?.held?.map(({ name }) => name));
  return { left: all.filter((key) => !held.has(key)), open: all.filter((key) => held.has(key)) };
}

async function bytesOf(key: string): Promise<Uint8Array | null> {
  return (await get<Uint8Array>(key).catch(() => undefined)) ?? null;
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(TAB);
  } catch {
    return null; // site data are blocked: nothing is kept anyway
  }
}

function remember(key: string): void {
  try {
    sessionStorage.setItem(TAB, key);
  } catch {
    // As above.
  }
}

// ---- locks ----

/**
 * Holds the lock of a key until the page is gone, or `letGo` is called.
 *
 * @param signal  how long to wait for it; default: not at all
 * @returns whether it is held: not if another tab has it
 */
function hold(key: string, signal?: AbortSignal): Promise<boolean> {
  if (!locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const granted = (lock: Lock | null) => {
      resolve(lock !== null);
      if (lock === null) return;
      return new Promise<void>((release) => {
        letGo = release;
      });
    };
    const asked = locks.request(key, signal ? { signal } : { ifAvailable: true }, granted);
    asked.catch(() => resolve(false)); // the time is over
  });
}

async function whenFree(key: string, run: () => Promise<void>): Promise<void> {
  if (!locks) return run();
  await locks.request(key, { ifAvailable: true }, (lock) => (lock === null ? undefined : run()));
}

let hasComplained = false;

function refused(error: unknown): void {
  if (hasComplained) return;
  hasComplained = true;
  notice(
    'info',
    `This browser keeps nothing for this page (${(error as Error).message}): training goes on, but after a reload it is gone. Save it as a file.`,
  );
}
