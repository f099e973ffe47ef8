// npm run example:pronounce: how a word is said, from how it is spelt, by an encoder-decoder with attention and a beam.
import { translate } from 'unrolled/tasks';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds } from '../lib/pytorch.mjs';
import { deviation, mean } from '../lib/stats.mjs';
import { common, commonHelp, follow, savePictures, start, table } from '../lib/task.mjs';
import { loadWords, split } from './data.mjs';
import { letterByLetter, pronunciationErrors } from './errors.mjs';

const { values: options } = readOptions({
  help: `npm run example:pronounce -- [options]

  --cell NAME       rnn, gru, lstm (default gru)
  --epochs N        (default 8)
  --seeds N         runs, seeds 1..N: each draws other words (default 1)
  --train N         words to learn from, for a quick look (default 27000)
  --beam N          hypotheses side by side (default 4)
  --stress          write the stress of vowels, too
${commonHelp}`,
  options: {
    cell: { type: 'string', default: 'gru', oneOf: ['rnn', 'gru', 'lstm'] },
    epochs: { type: 'string', default: '8', atLeast: 1 },
    seeds: { type: 'string', default: '1', atLeast: 1 },
    train: { type: 'string', default: '27000', atLeast: 2 },
    beam: { type: 'string', default: '4', atLeast: 1 },
    stress: { type: 'boolean', default: false },
    ...common,
  },
});

await start(options);
const words = await loadWords({ stress: options.stress });
const pair = ({ word, pronunciations }) => ({ source: word, target: pronunciations[0] });
const runs = [];
for (let seed = 1; seed <= options.seeds; seed++) {
  const { train, test } = split(words, seed);
  const learnt = train.slice(0, options.train);
  const task = await translate(learnt.map(pair), {
    sourceUnits: 'chars',
    targetUnits: 'spaced',
    cell: options.cell,
    epochs: options.epochs,
    beam: options.beam,
    // Sounds of a word are all wanted: a longer answer is no better than a shorter one but by its probability.
    lengthPenalty: 0,
    batch: 32,
    seed,
    valid: 0.03,
    test: 0,
    ...follow(`seed ${seed}`),
  });
  const written = (await task.predict(test.map(({ word }) => word))).map(({ text }) => text);
  runs.push({
    task,
    train: learnt,
    test,
    written,
    baseline: pronunciationErrors(test, letterByLetter(learnt, test)),
    net: pronunciationErrors(test, written),
  });
}

const percent = (values) =>
  `${(100 * mean(values)).toFixed(1)} %${values.length > 1 ? ` +- ${(100 * deviation(values)).toFixed(1)}` : ''}`;
const errors = (who) =>
  [
    ['first', 'phoneme'],
    ['closest', 'phoneme'],
    ['closest', 'word'],
  ].map(([by, rate]) => percent(runs.map((run) => run[who][by][rate])));
const { task, train, test, written, net } = runs[0];
console.log(
  `\n${table(
    ['3,000 unseen words', 'phoneme error', 'by the closest', 'words wrong', 'parameters', 's/epoch'],
    [
      ['each letter as it is said most often', ...errors('baseline'), '', ''],
      [
        `encoder-decoder, ${options.cell}, beam ${options.beam}`,
        ...errors('net'),
        task.report.parameters.toLocaleString('en'),
        mean(runs.map((run) => run.task.report.secondsPerEpoch)).toFixed(1),
      ],
    ],
  )}`,
);
console.log(
  'Phoneme error: by the first pronunciation of the dictionary; the other two by the closest of its pronunciations.',
);
console.log(
  `\n${table(
    ['word', 'wanted', 'written'],
    test.slice(0, 8).map(({ word, pronunciations }, k) => [word, pronunciations.join(', '), written[k]]),
  )}`,
);

if (options.pytorch) {
  const { settings, prep, report } = task;
  // The same net as example:translate's: its script does the same work on these lengths.
  const theirs = await pytorchSeconds('translate', {
    cell: settings.cell,
    bidirectional: settings.bidirectional,
    pairs: train
      .slice(0, Math.round(0.97 * train.length))
      .map(({ word, pronunciations }) => [word.length, pronunciations[0].split(' ').length + 1]),
    source: prep.source.length + 4,
    target: prep.target.length + 4,
    hidden: settings.hidden,
    embedding: settings.embedding,
    batch: settings.batch,
    dropout: settings.dropout,
    lr: settings.lr,
    clip: settings.clip,
    threads: options.threads,
  });
  const ours = report.secondsPerEpoch;
  console.log(
    `\n${table(['s/epoch', 'unrolled', 'PyTorch', 'ratio'], [[settings.cell, ours.toFixed(2), theirs.toFixed(2), (theirs / ours).toFixed(2)]])}`,
  );
}

const axis = { labelColor: 'currentColor', titleColor: 'currentColor' };
const page = await savePictures('pronounce', 'From spelling to sound', [
  {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: 'Phonemes taken for another', color: 'currentColor', anchor: 'start' },
    description: 'Rows: the phoneme of the dictionary; columns: what was written in its place; how often.',
    data: {
      values: [...net.swaps].map(([key, times]) => {
        const [wanted, got] = key.split(' ');
        return { wanted, got, times };
      }),
    },
    mark: 'rect',
    width: 480,
    height: 480,
    encoding: {
      x: { field: 'got', type: 'nominal', title: 'written', axis },
      y: { field: 'wanted', type: 'nominal', title: 'wanted', axis },
      color: {
        field: 'times',
        type: 'quantitative',
        scale: { type: 'sqrt', scheme: 'blues' },
        legend: axis,
      },
    },
    config: { background: null, view: { stroke: null } },
  },
]);
console.log(`\npicture: ${page}`);
