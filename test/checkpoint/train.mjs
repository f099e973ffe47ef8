// Run by kill.test.ts in a process of its own, on the built library: node train.mjs BACKEND PATH EVERY
// Trains with everything that has a state: dropout, Adam, a schedule, truncated BPTT whose state goes on from batch to batch,
// a shuffled stream, early stopping. Says each update, and prints the result as JSON at the end.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as u from '../../dist/node.js';

const [backend, path, every] = process.argv.slice(2);
await u.ready({ backend, threads: 1 });
u.seed(11);
const [B, I, H, F] = [3, 2, 5, 2];

class Model extends u.Module {
  lstm = new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2, dropout: 0.3 });
  drop = new u.Dropout({ p: 0.2 });
  head = new u.Linear({ inFeatures: H, outFeatures: F });

  forward(x, options) {
    const { output, state } = this.lstm.forward(x, options);
    return { output: this.head.forward(this.drop.forward(output)), state };
  }
}

const numbers = (k, size) => Float32Array.from({ length: size }, (_, n) => Math.sin(k * 31 + n * 1.7));
const recordings = [7, 4, 9, 5, 8].map((T, k) => ({
  x: u.tensor(numbers(k, T * B * I), [T, B, I]),
  y: u.tensor(numbers(k + 9, T * B * F), [T, B, F]),
  reset: [k === 2, false, k === 0],
}));
/** Drawn from the global generator, as dropout's masks are. */
const stream = {
  async *[Symbol.asyncIterator]() {
    for (const k of u.generator.permutation(recordings.length)) {
      await wait(1);
      yield recordings[k];
    }
  },
};

const model = new Model();
const optimizer = new u.Adam(
  [{ params: model.lstm.parameters() }, { params: model.head.parameters(), weightDecay: 0.01 }],
  { lr: 0.02 },
);
const schedule = {
  steps: 0,
  onEpochStart: () => void u.generator.word(),
  onBatchEnd() {
    this.steps++;
    for (const group of optimizer.groups) group.lr = 0.02 / (1 + this.steps / 50);
    return wait(2);
  },
  onSave: () => schedule.steps,
  onResume(steps) {
    this.steps = steps;
  },
};
const history = await u.fit(model, stream, {
  loss: 'mse',
  optimizer,
  epochs: 9,
  clipNorm: 0.5,
  tbptt: { k1: 2, k2: 5, stateful: true },
  metrics: ['mae', score()],
  validation: u.batches(
    [0, 1, 2, 3].map((k) => [
      [numbers(k, I), numbers(k + 1, I)],
      [numbers(k, F), numbers(k, F)],
    ]),
    {
      x: 'series',
      y: 'series',
      batchSize: 2,
      shuffle: true,
      seed: 4,
    },
  ),
  // Better until epoch 5, whatever the numbers say, so that the best weights are neither the first nor the last.
  earlyStopping: { monitor: 'score', mode: 'max', patience: 3 },
  callbacks: schedule,
  checkpoint: { path, keep: 2, ...(every !== 'epoch' && { every: Number(every) }) },
  onProgress: ({ step }) => process.stdout.write(`step ${step}\n`),
});

/** A metric of the updates alone: best where `schedule` has counted 90 of them. */
function score() {
  const value = () => -Math.abs(schedule.steps - 90);
  return { name: 'score', reset() {}, update() {}, value, saveState: () => 0, restoreState() {} };
}

const bits = createHash('sha256');
for (const { data } of model.parameters()) bits.update(new Uint8Array(data.slice().buffer));
for (const { step, ...buffers } of Object.values(optimizer.stateDict().state)) {
  bits.update(String(step));
  for (const { data } of Object.values(buffers)) bits.update(new Uint8Array(data.slice().buffer));
}
const records = history.epochs.map(({ seconds, tokensPerSecond, ...record }) => record);
const result = {
  bits: bits.digest('hex'),
  ...history,
  epochs: records,
  seconds: 0,
  random: u.generator.state(),
  lr: optimizer.lr,
};
console.log(`result ${JSON.stringify(result)}`);
