// npm run quickstart: learns from real reviews whether a sentence is praise or complaint, with a bag of words, an RNN, an
// LSTM and a GRU; compares them, shows what word order means to each, saves them, and classifies sentences.
import path from 'node:path';
import * as u from 'unrolled';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { watchTraining } from '../lib/progress.mjs';
import { learningCurves } from './curves.mjs';
import { loadReviews } from './data.mjs';
import { kinds } from './models.mjs';
import { orderTest } from './order.mjs';
import { quantizedTest } from './quantized.mjs';
import { accuracyTable, orderTable, quantizedTable, sentenceTable, summarise, verdict } from './report.mjs';
import { loadModel, saveModel } from './saved.mjs';
import { tokenise } from './text.mjs';
import { logits, trainOne } from './train.mjs';
import { loadVectors } from './vectors.mjs';

const { values: options, words } = readOptions({
  help: `npm run quickstart -- [options] ["a sentence to classify"]

  --bidirectional   recurrent nets read each review from both ends
  --vectors         start from GloVe word vectors (fetches 118 MB once, keeps 2 MB)
  --quantize        also test each recurrent net with int8 and bfloat16 weights
  --backend NAME    native, wasm, reference or auto (default: the fastest there is)
  --threads N       threads of the native backend
  --seeds N         runs of each model, each with its own split of the reviews (default 3)
  --epochs N        at most; training stops early when validation gets worse (default 15)
  --json FILE       also write all figures there
  --help`,
  options: {
    bidirectional: { type: 'boolean', default: false },
    vectors: { type: 'boolean', default: false },
    quantize: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    threads: { type: 'string', atLeast: 1 },
    seeds: { type: 'string', default: '3', atLeast: 1 },
    epochs: { type: 'string', default: '15', atLeast: 1 },
    json: { type: 'string' },
  },
});

const sentences = [
  'The battery died after two days and nobody ever answered my emails.',
  'A wonderful little film, I would gladly watch it again.',
  words.join(' ') || 'I did not expect much, but the food was great and the staff were friendly.',
];

await u.ready({ backend: options.backend, ...(options.threads && { threads: options.threads }) });
const { name, simd, threads } = u.backendInfo();
console.log(`backend: ${name} (${simd}, ${threads} thread${threads === 1 ? '' : 's'})`);

const reviews = await loadReviews();
console.log(
  `${reviews.length} different reviews; a random 80 % for training and early stopping, 20 % for the test, anew for each seed`,
);
const vectors = options.vectors ? await loadVectors(reviews.flatMap(({ tokens }) => tokens)) : undefined;

const start = performance.now();
const runs = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
for (const kind of Object.keys(kinds)) {
  for (let seed = 1; seed <= options.seeds; seed++) {
    const watch = watchTraining(`${kind}, seed ${seed}`);
    const { epochs, bidirectional } = options;
    const run = await trainOne(kind, reviews, { seed, epochs, bidirectional, vectors, watch: watch.options });
    watch.done(
      `test accuracy ${(100 * run.testAccuracy).toFixed(1)} % after epoch ${run.bestEpoch} of ${run.history.epochs.length}`,
    );
    runs[kind].push(run);
  }
}
const seconds = (performance.now() - start) / 1000;

const summaries = Object.values(runs).map(summarise);
const majority = Object.values(runs)[0].map(({ majorityAccuracy }) => majorityAccuracy);
console.log(
  `\n${seconds.toFixed(0)} s of training. Test accuracy, mean and spread over ${options.seeds} seed${options.seeds === 1 ? '' : 's'}:`,
);
console.log(accuracyTable(summaries, majority));

const champions = Object.values(runs).map(bestOf);
const order = champions.map((run) => ({ kind: run.kind, ...orderTest(run, run.test.slice(0, 300)) }));
console.log(`\n${orderTable(order)}`);

const quantized = options.quantize
  ? Object.entries(runs)
      .map(([kind, seeds]) => ({ kind, runs: seeds.map(quantizedTest) }))
      .filter(({ runs: [first] }) => first.length > 0)
  : [];
if (options.quantize) console.log(`\n${quantizedTable(quantized)}`);

const best = bestOf(champions);
const columns = [];
for (const run of champions) {
  const folder = path.join(outFolder('sentiment'), run.kind.replaceAll(' ', '-').toLowerCase());
  await saveModel(folder, run);
  const saved = await loadModel(folder);
  const ids = sentences.map((sentence) => saved.vocabulary.encode(tokenise(sentence)));
  columns.push({ kind: run.kind, isBest: run === best, folder, logits: logits(saved.model, ids) });
}
const { folder, logits: answers } = columns.find(({ isBest }) => isBest);
console.log(`\nThe best run of each model is saved in ${outFolder('sentiment')}; read back, they say:`);
console.log(sentenceTable(sentences, columns));
console.log(`Best on its validation part: ${best.kind}, in ${folder} (model.safetensors, vocabulary.json). It says:`);
for (const [k, sentence] of sentences.entries()) console.log(`  ${verdict(answers[k])}  ${sentence}`);

const picture = path.join(outFolder('sentiment'), 'curves.svg');
await writeWhole(picture, learningCurves(summaries));
console.log(`Learning curves: ${picture}`);

if (options.json) {
  const predictions = sentences.map((sentence, k) => ({ sentence, logit: answers[k] }));
  const report = {
    backend: u.backendInfo(),
    options,
    seconds,
    majority,
    models: summaries,
    order,
    ...(options.quantize && { quantized }),
    best: best.kind,
    predictions,
  };
  await writeWhole(path.resolve(options.json), `${JSON.stringify(report, null, 2)}\n`);
}

/** The run that did best on its validation part; the test part has no say in it. */
function bestOf(candidates) {
  return candidates.reduce((a, b) =>
    b.validationAccuracy > a.validationAccuracy ||
    (b.validationAccuracy === a.validationAccuracy && b.validationLoss < a.validationLoss)
      ? b
      : a,
  );
}
