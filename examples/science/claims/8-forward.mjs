// Claim 8. Vanishing also runs forwards: what the state still knows of the first word, the further behind it lies.
import * as u from 'unrolled';
import { generator } from '../../lib/random.mjs';
import { mean } from '../../lib/stats.mjs';
import { jacobians, largestStretch, norm } from '../jacobian.mjs';
import { makeNet } from '../nets.mjs';
import { lines } from '../plots.mjs';
import { figure, percent } from '../report.mjs';
import { tasks } from '../tasks.mjs';
import { train } from '../training.mjs';

export const title = 'Forward vanishing: what is left of the first word';
export const claim =
  'The influence of the first word on the state fades with the distance, in a plain RNN by a factor a step. The gates of GRU and LSTM ' +
  'keep it longer, once they have learnt what to keep.';

export const sizes = {
  whole: { seeds: 5, sentences: 8, updates: 3000 },
  quick: { seeds: 2, sentences: 4, updates: 1500 },
};

const HIDDEN = 32;
/** What the nets are trained on, and how far beyond it they are looked at. */
const TRAINED = 10;
const STEPS = 100;
const DISTANCES = [1, 2, 5, 10, 20, 35, 50, 75, 100];
const kinds = ['RNN', 'GRU', 'LSTM'];

export async function run({ sizes, seed: first, say }) {
  const looks = [];
  const scores = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (const kind of kinds) {
    for (let seed = first; seed < first + sizes.seeds; seed++) {
      const options = { kind, hiddenSize: HIDDEN, ...(kind === 'LSTM' && { forgetBias: 1 }) };
      const task = { kind: 'firstAndLast', steps: TRAINED };
      const look = (net, when) =>
        looks.push(...influence(net.layer, sizes.sentences, seed).map((found) => ({ kind, when, ...found })));
      u.seed(seed);
      look(makeNet(options, tasks[task.kind](task)), 'as it is born');
      const { net, outcome } = train({ task, net: options, updates: sizes.updates, seed });
      look(net, 'trained');
      scores[kind].push(outcome.score);
      const { score, updates } = outcome;
      say(
        `${kind} on the first and last of ${TRAINED} words, seed ${seed}: ${percent(score)} after ${updates} updates`,
      );
    }
  }
  const values = overSeeds(looks);
  return { rows: rowsOf(values, scores), plots: plotsOf(values) };
}

function overSeeds(looks) {
  const groups = new Map();
  for (const look of looks) {
    const key = `${look.kind} ${look.when} ${look.distance}`;
    groups.set(key, [...(groups.get(key) ?? []), look]);
  }
  return [...groups.values()].map((group) => ({
    ...group[0],
    slope: logMean(group.map(({ slope }) => slope)),
    moved: logMean(group.map(({ moved }) => moved)),
  }));
}

/**
 * |dh_T/dx_1|, and how far h_T moves when the first word is A in place of B, against T. Means over sentences (of the logarithm:
 * they differ by powers of ten).
 */
function influence(layer, sentences, seed) {
  const { x } = tasks.firstAndLast({ steps: STEPS }).draw(generator(seed), sentences);
  const other = withOtherFirstWord(x);
  const [here, there] = u.noGrad(() => [layer.forward(x).output, layer.forward(other).output]);
  const change = u.noGrad(() => here.sub(there));
  return DISTANCES.map((T) => {
    const slopes = Array.from({ length: sentences }, (_, row) => {
      const { inputs } = jacobians(layer, x.slice(row, row + 1, 1).slice(0, T));
      return largestStretch(inputs[0], HIDDEN);
    });
    const moved = Array.from({ length: sentences }, (_, row) =>
      norm(
        change
          .slice(T - 1, T)
          .slice(row, row + 1, 1)
          .toArray(),
      ),
    );
    return { distance: T, slope: logMean(slopes), moved: logMean(moved) };
  });
}

