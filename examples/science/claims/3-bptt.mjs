// Claim 3. Backpropagation through time by hand: the derivative formulas of the notes in plain loops, against the kernels.
import * as u from 'unrolled';
import { generator } from '../../lib/random.mjs';
import { lines } from '../plots.mjs';
import { figure } from '../report.mjs';

export const title = 'Backpropagation through time, by hand';
export const claim =
  "o_t = f(W x_t + W' o_(t-1)), y = g(W'' o_T), L = |y - y*|^2 / 2. Each of the three weights has a derivative one can write down: " +
  "W'' meets o_T once; W' and W meet every step, and each step's share comes back through a chain of factors f'(a_k) W'.";

export const sizes = { whole: { nets: 200 }, quick: { nets: 200 } };

const { tanh } = Math;
const sigmoid = (a) => 1 / (1 + Math.exp(-a));

/** Small enough to print: one unit. f = tanh, g = sigmoid. */
const example = { w: 0.7, w1: -1.1, w2: 1.6, x: [0.5, -1.2, 0.8, 2, -0.3], target: 1 };
const NAMES = { w2: "w''", w1: "w'", w: 'w' };

export async function run({ sizes, seed, inDouble }) {
  const hand = byHand(example);
  const inFloat = byKernels(example);
  const { kernels, worst } = await inDouble(() => ({
    kernels: byKernels(example),
    worst: worstOfRandomNets(sizes.nets, seed),
  }));

  const rows = Object.entries(NAMES).map(([key, name]) => {
    const error = Math.abs(kernels[key] - hand[key]);
    return {
      what: `dL/d${name}, one unit: the formula against the library in double`,
      measured: `${hand[key].toFixed(12)}; they differ by ${figure(error)}`,
      expected: 'below 1e-10',
      holds: error < 1e-10,
    };
  });
  for (const [key, name] of Object.entries({ w2: "dL/dW''", w1: "dL/dW'", w: 'dL/dW' })) {
    rows.push({
      what: `${name}, ${sizes.nets} random nets of 1 to 6 units, 1 to 12 steps, in double`,
      measured: `differ by ${figure(worst[key])} at most`,
      expected: 'below 1e-10',
      holds: worst[key] < 1e-10,
    });
  }
  const slope = Math.max(...Object.keys(NAMES).map((key) => Math.abs(slopeOf(key) - hand[key])));
  rows.push({
    what: 'the formulas against (L(w + e) - L(w - e)) / 2e, e = 1e-6',
    measured: `differ by ${figure(slope)} at most`,
    expected: 'below 1e-8',
    holds: slope < 1e-8,
  });
  const rounding = Math.max(...Object.keys(NAMES).map((key) => Math.abs(inFloat[key] / hand[key] - 1)));
  rows.push({
    what: 'the formulas against the kernels one trains with',
    measured: `differ by ${figure(rounding)} of the value at most`,
    expected: 'below 1e-5 in float32',
    holds: rounding < 1e-5,
  });
  return { rows, tables: [stepTable(hand)], plots: [shares(hand)] };
}

/** y, and all that the derivatives need, of a net of one unit. */
function unroll({ w, w1, w2, x, target }) {
  const o = [0];
  const slope = [Number.NaN];
  for (let t = 1; t <= x.length; t++) {
    o[t] = tanh(w * x[t - 1] + w1 * o[t - 1]);
    slope[t] = 1 - o[t] ** 2; // f'(a_t)
  }
  const y = sigmoid(w2 * o[x.length]);
  return { o, slope, y, loss: (y - target) ** 2 / 2 };
}

/**
 *   dL/dw'' = (y - y*) g'(b) o_T
 *   dL/dw'  = (y - y*) g'(b) w'' sum_t [ prod_(k=t+1..T) f'(a_k) w' ] f'(a_t) o_(t-1)
 *   dL/dw   = (y - y*) g'(b) w'' sum_t [ prod_(k=t+1..T) f'(a_k) w' ] f'(a_t) x_t
 */
function byHand(net) {
  const { w1, w2, x, target } = net;
  const { o, slope, y } = unroll(net);
  const T = x.length;
  const delta = (y - target) * y * (1 - y); // (y - y*) g'(b)
  const steps = [];
  const sums = { w1: 0, w: 0 };
  for (let t = 1; t <= T; t++) {
    let chain = 1; // do_T / do_t
    for (let k = t + 1; k <= T; k++) chain *= slope[k] * w1;
    const share = { w1: delta * w2 * chain * slope[t] * o[t - 1], w: delta * w2 * chain * slope[t] * x[t - 1] };
    sums.w1 += share.w1;
    sums.w += share.w;
    steps.push({ t, x: x[t - 1], o: o[t], slope: slope[t], factor: slope[t] * w1, chain, share });
  }
  return { w2: delta * o[T], ...sums, steps };
}

/** The same net as a layer of the library. */
function byKernels({ w, w1, w2, x, target }) {
  const { layer, head, loss } = kernelNet({
    W: [[w]],
    W1: [[w1]],
    W2: [[w2]],
    x: x.map((value) => [value]),
    target: [target],
  });
  loss.backward();
  return { w2: head.weight.grad.item(), w1: layer.weight_hh_l0.grad.item(), w: layer.weight_ih_l0.grad.item() };
}

/** @param {{ W: number[][], W1: number[][], W2: number[][], x: number[][], target: number[] }} net */
function kernelNet({ W, W1, W2, x, target }) {
  const layer = new u.RNN({ inputSize: W[0].length, hiddenSize: W.length, bias: false });
  const head = new u.Linear({ inFeatures: W.length, outFeatures: W2.length, bias: false });
  layer.weight_ih_l0.data.set(W.flat());
  layer.weight_hh_l0.data.set(W1.flat());
  head.weight.data.set(W2.flat());
  const { state } = layer.forward(u.tensor(x.flat(), [x.length, 1, W[0].length]));
  const error = head
    .forward(state.h.select(0))
    .sigmoid()
    .sub(u.tensor(target, [1, target.length]));
  return { layer, head, loss: error.mul(error).sum().mul(0.5) };
}

