// peak.mjs: how many fp32 multiply-adds one core can do with a backend's instruction set, the line nobody crosses.
import { current } from '../dist/autograd/context.js';

/** Long enough for the clock's resolution, short enough to be asked before every turn. */
const ROUNDS = 50_000;

/** GFLOP/s of independent multiply-adds in registers on the backend in use, best of several tries. */
export function measurePeak() {
  const { kernels, memory } = current();
  const flops = memory.alloc('double', 1, 'host');
  let best = 0;
  for (let attempt = 0; attempt < 6; attempt++) {
    const start = performance.now();
    kernels.fma_peak(flops, ROUNDS);
    const ns = (performance.now() - start) * 1e6;
    best = Math.max(best, memory.view(flops)[0] / ns);
  }
  return best;
}
