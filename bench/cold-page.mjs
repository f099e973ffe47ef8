// cold-page.mjs: what starting costs in a page: from import to the first prediction, in a Chromium as a visitor has it, from a bundle
// made by esbuild. Every start has a context of its own: nothing is in its caches, neither files nor compiled code.
import { createReadStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHROMIUM, CHROMIUM_ARGUMENTS, hasChromium } from '../.ci/chromium.mjs';

const wasm = fileURLToPath(new URL('../wasm/dist', import.meta.url));
const entry = fileURLToPath(new URL('browser/cold-start.mjs', import.meta.url));

/** The subjects: what each does once its module is there. */
export const PAGES = ['unrolled in Chromium', 'an empty module there'];

/** A page that has just opened shares its processor with what the browser still does about it. */
const SETTLED_MS = 700;

/** @returns null if it can be measured here, else what to type */
export const missingPage = () => (hasChromium() ? null : 'apt-get install chromium, or set CHROMIUM');

/** @param folder where the bundle may be written. @returns { start(name): ms, close() } */
export async function openColdPage(folder) {
  const { build } = await import('esbuild');
  const { chromium } = await import('playwright');
  const bundled = join(folder, 'bundle');
  // Split, as most bundlers do it by themselves: what is imported on demand stays out.
  const options = { bundle: true, minify: true, splitting: true, format: 'esm', outdir: bundled, logLevel: 'error' };
  await build({ ...options, entryPoints: { unrolled: entry } });
  const empty = join(folder, 'empty.js');
  await writeFile(empty, 'export const predict = async () => 1;\n');

  const fileOf = (pathname) => {
    if (pathname === '/empty.js') return ['text/javascript', empty];
    if (pathname.startsWith('/wasm/')) return ['application/wasm', join(wasm, basename(pathname))];
    return ['text/javascript', join(bundled, basename(pathname))];
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/')
      return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>start</title>');
    const [type, file] = fileOf(pathname);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': type });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });

  return {
    async start(name) {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(`${url}/`);
        await page.waitForTimeout(SETTLED_MS);
        const { ms, value } = await page.evaluate(
          async (script) => {
            const begun = performance.now();
            const { predict } = await import(script);
            const value = await predict();
            return { ms: performance.now() - begun, value };
          },
          name === PAGES[0] ? '/unrolled.js' : '/empty.js',
        );
        if (!Number.isFinite(value) || value === 0) throw new Error(`cold start of ${name}: predicted ${value}`);
        return ms;
      } finally {
        await context.close();
      }
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}
