// peak.mjs: how many fp32 multiply-adds one core of this machine can do, the line nobody crosses.
import * as u from 'unrolled';
import { current } from '../dist/autograd/context.js';

/** GFLOP/s of independent multiply-adds in registers, best of several tries. */
export async function measurePeak() {
  await u.ready({ backend: 'native', threads: 1 });
  const { kernels, memory } = current();
  const flops = memory.alloc('double', 1, 'persistent');
  let best = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    const start = process.hrtime.bigint();
    kernels.fma_peak(flops, 200_000);
    const ns = Number(process.hrtime.bigint() - start);
    best = Math.max(best, memory.view(flops)[0] / ns);
  }
  return best;
}
