// npm run example:charlm: learns the characters of Moby-Dick by truncated backpropagation through time, with the state carried through
// the whole book; beside a smoothed 4-gram; and writes.
import { charlm } from 'unrolled/tasks';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds } from '../lib/pytorch.mjs';
import { common, commonHelp, curves, follow, savePictures, start, table } from '../lib/task.mjs';
import { loadNovel } from './data.mjs';
import { NGram } from './ngram.mjs';

const { values: options } = readOptions({
  help: `npm run example:charlm -- [options]

  --cell NAME       rnn, gru, lstm (default lstm)
  --hidden N        hidden units (default 512)
  --epochs N        (default 3)
  --part P          percent of the novel to use, for a quick look (default 100)
  --seed N          (default 1)
${commonHelp}`,
  options: {
    cell: { type: 'string', default: 'lstm', oneOf: ['rnn', 'gru', 'lstm'] },
    hidden: { type: 'string', default: '512', atLeast: 1 },
    epochs: { type: 'string', default: '3', atLeast: 1 },
    part: { type: 'string', default: '100', atLeast: 1 },
    seed: { type: 'string', default: '1', atLeast: 1 },
    ...common,
  },
});

await start(options);
const novel = await loadNovel();
const text = novel.slice(0, Math.round((novel.length * options.part) / 100));
const watch = follow(options.cell);
const history = [];
const task = await charlm(
  { text },
  {
    cell: options.cell,
    hidden: options.hidden,
    epochs: options.epochs,
    seed: options.seed,
    lr: 0.003,
    // The number of epochs is fixed beforehand: nothing is chosen by a validation part, and all but the last tenth is learnt from.
    valid: 0,
    test: 0.1,
    say: watch.say,
    onEpoch(record) {
      history.push({ epoch: record.epoch, value: record.loss / Math.LN2, what: `${options.cell}, training` });
      watch.onEpoch(record);
    },
  },
);

const cut = Math.round(text.length * 0.9);
const [first, last] = [text.slice(0, cut), text.slice(cut)];
const rows = [1, 2, 3, 4].map((order) => [
  `${order}-gram, smoothed`,
  new NGram(first, order).bitsPerChar(last).toFixed(3),
  '',
  '',
]);
const { test, parameters, secondsPerEpoch } = task.report;
rows.push([
  `${options.cell}(${options.hidden}), ${task.report.epochs} epochs`,
  test.bitsPerChar.toFixed(3),
  parameters.toLocaleString('en'),
  secondsPerEpoch.toFixed(1),
]);
console.log(`\n${table(['the last tenth of the book', 'bits per character', 'parameters', 's/epoch'], rows)}`);

for (const temperature of [0.5, 0.8]) {
  const written = task.generate('The whale ', { length: 400, temperature, seed: options.seed });
  console.log(`\ntemperature ${temperature}:\nThe whale ${written}`);
}

if (options.pytorch) {
  const { window, batch, hidden, lr, clip } = task.settings;
  const theirs = await pytorchSeconds('charlm', {
    cell: options.cell,
    characters: first.length,
    classes: task.prep.vocabulary.length + 4,
    window,
    batch,
    hidden,
    lr,
    clip,
    threads: options.threads,
  });
  console.log(
    `\n${table(['s/epoch', 'unrolled', 'PyTorch', 'ratio'], [[options.cell, secondsPerEpoch.toFixed(1), theirs.toFixed(1), (theirs / secondsPerEpoch).toFixed(2)]])}`,
  );
}

history.push({ epoch: options.epochs, value: test.bitsPerChar, what: `${options.cell}, last tenth` });
const page = await savePictures('charlm', 'Moby-Dick, character by character', [
  curves(history, {
    title: 'Bits per character',
    y: 'bits per character',
    description: `${options.cell}(${options.hidden}) on Moby-Dick; the single point is the last tenth, which it never saw.`,
  }),
]);
console.log(`\npicture: ${page}`);
