// ceiling.mjs: what no product of matrices can exceed here: tile.cc with each instruction set, natively and as WASM in this Node.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { LLVM } from '../../wasm/build.mjs';
import { RELAXED_FLAGS } from '../node-flags.mjs';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const SOURCE = here('tile.cc');
const ROUNDS = 100;

const x86 = (...flags) => ({ compile: (out) => ['g++', ['-std=c++17', '-O3', ...flags, SOURCE, '-o', out]] });
const wasm = (...flags) => ({
  isWasm: true,
  compile: (out) => [
    join(LLVM, 'clang++'),
    [
      '--target=wasm32',
      '-O3',
      '-msimd128',
      ...flags,
      '-nostdlib',
      '-Wl,--no-entry,--export=tiles,--export=registers',
      SOURCE,
      '-o',
      out,
    ],
  ],
});
const FOUR = ['-DLANES=4', '-DROWS=4', '-DVECTORS=2'];
const SEPARATE = ['-mavx', '-mno-fma', '-ffp-contract=off'];

/** The tiles are those of native/gemm-inl.h. */
const FORMS = {
  'AVX-512, fused': { ...x86('-mavx512f', '-DLANES=16', '-DROWS=14', '-DVECTORS=2'), needs: 'avx512f' },
  'AVX2, fused': { ...x86('-mavx2', '-mfma', '-DLANES=8', '-DROWS=6', '-DVECTORS=2'), needs: 'fma' },
  '128 bits, fused': { ...x86('-mavx', '-mfma', ...FOUR), needs: 'fma' },
  '128 bits, apart': { ...x86(...SEPARATE, ...FOUR), needs: 'avx' },
  '128 bits, apart, ordered by hand': { ...x86(...SEPARATE, ...FOUR, '-DBY_HAND'), needs: 'avx' },
  'WASM relaxed (fused)': wasm('-mrelaxed-simd', '-DFUSED', ...FOUR),
  'WASM simd128 (apart)': wasm(...FOUR),
};

/** Multiply-adds per second of a compiled form: [tile, registers], in GFLOP/s. */
function run(path, isWasm) {
  const [command, args] = isWasm
    ? [process.execPath, [...RELAXED_FLAGS, here('wasm-tile.mjs'), path, String(ROUNDS)]]
    : [path, [String(ROUNDS)]];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1));
  return stdout.trim().split('\n').map(Number);
}

const hasInstructions = (name) =>
  process.arch === 'x64' &&
  (!existsSync('/proc/cpuinfo') || new RegExp(`\\b${name}\\b`).test(readFileSync('/proc/cpuinfo', 'utf8')));

/** @returns a table as text: each form's GFLOP/s, or why it is not there */
export function measureCeilings(progress) {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-ceiling-'));
  const table = new Table({
    head: ['GFLOP/s of one core', 'in registers', 'a tile, operands in L1'],
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  try {
    for (const [name, form] of Object.entries(FORMS)) {
      progress(`ceiling: ${name}`);
      if (form.needs && !hasInstructions(form.needs)) {
        table.push([name, { colSpan: 2, content: 'not on this processor' }]);
        continue;
      }
      const path = join(folder, 'tile');
      const [compiler, args] = form.compile(path);
      const { status, stderr, error } = spawnSync(compiler, args, { encoding: 'utf8' });
      if (status !== 0) {
        const why = (error?.message ?? stderr).trim().split('\n')[0];
        table.push([name, { colSpan: 2, content: `not built: ${why}` }]);
        continue;
      }
      const [tile, registers] = run(path, form.isWasm);
      table.push([name, registers.toFixed(1), tile.toFixed(1)]);
    }
  } finally {
    progress(null);
    rmSync(folder, { recursive: true, force: true });
  }
  return table.toString();
}
