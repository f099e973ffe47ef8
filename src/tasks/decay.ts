// A learning rate that falls in a straight line over a run: large steps first, small ones at the end.
import type { Optimizer } from '../optim/optimizer.js';
import type { Callbacks } from '../train/fit-options.js';

/** From `lr` to a twentieth of it. A function of where training stands alone: it goes on from any checkpoint. */
export function linearDecay(optimizer: Optimizer<{ lr: number }>, lr: number): Callbacks {
  return {
    onBatchEnd({ epoch, epochs, batch, batches }) {
      const done = (epoch - 1 + (batches === undefined ? 0 : batch / batches)) / epochs;
      for (const group of optimizer.groups) group.lr = lr * (1 - 0.95 * Math.min(1, done));
    },
  };
}
