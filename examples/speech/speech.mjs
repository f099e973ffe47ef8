// npm run example:speech: which of five voices speaks, each another language, by a recurrent net over log-mel frames; beside nets that see
// only the mean spectrum of a prompt.
import * as u from 'unrolled';
import { classify } from 'unrolled/tasks';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds, pytorchTable } from '../lib/pytorch.mjs';
import { deviation, mean } from '../lib/stats.mjs';
import { common, commonHelp, curves, savePictures, start, table } from '../lib/task.mjs';
import { loadPrompts, split } from './data.mjs';

const CELLS = ['rnn', 'gru', 'lstm'];
const { values: options } = readOptions({
  help: `npm run example:speech -- [options]

  --cell NAME       ${CELLS.join(', ')} (default: all)
  --epochs N        at most (default 12)
  --seeds N         runs of each, seeds 1..N (default 3)
${commonHelp}`,
  options: {
    cell: { type: 'string', oneOf: CELLS },
    epochs: { type: 'string', default: '12', atLeast: 1 },
    seeds: { type: 'string', default: '3', atLeast: 1 },
    ...common,
  },
});

await start(options);
const prompts = await loadPrompts();
console.log(`${prompts.length} prompts of 5 speakers, one a language: a voice and its language are learnt together`);
const runs = new Map();
const history = [];
/** Of each cell's first run: what it did, and how long its fastest epoch took. */
const work = new Map();
const add = (what, figures) => runs.set(what, [...(runs.get(what) ?? []), figures]);

for (let seed = 1; seed <= options.seeds; seed++) {
  const { train, valid, test } = split(prompts, seed);
  const majority = Math.max(...Array.from(groups(test), (list) => list.length));
  add('majority', { accuracy: majority / test.length });
  const settings = { epochs: options.epochs, seed, hidden: 48, batch: 32, lr: 0.003 };
  const flat = (list) => list.map(({ label, features }) => ({ label, features: [meanOf(features)] }));
  // One step of a plain RNN is one hidden layer.
  const mlp = await classify(flat(train), {
    ...settings,
    cell: 'rnn',
    epochs: 60,
    valid: flat(valid),
    test: flat(test),
  });
  add('MLP on the mean spectrum', mlp.report.test);
  add('CNN on the mean spectrum', await convolutional(flat(train), flat(valid), flat(test), seed));
  for (const cell of options.cell ? [options.cell] : CELLS) {
    let fastest = Number.POSITIVE_INFINITY;
    const task = await classify(train.map(record), {
      ...settings,
      cell,
      valid: valid.map(record),
      test: test.map(record),
      onEpoch({ epoch, loss, validation, seconds }) {
        fastest = Math.min(fastest, seconds);
        if (seed === 1) history.push({ epoch, value: validation.metrics.accuracy, what: cell });
        console.log(
          `  ${cell} seed ${seed} epoch ${epoch}: loss ${loss.toFixed(3)}, validation ${validation.metrics.accuracy.toFixed(3)}, ${seconds.toFixed(1)} s`,
        );
      },
    });
    if (!work.has(cell)) {
      const lengths = train.map(({ features }) => features.length);
      const sizes = { lengths, bands: train[0].features[0].length, classes: task.prep.labels.length };
      work.set(cell, { ours: fastest, theirs: { ...task.settings, ...sizes, threads: options.threads } });
    }
    add(cell, { ...task.report.test, secondsPerEpoch: task.report.secondsPerEpoch });
  }
}

const rows = [...runs].map(([what, list]) => {
  const of = (name) => list.map((figures) => figures[name]);
  const seconds = list[0].secondsPerEpoch === undefined ? '' : mean(of('secondsPerEpoch')).toFixed(1);
  return [what, `${(100 * mean(of('accuracy'))).toFixed(1)} %`, (100 * deviation(of('accuracy'))).toFixed(1), seconds];
});
console.log(`\n${table(['prompts by names not heard before', 'accuracy', '+-', 's/epoch'], rows)}`);
if (options.pytorch) {
  const rows = [];
  for (const [name, { ours, theirs }] of work)
    rows.push({ name, ours, theirs: await pytorchSeconds('speech', theirs) });
  console.log(`\n${pytorchTable(rows)}`);
}
const page = await savePictures('speech', 'Whose voice?', [
  curves(history, {
    title: 'Validation accuracy, seed 1',
    y: 'accuracy',
    description: 'Over log-mel frames of 20 ms, 24 bands.',
  }),
]);
console.log(`\npicture: ${page}`);

function record({ features, label }) {
  return { features, label };
}

function groups(list) {
  const found = new Map();
  for (const item of list) found.set(item.label, [...(found.get(item.label) ?? []), item]);
  return found.values();
}

function meanOf(frames) {
  return frames[0].map((_, band) => mean(frames.map((frame) => frame[band])));
}

/** Two convolutions over the bands of the mean spectrum. */
async function convolutional(train, valid, test, seed) {
  u.seed(seed);
  const labels = [...new Set(train.map(({ label }) => label))].sort();
  const all = train.map(({ features }) => features[0]);
  const centre = all[0].map((_, band) => mean(all.map((bands) => bands[band])));
  const spread = all[0].map((_, band) => deviation(all.map((bands) => bands[band])) || 1);
  const samples = (list) =>
    list.map(({ features: [bands], label }) => ({
      x: Array.from(bands, (value, band) => (value - centre[band]) / spread[band]),
      y: labels.indexOf(label),
    }));
  class Net extends u.Module {
    first = new u.Conv1d({ inChannels: 1, outChannels: 16, kernelSize: 5, padding: 2 });
    second = new u.Conv1d({ inChannels: 16, outChannels: 32, kernelSize: 3, padding: 1 });
    head = new u.Linear({ inFeatures: 32 * 6, outFeatures: labels.length });
    forward(x) {
      const once = u.maxPool1d(this.first.forward(x.reshape([-1, 1, 24])).relu(), { kernelSize: 2 });
      const twice = u.maxPool1d(this.second.forward(once).relu(), { kernelSize: 2 });
      return this.head.forward(twice.reshape([x.shape[0], -1]));
    }
  }
  const net = new Net();
  const batches = (list, shuffle) => u.batches(samples(list), { x: 'vector', batchSize: 32, shuffle });
  const measured = { loss: 'crossEntropy', metrics: ['accuracy'] };
  await u.fit(net, batches(train, true), {
    ...measured,
    optimizer: new u.Adam(net.parameters(), { lr: 0.003 }),
    epochs: 60,
    clipNorm: 1,
    validation: batches(valid, false),
    earlyStopping: { patience: 5 },
  });
  return (await u.evaluate(net, batches(test, false), measured)).metrics;
}
