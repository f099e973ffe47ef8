// What the sequence driver works on: one direction of one layer, what it keeps of a row for backward, and its products.
import type { Activations } from '../cells/activation.js';
import type { RecurrentCell, Unit } from '../cells/cell.js';
import type { Floats, Ints, Optional } from './kernel.js';

/** The weights of one direction, or their gradients, under the names and with the shapes of native/abi.h; null: there are none. */
export interface Parameters {
  readonly w_ih: Optional<Floats>;
  readonly w_hh: Optional<Floats>;
  readonly b_ih: Optional<Floats>;
  readonly b_hh: Optional<Floats>;
  readonly w_hr: Optional<Floats>;
  readonly w_unit: Optional<Floats>;
  readonly ln_ih: Optional<Floats>;
  readonly ln_hh: Optional<Floats>;
  readonly ln_c: Optional<Floats>;
  readonly ln_c_bias: Optional<Floats>;
}

export const noParameters: Parameters = {
  w_ih: null,
  w_hh: null,
  b_ih: null,
  b_hh: null,
  w_hr: null,
  w_unit: null,
  ln_ih: null,
  ln_hh: null,
  ln_c: null,
  ln_c_bias: null,
};

/** How much of a new state is taken: [T,B,size] numbers, or the same one everywhere. */
export interface Zoneout {
  readonly keep: Floats | number;
}

export interface Sizes {
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  /** Of h: H unless there is a projection. */
  readonly R: number;
  readonly G: number;
}

export interface Layer extends Sizes {
  readonly cell: RecurrentCell;
  readonly reverse: boolean;
  readonly lengths: Optional<Ints>;
  readonly weights: Parameters;
  readonly activations: Activations;
  /** Infinity: c' is not clipped. */
  readonly clip: number;
  /** eps of the layer normalisation; null: there is none. */
  readonly norm: number | null;
  /** [B,R] */
  readonly drop: Optional<Floats>;
  readonly zoneH: Optional<Zoneout>;
  readonly zoneC: Optional<Zoneout>;
}

export function hasCellState(cell: RecurrentCell): boolean {
  return cell.states.includes('c');
}

export function lengthOf({ lengths, T }: Layer, b: number): number {
  return lengths ? lengths[b]! : T;
}

/** "Time" t, where the input of a row's step s stands; and the step at a time: the same formula. */
export function timeOf({ reverse }: Layer, length: number, s: number): number {
  return reverse ? length - 1 - s : s;
}

/** Rows of w_hh that multiply h: those of all gates, unless the cell has a second product. */
export function outerRows({ cell, H, G }: Layer): number {
  return (cell.inner ? cell.inner.firstGate : G) * H;
}

// ---- what is kept of a row ---------------------------------------------------------------------------------------------

/** States have T+1 rows, row s before step s, so that the first step is no special case. Empty where the layer has no such thing. */
export interface RowTape {
  /** [T+1,R] and [T+1,H] */
  readonly h: Floats;
  readonly c: Floats;
  /** [T,H] what the cell made: c' before it was clipped, and h' before projection and zoneout. */
  readonly cRaw: Floats;
  readonly m: Floats;
  /** [T,H,savedPerUnit] */
  readonly saved: Floats;
  /** [T,G,H] W_ih x and W_hh h before they were normalised. */
  readonly ih: Floats;
  readonly hh: Floats;
}

function tapeLengths(cell: RecurrentCell, isNormalised: boolean, { T, H, R, G }: Sizes): Record<keyof RowTape, number> {
  const c = hasCellState(cell) ? H : 0;
  const products = isNormalised ? T * G * H : 0;
  return {
    h: (T + 1) * R,
    c: (T + 1) * c,
    cRaw: T * c,
    m: T * H,
    saved: T * H * cell.savedPerUnit,
    ih: products,
    hh: products,
  };
}

export function rowTapeLength(cell: RecurrentCell, isNormalised: boolean, sizes: Sizes): number {
  return Object.values(tapeLengths(cell, isNormalised, sizes)).reduce((sum, length) => sum + length, 0);
}

export function rowTape(layer: Layer, of: Floats, start: number): RowTape {
  const lengths = tapeLengths(layer.cell, layer.norm !== null, layer);
  let used = start;
  const take = (length: number): Floats => {
    used += length;
    return of.subarray(used - length, used);
  };
  const { h, c, cRaw, m, saved, ih, hh } = lengths;
  return { h: take(h), c: take(c), cRaw: take(cRaw), m: take(m), saved: take(saved), ih: take(ih), hh: take(hh) };
}

// ---- parts of a step that forward and backward share -------------------------------------------------------------------

/** What does not change from step to step of unit j: its own weights. */
export function loadWeights(unit: Unit, { cell, weights, H }: Layer, j: number): void {
  for (let k = 0; k < cell.units.length; k++) unit.w[k] = weights.w_unit ? weights.w_unit[k * H + j]! : 0;
}

