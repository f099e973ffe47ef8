// node-flags.mjs: what Node is started with where WASM is timed.
import { spawnSync } from 'node:child_process';

const RELAXED = '--experimental-wasm-relaxed-simd';

/** Compiled by the engine's optimising tier from the start: what is timed is code, not its way to it. */
export const WASM_FLAGS = ['--no-liftoff'];

/** Node 20 has relaxed SIMD behind a flag, which later versions do not know. */
export const RELAXED_FLAGS = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' }).stdout.includes(
  RELAXED,
)
  ? [RELAXED]
  : [];
