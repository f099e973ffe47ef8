// Models that move: what Node trained answers the same in a page, what a page began goes on in Node from the exact step, and the
// reverse; a page that is reloaded goes on, too. On the built library, with Chromium driven from here.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as unrolled from '../../src/index.js';
import type * as tasks from '../../src/tasks/index.js';
import type * as workers from '../../src/worker/index.js';
import type * as serving from '../../src/worker/serve.js';
import { openPages, type Pages } from '../helpers/pages.js';

/** In pages. */
declare const openWorker: typeof workers.openWorker;

const load = <T>(file: string): Promise<T> => import(new URL(`../../dist/${file}`, import.meta.url).href);
const folder = mkdtempSync(join(tmpdir(), 'unrolled-moving-'));
let u: typeof unrolled;
let t: typeof tasks;
let s: typeof serving;
let pages: Pages;
let page: Page;

beforeAll(async () => {
  u = await load('node.js');
  t = await load('tasks/index.js');
  s = await load('worker/serve-node.js');
  // Node 20 has no relaxed SIMD; the same instructions give the same bits.
  await u.ready({ backend: 'wasm', simd: 'wasm-simd' });
  pages = await openPages({ models: folder });
  page = await pages.open();
});
afterAll(async () => {
  await pages?.close();
  rmSync(folder, { recursive: true, force: true });
});

const rows = Array.from({ length: 60 }, (_, k) => ({
  text: k % 2 ? `so good ${k} really` : `so bad ${k}`,
  label: k % 2 ? 'yes' : 'no',
}));
const small = { epochs: 4, hidden: 6, embedding: 4, batch: 8, seed: 2 };
const inputs = ['so good', 'bad, so bad 3', 'really'];

/** What fit is given, here and there. Plain data: it crosses to the page as JSON. */
const spec = {
  model: [
    ['Embedding', { numEmbeddings: 9, embeddingDim: 5 }],
    ['LSTM', { inputSize: 5, hiddenSize: 7 }],
    ['Dropout', { p: 0.3 }],
    ['last'],
    ['Linear', { inFeatures: 7, outFeatures: 2 }],
  ] as workers.LayerSpec[],
  data: Array.from({ length: 10 }, (_, n) => ({
    x: { data: Array.from({ length: 24 }, (_, k) => (k * (n + 2)) % 9), shape: [6, 4], dtype: 'int32' as const },
    y: { data: [0, 1, 1, 0].map((label, k) => (label + n + k) % 2), shape: [4], dtype: 'int32' as const },
    lengths: [6, 3, 1, 5],
  })),
  loss: 'crossEntropy' as const,
  optimizer: { type: 'Adam' as const, lr: 0.02 },
  metrics: ['accuracy' as const],
  epochs: 5,
  seed: 6,
};

/** fit in Node of the same, from a checkpoint if there is one; `stopAt` cuts it off after so many updates. */
async function fitHere(from: Uint8Array | null, stopAt = Number.POSITIVE_INFINITY) {
  u.seed(spec.seed);
  const model = s.buildModel(spec.model);
  const optimizer = new u.Adam(model.parameters(), { lr: spec.optimizer.lr });
  const data = spec.data.map(({ x, y, lengths }) => ({
    x: u.tensor(x.data, x.shape, { dtype: x.dtype }),
    y: u.tensor(y.data, y.shape, { dtype: y.dtype }),
    lengths,
  }));
  let checkpoint = from;
  const steps: number[] = [];
  const { loss, metrics, epochs } = spec;
  await u
    .fit(model, data, {
      ...{ loss, metrics, epochs, optimizer },
      // The worker watches with callbacks of its own, which keep nothing.
      callbacks: {},
      checkpoint: {
        every: 4,
        path: {
          read: () => checkpoint,
          write(bytes) {
            checkpoint = bytes;
          },
        },
      },
      onProgress({ step }) {
        steps.push(step);
        if (step === stopAt) throw new Error('stop');
      },
    })
    .catch((error) => {
      if (error.message !== 'stop') throw error;
    });
  return { state: u.io.serializeSafetensors(model.stateDict()), checkpoint: checkpoint as Uint8Array | null, steps };
}

/** fit in a worker of the page, the same way. */
async function fitThere(from: Uint8Array | null, stopAt = 0) {
  const found = await page.evaluate(
    async ({ spec, from, stopAt }) => {
      const worker = await openWorker({ simd: 'wasm-simd' });
      const steps: number[] = [];
      const store = { read: () => from && Uint8Array.from(from), write() {} };
      const run = worker.fit(spec, {
        every: 4,
        store,
        onProgress({ step }) {
          steps.push(step);
          if (step === stopAt) run.abort();
        },
      });
      const fitted = await run.result.catch(() => null);
      worker.terminate();
      const list = (bytes: Uint8Array | null | undefined) => bytes && Array.from(bytes);
      return { state: list(fitted?.state), checkpoint: list(run.checkpoint), steps };
    },
    { spec, from: from && Array.from(from), stopAt },
  );
  const bytes = (list: number[] | null | undefined) => (list ? Uint8Array.from(list) : null);
  return { state: bytes(found.state), checkpoint: bytes(found.checkpoint), steps: found.steps };
}

