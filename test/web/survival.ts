// What survives: the worker's death, a reload, a lost connection. And what must not grow: memory, and the tasks of the page itself.
import type { CDPSession, Page, Worker } from 'playwright';
import { describe, expect, it } from 'vitest';
import {
  choose,
  figures,
  inWorker,
  message,
  type Site,
  settled,
  step,
  text,
  train,
  WAIT,
  waitForButton,
} from './site.js';

const SMALL = { task: 'copy', cells: ['lstm', 'gru'], hidden: 8, length: 10, batch: 4 };
/** The first checkpoint is written after half a second. */
const CHECKPOINT = 800;

export function survivalTests(site: Site): void {
  describe('the worker', () => {
    it('may be killed in the middle: another one goes on from the checkpoint, and comes to the same numbers', () =>
      site.visit(async (page) => {
        await train(page, { ...SMALL, steps: 5000 });
        const expected = await numbers(page);
        await page.click('#reset');
        await waitForButton(page, 'Train');
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await page.waitForTimeout(CHECKPOINT);
        await Promise.all([page.waitForEvent('worker', WAIT), page.workers()[0]?.evaluate(() => self.close())]);
        await waitForButton(page, 'Train on');
        await settled(page);
        expect(await text(page, 'status')).toContain('Update 5,000 of 5,000');
        expect(await numbers(page)).toEqual(expected);
      }));

    it('may be restarted by a button, while it trains and when it rests', () =>
      site.visit(async (page) => {
        await choose(page, { ...SMALL, steps: 1_000_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await page.waitForTimeout(CHECKPOINT);
        await page.click('#restart');
        await page.waitForTimeout(1000);
        const before = await step(page);
        await expect.poll(() => step(page), WAIT).toBeGreaterThan(before);
        await page.click('#stop');
        await waitForButton(page, 'Train on');
        await page.click('#restart');
        await page.waitForTimeout(1000);
        const rests = await step(page);
        await train(page, { steps: 10 });
        expect(await step(page)).toBe(rests + 10);
      }));
  });

  describe('a reload', () => {
    it('offers to go on with what was trained, from the last checkpoint', () =>
      site.visit(async (page) => {
        await choose(page, { ...SMALL, steps: 100_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await page.waitForTimeout(CHECKPOINT);
        await page.reload();
        const offered = await message(page, /There is a training from before: copy, at update/);
        const at = Number(/update ([\d,]+)/.exec(offered)?.[1]?.replaceAll(',', ''));
        expect(at).toBeGreaterThan(0);
        await page.locator('.message button', { hasText: 'Go on' }).click();
        await waitForButton(page, 'Pause');
        await expect.poll(() => step(page), WAIT).toBeGreaterThan(at);
        expect(await page.inputValue('#hidden')).toBe('8');
        await page.click('#reset');
        await waitForButton(page, 'Train');
        await page.reload();
        await page.waitForTimeout(1500);
        expect(await page.locator('.message').count()).toBe(0);
      }));

    it("of one of two tabs goes on with its own: neither takes what is the other's", () =>
      site.visit(async (page) => {
        await startOne(page, 8);
        const other = await another(page);
        expect(await message(other, /open in another tab/)).toBe(
          'This page is open in another tab too, with a training of its own. That one goes on there: each tab has its nets and keeps its checkpoints apart.',
        );
        expect(await other.locator('.message').count()).toBe(1);
        await startOne(other, 5);
        for (const [own, hidden] of [
          [page, '8'],
          [other, '5'],
        ] as const) {
          await own.reload();
          await message(own, /There is a training from before: copy/);
          await own.locator('.message button', { hasText: 'Go on' }).click();
          await waitForButton(own, 'Pause');
          expect(await own.inputValue('#hidden')).toBe(hidden);
        }
        // Reset in one is not reset in the other.
        await other.click('#reset');
        await waitForButton(other, 'Train');
        await page.waitForTimeout(CHECKPOINT);
        await page.reload();
        await message(page, /There is a training from before: copy/);
      }));

    it('is not needed to find what a closed tab left: it can be gone on with once, and the oldest are removed', () =>
      site.visit(async (page) => {
        // Four tabs, closed one after the other.
        for (const hidden of [3, 4, 5, 6]) {
          const tab = await another(page);
          await startOne(tab, hidden);
          await tab.close({ runBeforeUnload: false });
        }
        await expect.poll(() => locked(page), WAIT).toBe(1);
        await page.reload();
        const second = await another(page);
        for (const own of [page, second]) await message(own, /There is a training from before: copy/);
        expect(await stored(page)).toBe(3);
        await page.locator('.message button', { hasText: 'Go on' }).click();
        await waitForButton(page, 'Pause');
        expect(await page.inputValue('#hidden')).toBe('6');
        await second.locator('.message button', { hasText: 'Go on' }).click();
        await message(second, /Another tab has taken up the training from before/);
        expect(await text(second, 'train')).toBe('Train');
        // To begin anew is not to lose what was offered.
        await second.reload();
        await message(second, /There is a training from before: copy/);
        await train(second, { ...SMALL, steps: 5 });
        expect(await stored(page)).toBe(4);
      }));

    it('of a tab that was duplicated leaves the training to the tab it was duplicated from', () =>
      site.visit(async (page) => {
        await startOne(page, 8);
        const copied = await page.evaluate(() => ({ ...sessionStorage }));
        const twin = await page.context().newPage();
        await twin.addInitScript((all) => {
          if (sessionStorage.length === 0) Object.assign(sessionStorage, all);
        }, copied);
        await twin.goto(page.url());
        await message(twin, /open in another tab/);
        expect(await twin.locator('.message').count()).toBe(1);
        const own = await twin.evaluate(() => ({ ...sessionStorage }));
        expect(Object.keys(own)).toEqual(Object.keys(copied));
        expect(own).not.toEqual(copied);
      }));

    it('works without a connection, once loaded', () =>
      site.visit(
        async (page) => {
          await expect.poll(() => text(page, 'offline'), WAIT).toBe('This page now works without a connection.');
          await page.context().setOffline(true);
          await page.reload();
          await page.waitForFunction(
            () => document.getElementById('backend')?.textContent?.startsWith('WASM'),
            null,
            WAIT,
          );
          expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
          for (const task of ['reviews', 'text', 'series']) {
            await train(page, { task, cells: ['gru'], hidden: 4, steps: 5 });
            await page.click('#reset');
            await waitForButton(page, 'Train');
          }
        },
        { serviceWorkers: 'allow' },
      ));
  });

  describe('while it trains', () => {
    it('memory stays flat over 5,000 updates', () =>
      site.visit(
        async (page) => {
          await choose(page, { ...SMALL, cells: ['rnn', 'lstm', 'gru'], steps: 7000 });
          await page.click('#train');
          await expect.poll(() => step(page), { timeout: 60_000, interval: 50 }).toBeGreaterThan(1500);
          const start = await step(page);
          const before = await memory(page);
          await waitForButton(page, 'Train on');
          await settled(page);
          expect((await step(page)) - start).toBeGreaterThan(4500);
          const after = await memory(page);
          for (const bytes of Object.values(before)) expect(bytes).toBeGreaterThan(1e6);
          // Histories are full by now: all they do is to make room.
          expect(after.page - before.page).toBeLessThan(1e6);
          expect(after.worker - before.worker).toBeLessThan(1e6);
          expect(after.wasm).toBe(before.wasm);
        },
        { prepare: (page) => inWorker(page, KEEP_MEMORY) },
      ));

    it('the browser is given one piece of a drawing a frame: styles and layout of all at once would be a long task', () =>
      site.visit(async (page) => {
        await choose(page, { task: 'reviews', steps: 100_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await page.locator('#gates td').first().waitFor(WAIT);
        await page.evaluate(() => {
          const frames: Set<string>[] = [];
          Object.assign(globalThis, { drawnInFrames: frames });
          const begin = () => {
            if (frames.at(-1)?.size !== 0) frames.push(new Set());
            requestAnimationFrame(begin);
          };
          begin();
          const seen = (list: MutationRecord[]) => {
            for (const { target } of list) {
              const element = target instanceof Element ? target : target.parentElement;
              const cell = element?.closest<HTMLElement>('.gates')?.dataset.cell;
              if (cell) frames.at(-1)?.add(cell);
            }
          };
          const everything = { subtree: true, childList: true, characterData: true, attributes: true };
          new MutationObserver(seen).observe(document.getElementById('gates') as HTMLElement, everything);
        });
        const drawn = () =>
          page.evaluate(() =>
            (globalThis as unknown as { drawnInFrames: Set<string>[] }).drawnInFrames
              .filter(({ size }) => size > 0)
              .map((cells) => [...cells].join()),
          );
        await expect.poll(async () => (await drawn()).length, WAIT).toBeGreaterThan(6);
        expect([...new Set(await drawn())].sort()).toEqual(['gru', 'lstm', 'rnn']);
      }));

    // Retried: while other programs hold the processors, a task that takes 10 ms may last 60.
    it('no task of the page is longer than 50 ms, with all views drawn', { retry: 2 }, () =>
      site.visit(async (page) => {
        await choose(page, { task: 'reviews', steps: 100_000 });
        await page.click('#train');
        await waitForButton(page, 'Pause');
        await page.waitForTimeout(1000);
        await page.evaluate(() => {
          const tasks: number[] = [];
          Object.assign(globalThis, { longTasks: tasks });
          const seen = (list: PerformanceObserverEntryList) =>
            tasks.push(...list.getEntries().map(({ duration }) => duration));
          new PerformanceObserver(seen).observe({ type: 'longtask' });
        });
        const start = await step(page);
        await page.waitForTimeout(5000);
        expect(await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks)).toEqual([]);
        expect(await step(page)).toBeGreaterThan(start);
        expect(await page.locator('#gates td').count()).toBeGreaterThan(50);
      }),
    );
  });
}

/** Begins a training, and waits for its first checkpoint. */
async function startOne(page: Page, hidden: number): Promise<void> {
  await choose(page, { ...SMALL, hidden, steps: 1_000_000 });
  const before = await stored(page);
  await page.click('#train');
  await expect.poll(() => stored(page), WAIT).toBe(before + 1);
}

async function another(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await waitForButton(tab, 'Train');
  await expect.poll(() => tab.getAttribute('#train', 'aria-disabled'), WAIT).toBe('false');
  await tab.waitForTimeout(300); // what it has to say of other tabs
  return tab;
}

/** Checkpoints that this browser keeps. */
const stored = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open('keyval-store');
        opening.onupgradeneeded = () => opening.result.createObjectStore('keyval');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const count = opening.result.transaction('keyval').objectStore('keyval').count();
          count.onsuccess = () => {
            opening.result.close();
            resolve(count.result);
          };
        };
      }),
  );

const locked = async (page: Page): Promise<number> =>
  page.evaluate(
    async () => ((await navigator.locks.query()).held ?? []).filter(({ name }) => name?.includes('playground')).length,
  );

const numbers = async (page: Page) => [
  (await figures(page, 'lstm')).slice(0, 5),
  (await figures(page, 'gru')).slice(0, 5),
];

/** Makes the memory of the WASM module known to the test. */
const KEEP_MEMORY = `
  const instantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given);
    globalThis.wasmMemory = made.exports?.memory ?? globalThis.wasmMemory;
    return made;
  }`;

/** Bytes of living objects, after a collection; and of the WASM module's memory. */
async function memory(page: Page): Promise<{ page: number; worker: number; wasm: number }> {
  const collect = () => (globalThis as unknown as { gc: () => void }).gc();
  const wasmBytes = () => (globalThis as unknown as { wasmMemory: WebAssembly.Memory }).wasmMemory.buffer.byteLength;
  const worker = page.workers()[0] as Worker;
  await page.evaluate(collect);
  await worker.evaluate(collect);
  const tools = await page.context().newCDPSession(page);
  try {
    const { usedSize } = await tools.send('Runtime.getHeapUsage');
    return { page: usedSize, worker: await workerHeap(tools), wasm: await worker.evaluate(wasmBytes) };
  } finally {
    await tools.detach();
  }
}

/** The worker is another target of the developer tools, asked through its page's. */
function workerHeap(tools: CDPSession): Promise<number> {
  const answer = new Promise<number>((resolve) => {
    tools.on('Target.receivedMessageFromTarget', ({ message: told }) => {
      const { id, result } = JSON.parse(told);
      if (id === 1 && result) resolve(result.usedSize);
    });
    tools.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type !== 'worker') return;
      const question = JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' });
      void tools.send('Target.sendMessageToTarget', { sessionId, message: question });
    });
  });
  void tools.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return answer;
}
