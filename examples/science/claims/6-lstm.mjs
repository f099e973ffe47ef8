// Claim 6. The LSTM's cell: a line on which a value and its gradient travel unchanged, and gates that decide what gets on it.
import * as u from 'unrolled';
import { mean } from '../../lib/stats.mjs';
import { bars, lines } from '../plots.mjs';
import { figure, percent } from '../report.mjs';

export const title = 'The LSTM: cell, forget bias, gates';
export const claim =
  'c_t = f c_(t-1) + i g: with the forget gate at 1 and the input gate at 0 the cell and its gradient pass unchanged through any ' +
  'number of steps. A forget bias of 1 starts near that and learns long tasks better than 0. Each gate is needed.';

export const sizes = {
  whole: { steps: 1000, seeds: 3, updates: 3000, lengths: [10, 20, 30, 50, 100], biases: [0, 1, 2, 3] },
  quick: { steps: 1000, seeds: 1, updates: 1500, lengths: [10, 20, 50], biases: [0, 1, 2] },
};

export async function run(context) {
  const { sizes, seed } = context;
  const carried = carry(sizes, seed);
  const bias = await forgetBias(context);
  const gates = await ablation(context);
  return {
    rows: [...carried.rows, ...bias.rows, ...gates.rows],
    tables: [carried.table, gates.table],
    plots: [carried.plot, bias.plot, gates.plot],
  };
}

const HIDDEN = 32;

// ---- the cell as a carrier ----------------------------------------------------------------------------------------------

/** The part of the test that needs no training. */
export function carry({ steps }, seed) {
  u.seed(seed);
  const exact = passOn(u.LSTM, { f: 30, i: -30 }, steps);
  const gru = passOn(u.GRU, { z: 30 }, steps);
  const shown = [1, 2, 4, 6, 8, 10, 15, 20, 30].map((bias) => {
    const { values, gradients } = passOn(u.LSTM, { f: bias, i: -30 }, steps, { quiet: true });
    return { bias, sigmoid: 1 / (1 + Math.exp(-bias)), kept: mean(values), gradient: mean(gradients) };
  });
  const rows = [
    {
      what: `f = 1, i = 0 (biases 30 and -30): c after ${steps} steps of random input`,
      measured: `${exact.changed} of ${HIDDEN} numbers changed`,
      expected: 'none, bit for bit',
      holds: exact.changed === 0,
    },
    {
      what: `dc_${steps}/dc_0`,
      measured: `${exact.gradients[0]}, ${exact.changedGradients} of ${HIDDEN} differ from 1`,
      expected: '1, bit for bit',
      holds: exact.changedGradients === 0,
    },
    {
      what: `GRU, z = 1 (bias 30): h after ${steps} steps`,
      measured: `${gru.changed} of ${HIDDEN} numbers changed, by ${figure(gru.largest)} at most`,
      expected: "below 1e-5: h' = n + z (h - n) rounds in float32",
      holds: gru.largest < 1e-5,
    },
    {
      what: `GRU, z = 1: dh_${steps}/dh_0`,
      measured: `${gru.changedGradients} of ${HIDDEN} differ from 1, by ${figure(gru.largestGradient)} at most`,
      expected: 'below 1e-5',
      holds: gru.largestGradient < 1e-5,
    },
  ];
  const table = {
    title: `What a forget bias b keeps of the cell over ${steps} steps (weights of the gates 0, i = 0)`,
    head: ['b', 'f = sigmoid(b)', `f^${steps}`, 'c measured', 'dc_T/dc_0 measured'],
    rows: shown.map(({ bias, sigmoid, kept, gradient }) => [
      bias,
      figureOf(sigmoid),
      figure(sigmoid ** steps),
      figure(kept),
      figure(gradient),
    ]),
  };
  const lengths = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter((T) => T <= steps);
  const plot = lines({
    title: 'dc_T/dc_0 against T for forget biases',
    caption:
      'The cell multiplies by f at each step and by nothing else. With f = 1 it is a line that loses nothing over a thousand steps; a bias of 0 halves it at each step, a bias of 1 keeps 73 % a step, which is 4 % after ten.',
    values: [0, 1, 2, 4, 6, 30].flatMap((bias) =>
      lengths.map((T) => ({
        bias: `b = ${bias}`,
        T,
        gradient: Math.max(1e-12, mean(passOn(u.LSTM, { f: bias, i: -30 }, T, { quiet: true }).gradients)),
      })),
    ),
    x: { field: 'T', title: 'steps T', log: true, format: 'd' },
    y: { field: 'gradient', title: 'dc_T/dc_0', log: true },
    series: 'bias',
    points: true,
  });
  return { rows, table, plot };
}

