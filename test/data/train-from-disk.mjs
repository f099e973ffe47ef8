// Run by stream.test.ts with a small heap: trains from the file in argv[3], streaming it or reading it whole.
import { readFileSync, statSync } from 'node:fs';
import { readRows, streamBatches } from '../../dist/data/index.js';
import * as u from '../../dist/node.js';

const [how, path] = process.argv.slice(2);
await u.ready({ backend: 'reference' });
u.seed(1);

const sampleOf = ({ x, y, text }) => ({ x, y, text });
let rows;
if (how === 'whole') {
  rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => sampleOf(JSON.parse(line)));
}
const open = async function* () {
  for await (const { fields } of readRows(path, { format: 'jsonl' })) yield sampleOf(fields);
};
const options = { batchSize: 50, x: 'vector' };
const data = rows
  ? u.batches(rows, { ...options, shuffle: true })
  : streamBatches(open, { ...options, shuffleBuffer: 200 });
const model = new u.Linear({ inFeatures: 8, outFeatures: 2 });
const { epochs } = await u.fit(model, data, {
  loss: 'crossEntropy',
  optimizer: new u.Adam(model.parameters(), { lr: 0.1 }),
  metrics: ['accuracy'],
  epochs: 2,
});
const { samples, metrics } = epochs.at(-1);
console.log(JSON.stringify({ samples, accuracy: metrics.accuracy, bytes: statSync(path).size }));
