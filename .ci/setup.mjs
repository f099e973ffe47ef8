// setup.mjs: makes a bare machine ready: system packages, npm packages, addon, WASM, dist. Node's built-ins only, because it
// runs before anything is installed. What is there and fresh is left alone, so the second run takes a second.
//
//   node .ci/setup.mjs --for quickstart    compilers and emscripten, then all builds
//   node .ci/setup.mjs --for test          also the browsers and clang-format
//
// On Debian as root it installs what is missing; otherwise it prints the line to type and exits with status 2.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasChromium } from './chromium.mjs';
import { hasFirefox } from './firefox.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const MIN_NODE = [20, 19];

// What each package is needed for. `optional`: the build goes on without it.
const PACKAGES = [
  { name: 'g++', has: () => inPath('g++') || inPath('c++') },
  { name: 'make', has: () => inPath('make') || inPath('ninja') },
  { name: 'cmake', has: () => inPath('cmake') },
  { name: 'emscripten', has: () => inPath('em++') },
  { name: 'clang-22', has: () => existsSync('/usr/lib/llvm-22/bin/clang++'), optional: 'relaxed-SIMD WASM' },
  { name: 'lld-22', has: () => existsSync('/usr/lib/llvm-22/bin/wasm-ld'), optional: 'relaxed-SIMD WASM' },
  { name: 'llvm-22', has: () => existsSync('/usr/lib/llvm-22/bin/llvm-ar'), optional: 'relaxed-SIMD WASM' },
  { name: 'chromium', has: hasChromium, only: 'test' },
  { name: 'firefox-esr', has: hasFirefox, only: 'test' },
  { name: 'clang-format', has: () => inPath('clang-format'), only: 'test' },
];

function inPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const say = (text) => console.log(`set-up: ${text}`);

class SetupError extends Error {
  constructor(message, status = 1) {
    super(message);
    this.status = status;
  }
}

/** Runs a command silently; what it said is shown only if it fails. */
function quietly(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  const tail = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim().split('\n').slice(-20).join('\n');
  return { ok: status === 0, tail, stdout: stdout ?? '' };
}

// ---- system packages -------------------------------------------------------------------------------------------------

const apt = (...args) => quietly('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });

function installPackages(goal) {
  const missing = PACKAGES.filter((wanted) => (!wanted.only || wanted.only === goal) && !wanted.has());
  if (missing.length === 0) return;
  const required = missing.filter((wanted) => !wanted.optional);
  if (!inPath('apt-get') || process.getuid?.() !== 0) {
    if (required.length === 0) {
      say(`going on without ${missing.map(({ name }) => name).join(', ')} (only for ${missing[0].optional})`);
      return;
    }
    throw new SetupError(howToInstall(missing), 2);
  }

  say(`missing: ${missing.map(({ name }) => name).join(', ')}`);
  step('apt-get update', () => apt('update')); // the lists of a fresh image are empty
  for (const { name, optional } of missing) {
    if (optional && !quietly('apt-cache', ['policy', name]).stdout.match(/Candidate: (?!\(none\))/)) {
      say(`${name} is not in this machine's package sources: going on without ${optional}`);
      continue;
    }
    try {
      step(`apt-get install ${name}`, () => apt('install', '-y', '--no-install-recommends', name));
    } catch (error) {
      if (!optional) throw error;
      say(`${error.message}\ngoing on without ${optional}`);
    }
  }
}

function howToInstall(missing) {
  const names = missing.map(({ name }) => name).join(' ');
  if (!inPath('apt-get')) return `please install these and run the command again: ${names}`;
  return `please run this line, then the command again:\n
  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}\n`;
}

function step(what, run) {
  const start = Date.now();
  process.stdout.write(`set-up: ${what} ... `);
  const { ok, tail } = run();
  console.log(ok ? `${((Date.now() - start) / 1000).toFixed(0)} s` : 'failed');
  if (!ok) throw new SetupError(`${what} failed:\n${tail}`);
}

// ---- npm packages and builds -------------------------------------------------------------------------------------------

function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? quietly(process.execPath, [cli, ...args]) : quietly('npm', args);
}

/** npm writes node_modules/.package-lock.json last: older than the lock file, it says that an install is due or broke off. */
function installModules() {
  const time = (file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (time('node_modules/.package-lock.json') >= time('package-lock.json')) return;
  step('npm ci', () => npm('ci', '--no-audit', '--no-fund'));
}

/** A build script of ours; its lines are shown. */
function build(script, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new SetupError(`${script} failed`);
}

function main(args) {
  const goal = args[args.indexOf('--for') + 1];
  if (args[0] !== '--for' || !['quickstart', 'test'].includes(goal)) {
    throw new SetupError('usage: node .ci/setup.mjs --for quickstart|test', 2);
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
    throw new SetupError(`Node ${MIN_NODE.join('.')} or newer is needed, this is ${process.versions.node}`, 2);
  }
  installPackages(goal);
  installModules();
  build('native/generate.mjs', '--check');
  build('native/build.mjs');
  build('wasm/build.mjs');
  build('.ci/dist.mjs');
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`set-up: ${error.message}`);
  process.exitCode = error.status ?? 1;
}
