// build.mjs: builds the addon with cmake-js (into build-native/) and copies it to where the npm package node-gyp-build looks,
// prebuilds/<platform>-<arch>/unrolled.napi.<libc>.node. Does nothing when that file is newer than every source.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The C library's name is part of a Linux binary's: musl and glibc do not load each other's. */
function prebuiltPath() {
  const libc = process.report?.getReport().header.glibcVersionRuntime ? '.glibc' : '.musl';
  const tag = process.platform === 'linux' ? libc : '';
  return join(root, 'prebuilds', `${process.platform}-${process.arch}`, `unrolled.napi${tag}.node`);
}

/** What the kernels are compiled from, the addon's own file included. */
export function nativeSources() {
  return readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(cc|h|json)$/.test(name) && !name.startsWith('test'))
    .map((name) => join(root, 'native', name));
}

const isFresh = () => isNewer(prebuiltPath(), [...nativeSources(), join(root, 'CMakeLists.txt')]);

/** Is `product` newer than all of `sources`? */
export function isNewer(product, sources) {
  const built = statSync(product, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return sources.every((source) => {
    const stat = statSync(source);
    return stat.isDirectory() || stat.mtimeMs <= built;
  });
}

function build() {
  // A configuration that failed leaves a cache without build files, which cmake-js would take for a finished one; and one
  // that came along with a copied checkout would build the sources of the checkout it was copied from.
  const folder = join(root, 'build-native');
  const cache = join(folder, 'CMakeCache.txt');
  const configured = ['build.ninja', 'Makefile'].some((file) => existsSync(join(folder, file))) && existsSync(cache);
  if (!configured || !readFileSync(cache, 'utf8').includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${root}\n`)) {
    rmSync(folder, { recursive: true, force: true });
  }
  const cmakeJs = join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
  const { status, error } = spawnSync(
    process.execPath,
    [cmakeJs, 'build', '-l', 'warn', '-O', 'build-native', '--parallel', `${availableParallelism()}`],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (status !== 0)
    throw new Error(`cmake-js failed${error ? `: ${error.message}` : ''}; g++ or clang, make and cmake are needed`);
  const target = prebuiltPath();
  mkdirSync(dirname(target), { recursive: true });
  // A running process may have the old file mapped: put the new one beside it and rename.
  copyFileSync(join(root, 'build-native', 'Release', 'unrolled.node'), `${target}.new`);
  renameSync(`${target}.new`, target);
  // node-gyp-build prefers this one: what an earlier `npm run build:node-gyp` left would hide the new file.
  rmSync(join(root, 'build', 'Release', 'unrolled.node'), { force: true });
  console.log(`native: ${target.slice(root.length + 1)}, ${(statSync(target).size / 1000).toFixed(0)} kB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    if (isFresh() && !process.argv.includes('--force')) console.log('native: up to date');
    else build();
  } catch (error) {
    console.error(`native: ${error.message}`);
    process.exitCode = 1;
  }
}
