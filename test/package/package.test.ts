// The tarball as a stranger gets it: packed, installed into an empty folder without scripts and without network, then used
// from ESM, CommonJS and TypeScript, with the addon, without it, and without WASM.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build as bundle } from 'esbuild';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Consumer, makeConsumer } from '../helpers/consumer.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
let consumer: Consumer;
let folder: string;
let installed: string;

const node = (...args: string[]): string => consumer.node(...args);

/**
 * Bytes of a page's JavaScript, compressed, before it trains: what a bundler makes of these imports, and the whole library, each
 * name of it, for pages without one.
 */
const PAGES = [
  ["import { LSTM, fit, ready } from 'unrolled'; Object.assign(globalThis, { LSTM, fit, ready });", 60e3],
  ["import * as u from 'unrolled'; Object.assign(globalThis, u);", 92e3],
] as const;

beforeAll(() => {
  consumer = makeConsumer();
  ({ folder, installed } = consumer);
  for (const script of ['smoke.mjs', 'smoke.cjs']) copyFileSync(join(here, script), join(folder, script));
}, 120_000);

afterAll(() => consumer?.remove());

interface Smoke {
  first: number;
  last: number;
  info: { name: string; threads: number; tried: { backend: string; ok: boolean; reason: string }[] };
}
const smoke = (script: string, ...options: string[]): Smoke => JSON.parse(node(script, ...options));