const figureOf = (value) => (value > 0.999 && value < 1 ? `1 - ${figure(1 - value)}` : figure(value));

/**
 * A layer with the biases of some gates set, over random input: what becomes of a state, and of a gradient of ones.
 * `quiet`: the weights of these gates are 0, so that the gate is sigmoid(bias) exactly.
 */
function passOn(Layer, biases, steps, { quiet = false } = {}) {
  const layer = new Layer({ inputSize: 8, hiddenSize: HIDDEN });
  const order = Layer === u.LSTM ? 'ifgo' : 'rzn';
  for (const [gate, bias] of Object.entries(biases)) {
    const from = order.indexOf(gate) * HIDDEN;
    layer.bias_ih_l0.data.fill(bias, from, from + HIDDEN);
    layer.bias_hh_l0.data.fill(0, from, from + HIDDEN);
    if (!quiet) continue;
    layer.weight_ih_l0.data.fill(0, from * 8, (from + HIDDEN) * 8);
    layer.weight_hh_l0.data.fill(0, from * HIDDEN, (from + HIDDEN) * HIDDEN);
  }
  const isLstm = Layer === u.LSTM;
  const carried = u.uniform([1, 1, HIDDEN], 0.1, 1, { requiresGrad: true });
  const start = isLstm ? { h: u.zeros([1, 1, HIDDEN]), c: carried } : { h: carried };
  const { state } = layer.forward(u.randn([steps, 1, 8]), { state: start });
  const end = isLstm ? state.c : state.h;
  const before = carried.toArray();
  const after = end.toArray();
  end.backward(u.ones([1, 1, HIDDEN]));
  const gradients = carried.grad.toArray();
  return {
    values: after.map((value, k) => value / before[k]),
    gradients,
    changed: after.filter((value, k) => !Object.is(value, before[k])).length,
    largest: Math.max(...after.map((value, k) => Math.abs(value - before[k]))),
    changedGradients: gradients.filter((value) => value !== 1).length,
    largestGradient: Math.max(...gradients.map((value) => Math.abs(value - 1))),
  };
}

// ---- the forget bias ----------------------------------------------------------------------------------------------------

async function forgetBias({ sizes, seed, trainAll }) {
  const { seeds, updates, lengths, biases } = sizes;
  const jobs = lengths.flatMap((steps) =>
    biases.flatMap((bias) =>
      Array.from({ length: seeds }, (_, k) => ({
        task: { kind: 'firstAndLast', steps },
        net: { kind: 'LSTM', hiddenSize: HIDDEN, forgetBias: bias },
        updates,
        seed: seed + k,
      })),
    ),
  );
  const outcomes = await trainAll(jobs);
  const of = (steps, bias) =>
    outcomes.filter((_, k) => jobs[k].task.steps === steps && jobs[k].net.forgetBias === bias);
  const values = lengths.flatMap((steps) =>
    biases.map((bias) => ({ bias: `b = ${bias}`, steps, ...summary(of(steps, bias)) })),
  );
  const at = (steps, bias) => values.find((value) => value.steps === steps && value.bias === `b = ${bias}`);
  const rows = lengths.map((steps) => {
    const [zero, one] = [at(steps, 0), at(steps, 1)];
    // Both solved it before the first check: too easy to tell them apart.
    const easy = zero.solved === seeds && one.solved === seeds && zero.updates === one.updates;
    return {
      what: `first and last of ${steps} words, forget bias 0 against 1`,
      measured: `0: ${told(zero)}; 1: ${told(one)}`,
      expected: easy ? 'for information: easy for both' : '1 solves it more often, or sooner',
      ...(!easy && { holds: isBetter(one, zero) }),
    };
  });
  const highest = biases.at(-1);
  for (const steps of lengths.filter((T) => T >= 50)) {
    rows.push({
      what: `first and last of ${steps} words, forget bias ${highest}`,
      measured: told(at(steps, highest)),
      expected: 'for information: 1 may be too little',
    });
  }
  const plot = lines({
    title: 'The first and the last word: updates until it is solved, against the length of the sentence',
    caption: `The lower the better; ${updates} means: not solved. What matters is f^T = sigmoid(b)^T, the gradient that reaches the first word as training begins: the longer the sentence, the higher the bias has to be, and 1 is soon not enough.`,
    values,
    x: { field: 'steps', title: 'words' },
    y: { field: 'updates', title: 'updates, mean over the seeds', domain: [0, updates * 1.05] },
    series: 'bias',
    points: true,
  });
  return { rows, plot };
}

