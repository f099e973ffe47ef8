// The page's worker: one job that trains, and answers to what the page asks meanwhile.
import { type JobContext, serve } from 'unrolled/worker/serve';
import type { HeatRow, Point } from '../shared/history.js';
import type { Begin, News, Outcome } from '../shared/messages.js';
import { answerQuestions } from '../shared/questions.js';
import type { Settings } from '../shared/settings.js';
import { FILE_OF, type Source } from '../shared/sources.js';
import { openArchive } from './archive.js';
import { examine } from './examine.js';
import { type Given, Session } from './session.js';

/** The training there is: under way, or to be looked at and gone on with. */
let session: Session | null = null;

/** News are told at most this often. */
const NEWS_MS = 150;
/** The first checkpoint soon, the others less often: a large one takes a while to write. */
const FIRST_CHECKPOINT_MS = 500;
const CHECKPOINT_MS = 3000;

serve({ jobs: { train } });

answerQuestions({
  async describe({ base, settings, source }) {
    return new Session(settings, await givenFor(settings, source, base)).description;
  },
  async adjust(changed) {
    session?.adjust(changed);
    return null;
  },
  async gates({ text }) {
    return session?.gates(text) ?? null;
  },
  async view(options) {
    return session?.view(options) ?? null;
  },
  async examine({ name, bytes }) {
    return examine(name, bytes);
  },
  async load({ name, bytes, base }) {
    session = await restored(bytes, name, base);
    return session.standing;
  },
  async save() {
    if (session === null) throw new Error('there is no net to save yet: train one first');
    return session.pack();
  },
  async forget() {
    session = null;
    return null;
  },
});

/** Runs until its last update, or until it is stopped; tells what happens and keeps checkpoints. */
async function train(begin: Begin, { send, paused, signal, checkpoint }: JobContext): Promise<Outcome> {
  const tell = (news: News) => send(news);
  const { current, until } = await open(begin, (await checkpoint.read()) ?? null);
  session = current;
  tell({ type: 'started', until, ...current.standing });

  let points: Point[] = [];
  let rows: HeatRow[] = [];
  let toldAt = 0;
  let writeAt = performance.now() + FIRST_CHECKPOINT_MS;
  const report = () => {
    tell({ type: 'progress', step: current.step, points, rows, speed: current.speed, failed: current.failed });
    points = [];
    rows = [];
    toldAt = performance.now();
  };
  const write = async () => {
    await checkpoint.write(await current.pack({ name: begin.run, until }));
    writeAt = performance.now() + CHECKPOINT_MS;
  };
  try {
    while (current.step < until && current.isAlive) {
      const added = current.round();
      points.push(...added.points);
      rows.push(...added.rows);
      if (performance.now() - toldAt > NEWS_MS) report();
      if (performance.now() > writeAt) await write();
      await paused();
      signal.throwIfAborted();
    }
  } finally {
    report();
    await write();
  }
  return { step: current.step, failed: current.failed };
}

/** The training that a run is about, and the update it ends with. */
async function open(begin: Begin, kept: Uint8Array | null): Promise<{ current: Session; until: number }> {
  const { run, base, settings, goOn } = begin;
  const { lr, clip, steps } = settings;
  const archive = kept && openArchive(kept, 'the last checkpoint');
  if (kept !== null && archive?.run?.name === run) {
    // The worker before this one died in the middle of this run.
    return { current: await restored(kept, 'the last checkpoint', base), until: archive.run.until };
  }
  let current = goOn ? session : null;
  if (goOn && current === null && kept !== null) current = await restored(kept, 'the last checkpoint', base);
  current ??= new Session(settings, await givenFor(settings, begin.source, base));
  current.adjust({ lr, clip });
  return { current, until: current.step + steps };
}

async function restored(bytes: Uint8Array, name: string, base: string): Promise<Session> {
  const archive = openArchive(bytes, name);
  const made = new Session(archive.settings, await givenFor(archive.settings, archive.source, base));
  await made.restore(archive);
  return made;
}

/** Files of the page that were read once. */
const files = new Map<string, Promise<Source>>();

async function givenFor({ task }: Settings, own: Source | null, base: string): Promise<Given> {
  const file = FILE_OF[task];
  if (own !== null || file === undefined) return { source: own, own: own !== null };
  const url = new URL(file, base).href;
  const reading = files.get(url) ?? readSource(url);
  files.set(url, reading);
  reading.catch(() => files.delete(url)); // may be tried again
  return { source: await reading, own: false };
}

async function readSource(url: string): Promise<Source> {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new Error(
      `${url} cannot be read (${response?.status ?? 'no connection'}); check the connection and try again`,
    );
  }
  return response.json();
}
