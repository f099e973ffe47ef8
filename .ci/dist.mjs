// dist.mjs: builds dist/: what tsc makes of src/, in few files (bundle-modules.mjs), with the libraries that data and command
// line stand on, the types that users can come by, entries for `require`, and WASM inside a module (unrolled/inline). Does
// nothing when fresh. Built beside and then renamed: a program that imports the package meanwhile finds the old one whole.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isNewer } from '../native/build.mjs';
import { bundleLibraries } from './bundle-libraries.mjs';
import { bundleAlone, bundleModules } from './bundle-modules.mjs';
import { keepPublicTypes } from './public-types.mjs';
import { requireTypes } from './require-types.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const next = join(root, 'dist.next');
/** What tsc makes of src/. */
const modules = join(root, 'dist.modules');
const stamp = join('cjs', 'package.json'); // written last
/** Those that package.json names. */
const TYPES = [
  ...['node', 'browser', 'inline', 'plot/index', 'data/index', 'tasks/index'],
  ...['index', 'node', 'serve', 'serve-node'].map((name) => `worker/${name}`),
].map((name) => `${name}.d.ts`);
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

async function build() {
  for (const folder of [modules, next]) rmSync(folder, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', modules], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tsc failed');

  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const isInstalled = (name) => name in manifest.dependencies || name in manifest.peerDependencies;
  await bundleLibraries(root, relative(root, modules), isInstalled);
  const base64 = gzipSync(readFileSync(inlined), { level: 9 }).toString('base64');
  writeFileSync(join(modules, 'inline-wasm.js'), `export const wasm='${base64}';\n`);

  await bundleModules(modules, next);
  // Scripts of workers are one file each, for tools that copy what `new URL(..., import.meta.url)` names as it is, or for nobody's.
  for (const file of ['backend/wasm-worker.js', 'worker/entry.js'])
    await bundleAlone(join(modules, file), join(next, file));

  // `require` gives the ES modules themselves (Node 20.19 and later): one library in the process, however it is loaded.
  mkdirSync(join(next, 'cjs'));
  for (const [file, target] of Object.entries({ 'index.cjs': '../node.js', 'plot.cjs': '../plot/index.js' })) {
    writeFileSync(join(next, 'cjs', file), `module.exports = require('${target}');\n`);
  }
  keepPublicTypes(modules, next, TYPES);
  for (const file of ['node.d.ts', join('plot', 'index.d.ts')]) {
    const target = join(next, 'cjs', file);
    const from = relative(dirname(target), join(next, file.replace('.d.ts', '.js'))).replaceAll('\\', '/');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, requireTypes(join(next, file), from));
  }
  chmodSync(join(next, 'cli', 'index.js'), 0o755);
  writeFileSync(join(next, stamp), '{ "type": "commonjs" }\n');
  rmSync(modules, { recursive: true });
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
