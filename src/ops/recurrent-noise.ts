// The masks of recurrent dropout and zoneout, drawn from the global generator: the same on every backend.
import { current } from '../autograd/context.js';
import { generator } from '../autograd/random.js';
import { newOutput } from '../autograd/tape.js';
import type { Floats } from '../backend/types.js';
import type { Masks } from './recurrent-general.js';

/** Probabilities, 0: never. */
export interface NoiseRates {
  /** That a unit of h is hidden from the recurrent product, for the whole of a sequence. */
  readonly drop: number;
  /** That a unit keeps its old value at a step. */
  readonly zoneH: number;
  readonly zoneC: number;
}

/** Masks for one direction of a layer with states h [B, R] and c [B, H]. */
export function drawMasks(rates: NoiseRates, T: number, B: number, R: number, H: number, recorded: boolean): Masks {
  const zone = (rate: number, size: number): Floats | null => {
    if (rate === 0) return null;
    const mask = dropoutMask(T * B * size, rate, recorded);
    // 1 / (1 - rate), where the new value comes, becomes 1.
    current().kernels.clamp(mask, mask, mask.length, 0, 1);
    return mask;
  };
  return {
    drop: rates.drop === 0 ? null : dropoutMask(B * R, rates.drop, recorded),
    zoneH: zone(rates.zoneH, R),
    zoneC: zone(rates.zoneC, H),
  };
}

/** 0 with probability `rate`, else 1 / (1 - rate). */
function dropoutMask(n: number, rate: number, recorded: boolean): Floats {
  const { memory, kernels } = current();
  const mask = newOutput(n, recorded);
  // The kernel multiplies by the mask as well; what, and into what, is of no interest here.
  memory.withScratch(n, (product) => {
    kernels.dropout_forward(product, mask, product, n, rate, generator.word() | 0, generator.word() | 0);
  });
  return mask;
}
