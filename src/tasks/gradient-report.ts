// How gradients flow through what was trained: asked for by who has the task, and in words at the end of a run, kept with the model.
import type { Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { cut } from '../train/cut.js';
import type { Batch, Batches, BatchInput } from '../train/data.js';
import type { Diagnosis } from '../train/diagnose/diagnosis.js';
import { type DiagnoseOptions, diagnose } from '../train/diagnose.js';
import type { Learning } from './definition.js';

/** Those of diagnose; loss and forward are the task's own. */
export type TaskDiagnoseOptions = Omit<DiagnoseOptions, 'loss' | 'forward'>;

/** On the first batch, or the first window of it where the task learns in windows. Null where there is no batch. */
export async function diagnoseFirst(
  model: Module,
  batches: Batches,
  { loss, forward, tbptt }: Learning,
  options: TaskDiagnoseOptions,
): Promise<Diagnosis | null> {
  const batch = await first(batches);
  if (batch === undefined) return null;
  if (tbptt === undefined) return diagnose(model, batch, { ...options, loss, ...(forward && { forward }) });
  const window = firstWindow(batch, tbptt.k1);
  const once = (m: Module, b: Batch) => (forward ? forward(m, b, null) : undefined) as { output: unknown };
  return diagnose(model, window, { ...options, loss, forward: (m, b) => once(m, b).output as Tensor });
}

/** Null where no recurrent layer has a gradient. */
export async function gradientReport(model: Module, batches: Batches, learning: Learning): Promise<string | null> {
  try {
    // 16 random directions: the norm to a tenth or so, at a fraction of the exact one's cost.
    const found = await diagnoseFirst(model, batches, learning, { jacobian: { probes: 16 } });
    return found && String(found);
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
