// Builds the page into out/web: data, script, worker, WASM files, and the service worker that keeps them.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { outFolder } from '../lib/cache.mjs';
import { writeData } from './data.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));
/** Where the page is built, and where it is served from. */
export const BUILT = outFolder('web');
const DATA = outFolder('web-data');

/** Of the package as it is built in this repository: what its users get by name. */
async function ownPackage() {
  const { name, exports } = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8'));
  const target = (entry) => path.join(repository, entry.browser?.default ?? entry.import?.default ?? entry.default);
  return Object.entries(exports)
    .filter(([, entry]) => typeof entry === 'object')
    .map(([own, entry]) => ({ find: new RegExp(`^${name}${own.slice(1)}$`), replacement: target(entry) }));
}

/**
 * Vite's options.
 *
 * @param {string | null} folder  where the build goes; null: for development, there is none
 */
export async function viteOptions(folder) {
  await writeData(DATA);
  return {
    configFile: false,
    root: here,
    base: './',
    publicDir: DATA,
    logLevel: 'warn',
    cacheDir: path.join(repository, 'node_modules', '.vite-web'),
    resolve: { alias: await ownPackage() },
    worker: { format: 'es' },
    define: { IS_BUILT: String(folder !== null) },
    build: { outDir: folder ?? BUILT, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
    plugins: [keepForOffline()],
  };
}

/** Writes the service worker, which has to know all files of the build. */
function keepForOffline() {
  return {
    name: 'keep for offline',
    apply: 'build',
    async generateBundle(_, bundle) {
      // The worker that unrolled/worker starts where a page has none of its own: this one has.
      const own = Object.keys(bundle).filter((file) => !/^assets\/entry-.*\.js$/.test(file));
      const files = ['./', ...own, 'data/reviews.json', 'data/novel.json', 'data/weather.json'];
      const hash = createHash('sha256');
      for (const one of Object.values(bundle)) hash.update(one.type === 'chunk' ? one.code : one.source);
      const template = await readFile(path.join(here, 'service-worker.mjs'), 'utf8');
      const source = template
        .replace('self.FILES_OF_THE_BUILD', JSON.stringify([...new Set(files)]))
        .replace('self.NAME_OF_THE_BUILD', JSON.stringify(`unrolled playground ${hash.digest('hex').slice(0, 16)}`));
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
    },
  };
}

/** @param {string} [folder]  where to */
export async function buildPage(folder = BUILT) {
  await build(await viteOptions(folder));
}
