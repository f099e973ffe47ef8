// The tarball as a web developer gets it: installed into a tiny project for each bundler, built with what README.md tells to
// configure, served with a strict Content-Security-Policy, and used in Chromium and in Firefox. A project is a folder beside this
// file over page/, whose script trains; Node runs the same script.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';
import { createServer, type Plugin } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import webpack from 'webpack';
import { ISOLATION } from '../../.ci/chromium.mjs';
import { expectClose } from '../helpers/compare.js';
import { type Consumer, makeConsumer } from '../helpers/consumer.js';
import { serveFolder } from '../helpers/static-server.js';
import { openChromium, openFirefox, type Visitor } from './browsers.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Relaxed SIMD rounds a fused multiply-add once where plain SIMD rounds twice; 30 steps of Adam amplify that. */
const TOLERANCE = 1e-4;
/** Bytes of a page's JavaScript that uses an LSTM and nothing else, compressed: what it takes today, and little more. */
const LSTM_ALONE = 47e3;
/** From import to the first prediction: 100 ms on a machine that does nothing else; the one that runs tests may be busy. */
const FIRST_PREDICTION_MS = 1000;

/** What page/main.js leaves. */
interface Result {
  readonly error?: string;
  readonly trained: {
    readonly losses: readonly number[];
    readonly name: string;
    readonly simd: string;
    readonly threads: number;
    readonly tried: readonly { readonly backend: string; readonly reason: string }[];
  };
  readonly learnt?: {
    readonly epochs: number;
    readonly before: readonly { readonly label: string }[];
    readonly after: readonly unknown[];
  };
  readonly inWorker?: { readonly predictions: readonly unknown[]; readonly name: string; readonly threads: number };
}

let consumer: Consumer;
let chromium: Visitor;
/** Losses of Node's WASM with plain SIMD, from the same script. */
let nodeLosses: readonly number[];

beforeAll(async () => {
  consumer = makeConsumer();
  for (const name of [
    'vite',
    'rollup',
    'esbuild',
    '@rollup/plugin-node-resolve',
    '@web/rollup-plugin-import-meta-assets',
  ]) {
    const link = join(consumer.folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(modules, name), link);
  }
  const train = join(makeProject('node', 'page'), 'train.js');
  const code = `
    import * as u from 'unrolled';
    import { train } from ${JSON.stringify(pathToFileURL(train))};
    console.log(JSON.stringify(await train(u, { backend: 'wasm', simd: 'wasm-simd', threads: 2 })));`;
  nodeLosses = JSON.parse(consumer.node('--input-type=module', '-e', code)).losses;
  chromium = await openChromium();
}, 120_000);

afterAll(async () => {
  await chromium?.close();
  consumer?.remove();
});

/** A project of its own in which the packages are installed: the folders `parts` of this one, one over the other. */
function makeProject(name: string, ...parts: readonly string[]): string {
  const folder = join(consumer.folder, name);
  for (const part of parts) cpSync(join(here, part), folder, { recursive: true });
  cpSync(join(consumer.folder, 'node_modules'), join(folder, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  return folder;
}

const run = (folder: string, ...command: string[]): string =>
  execFileSync(process.execPath, command, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });

async function buildByWebpack(folder: string): Promise<void> {
  const { default: config } = await import(pathToFileURL(join(folder, 'webpack.config.js')).href);
  const compiler = webpack(config as webpack.Configuration) as webpack.Compiler;
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
    compiler.run((error, stats) => (error ? reject(error) : resolve(stats)));
  });
  expect(stats?.toJson({ errors: true }).errors).toEqual([]);
}

/** How a project is built into its folder dist/. Vite makes the page, too; beside other scripts it is copied. */
const BUILDS: Readonly<Record<string, (folder: string) => unknown>> = {
  vite: (folder) => run(folder, 'node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error'),
  webpack: buildByWebpack,
  esbuild: (folder) => run(folder, 'build.js'),
  inline: (folder) => run(folder, 'build.js'),
  rollup: (folder) => run(folder, 'node_modules/rollup/dist/bin/rollup', '-c', '--silent'),
  plain(folder) {
    cpSync(join(folder, 'node_modules', 'unrolled'), join(folder, 'dist', 'unrolled'), { recursive: true });
    for (const script of ['main.js', 'train.js']) cpSync(join(folder, script), join(folder, 'dist', script));
  },
};
const BUNDLERS = ['vite', 'webpack', 'esbuild', 'rollup'];

