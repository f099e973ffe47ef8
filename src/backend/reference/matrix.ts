// Matrix products. Loops are ordered so that the innermost runs along rows of memory; nothing else is done for speed.
import { Status } from '../generated/abi.js';
import type { Floats, Optional } from './kernel.js';

/** y[p] = a[p] b[p] */
export function matmul_forward(y: Floats, a: Floats, b: Floats, P: number, M: number, N: number, K: number): number {
  y.fill(0, 0, P * M * N);
  for (let p = 0; p < P; p++) {
    for (let m = 0; m < M; m++) {
      const row = (p * M + m) * N;
      for (let k = 0; k < K; k++) {
        const factor = a[(p * M + m) * K + k]!;
        const column = (p * K + k) * N;
        for (let n = 0; n < N; n++) y[row + n]! += factor * b[column + n]!;
      }
    }
  }
  return Status.ok;
}

// forward was: y[p] = a[p] b[p]
export function matmul_backward(
  da: Optional<Floats>,
  db: Optional<Floats>,
  dy: Floats,
  a: Floats,
  b: Floats,
  P: number,
  M: number,
  N: number,
  K: number,
): number {
  if (da) {
    for (let p = 0; p < P; p++) {
      for (let m = 0; m < M; m++) {
        for (let k = 0; k < K; k++) {
          let sum = 0;
          for (let n = 0; n < N; n++) sum += dy[(p * M + m) * N + n]! * b[(p * K + k) * N + n]!;
          da[(p * M + m) * K + k] = sum;
        }
      }
    }
  }
  if (db) {
    db.fill(0, 0, P * K * N);
    for (let p = 0; p < P; p++) {
      for (let m = 0; m < M; m++) {
        for (let k = 0; k < K; k++) {
          const factor = a[(p * M + m) * K + k]!;
          for (let n = 0; n < N; n++) db[(p * K + k) * N + n]! += factor * dy[(p * M + m) * N + n]!;
        }
      }
    }
  }
  return Status.ok;
}

/** y = x w^T + b */
export function linear_forward(
  y: Floats,
  x: Floats,
  w: Floats,
  b: Optional<Floats>,
  N: number,
  I: number,
  O: number,
): number {
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      let sum = b ? b[o]! : 0;
      for (let i = 0; i < I; i++) sum += x[n * I + i]! * w[o * I + i]!;
      y[n * O + o] = sum;
    }
  }
  return Status.ok;
}

// forward was: y = x w^T + b
export function linear_backward(
  dx: Optional<Floats>,
  dw: Optional<Floats>,
  db: Optional<Floats>,
  dy: Floats,
  x: Floats,
  w: Floats,
  N: number,
  I: number,
  O: number,
): number {
  dx?.fill(0, 0, N * I);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < O; o++) {
      const d = dy[n * O + o]!;
      if (dx) for (let i = 0; i < I; i++) dx[n * I + i]! += d * w[o * I + i]!;
      if (dw) for (let i = 0; i < I; i++) dw[o * I + i]! += d * x[n * I + i]!;
      if (db) db[o]! += d;
    }
  }
  return Status.ok;
}
