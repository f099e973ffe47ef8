// dist.mjs: builds dist/: ES modules and types by tsc (same folders as src/, so that paths relative to a file hold in both),
// the libraries that data and command line stand on, entries for `require`, WASM inside a module (unrolled/inline), and for
// pages without a bundler one ES module and what it loads on demand. Does nothing when fresh.
// Built beside and then renamed: a program that imports the package meanwhile finds the old one whole.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isNewer } from '../native/build.mjs';
import { bundleLibraries } from './bundle-libraries.mjs';
import { requireTypes } from './require-types.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const next = join(root, 'dist.next');
const stamp = join('cjs', 'package.json'); // written last
const inlined = join(root, 'wasm', 'dist', 'unrolled-simd128.wasm');

function isFresh() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join(root, 'src', name));
  sources.push(inlined);
  const config = readdirSync(join(root, '.ci'))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => join('.ci', name))
    .concat('tsconfig.json', 'tsconfig.build.json')
    .map((name) => join(root, name));
  return isNewer(join(dist, stamp), [...sources, ...config]);
}

/** The declaration files, relative to the folder built, that these import, directly or not; and they themselves. */
function typesFrom(entries) {
  const found = new Set();
  const due = [...entries];
  for (let file = due.pop(); file !== undefined; file = due.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    const text = readFileSync(join(next, file), 'utf8');
    for (const [, path] of text.matchAll(/(?:from|import|import\()\s*['"](\.[^'"]+)\.js['"]/g)) {
      due.push(join(dirname(file), `${path}.d.ts`));
    }
  }
  return found;
}

/** Of declarations that only other declarations refer to: nobody is shown them. */
function withoutComments(file) {
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^ *\/\*\*[\s\S]*?\*\/\n/gm, ''));
}

async function build() {
  rmSync(next, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', next], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tsc failed');

  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const isInstalled = (name) => name in manifest.dependencies || name in manifest.peerDependencies;
  await bundleLibraries(root, 'dist.next', isInstalled); // reads what tsc prints, so before its lines are joined

  const { build: bundle, transformSync } = await import('esbuild');
  // Comments are for the types, which keep them; and names that no message shows are short: a third less to install.
  for (const file of readdirSync(next, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js') || file.startsWith('libraries')) continue;
    const path = join(next, file);
    const text = readFileSync(path, 'utf8');
    const code = transformSync(text, {
      format: 'esm',
      target: 'es2022',
      minifyWhitespace: true,
      minifySyntax: true,
      minifyIdentifiers: !/^(export )?(abstract )?class /m.test(text), // messages name classes
    }).code;
    writeFileSync(path, code);
  }
  // All names are exported: nothing is to be left out for its lack of side effects.
  const common = { absWorkingDir: root, bundle: true, ignoreAnnotations: true, target: 'es2022', logLevel: 'warning' };
  // `require` gives the ES modules themselves (Node 20.19 and later): one library in the process, however it is loaded.
  mkdirSync(join(next, 'cjs'));
  for (const [file, target] of Object.entries({ 'index.cjs': '../node.js', 'plot.cjs': '../plot/index.js' })) {
    writeFileSync(join(next, 'cjs', file), `module.exports = require('${target}');\n`);
  }
  const base64 = gzipSync(readFileSync(inlined), { level: 9 }).toString('base64');
  writeFileSync(join(next, 'inline-wasm.js'), `export const wasm='${base64}';\n`);
  // The script of WASM's threads is one file, for tools that copy what `new URL(..., import.meta.url)` names as it is.
  const worker = 'dist.next/backend/wasm-worker.js';
  await bundle({
    ...common,
    entryPoints: [worker],
    outfile: worker,
    allowOverwrite: true,
    platform: 'neutral',
    format: 'esm',
    minifyWhitespace: true,
  });
  // Two folders below the package's root, as src/platform/ is.
  await bundle({
    ...common,
    entryPoints: { unrolled: 'dist.next/browser.js' },
    outdir: 'dist.next/web',
    splitting: true, // what is loaded on demand is a file of its own
    chunkNames: '[name]-[hash]',
    platform: 'browser',
    format: 'esm',
    minify: true,
    keepNames: true,
  });

  // One file with all of it, for it is other people's bundlers, or nobody's, that carry it into an application.
  await bundle({
    ...common,
    entryPoints: ['dist.next/worker/entry.js'],
    outfile: 'dist.next/worker/entry.js',
    allowOverwrite: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    keepNames: true,
  });

  // Types that no entry point leads to are nobody's.
  const wanted = typesFrom([
    'node.d.ts',
    'browser.d.ts',
    'inline.d.ts',
    join('plot', 'index.d.ts'),
    join('data', 'index.d.ts'),
    join('tasks', 'index.d.ts'),
    ...['index.d.ts', 'node.d.ts', 'serve.d.ts', 'serve-node.d.ts'].map((file) => join('worker', file)),
  ]);
  for (const file of readdirSync(next, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    if (!wanted.has(file)) rmSync(join(next, file));
    else if (file.includes('generated')) withoutComments(join(next, file));
  }
  for (const file of ['node.d.ts', join('plot', 'index.d.ts')]) {
    const target = join(next, 'cjs', file);
    const from = relative(dirname(target), join(next, file.replace('.d.ts', '.js'))).replaceAll('\\', '/');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, requireTypes(join(next, file), from));
  }
  chmodSync(join(next, 'cli', 'index.js'), 0o755);
  writeFileSync(join(next, stamp), '{ "type": "commonjs" }\n');
  rmSync(dist, { recursive: true, force: true });
  renameSync(next, dist);
  console.log('dist: built');
}

try {
  if (isFresh() && !process.argv.includes('--force')) console.log('dist: up to date');
  else await build();
} catch (error) {
  console.error(`dist: ${error.message}`);
  process.exitCode = 1;
}
