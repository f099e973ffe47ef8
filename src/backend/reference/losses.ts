// Losses with PyTorch's reductions. L is the number of losses written: one an element (or row), or 1 for mean and sum.
import { sigmoid } from '../cells/activation.js';
import { Reduction, Regression, Status } from '../generated/abi.js';
import type { Floats, Ints, Optional } from './kernel.js';
import { log_softmax_forward } from './rows.js';

/** ok, or what is wrong with `reduction` and with L as the number of losses that `count` elements give. */
function checkReduction(reduction: number, L: number, count: number): number {
  if (reduction !== Reduction.none && reduction !== Reduction.mean && reduction !== Reduction.sum) return Status.kind;
  return L === (reduction === Reduction.none ? count : 1) ? Status.ok : Status.size;
}

function checkTargets(target: Ints, N: number, C: number, ignore_index: number): number {
  for (let n = 0; n < N; n++) {
    const t = target[n]!;
    if (t !== ignore_index && (t < 0 || t >= C)) return Status.index;
  }
  return Status.ok;
}

/** -(1 - s) w[t] logp[t] - s / C sum_c w[c] logp[c] */
export function cross_entropy_forward(
  loss: Floats,
  logp: Floats,
  denominator: Floats,
  logits: Floats,
  target: Ints,
  weight: Optional<Floats>,
  N: number,
  C: number,
  L: number,
  ignore_index: number,
  label_smoothing: number,
  reduction: number,
): number {
  const status = checkReduction(reduction, L, N) || checkTargets(target, N, C, ignore_index);
  if (status !== Status.ok) return status;
  log_softmax_forward(logp, logits, N, C);

  let total = 0;
  let weights = 0;
  for (let n = 0; n < N; n++) {
    const t = target[n]!;
    let rowLoss = 0;
    if (t !== ignore_index) {
      const w = weight ? weight[t]! : 1;
      rowLoss = -(1 - label_smoothing) * w * logp[n * C + t]!;
      // Without smoothing the sum is left out rather than multiplied by 0: logp may be -inf where a class is masked.
      if (label_smoothing > 0) {
        let sum = 0;
        for (let c = 0; c < C; c++) sum += (weight ? weight[c]! : 1) * logp[n * C + c]!;
        rowLoss -= (label_smoothing / C) * sum;
      }
      weights += w;
    }
    total += rowLoss;
    if (reduction === Reduction.none) loss[n] = rowLoss;
  }
  denominator[0] = reduction === Reduction.mean ? weights : 1;
  if (reduction !== Reduction.none) loss[0] = total / denominator[0];
  return Status.ok;
}

// forward was: loss = sum_c -q[c] logp[c] / denominator,  q[c] = w[t] (1 - s) [c = t] + w[c] s / C
export function cross_entropy_backward(
  dlogits: Floats,
  dloss: Floats,
  logp: Floats,
  denominator: Floats,
  target: Ints,
  weight: Optional<Floats>,
  N: number,
  C: number,
  L: number,
  ignore_index: number,
  label_smoothing: number,
  reduction: number,
): number {
  const status = checkReduction(reduction, L, N) || checkTargets(target, N, C, ignore_index);
  if (status !== Status.ok) return status;
  let weights = 0;
  for (let c = 0; c < C; c++) weights += weight ? weight[c]! : 1;

  for (let n = 0; n < N; n++) {
    const t = target[n]!;
    const row = n * C;
    if (t === ignore_index) {
      dlogits.fill(0, row, row + C);
      continue;
    }
    const onTarget = (weight ? weight[t]! : 1) * (1 - label_smoothing);
    const sumQ = onTarget + (weights * label_smoothing) / C;
    const scale = dloss[reduction === Reduction.none ? n : 0]! / denominator[0]!;
    for (let c = 0; c < C; c++) {
      const q = (c === t ? onTarget : 0) + ((weight ? weight[c]! : 1) * label_smoothing) / C;
      dlogits[row + c] = scale * (sumQ * Math.exp(logp[row + c]!) - q);
    }
  }
  return Status.ok;
}

/**
 * w ((1 - t) x + (1 + (p - 1) t) (log(1 + exp(-|x|)) + max(-x, 0))). With p = 1 that is max(x, 0) - x t + log(1 + exp(-|x|)),
 * because x + max(-x, 0) = max(x, 0).
 */
