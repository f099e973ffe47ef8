// Kernels that move elements: broadcasting, reduction, transposition, slices, gathers.
import { Status } from '../generated/abi.js';
import { allWithin, type Floats, type Ints } from './kernel.js';

/** y[o,m,i] = x[o,i] */
export function expand(y: Floats, x: Floats, outer: number, mid: number, inner: number): number {
  for (let o = 0; o < outer; o++) {
    const row = x.subarray(o * inner, (o + 1) * inner);
    for (let m = 0; m < mid; m++) y.set(row, (o * mid + m) * inner);
  }
  return Status.ok;
}

/** y[o,i] = scale * sum over m of x[o,m,i] */
export function reduce_sum(y: Floats, x: Floats, outer: number, mid: number, inner: number, scale: number): number {
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let m = 0; m < mid; m++) sum += x[(o * mid + m) * inner + i]!;
      y[o * inner + i] = scale * sum;
    }
  }
  return Status.ok;
}

/** y[o,b,m,a,i] = x[o,a,m,b,i] */
export function transpose(
  y: Floats,
  x: Floats,
  outer: number,
  a: number,
  mid: number,
  b: number,
  inner: number,
): number {
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (let ib = 0; ib < b; ib++) {
      for (let im = 0; im < mid; im++) {
        for (let ia = 0; ia < a; ia++) {
          const from = (((o * a + ia) * mid + im) * b + ib) * inner;
          for (let i = 0; i < inner; i++) y[to++] = x[from + i]!;
        }
      }
    }
  }
  return Status.ok;
}

/** y[o,k,i] = x[o,start+k,i] */
export function slice_forward(
  y: Floats,
  x: Floats,
  outer: number,
  n: number,
  inner: number,
  start: number,
  count: number,
): number {
  if (start < 0 || start + count > n) return Status.index;
  for (let o = 0; o < outer; o++) {
    const from = (o * n + start) * inner;
    y.set(x.subarray(from, from + count * inner), o * count * inner);
  }
  return Status.ok;
}

// forward was: y[o,k,i] = x[o,start+k,i]
export function slice_backward(
  dx: Floats,
  dy: Floats,
  outer: number,
  n: number,
  inner: number,
  start: number,
  count: number,
): number {
  if (start < 0 || start + count > n) return Status.index;
  for (let o = 0; o < outer; o++) {
    const to = (o * n + start) * inner;
    const from = o * count * inner;
    for (let k = 0; k < count * inner; k++) dx[to + k]! += dy[from + k]!;
  }
  return Status.ok;
}

/** y[o,start+k,i] = x[o,k,i] */
export function place(
  y: Floats,
  x: Floats,
  outer: number,
  n: number,
  inner: number,
  start: number,
  count: number,
): number {
  if (start < 0 || start + count > n) return Status.index;
  for (let o = 0; o < outer; o++) {
    const from = o * count * inner;
    y.set(x.subarray(from, from + count * inner), (o * n + start) * inner);
  }
  return Status.ok;
}

/** y[o,k,i] = x[o,index[o,k,i],i] */
export function gather_forward(
  y: Floats,
  x: Floats,
  index: Ints,
  outer: number,
  n: number,
  m: number,
  inner: number,
): number {
  if (!allWithin(index, outer * m * inner, n)) return Status.index;
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < m; k++) {
      for (let i = 0; i < inner; i++, at++) y[at] = x[(o * n + index[at]!) * inner + i]!;
    }
  }
  return Status.ok;
}

// forward was: y[o,k,i] = x[o,index[o,k,i],i]
export function gather_backward(
  dx: Floats,
  dy: Floats,
  index: Ints,
  outer: number,
  n: number,
  m: number,
  inner: number,
): number {
  if (!allWithin(index, outer * m * inner, n)) return Status.index;
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < m; k++) {
      for (let i = 0; i < inner; i++, at++) dx[(o * n + index[at]!) * inner + i]! += dy[at]!;
    }
  }
  return Status.ok;
}
