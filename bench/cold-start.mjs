// cold-start.mjs SYSTEM MODEL: from nothing to the first prediction of a small LSTM, once, in a process of its own. Writes
// milliseconds: from before the import until the prediction is there. MODEL is the file that ONNX Runtime loads.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { layoutOf, makeInputs, split } from './inputs.mjs';
import { COLD_START } from './workloads.mjs';

const w = COLD_START;
const parts = split(layoutOf(w), makeInputs(w));

async function unrolled(backend) {
  const u = await import('../dist/node.js');
  await u.ready({ backend });
  const layer = new u.LSTM({ inputSize: w.I, hiddenSize: w.H });
  for (const [name, parameter] of layer.namedParameters()) parameter.data.set(parts[name]);
  const x = u.tensor(parts.x, [w.T, w.B, w.I]);
  return u.noGrad(() => layer.forward(x).output).data;
}

async function onnxruntime(library, options) {
  const ort = await library();
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(readFileSync(model), options);
  const { y } = await session.run({ x: new ort.Tensor('float32', parts.x, [w.T, w.B, w.I]) });
  return y.data;
}

async function tfjs(backend) {
  const tf = await import('@tensorflow/tfjs');
  if (backend === 'wasm') {
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(fileURLToPath(new URL('node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url)));
  }
  await tf.setBackend(backend);
  await tf.ready();
  const layer = tf.layers.lstm({ units: w.H, returnSequences: true, recurrentInitializer: 'glorotUniform' });
  return layer.apply(tf.tensor3d(parts.x, [w.B, w.T, w.I])).dataSync();
}

async function brainjs() {
  const { default: brain } = await import('brain.js');
  const net = new brain.recurrent.LSTMTimeStep({ inputSize: w.I, hiddenLayers: [w.H], outputSize: w.I });
  const steps = Array.from({ length: w.T }, (_, t) => Array.from(parts.x.subarray(t * w.I, (t + 1) * w.I)));
  net.train([steps], { iterations: 1 }); // it does not run before it has been trained
  return net.run(steps);
}

const [system, model] = process.argv.slice(2);
const start = {
  'unrolled native': () => unrolled('native'),
  'unrolled wasm': () => unrolled('wasm'),
  'onnxruntime-node': () => onnxruntime(() => import('onnxruntime-node'), {}),
  'onnxruntime-web': () => onnxruntime(() => import('onnxruntime-web'), { executionProviders: ['wasm'] }),
  'tfjs cpu': () => tfjs('cpu'),
  'tfjs wasm': () => tfjs('wasm'),
  'brain.js': brainjs,
}[system];
const begun = performance.now();
const output = await start();
const ms = performance.now() - begun;
if (!(output.length > 0 && Number.isFinite(output[0]))) throw new Error(`${system} predicted ${output}`);
process.stdout.write(`${ms}\n`, () => process.exit(0));
