// npm run example:translate: what emoji are called in French and German, from what they are called in English; with attention, and without
// it from the source as it is and from its end.
import { translate } from 'unrolled/tasks';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds } from '../lib/pytorch.mjs';
import { common, commonHelp, curves, follow, savePictures, start, table } from '../lib/task.mjs';
import { LANGUAGES, loadPairs, split } from './data.mjs';

const VARIANTS = {
  attention: { attention: 'general' },
  'no attention': { attention: 'none' },
  'no attention, source reversed': { attention: 'none', reverseSource: true },
};

const { values: options } = readOptions({
  help: `npm run example:translate -- [options]

  --language NAME   ${LANGUAGES.join(', ')} (default: both; without attention only the first)
  --cell NAME       rnn, gru, lstm (default gru)
  --epochs N        (default 14)
  --seeds N         runs of each, seeds 1..N (default 1)
${commonHelp}`,
  options: {
    language: { type: 'string', oneOf: LANGUAGES },
    cell: { type: 'string', default: 'gru', oneOf: ['rnn', 'gru', 'lstm'] },
    epochs: { type: 'string', default: '14', atLeast: 1 },
    seeds: { type: 'string', default: '1', atLeast: 1 },
    ...common,
  },
});

await start(options);
const rows = [];
const history = [];
let shown;
for (const [k, language] of (options.language ? [options.language] : LANGUAGES).entries()) {
  const pairs = await loadPairs(language);
  for (const [variant, settings] of Object.entries(VARIANTS)) {
    if (k > 0 && variant !== 'attention') continue;
    for (let seed = 1; seed <= options.seeds; seed++) {
      const { train, test } = split(pairs, seed);
      const watch = follow(`en-${language}, ${variant}`);
      const task = await translate(train, {
        cell: options.cell,
        epochs: options.epochs,
        seed,
        test,
        valid: 0,
        ...settings,
        ...watch,
        onEpoch(record) {
          history.push({ epoch: record.epoch, value: record.loss, what: `en-${language}, ${variant}` });
          watch.onEpoch(record);
        },
      });
      const { report } = task;
      rows.push([
        `en-${language}, ${variant}${options.seeds > 1 ? `, seed ${seed}` : ''}`,
        report.test.bleu.toFixed(1),
        `${(100 * report.test.exact).toFixed(1)} %`,
        report.parameters.toLocaleString('en'),
        report.secondsPerEpoch.toFixed(1),
      ]);
      shown ??= { task, test, train };
    }
  }
}
console.log(`\n${table(['600 unseen phrases', 'BLEU', 'exact', 'parameters', 's/epoch'], rows)}`);

const some = shown.test.slice(0, 8);
const answers = await shown.task.predict(some.map(({ source }) => source));
console.log(
  `\n${table(
    ['English', 'wanted', 'written'],
    some.map(({ source, target }, k) => [source, target, answers[k].text]),
  )}`,
);

if (options.pytorch) {
  const { settings, prep, report } = shown.task;
  const theirs = await pytorchSeconds('translate', {
    cell: settings.cell,
    bidirectional: settings.bidirectional,
    pairs: shown.train.map(({ source, target }) => [source.split(' ').length, target.split(' ').length + 1]),
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
    `\n${table(['s/epoch', 'unrolled', 'PyTorch', 'ratio'], [['attention', ours.toFixed(2), theirs.toFixed(2), (theirs / ours).toFixed(2)]])}`,
  );
}

const page = await savePictures('translate', 'Names of emoji, translated', [
  curves(history, {
    title: 'Cross-entropy of a token, training',
    y: 'nats a token',
    description: 'With attention the decoder looks at what was read; without, all of it has to fit into one state.',
  }),
]);
console.log(`\npicture: ${page}`);