function withOtherFirstWord(x) {
  const numbers = Float32Array.from(x.data);
  const [, rows, words] = x.shape;
  for (let row = 0; row < rows; row++) {
    const at = row * words;
    [numbers[at], numbers[at + 1]] = [numbers[at + 1], numbers[at]];
  }
  return u.tensor(numbers, x.shape);
}

/** What float32 cannot tell from nothing counts as 1e-12. */
const logMean = (sizes) => Math.exp(mean(sizes.map((size) => Math.log(Math.max(size, 1e-12)))));

function rowsOf(values, scores) {
  const at = (kind, when, distance) =>
    values.find((v) => v.kind === kind && v.when === when && v.distance === distance);
  const rate = (kind, when) => (at(kind, when, 20).slope / at(kind, when, 5).slope) ** (1 / 15);
  const left = (kind, when, distance) => at(kind, when, distance).moved / at(kind, when, 1).moved;
  const rows = kinds.map((kind) => ({
    what: `${kind} as it is born: |dh_T/dx_1| from one word to the next (T = 5 to 20)`,
    measured: `times ${rate(kind, 'as it is born').toFixed(3)}; after 50 words ${figure(at(kind, 'as it is born', 50).slope)}`,
    expected: 'fades: below 1',
    holds: rate(kind, 'as it is born') < 1,
  }));
  const bornAt = (kind) => at(kind, 'as it is born', 50).slope;
  rows.push({
    what: 'as they are born, 50 words on: GRU and LSTM keep more of the first word than the RNN',
    measured: kinds.map((kind) => `${kind} ${figure(bornAt(kind))}`).join(', '),
    expected: 'GRU and LSTM above RNN',
    holds: bornAt('GRU') > bornAt('RNN') && bornAt('LSTM') > bornAt('RNN'),
  });
  for (const kind of kinds) {
    rows.push({
      what: `${kind} trained (${percent(Math.min(...scores[kind]))} or more on ${TRAINED} words): how far h_${TRAINED} moves with the first word`,
      measured: `${percent(left(kind, 'trained', TRAINED))} of how far h_1 did; untrained ${percent(left(kind, 'as it is born', TRAINED), 2)}`,
      expected: 'more than untrained',
      holds: left(kind, 'trained', TRAINED) > left(kind, 'as it is born', TRAINED),
    });
  }
  const far = Object.fromEntries(kinds.map((kind) => [kind, at(kind, 'trained', 100).moved]));
  rows.push({
    what: `trained on ${TRAINED} words, at the 100th: GRU and LSTM keep more of the first word than the RNN`,
    measured: kinds.map((kind) => `${kind} ${figure(far[kind])}`).join(', '),
    expected: 'GRU and LSTM above RNN',
    holds: far.GRU > far.RNN && far.LSTM > far.RNN,
  });
  return rows;
}

function plotsOf(values) {
  const shared = {
    values,
    x: { field: 'distance', title: 'words read, T' },
    series: 'kind',
    panel: 'when',
    points: true,
  };
  return [
    lines({
      ...shared,
      title: '|dh_T/dx_1| against T',
      caption:
        'How much the state after T words still answers to a small change of the first. As they are born all three forget by a factor a step: straight lines down. ' +
        `Training on the first and last of ${TRAINED} words bends the lines up: what has to be kept is kept. At 1e-12 float32 ends.`,
      y: { field: 'slope', title: '|dh_T/dx_1|', log: true },
    }),
    lines({
      ...shared,
      title: 'How far h_T moves when the first word is another',
      caption:
        'Not the derivative but the thing itself: the same sentence with A and with B as its first word, and the distance between the two states after T words. A trained net keeps the two apart, and then its derivative may be small nonetheless: it has stored the word as one of two places to rest in, which a small change does not move. Flat parts near 1e-7 are the rounding of float32.',
      y: { field: 'moved', title: '|h_T(A ...) - h_T(B ...)|', log: true },
    }),
  ];
}