export function bce_with_logits_forward(
  loss: Floats,
  x: Floats,
  t: Floats,
  weight: Optional<Floats>,
  pos_weight: Optional<Floats>,
  n: number,
  L: number,
  reduction: number,
): number {
  const status = checkReduction(reduction, L, n);
  if (status !== Status.ok) return status;
  let total = 0;
  for (let k = 0; k < n; k++) {
    const xk = x[k]!;
    const tk = t[k]!;
    const positive = 1 + ((pos_weight ? pos_weight[k]! : 1) - 1) * tk;
    const softplus = Math.log1p(Math.exp(-Math.abs(xk))) + Math.max(-xk, 0);
    const one = (weight ? weight[k]! : 1) * ((1 - tk) * xk + positive * softplus);
    total += one;
    if (reduction === Reduction.none) loss[k] = one;
  }
  if (reduction !== Reduction.none) loss[0] = reduction === Reduction.mean ? total / n : total;
  return Status.ok;
}

// forward was: w ((1 - t) x + (1 + (p - 1) t) softplus(-x)),  d softplus(-x) / dx = -(1 - sigmoid(x))
export function bce_with_logits_backward(
  dx: Floats,
  dloss: Floats,
  x: Floats,
  t: Floats,
  weight: Optional<Floats>,
  pos_weight: Optional<Floats>,
  n: number,
  L: number,
  reduction: number,
): number {
  const status = checkReduction(reduction, L, n);
  if (status !== Status.ok) return status;
  const denominator = reduction === Reduction.mean ? n : 1;
  for (let k = 0; k < n; k++) {
    const tk = t[k]!;
    const positive = 1 + ((pos_weight ? pos_weight[k]! : 1) - 1) * tk;
    // 1 - sigmoid(x) = sigmoid(-x), without the cancellation.
    const slope = 1 - tk - positive * sigmoid(-x[k]!);
    const scale = dloss[reduction === Reduction.none ? k : 0]! / denominator;
    dx[k] = scale * (weight ? weight[k]! : 1) * slope;
  }
  return Status.ok;
}

interface Regressor {
  readonly loss: (d: number, delta: number) => number;
  readonly slope: (d: number, delta: number) => number;
}

/** Of the difference d = x - t. */
const regressors: Readonly<Record<number, Regressor>> = {
  [Regression.mse]: { loss: (d) => d * d, slope: (d) => 2 * d },
  [Regression.mae]: { loss: (d) => Math.abs(d), slope: (d) => Math.sign(d) },
  [Regression.huber]: {
    loss: (d, delta) => (Math.abs(d) <= delta ? (d * d) / 2 : delta * (Math.abs(d) - delta / 2)),
    slope: (d, delta) => (Math.abs(d) <= delta ? d : delta * Math.sign(d)),
  },
};

export function regression_loss_forward(
  loss: Floats,
  x: Floats,
  t: Floats,
  n: number,
  L: number,
  reduction: number,
  kind: number,
  delta: number,
): number {
  const f = regressors[kind];
  if (!f) return Status.kind;
  const status = checkReduction(reduction, L, n);
  if (status !== Status.ok) return status;
  let total = 0;
  for (let k = 0; k < n; k++) {
    const one = f.loss(x[k]! - t[k]!, delta);
    total += one;
    if (reduction === Reduction.none) loss[k] = one;
  }
  if (reduction !== Reduction.none) loss[0] = reduction === Reduction.mean ? total / n : total;
  return Status.ok;
}

// forward was: loss(x - t), hence dt = -dx
export function regression_loss_backward(
  dx: Optional<Floats>,
  dt: Optional<Floats>,
  dloss: Floats,
  x: Floats,
  t: Floats,
  n: number,
  L: number,
  reduction: number,
  kind: number,
  delta: number,
): number {
  const f = regressors[kind];
  if (!f) return Status.kind;
  const status = checkReduction(reduction, L, n);
  if (status !== Status.ok) return status;
  const denominator = reduction === Reduction.mean ? n : 1;
  for (let k = 0; k < n; k++) {
    const scale = dloss[reduction === Reduction.none ? k : 0]! / denominator;
    const d = scale * f.slope(x[k]! - t[k]!, delta);
    if (dx) dx[k] = d;
    if (dt) dt[k] = -d;
  }
  return Status.ok;
}
