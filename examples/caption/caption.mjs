// npm run example:caption: words for drawings. Learnt from one artist's emoji and most of another's, tried on the rest.
import path from 'node:path';
import Table from 'cli-table3';
import * as u from 'unrolled';
import { splitPieces } from 'unrolled/data';
import { caption } from 'unrolled/tasks';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds, pytorchTable } from '../lib/pytorch.mjs';
import { generator, shuffled } from '../lib/random.mjs';
import { deviation, mean } from '../lib/stats.mjs';
import { start } from '../lib/task.mjs';
import { loadDrawings, SIZE } from './data.mjs';
import { contactSheet } from './sheet.mjs';

const help = `npm run example:caption -- [options]

  --cell NAME     rnn, lstm or gru (default gru)
  --seeds N       runs, with other splits and weights (default 1)
  --epochs N      at most; early stopping watches the validation part (default 30)
  --pytorch       time the same training in PyTorch, too (needs python3-torch)
  --backend NAME  auto, native, wasm, reference
  --threads N     default: all`;

const { values } = readOptions({
  help,
  options: {
    cell: { type: 'string', default: 'gru', oneOf: ['rnn', 'lstm', 'gru'] },
    seeds: { type: 'string', default: '1', atLeast: 1 },
    epochs: { type: 'string', default: '30', atLeast: 1 },
    pytorch: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    threads: { type: 'string', atLeast: 1 },
  },
});

await start(values);
const google = await loadDrawings('google');
const twitter = await loadDrawings('twitter');
console.log(`${google.length} drawings of one artist, ${twitter.length} of the other`);

/** A fifth of one artist's drawings to test on; as many as a validation part needs to stop early; all else to learn from. */
function split(seed) {
  const order = shuffled(twitter, generator(seed));
  const test = order.splice(0, Math.round(twitter.length / 5));
  const valid = order.splice(0, 300);
  return { train: [...google, ...order], valid, test };
}
const records = (drawings) => drawings.map(({ image, text }) => ({ image, text }));

/** Figures of always giving the caption of the nearest picture of the training part. */
function nearest(train, test) {
  return test.map(({ image }) => {
    let best;
    let least = Number.POSITIVE_INFINITY;
    for (const other of train) {
      let distance = 0;
      for (let k = 0; k < image.data.length && distance < least; k++) {
        distance += (image.data[k] - other.image.data[k]) ** 2;
      }
      if (distance < least) [best, least] = [other, distance];
    }
    return best.text;
  });
}

const figures = { exact: [], wordF1: [], wordPrecision: [], wordRecall: [], bleu: [] };
const baseline = { exact: [], wordF1: [], wordPrecision: [], wordRecall: [], bleu: [] };
const seconds = [];
let sheet;
let first;
for (let seed = 1; seed <= values.seeds; seed++) {
  const { train, valid, test } = split(seed);
  const task = await caption(records(train), {
    valid: records(valid),
    test: records(test),
    cell: values.cell,
    epochs: values.epochs,
    seed,
    onEpoch: ({ epoch, loss, validation, seconds: took }) => {
      seconds.push(took);
      console.log(
        `seed ${seed}, epoch ${epoch}/${values.epochs}: loss ${loss.toFixed(3)}, validation ` +
          `${validation.loss.toFixed(3)}, ${took.toFixed(1)} s`,
      );
    },
  });
  first ??= { ...task, lengths: train.map(({ text }) => splitPieces(text).length + 1) };
  for (const name of Object.keys(figures)) figures[name].push(task.report.test[name]);
  const wanted = test.map(({ text }) => text);
  const copied = nearest(train, test);
  const { precision, recall, f1 } = u.wordOverlap(copied, wanted);
  baseline.exact.push(u.exactMatch(copied, wanted));
  baseline.wordF1.push(f1);
  baseline.wordPrecision.push(precision);
  baseline.wordRecall.push(recall);
  baseline.bleu.push(u.bleu(copied, wanted));
  sheet ??= { drawings: test, captions: await task.predict(test.map(({ image }) => image)) };
}

const table = new Table({ head: ['on unseen drawings', 'exact', 'word F1', 'precision', 'recall', 'BLEU'] });
const percent = (list) =>
  `${(100 * mean(list)).toFixed(1)} %${list.length > 1 ? ` ± ${(100 * deviation(list)).toFixed(1)}` : ''}`;
const row = ({ exact, wordF1, wordPrecision, wordRecall, bleu }) => [
  ...[exact, wordF1, wordPrecision, wordRecall].map(percent),
  mean(bleu).toFixed(1),
];
table.push(['nearest picture', ...row(baseline)], [`CNN and ${values.cell.toUpperCase()}`, ...row(figures)]);
console.log(table.toString());
console.log(`${mean(seconds).toFixed(1)} s an epoch`);

if (values.pytorch) {
  const { settings, prep, lengths } = first;
  const theirs = await pytorchSeconds('caption', {
    ...settings,
    words: prep.vocabulary.length + 4,
    lengths,
    size: SIZE,
    threads: u.backendInfo().threads,
  });
  // As on the other side the fastest, so that what else the machine does counts for little.
  const name = `CNN and ${values.cell.toUpperCase()}`;
  console.log(`\n${pytorchTable([{ name, ours: Math.min(...seconds), theirs }])}`);
}

const file = path.join(outFolder('caption'), 'captions.html');
await writeWhole(file, contactSheet(sheet.drawings, sheet.captions));
console.log(`pictures with their captions: ${file}`);
