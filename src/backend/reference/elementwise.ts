// Elementwise kernels of native/abi.h in double precision. Arguments stand in the order of the header.
import { philox4x32 } from '../../philox.js';
import { sigmoid } from '../cells/activation.js';
import { Activation, Binary, Status } from '../generated/abi.js';
import type { Floats, Optional } from './kernel.js';

export function fill(y: Floats, n: number, value: number): number {
  y.fill(value, 0, n);
  return Status.ok;
}

export function axpy(y: Floats, x: Floats, n: number, alpha: number): number {
  for (let k = 0; k < n; k++) y[k]! += alpha * x[k]!;
  return Status.ok;
}

export function affine(y: Floats, x: Floats, n: number, alpha: number, beta: number): number {
  for (let k = 0; k < n; k++) y[k] = alpha * x[k]! + beta;
  return Status.ok;
}

export function clamp(y: Floats, x: Floats, n: number, low: number, high: number): number {
  // Math.min and Math.max hand NaN on.
  for (let k = 0; k < n; k++) y[k] = Math.min(Math.max(x[k]!, low), high);
  return Status.ok;
}

export function binary_forward(y: Floats, a: Floats, b: Floats, n: number, op: number): number {
  switch (op) {
    case Binary.add:
      for (let k = 0; k < n; k++) y[k] = a[k]! + b[k]!;
      return Status.ok;
    case Binary.sub:
      for (let k = 0; k < n; k++) y[k] = a[k]! - b[k]!;
      return Status.ok;
    case Binary.mul:
      for (let k = 0; k < n; k++) y[k] = a[k]! * b[k]!;
      return Status.ok;
    case Binary.div:
      for (let k = 0; k < n; k++) y[k] = a[k]! / b[k]!;
      return Status.ok;
    default:
      return Status.kind;
  }
}

export function binary_backward(
  da: Optional<Floats>,
  db: Optional<Floats>,
  dy: Floats,
  a: Floats,
  b: Floats,
  n: number,
  op: number,
): number {
  let toA: (dy: number, a: number, b: number) => number;
  let toB: (dy: number, a: number, b: number) => number;
  switch (op) {
    case Binary.add:
      toA = (dy) => dy;
      toB = (dy) => dy;
      break;
    case Binary.sub:
      toA = (dy) => dy;
      toB = (dy) => -dy;
      break;
    case Binary.mul:
      toA = (dy, _a, b) => dy * b;
      toB = (dy, a) => dy * a;
      break;
    case Binary.div:
      toA = (dy, _a, b) => dy / b;
      toB = (dy, a, b) => (-dy * a) / (b * b);
      break;
    default:
      return Status.kind;
  }
  if (da) for (let k = 0; k < n; k++) da[k] = toA(dy[k]!, a[k]!, b[k]!);
  if (db) for (let k = 0; k < n; k++) db[k] = toB(dy[k]!, a[k]!, b[k]!);
  return Status.ok;
}

interface Function1 {
  readonly forward: (x: number) => number;
  /** df/dx, from x or from y = f(x), whichever is shorter. */
  readonly derivative: (x: number, y: number) => number;
}

const activations: Readonly<Record<number, Function1>> = {
  [Activation.tanh]: { forward: Math.tanh, derivative: (_x, y) => 1 - y * y },
  [Activation.sigmoid]: { forward: sigmoid, derivative: (_x, y) => y * (1 - y) },
  [Activation.relu]: { forward: (x) => Math.max(x, 0), derivative: (x) => (x > 0 ? 1 : 0) },
  [Activation.exp]: { forward: Math.exp, derivative: (_x, y) => y },
  [Activation.log]: { forward: Math.log, derivative: (x) => 1 / x },
  [Activation.sqrt]: { forward: Math.sqrt, derivative: (_x, y) => 1 / (2 * y) },
  [Activation.abs]: { forward: Math.abs, derivative: (x) => Math.sign(x) },
};

export function activation_forward(y: Floats, x: Floats, n: number, kind: number): number {
  const f = activations[kind];
  if (!f) return Status.kind;
  for (let k = 0; k < n; k++) y[k] = f.forward(x[k]!);
  return Status.ok;
}

export function activation_backward(dx: Floats, dy: Floats, x: Floats, y: Floats, n: number, kind: number): number {
  const f = activations[kind];
  if (!f) return Status.kind;
  for (let k = 0; k < n; k++) dx[k] = dy[k]! * f.derivative(x[k]!, y[k]!);
  return Status.ok;
}

export function dropout_forward(
  y: Floats,
  mask: Floats,
  x: Floats,
  n: number,
  p: number,
  seed_lo: number,
  seed_hi: number,
): number {
  const key = Uint32Array.of(seed_lo, seed_hi);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  const threshold = p * 2 ** 32;
  const kept = 1 / (1 - p);
  for (let k = 0; k < n; k++) {
    if (k % 4 === 0) {
      counter[0] = k / 4;
      philox4x32(counter, key, words);
    }
    mask[k] = words[k % 4]! < threshold ? 0 : kept;
    y[k] = x[k]! * mask[k]!;
  }
  return Status.ok;
}

export function uniform(
  y: Floats,
  n: number,
  low: number,
  high: number,
  drawn: number,
  seed_lo: number,
  seed_hi: number,
): number {
  if (!(drawn >= 0 && drawn <= 2 ** 53)) return Status.size;
  const key = Uint32Array.of(seed_lo, seed_hi);
  const words = new Uint32Array(4);
  for (let k = 0; k < n; k++) {
    const word = drawn + k;
    const block = Math.floor(word / 4);
    if (k === 0 || word % 4 === 0) philox4x32(Uint32Array.of(block, block / 2 ** 32, 0, 0), key, words);
    y[k] = Math.fround(low + (high - low) * ((words[word % 4]! >>> 8) / 2 ** 24));
  }
  return Status.ok;
}
