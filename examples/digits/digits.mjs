// npm run example:digits: handwritten digits read row by row, beside nets that see them whole.
import path from 'node:path';
import Table from 'cli-table3';
import * as u from 'unrolled';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { watchTraining } from '../lib/progress.mjs';
import { pytorchSeconds, pytorchTable } from '../lib/pytorch.mjs';
import { deviation, mean } from '../lib/stats.mjs';
import { start } from '../lib/task.mjs';
import { loadDigits, split } from './data.mjs';
import { models } from './models.mjs';
import { rowsAsRead } from './picture.mjs';

const help = `npm run example:digits -- [options]

  --cell NAME     only this one: ${Object.keys(models).join(', ')} (default: all)
  --seeds N       runs of each, with other splits and weights (default 3)
  --epochs N      at most; early stopping watches the validation part (default 12)
  --hidden N      size of the recurrent layers (default 128)
  --pytorch       time the same training in PyTorch, too (needs python3-torch)
  --backend NAME  auto, native, wasm, reference
  --threads N     default: all`;

const { values } = readOptions({
  help,
  options: {
    cell: { type: 'string', oneOf: Object.keys(models) },
    seeds: { type: 'string', default: '3', atLeast: 1 },
    epochs: { type: 'string', default: '12', atLeast: 1 },
    hidden: { type: 'string', default: '128', atLeast: 1 },
    pytorch: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    threads: { type: 'string', atLeast: 1 },
  },
});

await start(values);
const digits = await loadDigits();
console.log(`${digits.length} different digits, a fifth of them to test on`);

/** How every net learns. */
const [BATCH, RATE, CLIP] = [32, 2e-3, 1];

const batches = (list, options) =>
  u.batches(
    list.map(({ pixels, label }) => ({ x: rowsOf(pixels), y: label })),
    { batchSize: BATCH, x: 'series', ...options },
  );
const rowsOf = (pixels) => Array.from({ length: 28 }, (_, row) => pixels.subarray(28 * row, 28 * (row + 1)));

async function run(name, seed) {
  u.seed(seed);
  const { train, validation, test } = split(digits, seed);
  const model = models[name](values.hidden);
  const optimizer = new u.Adam(model.parameters(), { lr: RATE });
  const watch = watchTraining(`${name.toUpperCase()} seed ${seed}`);
  const measured = { loss: 'crossEntropy', metrics: ['accuracy'], forward: (net, { x }) => net.forward(x) };
  const history = await u.fit(model, batches(train, { shuffle: true }), {
    ...measured,
    ...watch.options,
    callbacks: [watch.options.callbacks ?? {}, u.schedules.cosine(optimizer, { period: values.epochs })],
    optimizer,
    epochs: values.epochs,
    clipNorm: CLIP,
    validation: batches(validation),
    earlyStopping: { monitor: 'validation.accuracy', mode: 'max', patience: 4 },
  });
  const { metrics } = await u.evaluate(model, batches(test), measured);
  watch.done(`test accuracy ${(100 * metrics.accuracy).toFixed(2)} %`);
  const seconds = history.epochs.map((epoch) => epoch.seconds);
  return {
    model,
    test,
    accuracy: metrics.accuracy,
    seconds,
    digits: train.length,
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
  };
}

const table = new Table({
  head: ['net', 'parameters', 'test accuracy', 's an epoch'],
  colAligns: ['left', 'right', 'right', 'right'],
});
let reader;
const beside = [];
for (const name of values.cell ? [values.cell] : Object.keys(models)) {
  const runs = [];
  for (let seed = 1; seed <= values.seeds; seed++) runs.push(await run(name, seed));
  if (reader === undefined || name === 'lstm') reader = { name, ...runs[0] };
  if (values.pytorch) {
    const work = { net: name, digits: runs[0].digits, hidden: values.hidden, batch: BATCH, lr: RATE, clip: CLIP };
    const theirs = await pytorchSeconds('digits', { ...work, threads: u.backendInfo().threads });
    // As on the other side the fastest, so that what else the machine does counts for little.
    beside.push({ name, ours: Math.min(...runs.flatMap(({ seconds }) => seconds)), theirs });
  }
  const accuracies = runs.map(({ accuracy }) => 100 * accuracy);
  table.push([
    name.toUpperCase(),
    runs[0].parameters,
    `${mean(accuracies).toFixed(2)} % ± ${deviation(accuracies).toFixed(2)}`,
    mean(runs.flatMap(({ seconds }) => seconds)).toFixed(2),
  ]);
}
console.log(table.toString());
if (beside.length > 0) console.log(`\n${pytorchTable(beside)}`);

if (['rnn', 'gru', 'lstm'].includes(reader.name)) {
  const file = path.join(outFolder('digits'), 'rows.svg');
  await writeWhole(file, rowsAsRead(reader.model, reader.test.slice(0, 12)));
  console.log(`what the ${reader.name.toUpperCase()} thinks after each row: ${file}`);
}