function slopeOf(key, step = 1e-6) {
  const at = (change) => unroll({ ...example, [key]: example[key] + change }).loss;
  return (at(step) - at(-step)) / (2 * step);
}

/** The formulas for whole matrices, in the same plain loops, on random nets: the largest difference of any entry. */
function worstOfRandomNets(nets, seed) {
  const random = generator(seed);
  const upTo = (n) => 1 + Math.floor(random() * n);
  const matrix = (rows, columns) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => 3 * random() - 1.5));
  const worst = { w2: 0, w1: 0, w: 0 };
  for (let n = 0; n < nets; n++) {
    const [I, H, O, T] = [upTo(4), upTo(6), upTo(3), upTo(12)];
    const net = { W: matrix(H, I), W1: matrix(H, H), W2: matrix(O, H), x: matrix(T, I), target: matrix(1, O)[0] };
    const { layer, head, loss } = kernelNet(net);
    loss.backward();
    const hand = matricesByHand(net);
    const kernels = { w2: head.weight.grad, w1: layer.weight_hh_l0.grad, w: layer.weight_ih_l0.grad };
    for (const [key, grad] of Object.entries(kernels)) {
      for (const [k, value] of grad.toArray().entries())
        worst[key] = Math.max(worst[key], Math.abs(value - hand[key].flat()[k]));
    }
  }
  return worst;
}

/**
 *   delta   = W''^T ((y - y*) * g'(b))                                       dL/do_T
 *   dL/dW'' = ((y - y*) * g'(b)) o_T^T
 *   dL/dW'  = sum_t f'(a_t) * ( [ prod_(k=t+1..T) diag(f'(a_k)) W' ]^T delta ) o_(t-1)^T,   dL/dW alike with x_t
 */
function matricesByHand({ W, W1, W2, x, target }) {
  const [I, H, O, T] = [W[0].length, W.length, W2.length, x.length];
  const o = [new Array(H).fill(0)];
  for (let t = 1; t <= T; t++) {
    o[t] = [];
    for (let i = 0; i < H; i++) {
      let a = 0;
      for (let j = 0; j < I; j++) a += W[i][j] * x[t - 1][j];
      for (let j = 0; j < H; j++) a += W1[i][j] * o[t - 1][j];
      o[t][i] = tanh(a);
    }
  }
  const slope = (t, i) => 1 - o[t][i] ** 2;

  const zeros = (rows, columns) => Array.from({ length: rows }, () => new Array(columns).fill(0));
  const gradient = { w2: zeros(O, H), w1: zeros(H, H), w: zeros(H, I) };
  const delta = new Array(H).fill(0);
  for (let n = 0; n < O; n++) {
    let b = 0;
    for (let i = 0; i < H; i++) b += W2[n][i] * o[T][i];
    const y = sigmoid(b);
    const outer = (y - target[n]) * y * (1 - y);
    for (let i = 0; i < H; i++) {
      gradient.w2[n][i] = outer * o[T][i];
      delta[i] += W2[n][i] * outer;
    }
  }
  for (let t = 1; t <= T; t++) {
    // For each t the whole chain from T down to t anew, as the formula is written.
    let chained = delta;
    for (let k = T; k > t; k--) {
      const before = new Array(H).fill(0);
      for (let i = 0; i < H; i++) for (let j = 0; j < H; j++) before[j] += chained[i] * slope(k, i) * W1[i][j];
      chained = before;
    }
    for (let i = 0; i < H; i++) {
      for (let j = 0; j < H; j++) gradient.w1[i][j] += chained[i] * slope(t, i) * o[t - 1][j];
      for (let j = 0; j < I; j++) gradient.w[i][j] += chained[i] * slope(t, i) * x[t - 1][j];
    }
  }
  return gradient;
}

function stepTable({ steps }) {
  const { w, w1, w2 } = example;
  return {
    title: `One unit, step by step: w = ${w}, w' = ${w1}, w'' = ${w2}; do_T/do_t is the product of the factors of all later steps`,
    head: ['t', 'x_t', 'o_t', "f'(a_t)", "f'(a_t) w'", 'do_T/do_t', "share of dL/dw'", 'share of dL/dw'],
    rows: steps.map(({ t, x, o, slope, factor, chain, share }) => [
      t,
      x,
      ...[o, slope, factor, chain, share.w1, share.w].map((value) => value.toFixed(6)),
    ]),
  };
}

function shares({ steps }) {
  return lines({
    title: 'The chain of factors, and what it leaves of each step',
    caption:
      "|do_T/do_t| is the product of f'(a_k) w' over all steps after t: although |w'| is above 1 here, the slopes of tanh make the product " +
      "small, and the share of the early steps in dL/dw' and dL/dw with it. This is the vanishing gradient on a net of one unit.",
    values: steps.flatMap(({ t, chain, share }) => [
      { t, what: '|do_T/do_t|', size: Math.abs(chain) },
      // o_0 = 0: the first step has no share in dL/dw', and no place on a logarithmic scale.
      ...(t > 1 ? [{ t, what: "|share of dL/dw'|", size: Math.abs(share.w1) }] : []),
      { t, what: '|share of dL/dw|', size: Math.abs(share.w) },
    ]),
    x: { field: 't', title: 'step t', whole: true },
    y: { field: 'size', title: 'absolute value', log: true },
    series: 'what',
    points: true,
  });
}
