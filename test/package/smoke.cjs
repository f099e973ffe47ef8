// Run by package.test.ts beside an installed copy of the package: trains a small LSTM, prints first and last loss as JSON.
// An argument: the options of ready(), as JSON.

/** Which of two steps is larger? */
async function train(u) {
  await u.ready(JSON.parse(process.argv[2] ?? '{}'));
  u.seed(1);
  const lstm = new u.LSTM({ inputSize: 1, hiddenSize: 8 });
  const head = new u.Linear({ inFeatures: 8, outFeatures: 2 });
  const optimizer = new u.Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.05 });
  const x = u.uniform([2, 32, 1]);
  const labels = Array.from({ length: 32 }, (_, b) => (x.toArray()[b] > x.toArray()[32 + b] ? 1 : 0));
  const target = u.tensor(labels, [32], { dtype: 'int32' });
  let first, last;
  for (let step = 0; step < 60; step++) {
    const { state } = lstm.forward(x);
    const loss = u.crossEntropy(head.forward(state.h.reshape([32, 8])), target);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    last = loss.item();
    first ??= last;
  }
  return { first, last, info: u.backendInfo() };
}

module.exports = { train };
// Run by itself, or as a worker: through the package's CommonJS entry point.
const isMain = require.main === module || !require('node:worker_threads').isMainThread;
if (isMain) train(require('unrolled')).then((result) => console.log(JSON.stringify(result)));
