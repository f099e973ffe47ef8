// browser/cold-start.mjs: what a page does that predicts as soon as it can. Bundled by cold-page.mjs, and imported while it is timed.
import { LSTM, noGrad, ready, tensor } from '../../dist/browser.js';
import { COLD_START } from '../workloads.mjs';

export async function predict() {
  const { I, H, T, B } = COLD_START;
  await ready({ wasmUrl: '/wasm/' });
  const layer = new LSTM({ inputSize: I, hiddenSize: H });
  const x = tensor(
    Float32Array.from({ length: T * B * I }, (_, k) => Math.sin(k)),
    [T, B, I],
  );
  return noGrad(() => layer.forward(x).output).data[0];
}
