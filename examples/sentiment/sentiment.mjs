// npm run example:sentiment: praise or complaint? RNN, GRU and LSTM through the task API, with and without word vectors, beside
// what needs no recurrent net: the commoner answer, a list of marked words, word counts. All on the same parts of the reviews.
import path from 'node:path';
import * as u from 'unrolled';
import { classify } from 'unrolled/tasks';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { watchTraining } from '../lib/progress.mjs';
import { pytorchSeconds, pytorchTable } from '../lib/pytorch.mjs';
import { lexicon, loadLexicon, logisticRegression, majority } from './baselines.mjs';
import { comparisonTable } from './comparison.mjs';
import { learningCurves } from './curves.mjs';
import { loadReviews, split } from './data.mjs';
import { trainOne } from './train.mjs';
import { loadVectors } from './vectors.mjs';

const CELLS = ['rnn', 'gru', 'lstm'];

const { values: options } = readOptions({
  help: `npm run example:sentiment -- [options]

  --cell NAME         ${CELLS.join(', ')} (default: all)
  --seeds N           runs of each model, each with its own split of the reviews (default 3)
  --epochs N          at most; training stops early when validation gets worse (default 15)
  --without-vectors   leave out the net that starts from GloVe word vectors (it fetches 118 MB once, keeps 2 MB)
  --pytorch           time the same training in PyTorch, too (needs python3-torch)
  --backend NAME      native, wasm, reference or auto (default: the fastest there is)
  --threads N         (default 1: the nets are small)
  --json FILE         also write all figures there
  --help`,
  options: {
    cell: { type: 'string', oneOf: CELLS },
    seeds: { type: 'string', default: '3', atLeast: 1 },
    epochs: { type: 'string', default: '15', atLeast: 1 },
    'without-vectors': { type: 'boolean', default: false },
    pytorch: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    threads: { type: 'string', default: '1', atLeast: 1 },
    json: { type: 'string' },
  },
});

const { name, simd } = await u.ready({ backend: options.backend, threads: options.threads });
console.log(`unrolled on ${name} (${simd})`);
const reviews = await loadReviews();
const marks = await loadLexicon();
const vectors = options['without-vectors'] ? null : await loadVectors(reviews.flatMap(({ tokens }) => tokens));
console.log(
  `${reviews.length} different reviews; 72 % to learn from, 8 % for early stopping, 20 % for the test, anew for each seed`,
);

const cells = options.cell ? [options.cell] : CELLS;
/** By model: a run for each seed. */
const results = {};
const add = (model, run) => {
  results[model] ??= [];
  results[model].push(run);
};
for (let seed = 1; seed <= options.seeds; seed++) {
  const parts = split(reviews, seed);
  // Nothing is chosen for these: they learn from the validation part, too.
  const all = [...parts.train, ...parts.validation];
  const fallback = Number(all.filter(({ label }) => label === 1).length * 2 >= all.length);
  add('majority class', { parameters: 0, accuracy: majority(all, parts.test) });
  add('lexicon (AFINN)', { parameters: 0, accuracy: lexicon(marks, parts.test, fallback) });
  add('word counts (TF-IDF, logistic)', logisticRegression(all, parts.test));
  for (const cell of cells) add(cell.toUpperCase(), await trainTask(cell, parts, seed));
  if (vectors) add('LSTM, both ways, GloVe', await trainOnVectors(seed));
}

console.log(`\n${comparisonTable(results)}`);
if (options.pytorch) {
  const rows = [];
  for (const cell of cells) {
    const runs = results[cell.toUpperCase()];
    rows.push({
      name: cell.toUpperCase(),
      // As on the other side the fastest, so that what else the machine does counts for little.
      ours: Math.min(...runs.flatMap(({ epochs }) => epochs.map(({ seconds }) => seconds))),
      theirs: await pytorchSeconds('sentiment', runs[0].work),
    });
  }
  console.log(`\n${pytorchTable(rows)}`);
}

const picture = path.join(outFolder('sentiment'), 'tasks.svg');
const curves = Object.entries(results).filter(([, [{ epochs }]]) => epochs !== undefined);
await writeWhole(picture, learningCurves(curves.map(([kind, runs]) => ({ kind, runs }))));
console.log(`\nlearning curves: ${picture}`);
if (options.json) {
  const report = { backend: u.backendInfo(), options, results };
  await writeWhole(path.resolve(options.json), `${JSON.stringify(report, null, 2)}\n`);
}

async function trainTask(cell, { train, validation, test }, seed) {
  const rows = (part) => part.map(({ text, label }) => ({ text, label: label === 1 ? 'praise' : 'complaint' }));
  const watch = watchTraining(`${cell.toUpperCase()}, seed ${seed}`);
  const epochs = [];
  const task = await classify(rows(train), {
    valid: rows(validation),
    test: rows(test),
    cell,
    seed,
    epochs: options.epochs,
    ...(watch.options.onProgress && { onProgress: watch.options.onProgress }),
    onEpoch(record) {
      epochs.push(record);
      watch.options.callbacks?.onEpochEnd(record);
    },
  });
  const { report, settings, prep } = task;
  watch.done(`test accuracy ${(100 * report.test.accuracy).toFixed(1)} % after ${report.epochs} epochs`);
  return {
    parameters: report.parameters,
    secondsPerEpoch: report.secondsPerEpoch,
    ...report.test,
    epochs,
    work: {
      ...settings,
      words: prep.input.vocabulary.length + 4,
      classes: prep.labels.length,
      lengths: train.map(({ tokens }) => Math.max(1, tokens.length)),
    },
  };
}

/** Not a task's: the net is given its words' vectors, and reads from both ends. */
async function trainOnVectors(seed) {
  const watch = watchTraining(`LSTM with GloVe, seed ${seed}`);
  const run = await trainOne('LSTM', reviews, {
    seed,
    epochs: options.epochs,
    bidirectional: true,
    vectors,
    watch: watch.options,
  });
  watch.done(`test accuracy ${(100 * run.testAccuracy).toFixed(1)} % after ${run.history.epochs.length} epochs`);
  const { parameters, secondsPerEpoch, testAccuracy, history } = run;
  return { parameters, secondsPerEpoch, accuracy: testAccuracy, epochs: history.epochs };
}
