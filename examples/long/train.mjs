// npm run example:long: trains an LSTM through 20,000 steps of time, without cutting the sequence, in less than 512 MiB. Everything
// that backward needs would not fit; so each layer keeps the state of every 142nd step and computes the others once more.
import * as u from 'unrolled';
import { readOptions } from '../lib/options.mjs';
import { generator } from '../lib/random.mjs';
import { Averager, update } from './model.mjs';
import { averages } from './task.mjs';

const { values: options } = readOptions({
  help: `npm run example:long -- [options]

  --steps N         length of the sequences (default 20000)
  --batch N         sequences in a batch (default 4)
  --hidden N        units of each layer (default 128)
  --layers N        (default 2)
  --updates N       (default 8)
  --recompute K     keep the state of every K-th step; sqrt, or none: everything is kept (default sqrt)
  --backend NAME    native, wasm, reference or auto (default: the fastest there is)
  --threads N
  --help`,
  options: {
    steps: { type: 'string', default: '20000', atLeast: 1 },
    batch: { type: 'string', default: '4', atLeast: 1 },
    hidden: { type: 'string', default: '128', atLeast: 1 },
    layers: { type: 'string', default: '2', atLeast: 1 },
    updates: { type: 'string', default: '8', atLeast: 1 },
    recompute: { type: 'string', default: 'sqrt' },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    threads: { type: 'string', atLeast: 1 },
  },
});

const MiB = 2 ** 20;
const mib = (bytes) => `${(bytes / MiB).toFixed(0)} MiB`;
const { steps: T, batch: B, hidden: hiddenSize, layers: numLayers, updates } = options;
const recompute = { sqrt: 'sqrt', none: undefined }[options.recompute] ?? (Number(options.recompute) || undefined);

const { name, simd, threads } = await u.ready({ backend: options.backend, threads: options.threads });
console.log(
  `${name} (${simd}, ${threads} threads): ${numLayers} LSTM layers of ${hiddenSize}, ${B} sequences of ${T} steps`,
);
u.seed(1);
const model = new Averager({ hiddenSize, numLayers, recompute });
const everything = u.planMemory(new Averager({ hiddenSize, numLayers }), { T, B });
const planned = u.planMemory(model, { T, B });
console.log(`planned: ${mib(planned.total)}; ${mib(everything.total)} if everything were kept`);

const optimizer = new u.Adam(model.parameters(), { lr: 3e-3 });
const random = generator(1);
for (let k = 1; k <= updates; k++) {
  const batch = averages(u, { T, B }, random);
  const start = performance.now();
  const { loss, norm } = update(model, optimizer, batch);
  const seconds = (performance.now() - start) / 1000;
  const peak = mib(process.resourceUsage().maxRSS * 1024);
  console.log(
    `update ${k} of ${updates}: loss ${loss.toFixed(3)}, gradient norm ${norm.toFixed(3)}, ${seconds.toFixed(1)} s, ` +
      `peak memory of the process ${peak}`,
  );
}
