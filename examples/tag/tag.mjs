// npm run example:tag: the parts of speech of the Brown corpus, by a BiLSTM; beside giving each word its most frequent tag.
import { tag } from 'unrolled/tasks';
import { readOptions } from '../lib/options.mjs';
import { pytorchSeconds } from '../lib/pytorch.mjs';
import { deviation, mean } from '../lib/stats.mjs';
import { common, commonHelp, follow, savePictures, start, table } from '../lib/task.mjs';
import { loadSentences, split } from './data.mjs';

const { values: options } = readOptions({
  help: `npm run example:tag -- [options]

  --cell NAME       rnn, gru, lstm (default lstm)
  --epochs N        at most (default 6)
  --seeds N         runs, seeds 1..N (default 3)
  --train N         sentences to learn from, for a quick look (default 12000)
${commonHelp}`,
  options: {
    cell: { type: 'string', default: 'lstm', oneOf: ['rnn', 'gru', 'lstm'] },
    epochs: { type: 'string', default: '6', atLeast: 1 },
    seeds: { type: 'string', default: '3', atLeast: 1 },
    train: { type: 'string', default: '12000', atLeast: 2 },
    ...common,
  },
});

await start(options);
const sentences = await loadSentences();
const runs = [];
for (let seed = 1; seed <= options.seeds; seed++) {
  const { train, test } = split(sentences, seed);
  const learnt = train.slice(0, options.train);
  const task = await tag(learnt, {
    cell: options.cell,
    epochs: options.epochs,
    seed,
    test,
    valid: 0.05,
    ...follow(`seed ${seed}`),
  });
  runs.push({ task, train: learnt, test, baseline: mostFrequent(learnt, test) });
}

const percent = (values) =>
  `${(100 * mean(values)).toFixed(2)} %${values.length > 1 ? ` +- ${(100 * deviation(values)).toFixed(2)}` : ''}`;
const figures = (name) => percent(runs.map(({ task }) => task.report.test[name]));
const { task, train, test } = runs[0];
console.log(
  `\n${table(
    ['12 tags, 4,000 unseen sentences', 'accuracy', 'macro F1', 'parameters', 's/epoch'],
    [
      ['most frequent tag of each word', percent(runs.map(({ baseline }) => baseline)), '', '', ''],
      [
        `bidirectional ${options.cell}`,
        figures('accuracy'),
        figures('macroF1'),
        task.report.parameters.toLocaleString('en'),
        mean(runs.map((run) => run.task.report.secondsPerEpoch)).toFixed(2),
      ],
    ],
  )}`,
);

const given = await task.predict(test.map(({ tokens }) => tokens));
const confusion = confusionOf(test, given);
const worst = confusion
  .filter(({ wanted, got }) => wanted !== got)
  .sort((a, b) => b.count - a.count)
  .slice(0, 6);
console.log(
  `\n${table(
    ['taken most often for another', 'for', 'times'],
    worst.map(({ wanted, got, count }) => [wanted, got, count]),
  )}`,
);
const [sentence] = await task.predict(['The old man the boats while time flies like an arrow .']);
console.log(`\n${sentence.tokens.map((word, k) => `${word}/${sentence.tags[k]}`).join(' ')}`);

if (options.pytorch) {
  const { settings, prep, report } = task;
  const theirs = await pytorchSeconds('tag', {
    cell: settings.cell,
    lengths: train.map(({ tokens }) => tokens.length),
    words: prep.words.length + 4,
    features: Object.values(prep.features).map((list) => list.length + 4),
    tags: prep.tags.length,
    hidden: settings.hidden,
    embedding: settings.embedding,
    batch: settings.batch,
    dropout: settings.dropout,
    lr: settings.lr,
    clip: settings.clip,
    share: 0.95,
    threads: options.threads,
  });
  const ours = report.secondsPerEpoch;
  console.log(
    `\n${table(['s/epoch', 'unrolled', 'PyTorch', 'ratio'], [[settings.cell, ours.toFixed(2), theirs.toFixed(2), (theirs / ours).toFixed(2)]])}`,
  );
}

const colour = { labelColor: 'currentColor', titleColor: 'currentColor' };
const page = await savePictures('tag', 'Parts of speech', [
  {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: 'What was taken for what', color: 'currentColor', anchor: 'start' },
    description: 'Rows: the right tag; columns: the tag given; share of the row.',
    data: { values: confusion },
    mark: 'rect',
    width: 380,
    height: 380,
    encoding: {
      x: { field: 'got', type: 'nominal', title: 'given', axis: colour },
      y: { field: 'wanted', type: 'nominal', title: 'right', axis: colour },
      color: {
        field: 'share',
        type: 'quantitative',
        scale: { type: 'pow', exponent: 0.3, scheme: 'blues' },
        legend: colour,
      },
    },
    config: { background: null, view: { stroke: null } },
  },
]);
console.log(`\npicture: ${page}`);

/** A word that was not there to learn from gets the most frequent tag of all. */
function mostFrequent(train, test) {
  const counts = new Map();
  const all = new Map();
  for (const { tokens, tags } of train) {
    for (const [k, token] of tokens.entries()) {
      const word = token.toLowerCase();
      if (!counts.has(word)) counts.set(word, new Map());
      for (const of of [counts.get(word), all]) of.set(tags[k], (of.get(tags[k]) ?? 0) + 1);
    }
  }
  const best = (of) => [...of].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  const likely = new Map([...counts].map(([word, of]) => [word, best(of)]));
  const fallback = best(all);
  const right = test.flatMap(({ tokens, tags }) =>
    tokens.map((token, k) => Number((likely.get(token.toLowerCase()) ?? fallback) === tags[k])),
  );
  return mean(right);
}

function confusionOf(test, given) {
  const counts = new Map();
  const rows = new Map();
  test.forEach(({ tags }, s) => {
    tags.forEach((wanted, k) => {
      const key = `${wanted} ${given[s].tags[k]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      rows.set(wanted, (rows.get(wanted) ?? 0) + 1);
    });
  });
  return [...counts].map(([key, count]) => {
    const [wanted, got] = key.split(' ');
    return { wanted, got, count, share: count / rows.get(wanted) };
  });
}
