// npm run example:pronounce: how a word is said, from how it is spelt, in two ways: an encoder-decoder with attention and a beam, and
// CTC, where each letter has a few places for the sounds that it stands for, or for none.
import { transcribe, translate } from 'unrolled/tasks';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds } from '../lib/pytorch.mjs';
import { deviation, mean } from '../lib/stats.mjs';
import { common, commonHelp, follow, savePictures, start, table } from '../lib/task.mjs';
import { loadWords, split } from './data.mjs';
import { letterByLetter, pronunciationErrors } from './errors.mjs';

const { values: options } = readOptions({
  help: `npm run example:pronounce -- [options]

  --model NAME      attention, ctc or both (default both)
  --cell NAME       rnn, gru, lstm (default gru)
  --epochs N        at most (default 8 with attention, 12 with CTC)
  --seeds N         runs of each, seeds 1..N: each seed draws other words (default 1)
  --train N         words to learn from, for a quick look (default 27000)
  --beam N          hypotheses side by side (default 4 with attention, 16 with CTC)
  --stress          write the stress of vowels, too
${commonHelp}`,
  options: {
    model: { type: 'string', default: 'both', oneOf: ['both', 'attention', 'ctc'] },
    cell: { type: 'string', default: 'gru', oneOf: ['rnn', 'gru', 'lstm'] },
    epochs: { type: 'string', atLeast: 1 },
    seeds: { type: 'string', default: '1', atLeast: 1 },
    train: { type: 'string', default: '27000', atLeast: 2 },
    beam: { type: 'string', atLeast: 1 },
    stress: { type: 'boolean', default: false },
    ...common,
  },
});

const own = {
  cell: options.cell,
  ...(options.epochs && { epochs: options.epochs }),
  ...(options.beam && { beam: options.beam }),
  batch: 32,
  valid: 0.03,
  test: 0,
};
/** Each learns from words and their first pronunciation, and writes sounds with spaces between them. */
const MODELS = {
  attention: {
    name: 'encoder-decoder',
    learn: (words, more) =>
      translate(
        words.map(({ word, pronunciations }) => ({ source: word, target: pronunciations[0] })),
        // Sounds of a word are all wanted: a longer answer is no better than a shorter one but by its probability.
        { sourceUnits: 'chars', targetUnits: 'spaced', epochs: 8, lengthPenalty: 0, ...own, ...more },
      ),
  },
  ctc: {
    name: 'CTC',
    learn: (words, more) =>
      transcribe(
        words.map(({ word, pronunciations }) => ({ text: word, target: pronunciations[0] })),
        { targetUnits: 'spaced', epochs: 12, layers: 2, hidden: 128, dropout: 0.3, ...own, ...more },
      ),
  },
};

await start(options);
const words = await loadWords({ stress: options.stress });
const chosen = options.model === 'both' ? Object.keys(MODELS) : [options.model];
const runs = [];
for (let seed = 1; seed <= options.seeds; seed++) {
  const { train, test } = split(words, seed);
  const learnt = train.slice(0, options.train);
  const baseline = pronunciationErrors(test, letterByLetter(learnt, test));
  for (const model of chosen) {
    const task = await MODELS[model].learn(learnt, { seed, ...follow(`${model}, seed ${seed}`) });
    const written = (await task.predict(test.map(({ word }) => word))).map(({ text }) => text);
    runs.push({ model, task, train: learnt, test, written, baseline, net: pronunciationErrors(test, written) });
  }
}

const percent = (values) =>
  `${(100 * mean(values)).toFixed(1)} %${values.length > 1 ? ` +- ${(100 * deviation(values)).toFixed(1)}` : ''}`;
const of = (model) => runs.filter((run) => run.model === model);
const errors = (list, who) =>
  [
    ['first', 'phoneme'],
    ['closest', 'phoneme'],
    ['closest', 'word'],
  ].map(([by, rate]) => percent(list.map((run) => run[who][by][rate])));
console.log(
  `\n${table(
    ['3,000 unseen words', 'phoneme error', 'by the closest', 'words wrong', 'parameters', 's/epoch'],
    [
      ['each letter as it is said most often', ...errors(of(chosen[0]), 'baseline'), '', ''],
      ...chosen.map((model) => {
        const { settings, report } = of(model)[0].task;
        return [
          `${MODELS[model].name}, ${settings.cell}, beam ${settings.beam}`,
          ...errors(of(model), 'net'),
          report.parameters.toLocaleString('en'),
          mean(of(model).map(({ task }) => task.report.secondsPerEpoch)).toFixed(1),
        ];
      }),
    ],
  )}`,
);
console.log(
  'Phoneme error: by the first pronunciation of the dictionary; the other two by the closest of its pronunciations.',
);
const firsts = chosen.map((model) => of(model)[0]);
console.log(
  `\n${table(
    ['word', 'wanted', ...chosen.map((model) => MODELS[model].name)],
    firsts[0].test
      .slice(0, 8)
      .map(({ word, pronunciations }, k) => [
        word,
        pronunciations.join(', '),
        ...firsts.map(({ written }) => written[k]),
      ]),
  )}`,
);

if (options.pytorch && chosen.includes('attention')) {
  const { task, train } = of('attention')[0];
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
const page = await savePictures(
  'pronounce',
  'From spelling to sound',
  firsts.map(({ model, net }) => ({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: `Phonemes taken for another, ${MODELS[model].name}`, color: 'currentColor', anchor: 'start' },
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
  })),
);
console.log(`\npicture: ${page}`);
