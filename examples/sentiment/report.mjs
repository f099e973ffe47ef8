// What the quickstart prints: three tables, each with the sentence that says how to read it.
import Table from 'cli-table3';
import { deviation, mean } from '../lib/stats.mjs';

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const plain = { style: { head: [], border: [], compact: true } };

/** The runs of one kind of model (one run a seed) in figures. */
export function summarise(runs) {
  const accuracies = runs.map(({ testAccuracy }) => testAccuracy);
  return {
    kind: runs[0].kind,
    parameters: mean(runs.map(({ parameters }) => parameters)),
    secondsPerEpoch: mean(runs.map(({ secondsPerEpoch }) => secondsPerEpoch)),
    testAccuracy: {
      mean: mean(accuracies),
      deviation: deviation(accuracies),
      min: Math.min(...accuracies),
      max: Math.max(...accuracies),
    },
    runs: runs.map(
      ({
        seed,
        parameters,
        bestEpoch,
        secondsPerEpoch,
        validationAccuracy,
        validationLoss,
        testAccuracy,
        history,
      }) => ({
        seed,
        parameters,
        bestEpoch,
        secondsPerEpoch,
        validationAccuracy,
        validationLoss,
        testAccuracy,
        epochs: history.epochs,
      }),
    ),
  };
}

/** Accuracy on reviews never trained on; below, what always saying the commoner answer would give. */
export function accuracyTable(summaries, majority) {
  const table = new Table({
    ...plain,
    head: ['model', 'parameters', 's/epoch', 'test accuracy', '+- sd', 'min .. max'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  table.push([
    'majority class',
    '0',
    '',
    percent(mean(majority)),
    percent(deviation(majority)),
    range(Math.min(...majority), Math.max(...majority)),
  ]);
  for (const { kind, parameters, secondsPerEpoch, testAccuracy } of summaries) {
    table.push([
      kind,
      Math.round(parameters).toLocaleString('en'),
      secondsPerEpoch.toFixed(2),
      percent(testAccuracy.mean),
      percent(testAccuracy.deviation),
      range(testAccuracy.min, testAccuracy.max),
    ]);
  }
  return (
    `${table}\n` +
    'On a set this small no recurrent net beats counting words by much, if at all: nearly every review gives itself away\n' +
    'by a few words. What a recurrent net can do, and a bag of words cannot, is use their order:'
  );
}

const range = (low, high) => `${(100 * low).toFixed(1)} .. ${(100 * high).toFixed(1)}`;

/** @param {(ReturnType<typeof import('./order.mjs').orderTest> & { kind: string })[]} results */
export function orderTable(results) {
  const table = new Table({
    ...plain,
    head: ['model', 'test reviews', 'largest |difference|', 'logits not identical', 'answers changed'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  for (const { kind, reviews, largest, different, changed } of results) {
    table.push([
      kind,
      reviews,
      largest === 0 ? '0' : largest.toFixed(4),
      percent(different / reviews),
      percent(changed / reviews),
    ]);
  }
  return (
    `Each test review against a shuffle of its own words:\n${table}\n` +
    'The bag of words is given how often each word occurs, which a shuffle does not change: its outputs are the same bit for bit.'
  );
}

/** @param {{ kind: string, runs: ReturnType<typeof import('./quantized.mjs').quantizedTest>[] }[]} results  one run a seed */
export function quantizedTable(results) {
  const table = new Table({
    ...plain,
    head: ['model', 'weights', 'bytes', 'test accuracy', 'min .. max', 'answers changed', 'largest |difference|'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const { kind, runs } of results) {
    for (const [k, { dtype, bytes }] of runs[0].entries()) {
      const seeds = runs.map((run) => run[k]);
      const accuracies = seeds.map(({ accuracy }) => accuracy);
      table.push([
        kind,
        dtype,
        bytes.toLocaleString('en'),
        percent(mean(accuracies)),
        range(Math.min(...accuracies), Math.max(...accuracies)),
        mean(seeds.map(({ changed }) => changed)).toFixed(1),
        Math.max(...seeds.map(({ largest }) => largest)).toFixed(4),
      ]);
    }
  }
  return (
    `The recurrent layers with rounded weights (u.quantize), on the same test reviews, mean over the seeds:\n${table}\n` +
    'Bytes are of the recurrent layers alone; answers changed and the difference of the logits are against float32.'
  );
}

/**
 * @param {string[]} sentences
 * @param {{ kind: string, isBest: boolean, logits: number[] }[]} columns
 */
export function sentenceTable(sentences, columns) {
  const table = new Table({
    ...plain,
    head: ['sentence', ...columns.map(({ kind, isBest }) => (isBest ? `${kind} (best)` : kind))],
    colWidths: [44, ...columns.map(() => 18)],
    wordWrap: true,
  });
  for (const [row, sentence] of sentences.entries())
    table.push([sentence, ...columns.map(({ logits }) => verdict(logits[row]))]);
  return `${table}`;
}

/** "positive 93.1 %": the likelier answer and its probability. */
export function verdict(logit) {
  const probability = 1 / (1 + Math.exp(-Math.abs(logit)));
  return `${logit > 0 ? 'positive' : 'negative'} ${percent(probability)}`;
}
