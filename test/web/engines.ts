// Browsers and servers that lack something: each is told to the visitor, and the page stays usable.
import type { Page, Route } from 'playwright';
import { describe, expect, it } from 'vitest';
import { choose, inWorker, message, type Site, text, train, waitForButton } from './site.js';

const SMALL = { task: 'sine', cells: ['gru'], hidden: 4, length: 10, batch: 2, steps: 5 };
const WASM = '**/*.wasm';
/** What the browser itself says about an answer of 404. */
const NOT_FOUND = /Failed to load resource/;

const broken = (code: string) => (page: Page) => inWorker(page, code);
const answer = (with_: (route: Route) => Promise<void>) => (page: Page) => page.route(WASM, with_);

export function enginesTests(site: Site): void {
  describe('an engine that lacks something', () => {
    it.each([
      ['no WebAssembly', broken('delete globalThis.WebAssembly'), /this engine has no WebAssembly/],
      [
        'no SIMD',
        broken('WebAssembly.validate = () => false'),
        /this engine has no WASM SIMD\. What helps: use Chrome 91/,
      ],
      ['a .wasm that is not there', answer((route) => route.fulfill({ status: 404, body: 'no' })), /answered 404/],
      [
        'a server that answers everything with a page',
        answer((route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Home</title>' })),
        /answered with HTML, not with WASM/,
      ],
      [
        'a .wasm that is cut off',
        answer(async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, body: (await response.body()).subarray(0, 20_000) });
        }),
        /truncated, damaged/,
      ],
    ])('%s: says so, and trains in plain JavaScript', (_, prepare, words) =>
      site.visit(
        async (page) => {
          expect(await message(page, words)).toContain('Everything works, but many times slower, in plain JavaScript.');
          expect(await text(page, 'backend')).toMatch(/^plain JavaScript, one thread/);
          await train(page, SMALL);
          expect(await text(page, 'status')).toContain('plain JavaScript');
        },
        { prepare, allowed: NOT_FOUND },
      ),
    );

    it('a server that does not know the type of .wasm does no harm', () =>
      site.visit(
        async (page) => {
          expect(await text(page, 'backend')).toMatch(/^WASM/);
          await train(page, SMALL);
        },
        {
          prepare: answer(async (route) => {
            const response = await route.fetch();
            await route.fulfill({
              response,
              headers: { ...response.headers(), 'content-type': 'application/octet-stream' },
            });
          }),
        },
      ));

    it('a worker that cannot be loaded: says so, and tries again when asked', () => {
      let isBroken = true;
      return site.visit(
        async (page) => {
          await message(page, /The engine could not be started/);
          expect(await page.locator('#train').isDisabled()).toBe(true);
          isBroken = false;
          await page.locator('.message button', { hasText: 'Try again' }).click();
          await page.waitForFunction(() => document.getElementById('backend')?.textContent?.startsWith('WASM'));
          await train(page, SMALL);
        },
        {
          prepare: (page) =>
            page.route('**/assets/worker-*.js', (route) => (isBroken ? route.abort() : route.continue())),
          allowed: NOT_FOUND,
        },
      );
    });

    it('no memory: says so, and trains smaller nets', () =>
      site.visit(
        async (page) => {
          await choose(page, { task: 'copy', cells: ['lstm'], hidden: 64, batch: 256, length: 200 });
          await page.click('#train');
          await message(page, /memory/i);
          await page.click('#reset');
          await waitForButton(page, 'Train');
          await train(page, { ...SMALL, layers: 1 });
        },
        {
          prepare: answer(async (route) => {
            const response = await route.fetch();
            await route.fulfill({
              response,
              body: Buffer.from(withLittleMemory(new Uint8Array(await response.body()))),
            });
          }),
        },
      ));

    it('no shared memory: one thread, and why', () =>
      site.visit(
        async (page) => {
          expect(await text(page, 'threads-why')).toMatch(/^One thread: .*no SharedArrayBuffer/);
          expect(await page.locator('#threads').isDisabled()).toBe(true);
          await train(page, SMALL);
          expect(await text(page, 'status')).toContain('one thread');
        },
        { plain: true },
      ));

    it('with shared memory, two threads can be chosen, and a net that is there goes on with them', () =>
      site.visit(async (page) => {
        await train(page, SMALL);
        await page.selectOption('#threads', '2');
        await expect.poll(() => text(page, 'backend')).toContain('2 threads');
        await train(page, { steps: 5 });
        expect(await text(page, 'status')).toMatch(/^Update 10 of 10, .* 2 threads$/);
      }));

    it('data that cannot be fetched: says so, and learns what needs none', () =>
      site.visit(
        async (page) => {
          await choose(page, { task: 'text' });
          await message(page, /novel\.json cannot be read \(404\); check the connection/);
          await train(page, SMALL);
        },
        {
          prepare: (page) => page.route('**/data/novel.json', (route) => route.fulfill({ status: 404 })),
          allowed: NOT_FOUND,
        },
      ));
  });
}

/** The module with a memory that cannot grow beyond 16 MiB. */
function withLittleMemory(bytes: Uint8Array): Uint8Array {
  const read = (at: number): [value: number, next: number] => {
    let [value, shift, next] = [0, 0, at];
    for (let byte = 0x80; byte & 0x80; shift += 7) {
      byte = bytes[next++] as number;
      value |= (byte & 0x7f) << shift;
    }
    return [value, next];
  };
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const [size, start] = read(at + 1);
    if (id === 5) {
      const initial = read(start + 2)[0];
      const most = Math.max(initial, 256);
      const content = [1, 1, ...leb(initial), ...leb(most)];
      return Uint8Array.from([
        ...bytes.subarray(0, at),
        5,
        ...leb(content.length),
        ...content,
        ...bytes.subarray(start + size),
      ]);
    }
    at = start + size;
  }
  throw new Error('the module has no memory of its own');
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const byte = rest & 0x7f;
    rest >>>= 7;
    if (rest === 0) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
