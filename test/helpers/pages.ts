// A real browser with real pages, driven from Node: for what a page of the test runner cannot do, such as being reloaded.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { CHROMIUM, CHROMIUM_ARGUMENTS, ISOLATION } from '../../.ci/chromium.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** What pages do is evaluated in them, where the test runner's way of importing is unknown: they have it all beforehand. */
const PAGE = `<!doctype html><title>test</title><script type="module">
import { openWorker } from '/dist/worker/index.js';
Object.assign(globalThis, { openWorker });
</script>`;
const isLoaded = () => 'openWorker' in globalThis;

export interface Pages {
  readonly url: string;
  /** A page with nothing but `openWorker`, served beside the repository's files. */
  open(): Promise<Page>;
  /** The same page from the server, with what it had in memory gone. */
  reload(page: Page): Promise<void>;
  close(): Promise<void>;
}

/** @param folders  served beside the repository, by the first part of their path: { models: '/tmp/models' } */
export async function openPages(folders: Readonly<Record<string, string>> = {}): Promise<Pages> {
  const server: Server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://here').pathname));
    const [, head = '', ...rest] = path.split('/');
    const file = Object.hasOwn(folders, head) ? join(folders[head] as string, ...rest) : join(root, path);
    try {
      const body = path === '/' ? PAGE : readFileSync(file);
      const type = path === '/' ? 'text/html' : (TYPES[extname(file)] ?? 'application/octet-stream');
      response.writeHead(200, { ...ISOLATION, 'content-type': type }).end(body);
    } catch {
      response.writeHead(404, ISOLATION).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
  const context = await browser.newContext(); // its pages share what they store
  return {
    url,
    async open() {
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(error));
      await page.goto(url);
      await page.waitForFunction(isLoaded);
      return page;
    },
    async reload(page) {
      await page.reload();
      await page.waitForFunction(isLoaded);
    },
    async close() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