/** @returns the folder to serve */
async function buildProject(folder: string, bundler: string): Promise<string> {
  await BUILDS[bundler]?.(folder);
  const page = join(folder, 'dist', 'index.html');
  if (!existsSync(page)) cpSync(join(folder, 'index.html'), page);
  return join(folder, 'dist');
}

const built = new Map<string, Promise<string>>();
/** The bundler's project over page/, built once for all tests of it. @returns the folder to serve */
function siteOf(bundler: string): Promise<string> {
  const site = built.get(bundler) ?? buildProject(makeProject(bundler, 'page', bundler), bundler);
  built.set(bundler, site);
  return site;
}

/** Nothing but the site itself, and of scripts in the page those that are there now: import maps, and the page that is one file. */
function securityPolicy(site: string): string {
  const page = readFileSync(join(site, 'index.html'), 'utf8');
  const hashes = [...page.matchAll(/<script[^>]*>([\s\S]+?)<\/script>/g)].map(
    ([, text]) =>
      ` 'sha256-${createHash('sha256')
        .update(text as string)
        .digest('base64')}'`,
  );
  return `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'${hashes.join('')}; worker-src 'self'`;
}

/** Bundlers name copies of a file as they like. */
const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Serves a site, opens it, and checks what holds for every one of them. @returns what its script left */
async function visit(
  visitor: Visitor,
  site: string,
  { isolated, query = '' }: { isolated: boolean; query?: string },
): Promise<Result> {
  const policy = { 'Content-Security-Policy': securityPolicy(site) };
  const server = await serveFolder(site, isolated ? { ...policy, ...ISOLATION } : policy);
  try {
    const { result, problems } = await visitor.visit<Result>(`${server.url}/${query}`);
    expect(result.error).toBeUndefined();
    expect(problems).toEqual([]);
    expect(server.requests.filter(({ status }) => status !== 200)).toEqual([]);
    // One WASM file, the best of the build's four, and nothing else that would run the kernels; none where it is in the page.
    const asked = server.requests.map(({ path }) => path).filter((path) => path.endsWith('.wasm'));
    const files = new Set(asked.map((path) => digest(join(site, path))));
    expect(files.size).toBe(site.includes('inline') ? 0 : 1);
    expect(result.trained.name).toBe('wasm');
    return result;
  } finally {
    await server.close();
  }
}

/** A task learns, is saved and loaded; and the same one in a worker, to the same bits. */
function expectLearnt({ trained, learnt, inWorker }: Result): void {
  expect(learnt?.epochs).toBe(3);
  expect(learnt?.before).toHaveLength(2);
  expect(learnt?.after).toEqual(learnt?.before);
  expect(inWorker).toEqual({ predictions: learnt?.before, name: 'wasm', threads: trained.threads });
}

describe.each([...BUNDLERS, 'plain'])('a project of %s', (bundler) => {
  let site: string;
  beforeAll(async () => {
    site = await siteOf(bundler);
  }, 120_000);

  it('has all four WASM files', () => {
    const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.wasm'));
    const contents = files.map((file) =>
      createHash('sha256')
        .update(readFileSync(join(site, file)))
        .digest('hex'),
    );
    expect(new Set(contents).size).toBe(4);
  });

  it('trains on two threads where the page is isolated, to the bits of Node', async () => {
    const result = await visit(chromium, site, { isolated: true, query: '?simd=wasm-simd' });
    expect(result.trained).toMatchObject({ simd: 'wasm-simd', threads: 2 });
    expect(result.trained.losses).toEqual(nodeLosses);
    if (bundler !== 'plain') expectLearnt(result);
  });

  it('trains on one thread elsewhere, with the best instructions there are, and says why', async () => {
    const result = await visit(chromium, site, { isolated: false });
    expect(result.trained.threads).toBe(1);
    expect(result.trained.tried.at(-1)?.reason).toContain('not cross-origin isolated');
    expectClose(result.trained.losses, [...nodeLosses], TOLERANCE, 'losses in Node');
    if (bundler !== 'plain') expectLearnt(result);
  });
});

it('a page that is one file trains without asking for another, on one thread, to the bits of Node', async () => {
  const site = await siteOf('inline');
  expect(readdirSync(site)).toEqual(['index.html']);
  for (const isolated of [true, false]) {
    const { trained } = await visit(chromium, site, { isolated });
    expect(trained).toMatchObject({ simd: 'wasm-simd', threads: 1, losses: nodeLosses });
  }
});

