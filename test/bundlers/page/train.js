// What the page of each bundler's project trains, and Node beside it: which of the two steps of a sequence is larger?
import { Adam, backendInfo, crossEntropy, Linear, LSTM, ready, seed, tensor, uniform } from 'unrolled';

/** @returns the loss of each of 30 steps, and what computed them */
export async function train(options) {
  await ready(options);
  seed(1);
  const lstm = new LSTM({ inputSize: 1, hiddenSize: 12 });
  const head = new Linear({ inFeatures: 12, outFeatures: 2 });
  const optimizer = new Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.05 });
  const x = uniform([2, 32, 1]);
  const values = x.toArray();
  const labels = Array.from({ length: 32 }, (_, b) => (values[b] > values[32 + b] ? 1 : 0));
  const target = tensor(labels, [32], { dtype: 'int32' });
  const losses = [];
  for (let step = 0; step < 30; step++) {
    const { state } = lstm.forward(x);
    const loss = crossEntropy(head.forward(state.h.reshape([32, 12])), target);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  const { name, simd, threads, tried } = backendInfo();
  return { losses, name, simd, threads, tried };
}