describe('the packed package', () => {
  it('holds the built library, the addon for this platform, all WASM files, types and licence, and no sources or tests', () => {
    const paths = consumer.packed.files.map(({ path }) => path);
    for (const needed of [
      'LICENSE',
      'README.md',
      'package.json',
      'wasm/dist/unrolled-simd128.wasm',
      'wasm/dist/unrolled-relaxed.wasm',
      'wasm/dist/unrolled-simd128-threads.wasm',
      'wasm/dist/unrolled-relaxed-threads.wasm',
      'dist/backend/wasm-worker.js',
    ]) {
      expect(paths).toContain(needed);
    }
    for (const needed of [
      /^prebuilds\/.*\.node$/,
      /^dist\/.*\.d\.ts$/,
      /^dist\/node\.js$/,
      /^dist\/browser\.js$/,
      /^dist\/cjs\/index\.cjs$/,
    ]) {
      expect(
        paths.some((path) => needed.test(path)),
        String(needed),
      ).toBe(true);
    }
    const strangers = paths.filter((path) =>
      /^(test|bench|native|build|examples|\.)|\.tsbuildinfo$|\.(cc|h)$/.test(path),
    );
    expect(strangers).toEqual([]);
  });

  it.each(PAGES)('lets a page start quickly: %s is below %i bytes, compressed', async (source, limit) => {
    const { outputFiles, metafile } = await bundle({
      stdin: { contents: source, resolveDir: folder },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      splitting: true,
      metafile: true,
      write: false,
      outdir: folder,
    });
    // What is loaded on demand, as the reference backend is, comes later or never.
    const outputs = Object.entries(metafile.outputs);
    const start = new Set(outputs.filter(([, { entryPoint }]) => entryPoint === '<stdin>').map(([path]) => path));
    for (const path of start) {
      const { imports } = metafile.outputs[path] as (typeof metafile.outputs)[string];
      for (const { kind, path: to } of imports) if (kind === 'import-statement') start.add(to);
    }
    const sent = outputFiles.filter((file) => [...start].some((path) => file.path.endsWith(basename(path))));
    expect(sent).toHaveLength(start.size);
    expect(sent.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)).toBeLessThan(limit);
  });

  it('sends WASM files below their limit', () => {
    const sent = (file: string) => gzipSync(readFileSync(join(installed, file)), { level: 9 }).length;
    for (const build of ['simd128', 'relaxed', 'simd128-threads', 'relaxed-threads']) {
      expect(sent(`wasm/dist/unrolled-${build}.wasm`), build).toBeLessThan(120e3);
    }
  });

  // The library, and once more in the file of a page's worker; half of it are the addon and four builds of WASM.
  it('is small: under 5.1 MB installed, dependencies included', () => {
    let bytes = 0;
    for (const file of readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' })) {
      const stat = statSync(join(folder, 'node_modules', file));
      if (stat.isFile()) bytes += stat.size;
    }
    expect(bytes).toBeLessThan(5.1e6);
  });

  it.each(['node.js', 'browser.js'])('is read at once from few files, %s and those it imports', (entry) => {
    const files = new Set([join(installed, 'dist', entry)]);
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      for (const [, path] of text.matchAll(/(?:import|from)\s*"(\.[^"]*)"/g))
        files.add(join(dirname(file), path as string));
    }
    expect(files.size).toBeGreaterThan(5); // its imports were found
    expect(files.size).toBeLessThan(20);
  });

  it('keeps the names of its classes, which messages show', () => {
    const code = `
      import * as u from 'unrolled';
      const classes = Object.entries(u).filter(([, value]) => typeof value === 'function' && /^class\\b/.test(value));
      console.log(JSON.stringify(classes.map(([name, { name: own }]) => [name, own])));`;
    const names: [string, string][] = JSON.parse(node('--input-type=module', '-e', code));
    expect(names.map(([name]) => name)).toEqual(expect.arrayContaining(['LSTM', 'Linear', 'ShapeError', 'Tensor']));
    for (const [name, own] of names) expect(own).toBe(name);
  });

  it.each(['smoke.mjs', 'smoke.cjs'])('%s trains a small LSTM on the native backend', (script) => {
    const { first, last, info } = smoke(script);
    expect(info.name).toBe('native');
    expect(last).toBeLessThan(first / 2);
  });

  it.each(['smoke.mjs', 'smoke.cjs'])('%s trains it on WASM with two threads', (script) => {
    const { first, last, info } = smoke(script, '{ "backend": "wasm", "threads": 2 }');
    expect(info).toMatchObject({ name: 'wasm', threads: 2 });
    expect(last).toBeLessThan(first / 2);
  });

  it('a bundler finds the file of its page worker, which has all it needs, and keeps it out of the page', async () => {
    const outDir = join(folder, 'worker-page');
    writeFileSync(join(folder, 'index.html'), '<script type="module" src="./page.js"></script>');
    writeFileSync(join(folder, 'page.js'), "import { openWorker } from 'unrolled/worker'; openWorker({ threads: 2 });");
    await build({ root: folder, logLevel: 'error', configFile: false, build: { outDir } });
    const assets = readdirSync(join(outDir, 'assets'));
    const sizeOf = (pattern: RegExp) =>
      assets.filter((file) => pattern.test(file)).map((file) => statSync(join(outDir, 'assets', file)).size);
    expect(sizeOf(/^entry-.*\.js$/)).toHaveLength(1);
    expect(sizeOf(/^wasm-worker-.*\.js$/)).toHaveLength(1);
    expect(sizeOf(/\.wasm$/)).toHaveLength(4);
    expect(sizeOf(/^index-.*\.js$/)[0]).toBeLessThan(20e3);
  });

  it.each([
    ["import('unrolled/plot')", 'module'],
    ["Promise.resolve(require('unrolled/plot'))", 'commonjs'],
  ])('%s makes specifications without vega, and says what to install before it draws', (load, type) => {
    const gate = '{ name: "h", mean: Float64Array.of(0.5), low: Float64Array.of(0), high: Float64Array.of(0) }';
    const code = `
      ${load}.then(async (plot) => {
        const spec = plot.gateActivity({ layers: [{ name: 'rnn', cell: 'rnn', gates: [${gate}] }] });
        const error = await plot.toSVG(spec).catch((reason) => reason);
        console.log(JSON.stringify({ schema: spec.$schema, code: error.code, message: error.message }));
      });`;
    const { schema, code: status, message } = JSON.parse(node(`--input-type=${type}`, '-e', code));
    expect(schema).toContain('vega-lite');
    expect(status).toBe('ERR_MISSING_PEER');
    expect(message).toContain('npm install vega vega-lite');
  });

  it('reads tables and runs tasks without any library of its own to install', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'node-gyp-build',
      'unrolled',
    ]);
    expect(readFileSync(join(installed, 'dist', 'libraries', 'LICENSES.txt'), 'utf8')).toContain('papaparse');
    const rows = Array.from({ length: 40 }, (_, k) => (k % 2 ? `so good ${k},yes` : `so bad ${k},no`));
    writeFileSync(join(folder, 'rows.csv'), ['text,label', ...rows].join('\n'));
    const options = ['--epochs', '2', '--hidden', '4', '--out', 'model', '--json'];
    const command = (...args: string[]) =>
      execFileSync(join(folder, 'node_modules', '.bin', 'unrolled'), args, {
        cwd: folder,
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(JSON.parse(command('train', 'classify', 'rows.csv', ...options))).toMatchObject({
      task: 'classify',
      epochs: 2,
    });
    const code = `
      import { ready } from 'unrolled';
      import { loadTask } from 'unrolled/tasks';
      await ready();
      console.log((await (await loadTask('model')).predict(['so good'])).length);`;
    expect(node('--input-type=module', '-e', code).trim()).toBe('1');
  });

  it('loads in a second worker_thread', () => {
    const code = `
      const { Worker } = require('node:worker_threads');
      const run = () => new Promise((resolve, reject) => new Worker('./smoke.cjs').on('error', reject).on('exit', resolve));
      Promise.all([run(), run()]).then((codes) => { if (codes.some((c) => c !== 0)) process.exitCode = 1; });`;
    const lines = node('-e', code).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).info.name)).toEqual(['native', 'native']);
  });

  it('falls back to WASM without the addon, then to the reference, and says why', () => {
    const aside = join(folder, 'aside');
    mkdirSync(aside);
    renameSync(join(installed, 'prebuilds'), join(aside, 'prebuilds'));
    const onWasm = smoke('smoke.mjs');
    expect(onWasm.info.name).toBe('wasm');
    expect(onWasm.last).toBeLessThan(onWasm.first / 2);
    expect(onWasm.info.tried).toMatchObject([
      { backend: 'native', ok: false },
      { backend: 'wasm', ok: true },
    ]);
    expect(onWasm.info.tried[0]?.reason).toMatch(/no|not/);

    renameSync(join(installed, 'wasm'), join(aside, 'wasm'));
    const onReference = smoke('smoke.cjs');
    expect(onReference.info.name).toBe('reference');
    expect(onReference.last).toBeLessThan(onReference.first / 2);
    expect(onReference.info.tried).toMatchObject([
      { backend: 'native', ok: false },
      { backend: 'wasm', ok: false },
      { backend: 'reference', ok: true },
    ]);
    cpSync(aside, installed, { recursive: true });
  });

  it.each([
    { module: 'NodeNext', moduleResolution: 'NodeNext' },
    { module: 'ESNext', moduleResolution: 'Bundler' },
  ])('its types compile in a strict consumer with moduleResolution $moduleResolution', (resolution) => {
    const options = {
      ...resolution,
      target: 'ES2022',
      lib: ['ES2022', 'DOM', 'ESNext.Disposable'],
      types: [],
      strict: true,
      noEmit: true,
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['consumer.mts', 'consumer.cts'] }),
    );
    copyFileSync(join(here, 'consumer.mts'), join(folder, 'consumer.mts'));
    copyFileSync(join(here, 'consumer.mts'), join(folder, 'consumer.cts'));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
