// Kernels that work on each row of a matrix apart: softmax, layer normalisation, embedding.
import { Status } from '../generated/abi.js';
import { allWithin, type Floats, type Ints, type Optional } from './kernel.js';

/** y = exp(x - max x) / sum */
export function softmax_forward(y: Floats, x: Floats, N: number, C: number): number {
  for (let row = 0; row < N * C; row += C) {
    const max = rowMax(x, row, C);
    let sum = 0;
    for (let c = 0; c < C; c++) {
      const e = Math.exp(x[row + c]! - max);
      y[row + c] = e;
      sum += e;
    }
    for (let c = 0; c < C; c++) y[row + c]! /= sum;
  }
  return Status.ok;
}

// forward was: y = softmax(x)
export function softmax_backward(dx: Floats, dy: Floats, y: Floats, N: number, C: number): number {
  for (let row = 0; row < N * C; row += C) {
    let dot = 0;
    for (let c = 0; c < C; c++) dot += dy[row + c]! * y[row + c]!;
    for (let c = 0; c < C; c++) dx[row + c] = y[row + c]! * (dy[row + c]! - dot);
  }
  return Status.ok;
}

/** y = x - max x - log(sum(exp(x - max x))) */
export function log_softmax_forward(y: Floats, x: Floats, N: number, C: number): number {
  for (let row = 0; row < N * C; row += C) {
    const max = rowMax(x, row, C);
    let sum = 0;
    for (let c = 0; c < C; c++) sum += Math.exp(x[row + c]! - max);
    const logSum = Math.log(sum);
    for (let c = 0; c < C; c++) y[row + c] = x[row + c]! - max - logSum;
  }
  return Status.ok;
}

// forward was: y = log softmax(x)
export function log_softmax_backward(dx: Floats, dy: Floats, y: Floats, N: number, C: number): number {
  for (let row = 0; row < N * C; row += C) {
    let sum = 0;
    for (let c = 0; c < C; c++) sum += dy[row + c]!;
    for (let c = 0; c < C; c++) dx[row + c] = dy[row + c]! - Math.exp(y[row + c]!) * sum;
  }
  return Status.ok;
}

function rowMax(x: Floats, row: number, C: number): number {
  let max = -Infinity;
  for (let c = 0; c < C; c++) max = Math.max(max, x[row + c]!);
  return max;
}

/** y = gamma (x - mean) rstd + beta */
export function layer_norm_forward(
  y: Floats,
  mean: Floats,
  rstd: Floats,
  x: Floats,
  gamma: Optional<Floats>,
  beta: Optional<Floats>,
  N: number,
  C: number,
  eps: number,
): number {
  for (let n = 0; n < N; n++) {
    const row = n * C;
    let sum = 0;
    for (let c = 0; c < C; c++) sum += x[row + c]!;
    const mu = sum / C;
    let squares = 0;
    for (let c = 0; c < C; c++) squares += (x[row + c]! - mu) ** 2;
    const r = 1 / Math.sqrt(squares / C + eps);
    mean[n] = mu;
    rstd[n] = r;
    for (let c = 0; c < C; c++) {
      const xhat = (x[row + c]! - mu) * r;
      y[row + c] = (gamma ? gamma[c]! : 1) * xhat + (beta ? beta[c]! : 0);
    }
  }
  return Status.ok;
}

// forward was: xhat = (x - mean) rstd, y = gamma xhat + beta
export function layer_norm_backward(
  dx: Optional<Floats>,
  dgamma: Optional<Floats>,
  dbeta: Optional<Floats>,
  dy: Floats,
  x: Floats,
  mean: Floats,
  rstd: Floats,
  gamma: Optional<Floats>,
  N: number,
  C: number,
): number {
  for (let n = 0; n < N; n++) {
    const row = n * C;
    const mu = mean[n]!;
    const r = rstd[n]!;
    let sumG = 0;
    let sumGXhat = 0;
    for (let c = 0; c < C; c++) {
      const xhat = (x[row + c]! - mu) * r;
      const g = dy[row + c]! * (gamma ? gamma[c]! : 1);
      sumG += g;
      sumGXhat += g * xhat;
      if (dgamma) dgamma[c]! += dy[row + c]! * xhat;
      if (dbeta) dbeta[c]! += dy[row + c]!;
    }
    if (!dx) continue;
    for (let c = 0; c < C; c++) {
      const xhat = (x[row + c]! - mu) * r;
      const g = dy[row + c]! * (gamma ? gamma[c]! : 1);
      dx[row + c] = r * (g - sumG / C - (xhat * sumGXhat) / C);
    }
  }
  return Status.ok;
}

/** y[k] = w[index[k]] */
export function embedding_forward(y: Floats, w: Floats, index: Ints, N: number, V: number, E: number): number {
  if (!allWithin(index, N, V)) return Status.index;
  for (let k = 0; k < N; k++) {
    const from = index[k]! * E;
    for (let e = 0; e < E; e++) y[k * E + e] = w[from + e]!;
  }
  return Status.ok;
}

// forward was: y[k] = w[index[k]]
export function embedding_backward(
  dw: Floats,
  dy: Floats,
  index: Ints,
  N: number,
  V: number,
  E: number,
  padding_idx: number,
): number {
  if (!allWithin(index, N, V)) return Status.index;
  for (let k = 0; k < N; k++) {
    if (index[k] === padding_idx) continue;
    const to = index[k]! * E;
    for (let e = 0; e < E; e++) dw[to + e]! += dy[k * E + e]!;
  }
  return Status.ok;
}
