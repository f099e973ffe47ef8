// dist.mjs: builds dist/: ES modules and types by tsc (same folders as src/, so that paths relative to a file hold in both),
// CommonJS bundles for `require`, and one self-contained ES module for pages without a bundler. Does nothing when fresh.
// Built beside and then renamed: a program that imports the package meanwhile finds the old one whole.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewer } from '../native/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const next = join(root, 'dist.next');
const stamp = join('cjs', 'package.json'); // written last

function isFresh() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) => join(root, 'src', name));
  const config = ['tsconfig.json', 'tsconfig.build.json', '.ci/dist.mjs'].map((name) => join(root, name));
  return isNewer(join(dist, stamp), [...sources, ...config]);
}

async function build() {
  rmSync(next, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', next], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tsc failed');

  const { build: bundle } = await import('esbuild');
  const common = { absWorkingDir: root, bundle: true, target: 'es2022', logLevel: 'warning' };
  // All bundles lie two folders below the package's root, as src/platform/ does.
  const commonJs = {
    'dist.next/node.js': 'dist.next/cjs/index.cjs',
    'dist.next/plot/index.js': 'dist.next/cjs/plot.cjs',
  };
  for (const [entry, outfile] of Object.entries(commonJs)) {
    await bundle({
      ...common,
      entryPoints: [entry],
      outfile,
      platform: 'node',
      format: 'cjs',
      packages: 'external',
      minifyWhitespace: true, // a quarter less to install; names stay
      define: { 'import.meta.url': 'moduleUrl' },
      banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    });
  }
  await bundle({
    ...common,
    entryPoints: ['dist.next/browser.js'],
    outfile: 'dist.next/web/unrolled.js',
    platform: 'browser',
    format: 'esm',
    minify: true,
    keepNames: true, // the names of classes in messages
  });

  // The types again, where they count as CommonJS: TypeScript does not let `require` have those of an ES module.
  for (const file of readdirSync(next, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.d.ts')) cpSync(join(next, file), join(next, 'cjs', file));
  }
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
