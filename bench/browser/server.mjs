// browser/server.mjs: a server of the harness' files for browsers. Vite serves: it resolves the packages' bare imports, in workers
// too, as an application's bundler does, and the browser tests use it already.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { ISOLATION } from '../../.ci/chromium.mjs';
import { isInstalled } from '../versions.mjs';

const bench = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Packages that are no ES modules, which Vite turns into such before the first page asks for them. */
const PEERS = ['protobufjs', '@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'];

/** Vite wants to resolve every import of a file it serves, also those of peers that are not installed and so never started. */
const absentPeers = {
  name: 'absent-peers',
  enforce: 'pre',
  resolveId: (id) => {
    const peer = [...PEERS, 'onnxruntime-web'].find((name) => id === name || id.startsWith(`${name}/`));
    return peer && !isInstalled(peer) ? `\0absent:${id}` : null;
  },
  load: (id) => (id.startsWith('\0absent:') ? 'export default null;' : null),
};

/**
 * @param answers  what else it answers: a handler for each path
 * @returns { url, exchange(files), close() }. `exchange` names the files of inputs and results of the set-up under way.
 */
export async function openServer(answers = {}) {
  const { createServer } = await import('vite');
  let files = {};
  const plugin = {
    name: 'inputs-and-results',
    configureServer({ middlewares }) {
      middlewares.use('/exchange/inputs', (_, response) => createReadStream(files.file).pipe(response));
      middlewares.use('/exchange/results', async (request, response) => {
        await pipeline(request, createWriteStream(files.result));
        response.end();
      });
      middlewares.use('/favicon.ico', (_, response) => response.writeHead(204).end());
      for (const [path, handler] of Object.entries(answers)) middlewares.use(path, handler);
    },
  };
  const server = await createServer({
    configFile: false,
    root: bench,
    cacheDir: fileURLToPath(new URL('../.build/vite', import.meta.url)),
    logLevel: 'error',
    plugins: [absentPeers, plugin],
    server: {
      host: '127.0.0.1',
      hmr: false,
      watch: null,
      fs: { allow: [root] },
      headers: ISOLATION,
    },
    optimizeDeps: {
      entries: [],
      include: PEERS.filter(isInstalled),
      exclude: ['onnxruntime-web'],
    },
  });
  await server.listen();
  return {
    url: `http://127.0.0.1:${server.httpServer.address().port}`,
    exchange(those) {
      files = those;
    },
    close: () => server.close(),
  };
}