/** The states of unit j before step s, and what step s saved. h has no unit j where a projection made it. */
export function loadTape(
  unit: Unit,
  { cell, H, R }: Layer,
  tape: RowTape,
  hMasked: Floats,
  s: number,
  j: number,
): void {
  unit.h = R === H ? tape.h[s * R + j]! : 0;
  unit.hMasked = R === H ? hMasked[j]! : 0;
  unit.c = tape.c.length > 0 ? tape.c[s * H + j]! : 0;
  const kept = (s * H + j) * cell.savedPerUnit;
  for (let k = 0; k < cell.savedPerUnit; k++) unit.saved[k] = tape.saved[kept + k]!;
}

/** h before step s as the products see it. */
export function maskState(hMasked: Floats, { drop, R }: Layer, tape: RowTape, s: number, b: number): void {
  for (let r = 0; r < R; r++) hMasked[r] = tape.h[s * R + r]! * (drop ? drop[b * R + r]! : 1);
}

/** c' of step s, clipped; and what the cell's readout sees of it. */
export function seeCellState(cNext: Floats, cSeen: Floats, layer: Layer, tape: RowTape, s: number): void {
  const { H, clip, weights, norm } = layer;
  for (let j = 0; j < H; j++) cNext[j] = Math.max(-clip, Math.min(clip, tape.cRaw[s * H + j]!));
  cSeen.set(cNext);
  if (norm !== null) {
    normalise(cSeen, weights.ln_c, norm, 0, H);
    addBias(cSeen, weights.ln_c_bias, 0, H);
  }
}

/** How much of the new state number `k` of a row is taken at time t. */
export function taken(zone: Zoneout, { B }: Layer, t: number, b: number, size: number, k: number): number {
  return typeof zone.keep === 'number' ? zone.keep : zone.keep[(t * B + b) * size + k]!;
}

/** out[r] = w[r] . x[xStart..] for rows first..end-1 of w [.,columns]. */
export function product(
  out: Floats,
  w: Optional<Floats>,
  x: Floats,
  xStart: number,
  first: number,
  end: number,
  columns: number,
): void {
  for (let r = first; r < end; r++) {
    let sum = 0;
    const row = r * columns;
    for (let k = 0; k < columns; k++) sum += w![row + k]! * x[xStart + k]!;
    out[r] = sum;
  }
}

// forward was: out[r] = w[r] . x[xStart..] for rows first..end-1 of w [.,columns].
// dx += w^T dout, dw += dout x^T
export function productBackward(
  dx: Optional<Floats>,
  dxStart: number,
  dw: Optional<Floats>,
  dout: Floats,
  w: Optional<Floats>,
  x: Floats,
  xStart: number,
  first: number,
  end: number,
  columns: number,
): void {
  for (let r = first; r < end; r++) {
    const d = dout[r]!;
    const row = r * columns;
    if (dx) for (let k = 0; k < columns; k++) dx[dxStart + k]! += w![row + k]! * d;
    if (dw) for (let k = 0; k < columns; k++) dw[row + k]! += x[xStart + k]! * d;
  }
}

export function addBias(v: Floats, bias: Optional<Floats>, first: number, end: number): void {
  if (bias) for (let k = first; k < end; k++) v[k]! += bias[k]!;
}

function moments(v: Floats, start: number, n: number, eps: number): { mean: number; inverse: number } {
  let mean = 0;
  for (let k = 0; k < n; k++) mean += v[start + k]! / n;
  let variance = 0;
  for (let k = 0; k < n; k++) variance += (v[start + k]! - mean) ** 2 / n;
  return { mean, inverse: 1 / Math.sqrt(variance + eps) };
}

/** v = gain * (v - mean v) / sqrt(var v + eps), over v[first..end-1] and the same part of gain. */
export function normalise(v: Floats, gain: Optional<Floats>, eps: number, first: number, end: number): void {
  const { mean, inverse } = moments(v, first, end - first, eps);
  for (let k = first; k < end; k++) v[k] = gain![k]! * (v[k]! - mean) * inverse;
}

// forward was: y = gain * n, n = (v - mean v) / sqrt(var v + eps), over first..end-1; v stands at v[vStart + k].
// dgain += dy * n;  dn = dy * gain;  dv = (dn - mean dn - n mean(dn * n)) / sqrt(var v + eps), in place of dy.
export function normaliseBackward(
  dy: Floats,
  dgain: Optional<Floats>,
  gain: Optional<Floats>,
  v: Floats,
  vStart: number,
  eps: number,
  first: number,
  end: number,
): void {
  const count = end - first;
  const { mean, inverse } = moments(v, vStart + first, count, eps);
  let meanDn = 0;
  let meanDnN = 0;
  for (let k = first; k < end; k++) {
    const n = (v[vStart + k]! - mean) * inverse;
    const dn = dy[k]! * gain![k]!;
    if (dgain) dgain[k]! += dy[k]! * n;
    meanDn += dn / count;
    meanDnN += (dn * n) / count;
  }
  for (let k = first; k < end; k++) {
    const n = (v[vStart + k]! - mean) * inverse;
    dy[k] = (dy[k]! * gain![k]! - meanDn - n * meanDnN) * inverse;
  }
}
