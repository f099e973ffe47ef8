// Trains one net on one task. A job is plain data and so is its result: jobs can be sent to another thread.
import * as u from 'unrolled';
import { generator } from '../lib/random.mjs';
import { mean } from '../lib/stats.mjs';
import { makeNet } from './nets.mjs';
import { tasks } from './tasks.mjs';

/**
 * @typedef {object} Job
 * @property {{ kind: string }} task   of tasks.mjs, with its options
 * @property {{ kind: string, hiddenSize: number }} net   of nets.mjs, with its options
 * @property {number} seed             of the weights and of the data
 * @property {number} updates          at most: training ends when the task is solved
 * @property {number} [batch]          sequences of an update
 * @property {number} [testRows]       sequences of the test
 * @property {'Adam' | 'SGD'} [optimizer]
 * @property {number} [lr]
 * @property {number | null} [clipNorm]
 * @property {string} [hold]           a gate of the LSTM that stays open or shut throughout: 'i=1', 'f=1', 'o=1', 'f=0'
 *
 * @typedef {object} Outcome
 * @property {number} score       on sequences never trained on: mean squared error, or accuracy
 * @property {boolean} solved     below 0.01, or above 0.99
 * @property {number} updates     made
 * @property {{ update: number, loss: number, score: number, gradNorm: number }[]} history  every 100 updates: mean loss,
 *   score on the check set, largest norm of the gradient before clipping
 * @property {number} seconds
 * @property {{ distance: number, accuracy: number, sequences: number }[]} [byDistance]
 */

const OPTIMIZERS = { Adam: u.Adam, SGD: u.SGD };
const LOSSES = { mse: u.mse, crossEntropy: u.crossEntropy };
const CHECK_EVERY = 100;
/** A mean squared error or a share of wrong answers below this counts as solved. */
const SOLVED_ERROR = 0.01;

/** @param {Job} job @returns {{ net: u.Module, outcome: Outcome }} */
export function train(job) {
  const { seed, updates, batch = 64, testRows = 1000, optimizer: kind = 'Adam', lr = 3e-3, clipNorm = 1 } = job;
  const start = performance.now();
  const task = tasks[job.task.kind](job.task);
  u.seed(seed);
  const net = makeNet(job.net, task);
  const gate = job.hold ? holdGate(net.layer, job.hold) : null;
  const parameters = net.parameters();
  const optimizer = new OPTIMIZERS[kind](parameters, { lr });
  const random = generator(seed);
  // Training stops by one set and is judged by another: who picks the moment must not be the judge.
  const check = task.draw(generator(seed + 1_000_000), 1000);
  const test = task.draw(generator(seed + 2_000_000), testRows);

  const history = [];
  let losses = [];
  let gradNorm = 0;
  let solved = false;
  for (let update = 1; update <= updates && !solved; update++) {
    const { x, y } = task.draw(random, batch);
    optimizer.zeroGrad();
    const loss = LOSSES[task.loss](net.forward(x), y);
    loss.backward();
    gate?.withoutGradient();
    gradNorm = Math.max(gradNorm, u.clipGradNorm(parameters, clipNorm ?? Number.POSITIVE_INFINITY));
    optimizer.step();
    losses.push(loss.item());
    if (update % CHECK_EVERY > 0 && update < updates) continue;
    const checked = { update, loss: mean(losses), score: measure(net, task, check), gradNorm };
    history.push(checked);
    losses = [];
    gradNorm = 0;
    solved = isSolved(task, checked.score, 0.7 * SOLVED_ERROR);
    if (!Number.isFinite(checked.loss)) break;
  }
  const score = measure(net, task, test);
  const outcome = {
    score,
    solved: isSolved(task, score, SOLVED_ERROR),
    updates: history.at(-1).update,
    history,
    seconds: (performance.now() - start) / 1000,
    ...(test.distances && { byDistance: accuracyByDistance(net, test) }),
  };
  return { net, outcome };
}

const isSolved = ({ loss }, score, error) => (loss === 'mse' ? score < error : score > 1 - error);

function measure(net, task, test) {
  if (task.loss === 'mse') return u.noGrad(() => u.mse(net.forward(test.x), test.y)).item();
  return mean(hits(net, test));
}

/** 1 for each sequence that gets the right class, 0 for each other. */
function hits(net, { x, y }) {
  const truth = y.toArray();
  const answers = u.noGrad(() => u.argmax(net.forward(x), 1)).toArray();
  return answers.map((answer, row) => Number(answer === truth[row]));
}

/** @returns {{ distance: number, accuracy: number, sequences: number }[]} */
function accuracyByDistance(net, test) {
  const right = hits(net, test);
  const groups = new Map();
  for (const [row, distance] of test.distances.entries())
    groups.set(distance, [...(groups.get(distance) ?? []), right[row]]);
  return [...groups]
    .map(([distance, group]) => ({ distance, accuracy: mean(group), sequences: group.length }))
    .sort((a, b) => a.distance - b.distance);
}

/** Holds a gate of an LSTM at 1 or 0: its weights are 0, its bias is +-30, which is 1 or 0 to float32, and neither learns. */
function holdGate(lstm, [gate, , value]) {
  const from = 'ifgo'.indexOf(gate) * lstm.hiddenSize;
  const bias = value === '1' ? 30 : -30;
  const rows = lstm.parameters().map((parameter) => {
    const width = parameter.size / parameter.shape[0];
    return { parameter, first: from * width, end: (from + lstm.hiddenSize) * width };
  });
  for (const { parameter, first, end } of rows)
    parameter.data.fill(parameter === lstm.bias_ih_l0 ? bias : 0, first, end);
  return {
    withoutGradient() {
      for (const { parameter, first, end } of rows) parameter.grad.data.fill(0, first, end);
    },
  };
}
