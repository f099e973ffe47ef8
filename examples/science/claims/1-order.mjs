// Claim 1. Order carries meaning, and a net sees only as much of it as its shape lets through.
import * as u from 'unrolled';
import { generator, shuffled } from '../../lib/random.mjs';
import { mean } from '../../lib/stats.mjs';
import { makeNet } from '../nets.mjs';
import { lines } from '../plots.mjs';
import { figure, percent } from '../report.mjs';
import { tasks } from '../tasks.mjs';

export const title = 'Order';
export const claim =
  'A net over a bag of words cannot tell a sentence from its shuffle. A convolution with pooling sees the order inside its window ' +
  'and not beyond. A recurrent net reads word by word and sees all of it.';

export const sizes = {
  whole: { seeds: 3, updates: 3000, testRows: 6000, shuffles: 1000 },
  quick: { seeds: 1, updates: 1500, testRows: 6000, shuffles: 1000 },
};

const WINDOW = 5;
const FARTHEST = 12;
/** Neither word is nearer than a window to an end of the sentence: pooling would notice an end. */
const task = { kind: 'whichCameFirst', steps: 40, farthest: FARTHEST, margin: WINDOW };
const nets = ['bag of words', 'CNN', 'RNN', 'GRU', 'LSTM'].map((kind) => ({ kind, hiddenSize: 32, width: WINDOW }));

export async function run({ sizes, seed, trainAll }) {
  const rows = shuffleRows(sizes.shuffles, seed);

  const jobs = nets.flatMap((net) =>
    Array.from({ length: sizes.seeds }, (_, k) => ({
      task,
      net,
      seed: seed + k,
      // Neither would ever be done: no need to let them try as long as the others may.
      updates: sizes.updates,
      testRows: sizes.testRows,
    })),
  );
  const outcomes = await trainAll(jobs);
  const of = (kind) => outcomes.filter((_, k) => jobs[k].net.kind === kind);

  // Which word came first is a coin's toss for who does not see the order; four standard deviations of so many tosses.
  const chance = (sequences) => 4 * Math.sqrt(0.25 / sequences);
  const all = (kind) => mean(of(kind).map(({ score }) => score));
  const tests = sizes.seeds * sizes.testRows;
  rows.push({
    what: '"Which of two words came first": bag of words',
    measured: percent(all('bag of words')),
    expected: '50 %',
    holds: Math.abs(all('bag of words') - 0.5) < chance(tests),
  });
  const convolution = of('CNN').flatMap(({ byDistance }) => byDistance);
  const inside = convolution.filter(({ distance }) => distance < WINDOW);
  const outside = convolution.filter(({ distance }) => distance >= WINDOW);
  rows.push({
    what: `CNN, window of ${WINDOW} words: the two words less than ${WINDOW} apart`,
    measured: percent(accuracy(inside)),
    expected: 'above 99 %',
    holds: accuracy(inside) > 0.99,
  });
  rows.push({
    what: `CNN: ${WINDOW} to ${FARTHEST} apart, no window holds both`,
    measured: percent(accuracy(outside)),
    expected: '50 %',
    holds: Math.abs(accuracy(outside) - 0.5) < chance(count(outside)),
  });
  for (const kind of ['RNN', 'GRU', 'LSTM']) {
    const worst = Math.min(...of(kind).map(({ score }) => score));
    rows.push({
      what: `${kind}, any distance${sizes.seeds > 1 ? `, worst of ${sizes.seeds} seeds` : ''}`,
      measured: `${percent(worst)} after ${Math.max(...of(kind).map(({ updates }) => updates))} updates`,
      expected: 'above 99 %',
      holds: worst > 0.99,
    });
  }

  const values = nets.flatMap(({ kind }) => {
    const groups = of(kind).map(({ byDistance }) => byDistance);
    return groups[0].map(({ distance }) => ({
      net: kind,
      distance,
      accuracy: accuracy(groups.flat().filter((group) => group.distance === distance)),
    }));
  });
  const plot = lines({
    title: 'Which of two words came first? Accuracy against their distance',
    caption:
      `The bag of words is at a coin's toss everywhere. The convolution is right as long as both words fit into its window of ` +
      `${WINDOW} (distance below ${WINDOW}) and then as blind as the bag: pooling throws away where a window was. The recurrent nets ` +
      'carry the first word in o_t until the second one comes, however far.',
    values,
    x: { field: 'distance', title: 'words from one to the other', domain: [1, FARTHEST], whole: true },
    y: { field: 'accuracy', title: 'accuracy', domain: [0.35, 1.02], format: '.0%' },
    series: 'net',
    points: true,
  });
  return { rows, plots: [plot] };
}

const count = (groups) => groups.reduce((sum, { sequences }) => sum + sequences, 0);
const accuracy = (groups) => groups.reduce((sum, group) => sum + group.accuracy * group.sequences, 0) / count(groups);

/** Sentences against their shuffles, through nets as they are born: this is a matter of shape, not of training. */
function shuffleRows(sentences, seed) {
  u.seed(seed);
  const random = generator(seed);
  const { x } = tasks[task.kind](task).draw(random, sentences);
  const other = shuffleEach(x, random);
  return ['bag of words', 'RNN', 'GRU', 'LSTM'].map((kind) => {
    const net = makeNet({ kind, hiddenSize: 32 }, { inputSize: x.shape[2], outputs: 1 });
    const [before, after] = u.noGrad(() => [net.forward(x).toArray(), net.forward(other).toArray()]);
    const different = before.filter((value, k) => !Object.is(value, after[k])).length;
    const largest = Math.max(...before.map((value, k) => Math.abs(value - after[k])));
    const blind = kind === 'bag of words';
    return {
      what: `A sentence and its shuffle, ${kind}`,
      measured: `${different} of ${sentences} outputs differ, by ${figure(largest)} at most`,
      expected: blind ? 'the same output, bit for bit' : 'another output',
      holds: blind ? different === 0 : different === sentences,
    };
  });
}

/** Each sentence [steps, sentences, words] with its words in another order. */
function shuffleEach(x, random) {
  const [steps, rows, size] = x.shape;
  const from = x.data;
  const to = new Float32Array(from.length);
  const order = Array.from({ length: steps }, (_, t) => t);
  for (let row = 0; row < rows; row++) {
    for (const [t, source] of shuffled(order, random).entries()) {
      const start = (source * rows + row) * size;
      to.set(from.subarray(start, start + size), (t * rows + row) * size);
    }
  }
  return u.tensor(to, x.shape);
}
