// The playground as visitors get it: built once, served with and without shared memory, opened in Debian's Chromium.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { expect } from 'vitest';
import { CHROMIUM, CHROMIUM_ARGUMENTS, ISOLATION } from '../../.ci/chromium.mjs';
import { buildPage } from '../../examples/web/build.mjs';
import { serveFolder } from '../../examples/web/serve.mjs';

type Served = Awaited<ReturnType<typeof serveFolder>>;

export interface OpenOptions extends BrowserContextOptions {
  /** Served without the headers that give a page shared memory. */
  readonly plain?: boolean;
  /** What may be said on the console: messages of engines that were broken on purpose. */
  readonly allowed?: RegExp;
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export class Site {
  readonly #folder = mkdtempSync(join(tmpdir(), 'unrolled-web-'));
  #browser!: Browser;
  #isolated!: Served;
  #plain!: Served;

  async start(): Promise<void> {
    await buildPage(this.#folder);
    this.#isolated = await serveFolder(this.#folder, { headers: ISOLATION });
    this.#plain = await serveFolder(this.#folder);
    // Heap figures that are exact, and a collector to call.
    const args = [...CHROMIUM_ARGUMENTS, '--enable-precise-memory-info', '--js-flags=--expose-gc'];
    this.#browser = await chromium.launch({ executablePath: CHROMIUM, args });
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#isolated?.close();
    await this.#plain?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get url(): string {
    return this.#isolated.url;
  }

  /** Runs `visit` on a page of its own. Nothing may be written to its console as an error, nor be thrown in it. */
  async visit(visit: (page: Page) => Promise<void>, options: OpenOptions = {}): Promise<void> {
    const { plain = false, allowed, prepare, ...context } = options;
    const opened = await this.#browser.newContext({
      viewport: { width: 1280, height: 900 },
      serviceWorkers: 'block',
      ...context,
    });
    const page = await opened.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !allowed?.test(message.text())) errors.push(message.text());
    });
    try {
      await prepare?.(page);
      await page.goto(plain ? this.#plain.url : this.#isolated.url);
      await page.waitForFunction(() => document.getElementById('backend')?.textContent !== 'Starting ...', null, WAIT);
      await visit(page);
      expect(errors, 'errors on the console').toEqual([]);
    } finally {
      await opened.close();
    }
  }
}

/** A loaded machine is slow; a test that waits this long has failed. */
export const WAIT = { timeout: 40_000 };

export const text = async (page: Page, id: string): Promise<string> =>
  (await page.locator(`#${id}`).textContent()) ?? '';

/** Updates made. */
export const step = async (page: Page): Promise<number> =>
  Number(/Update ([\d,]+)/.exec(await text(page, 'status'))?.[1]?.replaceAll(',', ''));

/** Waits until the main button says `name`. */
export const waitForButton = (page: Page, name: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.getElementById('train')?.textContent === wanted, name, WAIT);

export interface Wanted {
  readonly task?: string;
  readonly cells?: readonly string[];
  readonly [number: string]: unknown;
}

/** Fills the form in; what is not named keeps what its task begins with. */
export async function choose(page: Page, { task, cells, ...numbers }: Wanted): Promise<void> {
  if (task !== undefined) await page.check(`input[name="task"][value="${task}"]`);
  if (cells !== undefined) {
    for (const cell of ['rnn', 'lstm', 'gru'])
      await page.setChecked(`input[name="cell"][value="${cell}"]`, cells.includes(cell));
  }
  for (const [id, value] of Object.entries(numbers)) await page.fill(`#${id}`, String(value));
}

/** Trains to the end, and until the page shows the last of it. */
export async function train(page: Page, wanted: Wanted = {}): Promise<void> {
  await choose(page, wanted);
  await page.click('#train');
  await page.waitForFunction(
    () => document.getElementById('spoken')?.textContent?.startsWith('Training ended'),
    null,
    WAIT,
  );
  await settled(page);
}

/** What is drawn belongs to the last update. */
export async function settled(page: Page): Promise<void> {
  const step = /Update ([\d,]+)/.exec(await text(page, 'status'))?.[1] ?? '';
  const drawn = (wanted: string) => document.getElementById('views')?.dataset.step === wanted;
  await page.waitForFunction(drawn, step.replaceAll(',', ''), WAIT);
  await page.waitForTimeout(600); // charts are drawn a little later
}

/** A row of the table of figures: parameters, loss, loss measured, metric, metric measured, ms. */
export async function figures(page: Page, cell: string): Promise<number[]> {
  const cells = await page.locator(`#figures tbody tr:has(th[data-cell="${cell}"]) td`).allTextContents();
  return cells.map((value) => Number(value.replace(/[^\d.e-]/g, '')));
}

/** Chooses a file that exists in this test alone. */
export async function offer(page: Page, name: string, contents: string | Uint8Array, input = 'file'): Promise<void> {
  await page.setInputFiles(`#${input}`, {
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(contents as string),
  });
}

/** Waits for a message to the visitor. */
export async function message(page: Page, words: RegExp): Promise<string> {
  const found = page.locator('.message p').filter({ hasText: words });
  await found.first().waitFor(WAIT);
  return (await found.first().textContent()) ?? '';
}

/** Answers the question whether the training there is may go. */
export async function answer(page: Page, name: string): Promise<void> {
  await page.locator('dialog[open] button', { hasText: new RegExp(`^${name}$`) }).click(WAIT);
}

/** Runs `code` in the page's worker before everything else. */
export async function inWorker(page: Page, code: string): Promise<void> {
  await page.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${code};\n${await response.text()}` });
  });
}
