// peak.mjs: how many fp32 multiply-adds one core can do with a backend's instruction set, the line nobody crosses.
import { current } from '../dist/autograd/context.js';

/** GFLOP/s of independent multiply-adds in registers on the backend in use, best of several tries. */
export function measurePeak() {
  const { kernels, memory } = current();
  const flops = memory.alloc('double', 1, 'persistent');
  let best = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    const start = process.hrtime.bigint();
    kernels.fma_peak(flops, 200_000);
    const ns = Number(process.hrtime.bigint() - start);
    best = Math.max(best, memory.view(flops)[0] / ns);
  }
  memory.free(flops);
  return best;
}
