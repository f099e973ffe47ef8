// build.mjs: compiles the kernels to two pure .wasm files, wasm/dist/unrolled-simd128.wasm (every engine since 2021) and
// wasm/dist/unrolled-relaxed.wasm (fused multiply-add; engines that validate relaxed SIMD). There is no JavaScript glue: the
// loader is src/backend/wasm.ts. What is up to date is left alone; `--only simd128|relaxed` builds one, `--force` all.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { isNewer, nativeSources } from '../native/build.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'wasm', 'dist');
const MAX_GZIPPED = 120_000;

// Debian's emscripten 3.1.6 brings clang 14, which does not know relaxed SIMD: a newer clang compiles and links that variant,
// and the npm package's wasm-opt replaces Debian's, which cannot parse it.
const LLVM = '/usr/lib/llvm-22/bin';
const VARIANTS = {
  simd128: { simd: ['-msimd128'], env: {} },
  relaxed: {
    simd: ['-msimd128', '-mrelaxed-simd', '-Wl,--no-stack-first'],
    env: {
      EMCC_READ_METADATA: 'python',
      EM_LLVM_ROOT: LLVM,
      EM_LLVM_ADD_VERSION: '',
      EM_CLANG_ADD_VERSION: '',
      PATH: [join(root, 'node_modules', 'binaryen', 'bin'), process.env.PATH].join(delimiter),
    },
  },
};

const wasmPath = (variant) => join(dist, `unrolled-${variant}.wasm`);

/** Can this machine build the relaxed variant? */
const hasRelaxedTools = () => ['clang++', 'wasm-ld', 'llvm-ar'].every((tool) => existsSync(join(LLVM, tool)));

function isFresh(variant) {
  const sources = nativeSources().filter((source) => !source.endsWith('addon.cc'));
  return isNewer(wasmPath(variant), [
    ...sources,
    join(root, 'wasm', 'build.mjs'),
    join(root, 'wasm', 'generated', 'exports.json'),
  ]);
}

function build(variant) {
  const json = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const exported = json('wasm/generated/exports.json').map((name) => `_${name}`);
  const { wasm: sources, flags } = json('native/sources.json');
  const { simd, env } = VARIANTS[variant];
  mkdirSync(dist, { recursive: true });
  const options = [
    ...flags,
    ...simd,
    ...'-Wall -Wextra -DU_NO_THREADS -Inative --no-entry'.split(' '),
    // 4 GiB is what a 32-bit address reaches.
    ...'-sSTANDALONE_WASM=1 -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=4GB -sWASM_BIGINT=1'.split(' '),
    `-sEXPORTED_FUNCTIONS=${exported}`,
  ];
  const { status, error } = spawnSync('em++', [...options, ...sources, '-o', wasmPath(variant)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, EM_NODE_JS: process.execPath, ...env },
  });
  if (status !== 0) throw new Error(`em++ failed${error ? `: ${error.message}` : ''}; is emscripten installed?`);
  report(variant);
}

function report(variant) {
  const bytes = readFileSync(wasmPath(variant));
  const gzipped = gzipSync(bytes).length;
  const kB = (count) => `${(count / 1000).toFixed(1)} kB`;
  console.log(`wasm: wasm/dist/unrolled-${variant}.wasm, ${kB(bytes.length)}, ${kB(gzipped)} gzipped`);
  if (gzipped > MAX_GZIPPED) throw new Error(`unrolled-${variant}.wasm is larger than ${kB(MAX_GZIPPED)} gzipped`);
}

function main(args) {
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
  if (only !== undefined && !(only in VARIANTS)) throw new Error(`--only takes ${Object.keys(VARIANTS).join(' or ')}`);
  for (const variant of only ? [only] : Object.keys(VARIANTS)) {
    if (!args.includes('--force') && isFresh(variant)) {
      console.log(`wasm: unrolled-${variant}.wasm is up to date`);
    } else if (variant === 'relaxed' && !only && !hasRelaxedTools()) {
      console.log(
        'wasm: unrolled-relaxed.wasm skipped: it needs clang-22, lld-22 and llvm-22; simd128 serves every engine',
      );
    } else {
      build(variant);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(`wasm: ${error.message}`);
    process.exitCode = 1;
  }
}
