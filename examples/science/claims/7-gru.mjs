// Claim 7. The GRU does with three gates what the LSTM does with four.
import * as u from 'unrolled';
import { deviation, mean } from '../../lib/stats.mjs';
import { bars } from '../plots.mjs';
import { realSets } from '../real-sets.mjs';
import { figure, percent } from '../report.mjs';

export const title = 'GRU against LSTM';
export const claim =
  'A GRU has three sets of weights where an LSTM has four: 3/4 of the parameters, about 3/4 of the time, and almost the same results.';

export const sizes = {
  whole: { seeds: 3, turns: 60, sets: ['reviews', 'digits', 'weather', 'births'] },
  quick: { seeds: 3, turns: 30, sets: ['reviews', 'digits'] },
};

export async function run({ sizes, seed, say }) {
  const rows = [parameters(), ...stepTimes(sizes.turns, seed)];
  const values = [];
  for (const name of sizes.sets) {
    const set = realSets[name];
    let data;
    try {
      data = await set.load(say);
    } catch (error) {
      rows.push({ what: set.name, measured: `not fetched: ${error.message}`, expected: 'almost the same' });
      continue;
    }
    const scores = { GRU: [], LSTM: [] };
    for (let k = 0; k < sizes.seeds; k++) {
      for (const kind of ['GRU', 'LSTM']) {
        const score = await set.score(kind, data, seed + k);
        say(`${kind}, ${set.name}, seed ${seed + k}: ${shown(set, score)}`);
        scores[kind].push(score);
        values.push({ set: set.name, kind, score });
      }
    }
    rows.push(compared(set, scores));
  }
  return { rows, plots: [plotOf(values)] };
}

function parameters() {
  const counted = [];
  for (const [inputSize, hiddenSize, numLayers, bidirectional] of [
    [1, 1, 1, false],
    [48, 48, 1, false],
    [100, 256, 2, false],
    [7, 33, 3, true],
  ]) {
    const count = (Layer) =>
      new Layer({ inputSize, hiddenSize, numLayers, bidirectional })
        .parameters()
        .reduce((sum, { size }) => sum + size, 0);
    counted.push([count(u.GRU), count(u.LSTM)]);
  }
  return {
    what: 'parameters of the layer, four sizes, stacked and bidirectional too',
    measured: counted.map(([gru, lstm]) => `${gru.toLocaleString('en')} / ${lstm.toLocaleString('en')}`).join('; '),
    expected: '3/4 exactly',
    holds: counted.every(([gru, lstm]) => 4 * gru === 3 * lstm),
  };
}

/**
 * Both take turns, so that what else the machine does meets both. The fastest tenth of each: on a busy machine a median says more of
 * who interrupted the step than of the step.
 */
function stepTimes(turns, seed) {
  u.seed(seed);
  return [
    { I: 32, H: 32, T: 50, B: 32, turns: 10 * turns },
    { I: 128, H: 128, T: 100, B: 32, turns },
  ].map(({ I, H, T, B, turns: own }) => {
    const x = u.randn([T, B, I], { requiresGrad: true });
    const step = (layer) => {
      const start = performance.now();
      layer.zeroGrad();
      layer.forward(x).output.sum().backward();
      return performance.now() - start;
    };
    const layers = [u.GRU, u.LSTM].map((Layer) => new Layer({ inputSize: I, hiddenSize: H }));
    for (const layer of layers) step(layer);
    const times = Array.from({ length: own }, () => layers.map(step));
    const [gru, lstm] = [0, 1].map((k) => times.map((turn) => turn[k]).sort((a, b) => a - b)[Math.floor(own / 10)]);
    return {
      what: `time of a training step, I = ${I}, H = ${H}, T = ${T}, B = ${B}: GRU / LSTM`,
      measured: `${(gru / lstm).toFixed(2)}: ${figure(gru)} and ${figure(lstm)} ms, the fastest tenth of ${own} turns`,
      expected: 'about 3/4: 0.6 to 0.9',
      holds: gru / lstm > 0.6 && gru / lstm < 0.9,
    };
  });
}

const shown = ({ measure, unit }, score) => (measure === 'accuracy' ? percent(score, 2) : `${figure(score)} ${unit}`);

/**
 * "Almost the same": seed by seed (same split, same order of batches) the two differ, in the mean, by less than one percentage
 * point (accuracy) or 3 % (error), or by less than two standard errors of that mean.
 */
function compared(set, { GRU: gru, LSTM: lstm }) {
  const differences = gru.map((score, k) => score - lstm[k]);
  const small = set.measure === 'accuracy' ? 0.01 : 0.03 * mean(lstm);
  const byChance = (2 * deviation(differences)) / Math.sqrt(gru.length);
  const told = (scores) => `${shown(set, mean(scores))} +- ${shown(set, deviation(scores))}`;
  const ahead = mean(differences) > 0 === (set.measure === 'accuracy') ? 'GRU' : 'LSTM';
  return {
    what: `${set.name}: ${set.measure === 'accuracy' ? 'accuracy' : 'mean absolute error'} on the test part, ${gru.length} seeds`,
    measured: `GRU ${told(gru)}, LSTM ${told(lstm)}; ${ahead} ahead by ${shown(set, Math.abs(mean(differences)))}`,
    expected: `almost the same: within ${shown(set, Math.max(small, byChance))}`,
    holds: Math.abs(mean(differences)) <= Math.max(small, byChance),
  };
}

function plotOf(values) {
  const relative = values.map(({ set, kind, score }) => {
    const reference = mean(values.filter((other) => other.set === set && other.kind === 'LSTM').map((v) => v.score));
    return { set, kind, relative: score / reference };
  });
  const groups = [...new Set(values.map(({ set }) => set))].flatMap((set) =>
    ['GRU', 'LSTM'].map((kind) => ({
      set,
      kind,
      relative: mean(relative.filter((v) => v.set === set && v.kind === kind).map((v) => v.relative)),
    })),
  );
  return bars({
    title: 'GRU and LSTM on real data, as a share of what the LSTM reaches',
    caption:
      'Mean over the seeds. Accuracy for reviews and digits (more is better), mean absolute error for weather and births (less is better). Three quarters of the weights do the work of four.',
    values: groups,
    category: 'kind',
    x: { field: 'relative', title: 'share of the LSTM', domain: [0, 1.2], format: '.0%' },
    panel: 'set',
  });
}
