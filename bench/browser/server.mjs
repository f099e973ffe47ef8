// browser/server.mjs: a headless Chromium, and a server of the harness' files for it. Vite serves: it resolves the packages'
// bare imports, in workers too, as an application's bundler does, and the browser tests use it already.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { CHROMIUM, CHROMIUM_ARGUMENTS, hasChromium, ISOLATION } from '../../.ci/chromium.mjs';
import { Absent, PATIENCE_MS } from '../process.mjs';
import { isInstalled } from '../versions.mjs';

const bench = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
// As in Node: what is timed is optimised code, not the way to it.
const ARGUMENTS = [...CHROMIUM_ARGUMENTS, '--js-flags=--no-liftoff'];
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

/** @returns null if a browser can be started here, else what to type */
export const missingBrowser = () => (hasChromium() ? null : 'apt-get install chromium, or set CHROMIUM');

/** Starts server and browser. @returns { start(candidate), version, close() }; `start` is startProcess of process.mjs in a page */
export async function openBrowser() {
  const [{ createServer }, { chromium }] = await Promise.all([import('vite'), import('playwright')]);
  let files = {}; // of the setup under way
  const exchange = {
    name: 'inputs-and-results',
    configureServer(server) {
      server.middlewares.use('/exchange/inputs', (_, response) => createReadStream(files.file).pipe(response));
      server.middlewares.use('/exchange/results', async (request, response) => {
        await pipeline(request, createWriteStream(files.result));
        response.end();
      });
    },
  };
  const server = await createServer({
    configFile: false,
    root: bench,
    cacheDir: fileURLToPath(new URL('../.build/vite', import.meta.url)),
    logLevel: 'error',
    plugins: [absentPeers, exchange],
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
  const { port } = server.httpServer.address();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });

  /** A context of its own: contexts share no renderer process. */
  async function start(candidate) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const ask = async (command) => {
      const { file, result, ...rest } = command;
      if (file) files = { file, result };
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Absent(`no answer within ${PATIENCE_MS / 1e3} s`)), PATIENCE_MS);
      });
      try {
        const answer = await Promise.race([page.evaluate((c) => window.ask(c), rest), late]);
        if (answer.error) throw new Absent(answer.error);
        return answer;
      } catch (error) {
        throw error instanceof Absent ? error : new Absent(error.message.split('\n')[0]);
      } finally {
        clearTimeout(timer);
      }
    };
    const stop = () => context.close();
    try {
      await page.goto(`http://127.0.0.1:${port}/browser/page.html`);
      await page.waitForFunction(() => window.ready);
      const info = { version: candidate.version(), ...(await ask({ open: candidate.page })) };
      const nobodyKnows = { now: () => null, peak: () => null, forgetPeak() {} };
      return { ...candidate, info, ask, memory: nobodyKnows, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  }

  return {
    start,
    version: browser.version(),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
