// dist.mjs: builds dist/: ES modules and types by tsc (same folders as src/, so that paths relative to a file hold in both),
// the libraries that data and command line stand on, CommonJS bundles for `require` (core and plots; data and tasks are ES
// modules alone), and one self-contained ES module for pages without a bundler. Does nothing when fresh.
// Built beside and then renamed: a program that imports the package meanwhile finds the old one whole.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewer } from '../native/build.mjs';
import { bundleLibraries } from './bundle-libraries.mjs';
import { requireTypes } from './require-types.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const next = join(root, 'dist.next');
const stamp = join('cjs', 'package.json'); // written last

function isFresh() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join(root, 'src', name));
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
  // Comments are for the types, which keep them; a fifth less to install.
  for (const file of readdirSync(next, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js') || file.startsWith('libraries')) continue;
    const path = join(next, file);
    const generated = file.includes('generated');
    const options = {
      format: 'esm',
      target: 'es2022',
      minifyWhitespace: true,
      minifyIdentifiers: generated,
      minifySyntax: generated,
    };
    writeFileSync(path, transformSync(readFileSync(path, 'utf8'), options).code);
  }
  const common = { absWorkingDir: root, bundle: true, target: 'es2022', logLevel: 'warning' };
  // `require` gives the ES modules themselves (Node 20.19 and later): one library in the process, however it is loaded.
  mkdirSync(join(next, 'cjs'));
  for (const [file, target] of Object.entries({ 'index.cjs': '../node.js', 'plot.cjs': '../plot/index.js' })) {
    writeFileSync(join(next, 'cjs', file), `module.exports = require('${target}');\n`);
  }
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
    keepNames: true, // the names of classes in messages
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
    join('plot', 'index.d.ts'),
    join('data', 'index.d.ts'),
    join('tasks', 'index.d.ts'),
    ...['index.d.ts', 'node.d.ts', 'serve.d.ts', 'serve-node.d.ts'].map((file) => join('worker', file)),
  ]);
  for (const file of readdirSync(next, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.d.ts') && !wanted.has(file)) rmSync(join(next, file));
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