/** Of a few runs of the same job with different seeds. */
function summary(group) {
  return {
    runs: group.length,
    solved: group.filter(({ solved }) => solved).length,
    score: mean(group.map(({ score }) => score)),
    updates: mean(group.map(({ updates }) => updates)),
  };
}
const told = ({ solved, runs, updates }) => `${solved} of ${runs} solved, ${updates.toFixed(0)} updates`;
const isBetter = (a, b) => a.solved > b.solved || (a.solved === b.solved && a.solved > 0 && a.updates < b.updates);

// ---- the gates ----------------------------------------------------------------------------------------------------------

const GATES = {
  'LSTM as it is': undefined,
  'input gate open': 'i=1',
  'forget gate open': 'f=1',
  'output gate open': 'o=1',
  'forget gate shut': 'f=0',
};
const TASKS = [
  { kind: 'adding', steps: 50 },
  { kind: 'temporalOrder', steps: 50 },
  { kind: 'latest', steps: 60, share: 0.05 },
];

async function ablation({ sizes, seed, trainAll }) {
  const jobs = TASKS.flatMap((task) =>
    Object.values(GATES).flatMap((hold) =>
      Array.from({ length: sizes.seeds }, (_, k) => ({
        task,
        net: { kind: 'LSTM', hiddenSize: 8, forgetBias: 1 },
        hold,
        updates: sizes.updates,
        seed: seed + k,
      })),
    ),
  );
  const outcomes = await trainAll(jobs);
  const found = TASKS.flatMap((task) =>
    Object.entries(GATES).map(([gates, hold]) => ({
      task,
      gates,
      ...summary(outcomes.filter((_, k) => jobs[k].task === task && jobs[k].hold === hold)),
    })),
  );
  const at = (task, gates) => found.find((value) => value.task === task && value.gates === gates);
  const whole = 'LSTM as it is';
  const rows = Object.keys(GATES)
    .filter((gates) => gates !== whole)
    .map((gates) => {
      const worse = TASKS.filter((task) => isBetter(at(task, whole), at(task, gates)));
      return {
        what: `8 units, ${gates} throughout: what is lost`,
        measured: worse.length
          ? worse
              .map((task) => `${task.kind}: ${told(at(task, gates))} (as it is: ${told(at(task, whole))})`)
              .join('; ')
          : 'nothing on these tasks',
        expected: 'worse or slower on one of three tasks',
        holds: worse.length > 0,
      };
    });
  const table = {
    title:
      'LSTM of 8 units with a gate held throughout: score (adding: mean squared error; else accuracy), and updates',
    head: ['gates', ...TASKS.map(({ kind, steps }) => `${kind}, ${steps} steps`)],
    rows: Object.keys(GATES).map((gates) => [
      gates,
      ...TASKS.map((task) => {
        const { score, solved, runs, updates } = at(task, gates);
        const size = task.kind === 'adding' ? figure(score) : percent(score);
        return `${size}, ${solved}/${runs} solved, ${updates.toFixed(0)}`;
      }),
    ]),
  };
  const plot = bars({
    title: 'Updates until the task is solved, with a gate held throughout',
    caption: `Short bars are good; bars up to ${sizes.updates} did not solve it. Shut, the forget gate lets the cell remember nothing from step to step; open, it never lets go of anything. An open input gate lets every number in, which adding cannot use. The output gate matters least: the head can weigh what it shows.`,
    values: found.map(({ task, gates, updates }) => ({ task: `${task.kind}, ${task.steps} steps`, gates, updates })),
    category: 'gates',
    x: { field: 'updates', title: 'updates, mean over the seeds', domain: [0, sizes.updates] },
    panel: 'task',
  });
  return { rows, table, plot };
}
