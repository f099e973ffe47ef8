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
