// build.mjs: compiles the kernels to pure .wasm files in wasm/dist/: unrolled-simd128 (every engine since 2021),
// unrolled-relaxed (fused multiply-add; engines that validate relaxed SIMD), and both once more with shared memory for threads
// (unrolled-simd128-threads, unrolled-relaxed-threads). There is no JavaScript glue: the loader is src/backend/wasm.ts. What is
// up to date is left alone; `--only NAME` builds one, `--force` all.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isNewer, nativeSources } from '../native/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'wasm', 'dist');
const MAX_GZIPPED = 120_000;

// Debian's emscripten 3.1.6 brings clang 14, which does not know relaxed SIMD: a newer clang compiles and links that variant,
// and the npm package's wasm-opt replaces Debian's, which cannot parse it.
export const LLVM = '/usr/lib/llvm-22/bin';
// Always Debian's wasm-opt, also under npm, which puts that of the npm package first: the file is half a kilobyte smaller.
const withoutNpm = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
const SIMD128 = { flags: ['-msimd128'], env: { PATH: withoutNpm.join(delimiter) } };
const RELAXED = {
  flags: ['-msimd128', '-mrelaxed-simd', '-Wl,--no-stack-first'],
  env: {
    EMCC_READ_METADATA: 'python',
    EM_LLVM_ROOT: LLVM,
    EM_LLVM_ADD_VERSION: '',
    EM_CLANG_ADD_VERSION: '',
    PATH: [join(root, 'node_modules', 'binaryen', 'bin'), process.env.PATH].join(delimiter),
  },
};
// Not emscripten's pthreads: their glue does not run on Node 20. libc is its build without threads, which the linker is told
// to accept: only the thread that opened the module ever allocates.
const THREADS = [
  ...['-matomics', '-mbulk-memory', '-sIMPORTED_MEMORY=1', '-Wl,--shared-memory,--no-check-features'],
  '--js-library=wasm/clock.js',
];
const THREADS_EXPORTS = ['u_set_threads', 'u_pool_manners', 'u_recruit', 'u_work', 'u_work_failed', 'u_dismiss'];
const VARIANTS = {
  simd128: { ...SIMD128, exported: [] },
  relaxed: { ...RELAXED, exported: [] },
  'simd128-threads': { ...SIMD128, flags: [...SIMD128.flags, ...THREADS], exported: THREADS_EXPORTS },
  'relaxed-threads': { ...RELAXED, flags: [...RELAXED.flags, ...THREADS], exported: THREADS_EXPORTS },
};

const wasmPath = (variant) => join(dist, `unrolled-${variant}.wasm`);

/** Can this machine build the relaxed variant? */
const hasRelaxedTools = () => ['clang++', 'wasm-ld', 'llvm-ar'].every((tool) => existsSync(join(LLVM, tool)));

function isFresh(variant) {
  const sources = nativeSources().filter((source) => !source.endsWith('addon.cc'));
  return isNewer(wasmPath(variant), [
    ...sources,
    join(root, 'wasm', 'build.mjs'),
    join(root, 'wasm', 'clock.js'),
    join(root, 'wasm', 'generated', 'exports.json'),
  ]);
}

async function build(variant) {
  const json = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const { flags, env, exported } = VARIANTS[variant];
  const names = [...json('wasm/generated/exports.json'), ...exported].map((name) => `_${name}`);
  const { wasm: sources, flags: common } = json('native/sources.json');
  mkdirSync(dist, { recursive: true });
  const options = [
    ...common,
    ...flags,
    ...'-Wall -Wextra -Inative --no-entry'.split(' '),
    // 16 MiB at first (INITIAL_PAGES of src/backend/wasm.ts); 4 GiB is what a 32-bit address reaches.
    ...'-sSTANDALONE_WASM=1 -sALLOW_MEMORY_GROWTH=1 -sMALLOC=emmalloc -sINITIAL_MEMORY=16MB -sMAXIMUM_MEMORY=4GB -sWASM_BIGINT=1'.split(
      ' ',
    ),
    `-sEXPORTED_FUNCTIONS=${names}`,
  ];
  const compiler = spawn('em++', [...options, ...sources, '-o', wasmPath(variant)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, EM_NODE_JS: process.execPath, ...env },
  });
  await new Promise((resolve, reject) => {
    const failed = (why) => reject(new Error(`em++ failed: ${why}; is emscripten installed?`));
    compiler.on('error', (error) => failed(error.message));
    compiler.on('exit', (status) => (status === 0 ? resolve() : failed(`unrolled-${variant}.wasm, status ${status}`)));
  });
  report(variant);
}

function report(variant) {
  const bytes = readFileSync(wasmPath(variant));
  const gzipped = gzipSync(bytes).length;
  const kB = (count) => `${(count / 1000).toFixed(1)} kB`;
  console.log(`wasm: wasm/dist/unrolled-${variant}.wasm, ${kB(bytes.length)}, ${kB(gzipped)} gzipped`);
  if (gzipped > MAX_GZIPPED) throw new Error(`unrolled-${variant}.wasm is larger than ${kB(MAX_GZIPPED)} gzipped`);
}

async function main(args) {
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
  if (only !== undefined && !(only in VARIANTS)) throw new Error(`--only takes ${Object.keys(VARIANTS).join(' or ')}`);
  const due = [];
  for (const variant of only ? [only] : Object.keys(VARIANTS)) {
    if (!args.includes('--force') && isFresh(variant)) {
      console.log(`wasm: unrolled-${variant}.wasm is up to date`);
    } else if (variant.startsWith('relaxed') && !only && !hasRelaxedTools()) {
      console.log(
        `wasm: unrolled-${variant}.wasm skipped: it needs clang-22, lld-22 and llvm-22; simd128 serves every engine`,
      );
    } else {
      due.push(variant);
    }
  }
  const next = async () => {
    for (let variant = due.shift(); variant !== undefined; variant = due.shift()) await build(variant);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(`wasm: ${error.message}`);
    process.exitCode = 1;
  }
}