describe('a task that Node trained', () => {
  it.each([
    ['the same instructions', 'wasm-simd', 0],
    // Fused multiply-adds round once where plain SIMD rounds twice.
    ['relaxed SIMD', 'wasm-relaxed-simd', 1e-6],
  ] as const)('answers in a page by its URL, folder and zip, with %s', async (_, simd, tolerance) => {
    const out = join(folder, `reviews-${simd}`);
    const task = await t.classify(rows, { ...small, out });
    writeFileSync(`${out}.zip`, t.zipTask(task.files()));
    const here = (await task.predict(inputs)).map(({ probability }) => probability);
    const there = await page.evaluate(
      async ({ simd, inputs }) => {
        const worker = await openWorker({ simd });
        const answers = [];
        for (const path of [`/models/reviews-${simd}`, `models/reviews-${simd}/`, `/models/reviews-${simd}.zip`]) {
          const loaded = await worker.loadTask(path);
          answers.push((await loaded.predict(inputs)) as { probability: number }[]);
        }
        worker.terminate();
        return answers.map((list) => list.map(({ probability }) => probability));
      },
      { simd, inputs },
    );
    for (const list of there) {
      for (const [k, probability] of list.entries()) {
        expect(Math.abs(probability - (here[k] as number))).toBeLessThanOrEqual(tolerance);
      }
    }
  });
});

describe('a run', () => {
  it('begun in a page goes on in Node from the exact step, to the same bits', async () => {
    const whole = await fitHere(null);
    const begun = await fitThere(null, 18);
    expect(begun.state).toBeNull();
    const went = await fitHere(begun.checkpoint);
    expect(went.steps[0]).toBeGreaterThan(16);
    expect(went.steps.at(-1)).toBe(50);
    expect(went.state).toEqual(whole.state);
  });

  it('begun in Node goes on in a page, to the same bits', async () => {
    const whole = await fitHere(null);
    const begun = await fitHere(null, 18);
    const went = await fitThere(begun.checkpoint);
    expect(went.steps[0]).toBe(17);
    expect(went.state).toEqual(whole.state);
  });

  it('of a task, interrupted in a page, goes on in Node from the files of its folder', async () => {
    const files = await page.evaluate(
      async ({ rows, small }) => {
        const worker = await openWorker({ simd: 'wasm-simd' });
        const run = worker.train(
          'classify',
          rows,
          { ...small, out: 'opfs:/moving' },
          {
            onEpoch: ({ epoch }) => epoch === 2 && run.abort(),
          },
        );
        await run.result;
        worker.terminate();
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('moving');
        const found: Record<string, number[]> = {};
        for await (const [name, handle] of (
          folder as unknown as { entries(): AsyncIterable<[string, FileSystemFileHandle]> }
        ).entries()) {
          found[name] = Array.from(new Uint8Array(await (await handle.getFile()).arrayBuffer()));
        }
        return found;
      },
      { rows, small },
    );
    const out = join(folder, 'moved');
    mkdirSync(out);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(out, name), Uint8Array.from(bytes));
    const epochs: number[] = [];
    await t.classify(rows, { ...small, out, onEpoch: ({ epoch }) => epochs.push(epoch) });
    expect(epochs[0]).toBeGreaterThan(2);
    const whole = await t.classify(rows, small);
    expect(Uint8Array.from(readFileSync(join(out, 'model.safetensors')))).toEqual(whole.files()['model.safetensors']);
  });

  it.each(['idb', 'opfs'])('goes on after its page was reloaded, from %s:', async (scheme) => {
    const long = { ...spec, epochs: 60 };
    const reloaded = await pages.open();
    /** Tells of its steps on the page, and of its end. */
    const start = (store: string) =>
      reloaded.evaluate(
        async ({ long, store }) => {
          const told = globalThis as unknown as { steps: number[]; state: number[] | null };
          Object.assign(told, { steps: [], state: null });
          const worker = await openWorker({ simd: 'wasm-simd' });
          const run = worker.fit(long, { store, every: 10, onProgress: ({ step }) => told.steps.push(step) });
          void run.result.then(({ state }) => {
            told.state = Array.from(state);
          });
        },
        { long, store },
      );
    const end = () => reloaded.waitForFunction(() => (globalThis as unknown as { state: unknown }).state !== null);
    const seen = () => {
      const { steps, state } = globalThis as unknown as { steps: number[]; state: number[] };
      return { steps, state };
    };
    await start(`${scheme}:/whole`);
    await end();
    const whole = await reloaded.evaluate(seen);
    await start(`${scheme}:/cut`);
    await reloaded.waitForFunction(() => (globalThis as unknown as { steps: number[] }).steps.length > 60);
    await pages.reload(reloaded);
    await start(`${scheme}:/cut`);
    await end();
    const cut = await reloaded.evaluate(seen);
    expect(cut.steps[0]).toBeGreaterThan(30);
    expect(cut.steps.at(-1)).toBe(600);
    expect(cut.state).toEqual(whole.state);
    await reloaded.close();
  });
});
