// What the page of each bundler's project trains, and Node beside it: which of the two steps of a sequence is larger?

/** `u` is the library. @returns the loss of each of 30 steps, and what computed them */
export async function train(u, options) {
  await u.ready(options);
  u.seed(1);
  const lstm = new u.LSTM({ inputSize: 1, hiddenSize: 12 });
  const head = new u.Linear({ inFeatures: 12, outFeatures: 2 });
  const optimizer = new u.Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.05 });
  const x = u.uniform([2, 32, 1]);
  const values = x.toArray();
  const labels = Array.from({ length: 32 }, (_, b) => (values[b] > values[32 + b] ? 1 : 0));
  const target = u.tensor(labels, [32], { dtype: 'int32' });
  const losses = [];
  for (let step = 0; step < 30; step++) {
    const { state } = lstm.forward(x);
    const loss = u.crossEntropy(head.forward(state.h.reshape([32, 12])), target);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  const { name, simd, threads, tried } = u.backendInfo();
  return { losses, name, simd, threads, tried };
}
