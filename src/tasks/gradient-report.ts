// How gradients flow through what was trained, in words: measured once, at the end of a run, and kept with the model.
import type { Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { cut } from '../train/cut.js';
import type { Batch, Batches, BatchInput } from '../train/data.js';
import { diagnose } from '../train/diagnose.js';
import type { Learning } from './definition.js';

/** On the first batch. Null where no recurrent layer has a gradient. */
export async function gradientReport(model: Module, batches: Batches, learning: Learning): Promise<string | null> {
  const batch = await first(batches);
  if (batch === undefined) return null;
  const { loss, forward, tbptt } = learning;
  try {
    // 16 random directions: the norm to a tenth or so, at a fraction of the exact one's cost.
    const options = { loss, jacobian: { probes: 16 } };
    if (tbptt === undefined) return String(diagnose(model, batch, { ...options, ...(forward && { forward }) }));
    const window = firstWindow(batch, tbptt.k1);
    const once = (m: Module, b: Batch) => (forward ? forward(m, b, null) : undefined) as { output: unknown };
    return String(diagnose(model, window, { ...options, forward: (m, b) => once(m, b).output as Tensor }));
  } catch (error) {
    if (error instanceof OptionError) return null;
    throw error;
  }
}

async function first(batches: Batches): Promise<BatchInput | undefined> {
  for await (const batch of batches) return batch;
  return undefined;
}

/** The first window of a batch of long streams, time first. */
function firstWindow(batch: BatchInput, steps: number): BatchInput {
  const { x, y } = (Array.isArray(batch) ? { x: batch[0], y: batch[1] } : batch) as { x: Tensor; y: Tensor };
  const T = Math.min(steps, x.shape[0] as number);
  return { x: cut(x, 0, 0, T), y: cut(y, 0, 0, T) };
}
