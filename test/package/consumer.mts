// Compiled by package.test.ts in a consumer's folder, as an ES module and as CommonJS: the types as a user meets them.
import * as u from 'unrolled';
import { gradientCurves, type PlotSpec, toSVG } from 'unrolled/plot';

export async function main(): Promise<number> {
  await u.ready({ backend: 'auto', threads: 1 });
  const lstm = new u.LSTM({ inputSize: 3, hiddenSize: 4, numLayers: 2, bidirectional: true });
  const x: u.Tensor = u.zeros([5, 2, 3]);
  const { output, state } = lstm.forward(x, { lengths: [5, 3] });
  const next = lstm.forward(x, { state: state.detach() });
  const optimizer = new u.AdamW(lstm.parameters(), { lr: 1e-3 });
  u.mse(output, next.output).backward();
  optimizer.step();
  const info: u.BackendInfo = u.backendInfo();
  return info.threads + output.sum().item();
}

export function picture(model: u.Module, x: u.Tensor, y: u.Tensor): Promise<string> {
  const diagnosis: u.Diagnosis = u.diagnose(model, { x, y }, { loss: 'mse' });
  const spec: PlotSpec = gradientCurves({ mine: diagnosis });
  return toSVG(spec);
}

/** A class of the package as a base, a type and a value. */
export class Tagger extends u.Module {
  readonly lstm = new u.LSTM({ inputSize: 3, hiddenSize: 4 });
  readonly head = new u.Linear({ inFeatures: 4, outFeatures: 2 });

  forward(x: u.Tensor, options: u.ForwardOptions = {}): { logits: u.Tensor; state: u.RecurrentState } {
    const { output, state } = this.lstm.forward(x, options);
    return { logits: this.head.forward(output), state };
  }
}

export const layers: Record<string, new (options: u.RecurrentOptions) => u.Module> = { lstm: u.LSTM, mgu: u.MGU };

export function cellOf(state: u.RecurrentState<u.Tensor>): u.Tensor {
  return state.c;
}

/** A generic class, with a constraint that is a type of the package. */
export abstract class Averaged<O extends u.BaseOptions> extends u.Optimizer<O> {
  abstract averages(): u.StateDict;
}

export function isMine(error: unknown): error is u.UnrolledError {
  if (error instanceof u.io.SafetensorsError) {
    const rule: u.io.SafetensorsRule = error.rule;
    return rule.length > 0;
  }
  return error instanceof u.UnrolledError;
}

export async function learn(file: string, rows: string): Promise<number> {
  const { classify } = await import('unrolled/tasks');
  const { parseTable } = await import('unrolled/data');
  const task = await classify(file, { cell: 'gru', epochs: 1 });
  const table: object = parseTable(rows, { format: 'csv' });
  return task.report.parameters + Object.keys(table).length;
}

// @ts-expect-error: types that are lost, as `any`, would let everything through
export const wrong: number = u.zeros([1]);
// @ts-expect-error: in a namespace too
u.io.saveSafetensors(1, 2);
