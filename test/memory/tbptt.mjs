// Run by tbptt.test.ts in a process of its own, on the built library: node --expose-gc tbptt.mjs BACKEND WINDOWS
// Trains on a stream without end and prints { warm, end } as JSON: the memory after a fifth of the windows, and after all.
import { current } from '../../dist/autograd/context.js';
import * as u from '../../dist/node.js';

const [backend, windows] = [process.argv[2], Number(process.argv[3])];
await u.ready({ backend, threads: 1 });
const [T, B, I, H] = [20, 4, 3, 16];

class Tagger extends u.Module {
  lstm = new u.LSTM({ inputSize: I, hiddenSize: H });
  head = new u.Linear({ inFeatures: H, outFeatures: 2 });

  forward(x, options) {
    const { output, state } = this.lstm.forward(x, options);
    return { output: this.head.forward(output), state };
  }
}

async function* stream() {
  for (let k = 0; ; k++) {
    yield {
      x: u.tensor(
        Float32Array.from({ length: T * B * I }, (_, n) => Math.sin(k + n)),
        [T, B, I],
      ),
      y: u.tensor(
        Float32Array.from({ length: T * B * 2 }, (_, n) => Math.cos(k + n)),
        [T, B, 2],
      ),
      starts: Array.from({ length: T }, (_, t) => [t === k % T, false, false, t === 3]),
    };
  }
}

function measure() {
  globalThis.gc();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { held: heapUsed + arrayBuffers, backend: current().memory.stats().reserved, rss };
}

const model = new Tagger();
let warm;
await u.fit(model, stream(), {
  loss: 'mse',
  optimizer: new u.Adam(model.parameters()),
  tbptt: { k1: 5, k2: 12, stateful: true },
  callbacks: {
    onBatchEnd({ step }) {
      if (step === windows / 5) warm = measure();
      if (step === windows) return 'stop';
    },
  },
});
console.log(JSON.stringify({ warm, end: measure() }));
