// peak.mjs: how many fp32 multiply-adds one core can do with a backend's instruction set, the line nobody crosses.
import { current } from '../dist/autograd/context.js';

/** Of the probe's loop: long enough for the clock's resolution. */
const ROUNDS = 50_000;
/** A core that has idled takes milliseconds to come back to its full clock. */
const LEAST_MS = 5;

/** GFLOP/s of independent multiply-adds in registers on the backend in use, best of several tries. */
export function measurePeak() {
  const { kernels, memory } = current();
  const flops = memory.alloc('double', 1, 'host');
  const begun = performance.now();
  let best = 0;
  for (let now = begun; now - begun < LEAST_MS; ) {
    kernels.fma_peak(flops, ROUNDS);
    const then = now;
    now = performance.now();
    best = Math.max(best, memory.view(flops)[0] / (now - then) / 1e6);
  }
  return best;
}
