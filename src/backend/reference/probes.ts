// The probe of the benchmark.
import { Status } from '../generated/abi.js';
import type { Floats } from './kernel.js';

/** Multiplies and adds in eight independent chains, so that no operation waits for the one before it. */
export function fma_peak(flops: Floats, rounds: number): number {
  const factor = 0.999;
  const term = 0.001;
  let a = 1;
  let b = 2;
  let c = 3;
  let d = 4;
  let e = 5;
  let f = 6;
  let g = 7;
  let h = 8;
  for (let round = 0; round < rounds; round++) {
    a = a * factor + term;
    b = b * factor + term;
    c = c * factor + term;
    d = d * factor + term;
    e = e * factor + term;
    f = f * factor + term;
    g = g * factor + term;
    h = h * factor + term;
  }
  // The chains converge to 1 and stay finite; testing their sum keeps the compiler from dropping the loop.
  flops[0] = Number.isFinite(a + b + c + d + e + f + g + h) ? rounds * 16 : 0;
  return Status.ok;
}
