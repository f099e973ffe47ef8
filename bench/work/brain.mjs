// work/brain.mjs: brain.js on a workload's size. Its "LSTM" carries no cell state and ends in a layer of outputs, so it cannot
// compute what the others do: the row says how long a training pass over as many numbers takes, and no more.

export const refuses = (w) =>
  w.mode === 'train' && w.cell === 'lstm' && w.T * w.B <= 80 ? null : 'one number at a time: the tiny size only';

export function prepare(brain, w, parts) {
  const net = new brain.recurrent.LSTMTimeStep({ inputSize: w.I, hiddenLayers: [w.H], outputSize: w.I });
  const sequences = Array.from({ length: w.B }, (_, b) =>
    Array.from({ length: w.T }, (_, t) => Array.from(parts.x.subarray((t * w.B + b) * w.I, (t * w.B + b + 1) * w.I))),
  );
  return {
    run() {
      // One iteration, with the update it cannot be asked to leave out.
      net.train(sequences, { iterations: 1, errorThresh: -1, log: false });
    },
    collect: () => [],
  };
}
