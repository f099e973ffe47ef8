// Optimiser updates: PyTorch's rules, one pass over a parameter.
import { Status } from '../generated/abi.js';
import type { Floats, Optional } from './kernel.js';

/** out = sum of squares */
export function sum_squares(out: Floats, x: Floats, n: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += x[k]! * x[k]!;
  out[0] = sum;
  return Status.ok;
}

export function sgd_update(
  p: Floats,
  buf: Optional<Floats>,
  g: Floats,
  n: number,
  lr: number,
  momentum: number,
  dampening: number,
  nesterov: number,
  weight_decay: number,
  first: number,
): number {
  if (momentum !== 0 && !buf) return Status.null;
  for (let k = 0; k < n; k++) {
    let d = g[k]! + weight_decay * p[k]!;
    if (buf && momentum !== 0) {
      const velocity = first ? d : momentum * buf[k]! + (1 - dampening) * d;
      buf[k] = velocity;
      d = nesterov ? d + momentum * velocity : velocity;
    }
    p[k]! -= lr * d;
  }
  return Status.ok;
}

export function adam_update(
  p: Floats,
  m: Floats,
  v: Floats,
  vmax: Optional<Floats>,
  g: Floats,
  n: number,
  lr: number,
  beta1: number,
  beta2: number,
  eps: number,
  weight_decay: number,
  decoupled: number,
  step: number,
): number {
  const stepSize = lr / (1 - beta1 ** step);
  const correction2 = Math.sqrt(1 - beta2 ** step);
  for (let k = 0; k < n; k++) {
    let d = g[k]!;
    if (decoupled) p[k]! *= 1 - lr * weight_decay;
    else d += weight_decay * p[k]!;

    const mk = beta1 * m[k]! + (1 - beta1) * d;
    const vk = beta2 * v[k]! + (1 - beta2) * d * d;
    m[k] = mk;
    v[k] = vk;
    let vhat = vk;
    if (vmax) {
      vhat = Math.max(vmax[k]!, vk);
      vmax[k] = vhat;
    }
    p[k]! -= (stepSize * mk) / (Math.sqrt(vhat) / correction2 + eps);
  }
  return Status.ok;
}

export function rmsprop_update(
  p: Floats,
  sq: Floats,
  buf: Optional<Floats>,
  gavg: Optional<Floats>,
  g: Floats,
  n: number,
  lr: number,
  alpha: number,
  eps: number,
  weight_decay: number,
  momentum: number,
): number {
  if (momentum !== 0 && !buf) return Status.null;
  for (let k = 0; k < n; k++) {
    const d = g[k]! + weight_decay * p[k]!;
    const square = alpha * sq[k]! + (1 - alpha) * d * d;
    sq[k] = square;
    let variance = square;
    if (gavg) {
      const average = alpha * gavg[k]! + (1 - alpha) * d;
      gavg[k] = average;
      variance -= average * average;
    }
    const step = d / (Math.sqrt(variance) + eps);
    if (buf) {
      buf[k] = momentum * buf[k]! + step;
      p[k]! -= lr * buf[k]!;
    } else {
      p[k]! -= lr * step;
    }
  }
  return Status.ok;
}

export function adagrad_update(
  p: Floats,
  sum: Floats,
  g: Floats,
  n: number,
  lr: number,
  eps: number,
  weight_decay: number,
): number {
  for (let k = 0; k < n; k++) {
    const d = g[k]! + weight_decay * p[k]!;
    sum[k]! += d * d;
    p[k]! -= (lr * d) / (Math.sqrt(sum[k]!) + eps);
  }
  return Status.ok;
}
