// npm run web: builds the playground and serves it, with and without the headers that give a page shared memory.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer as createDevServer } from 'vite';
import { ISOLATION } from '../../.ci/chromium.mjs';
import { readOptions } from '../lib/options.mjs';
import { BUILT, buildPage, viteOptions } from './build.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * Serves a folder on this machine alone.
 *
 * @param {string} folder
 * @param {{ port?: number, headers?: Record<string, string> }} [options]  port 0, the default: any that is free
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveFolder(folder, { port = 0, headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const answer = (status, text) => response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(text);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'only GET and HEAD');
    const file = fileOf(folder, request.url);
    const found = file && (await stat(file).catch(() => null));
    if (!found?.isFile()) return answer(404, 'not found');
    response.writeHead(200, {
      'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'Content-Length': found.size,
      // Names of assets change with their contents; the page itself must be asked for anew.
      'Cache-Control': file.includes(`${path.sep}assets${path.sep}`) ? 'max-age=31536000, immutable' : 'no-cache',
      ...headers,
    });
    if (request.method === 'HEAD') return response.end();
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://localhost:${server.address().port}/`, close };
}

/** The file that a URL leads to; null if that is outside the folder. */
function fileOf(folder, url) {
  try {
    const own = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const file = path.join(folder, own.endsWith('/') ? `${own}index.html` : own);
    return file.startsWith(path.join(folder, path.sep)) ? file : null;
  } catch {
    return null;
  }
}

async function main() {
  const { values: options } = readOptions({
    help: `npm run web -- [options]

  --port N          of the page with shared memory; the one without takes the next (default 4173)
  --no-isolation    serve only the page without shared memory
  --dev             serve the sources, by Vite: changes are seen at once
  --help`,
    options: {
      port: { type: 'string', default: '4173', atLeast: 1 },
      'no-isolation': { type: 'boolean', default: false },
      dev: { type: 'boolean', default: false },
    },
  });
  const { port } = options;
  const isolated = !options['no-isolation'];
  if (options.dev) {
    const headers = isolated ? ISOLATION : {};
    const server = await createDevServer({ ...(await viteOptions(null)), server: { port, headers } });
    await server.listen();
    console.log(`development: http://localhost:${server.config.server.port}/`);
    return;
  }
  console.log('building the page ...');
  await buildPage();
  if (isolated) {
    const { url } = await serveFolder(BUILT, { port, headers: ISOLATION });
    console.log(`with shared memory, so that threads can be chosen:  ${url}`);
  }
  const { url } = await serveFolder(BUILT, { port: isolated ? port + 1 : port });
  console.log(`without, as on any plain server:                    ${url}`);
  console.log('Ctrl-C ends it.');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error.code === 'EADDRINUSE' ? `${error.message}; choose another with -- --port N` : error.message);
    process.exitCode = 1;
  }
}