describe('Firefox', () => {
  let firefox: Visitor;
  beforeAll(async () => {
    firefox = await openFirefox();
  }, 60_000);
  afterAll(() => firefox?.close());

  it.each(['vite', 'plain'])(
    'trains on two threads in the project of %s, to the bits of Node; on one elsewhere',
    async (name) => {
      const site = await siteOf(name);
      const isolated = await visit(firefox, site, { isolated: true, query: '?simd=wasm-simd' });
      expect(isolated.trained).toMatchObject({ simd: 'wasm-simd', threads: 2 });
      expect(isolated.trained.losses).toEqual(nodeLosses);
      const alone = await visit(firefox, site, { isolated: false });
      expect(alone.trained.threads).toBe(1);
      expectClose(alone.trained.losses, [...nodeLosses], TOLERANCE, 'losses in Node');
    },
  );
});

describe('a page that uses one layer', () => {
  it.each(BUNDLERS)('built by %s carries no loss, optimiser, task or decoder that it does not use', async (bundler) => {
    const site = await buildProject(makeProject(`lstm-${bundler}`, bundler, 'lstm'), bundler);
    const server = await serveFolder(site, {});
    const { result, problems } = await chromium.visit<number[]>(`${server.url}/`).finally(() => server.close());
    expect({ result, problems }).toEqual({ result: [4, 1, 3], problems: [] });
    let bytes = 0;
    for (const { path } of server.requests.filter((request) => request.path.endsWith('.js'))) {
      const text = readFileSync(join(site, path), 'utf8');
      expect(text, path).not.toMatch(/ctcLoss|Adagrad|beamSearch|EncoderDecoder|Conv2d|gradcheck|oneCycle|papaparse/);
      const { code } = await transform(text, { minify: true, format: 'esm' }); // Rollup leaves that to others
      bytes += gzipSync(code, { level: 9 }).length;
    }
    console.log(
      `${bundler}: JavaScript that a page with an LSTM alone loads, compressed: ${(bytes / 1e3).toFixed(1)} kB`,
    );
    expect(bytes).toBeGreaterThan(20e3);
    expect(bytes).toBeLessThan(LSTM_ALONE);
  });
});

/** Answers what Chromium asks for unasked. */
const noIcon: Plugin = {
  name: 'no-icon',
  configureServer({ middlewares }) {
    middlewares.use('/favicon.ico', (_, response) => response.writeHead(204).end());
  },
};

it("Vite's development server finds the files too", async () => {
  const root = makeProject('vite-served', 'page', 'vite');
  const server = await createServer({
    root,
    logLevel: 'error',
    plugins: [noIcon],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, headers: ISOLATION },
  });
  try {
    await server.listen();
    const { result, problems } = await chromium.visit<Result>(`${server.resolvedUrls?.local[0]}?simd=wasm-simd`);
    expect({ error: result.error, problems }).toEqual({ problems: [] });
    expect(result.trained).toMatchObject({ threads: 2, losses: nodeLosses });
  } finally {
    await server.close();
  }
});

describe('the first prediction', () => {
  interface First {
    readonly first: number;
    readonly sinceImport: number;
    readonly sinceNavigation: number;
  }
  const quickest = (where: string, all: readonly First[]): number => {
    const figure = (read: (one: First) => number) => all.map((one) => read(one).toFixed(0)).join(', ');
    console.log(
      `${where}: ms from import to the first prediction ${figure((one) => one.sinceImport)}; from the start of ` +
        `the page or process ${figure((one) => one.sinceNavigation)}; load ${loadavg()[0]?.toFixed(1)}`,
    );
    for (const { first } of all) expect(Math.abs(first)).toBeLessThan(1);
    return Math.min(...all.map(({ sinceImport }) => sinceImport));
  };

  it('in a page comes soon after the import, with an empty cache', async () => {
    const site = await buildProject(makeProject('first', 'first'), 'vite');
    const server = await serveFolder(site, ISOLATION);
    const all: First[] = [];
    try {
      for (let k = 0; k < 5; k++) all.push((await chromium.visit<First>(`${server.url}/`)).result);
    } finally {
      await server.close();
    }
    expect(quickest('Chromium', all)).toBeLessThan(FIRST_PREDICTION_MS);
  });

  it('in Node comes soon after the import', () => {
    const script = join(consumer.folder, 'first', 'main.js');
    const code = `await import(${JSON.stringify(pathToFileURL(script))}); console.log(JSON.stringify(globalThis.result));`;
    const all = Array.from({ length: 5 }, () => JSON.parse(consumer.node('--input-type=module', '-e', code)) as First);
    expect(quickest('Node', all)).toBeLessThan(FIRST_PREDICTION_MS);
  });
});
