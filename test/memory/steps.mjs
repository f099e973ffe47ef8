// Run by memory.test.ts in a process of its own, on the built library: node --expose-gc steps.mjs BACKEND WORK STEPS
// Prints { warm, end } as JSON: the memory after the first fifth of the steps, and after all of them.
import { current } from '../../dist/autograd/context.js';
import * as u from '../../dist/node.js';

const [backend, work, steps] = [process.argv[2], process.argv[3], Number(process.argv[4])];
await u.ready({ backend, threads: 1 });
u.seed(1);
const [T, B, I, H] = [6, 4, 5, 12];
const lstm = new u.LSTM({ inputSize: I, hiddenSize: H });
const head = new u.Linear({ inFeatures: H, outFeatures: 2 });
const optimizer = new u.Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.001 });
const numbers = Float32Array.from({ length: T * B * I }, (_, k) => Math.sin(k));

// A longer sequence, so that what is held reaches its limit during the first fifth.
const LONG = 16;
const many = Float32Array.from({ length: LONG * numbers.length }, (_, k) => numbers[k % numbers.length]);

const train = () => {
  const x = u.tensor(numbers, [T, B, I]);
  const { state } = lstm.forward(x, { lengths: [6, 3, 0, 5] });
  const loss = u.crossEntropy(head.forward(state.h.reshape([B, H])), u.tensor([0, 1, 1, 0], [B], { dtype: 'int32' }));
  optimizer.zeroGrad();
  loss.backward();
  u.clipGradNorm(lstm.parameters(), 1);
  optimizer.step();
  if (!Number.isFinite(loss.item())) throw new Error('the loss is not finite');
};

let streamed;
// Of the first of many steps: must not change, nor keep the memory of all others.
let first;
const stacked = new u.LSTM({ inputSize: I, hiddenSize: 64, numLayers: 2 });
const frame = u.tensor(numbers.subarray(0, I), [1, I]);
const works = {
  train,
  // No noGrad: what the user forgets must not fill the memory either.
  predict: () => head.forward(lstm.forward(u.tensor(many, [LONG * T, B, I])).output).toArray(),
  predictNoGrad: () => u.noGrad(() => head.forward(lstm.forward(u.tensor(numbers, [T, B, I])).output).toArray()),
  stream: () =>
    u.noGrad(() => {
      streamed = lstm.step(u.tensor(numbers.subarray(0, B * I), [B, I]), streamed?.state);
    }),
  streamStacked: () => {
    streamed = u.noGrad(() => stacked.step(frame, streamed?.state));
    first ??= { output: streamed.output, h: streamed.state.h, was: [streamed.output, streamed.state.h].map(String) };
  },
};

function measure() {
  globalThis.gc();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  // The peak counts too: a loop that is flat in the end but swells in between is not flat.
  const peak = process.resourceUsage().maxRSS * 1024;
  return { held: heapUsed + arrayBuffers, backend: current().memory.stats().reserved, rss, peak };
}

const run = works[work];
for (let k = 0; k < steps / 5; k++) run();
const warm = measure();
// One synchronous loop: the event loop never turns, so that no finalizer runs.
for (let k = steps / 5; k < steps; k++) run();
if (first && String([first.output, first.h]) !== String(first.was)) throw new Error('what was kept has changed');
console.log(JSON.stringify({ warm, end: measure() }));
