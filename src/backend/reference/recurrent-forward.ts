// The sequence driver, forward: one direction of one layer over a whole batch, in the plainest order. Each row, each of its own
// valid steps; nothing is batched, so padding needs no care beyond y = 0. The cells' equations are in ../cells, the layer's in
// native/abi.h (rnn_general_*), and rnn_forward's layers are those that have nothing special.
//
// "Step" s counts a row's steps in the order they are taken, 0..length-1; "time" t is where the step's input stands: t = s, or
// length-1-s in the reverse direction.
import { createUnit, type Unit } from '../cells/cell.js';
import { type Floats, type Optional, taker } from './kernel.js';
import {
  addBias,
  type Layer,
  lengthOf,
  loadTape,
  loadWeights,
  maskState,
  normalise,
  outerRows,
  product,
  type RowTape,
  rowTape,
  rowTapeLength,
  type Sizes,
  seeCellState,
  taken,
  timeOf,
  type Zoneout,
} from './recurrent-layer.js';

/** Of one step of one row. */
interface Work {
  /** [G,H] W_ih x + b_ih and W_hh h + b_hh. */
  readonly gx: Floats;
  readonly gh: Floats;
  /** [R] h under the mask of recurrent dropout. */
  readonly hMasked: Floats;
  /** [H] c', clipped, and as the readout sees it. */
  readonly cNext: Floats;
  readonly cSeen: Floats;
  /** [H] the vector of a cell's inner product. */
  readonly v: Floats;
}

export function forwardScratchLength({ G, H, R }: Sizes): number {
  return (2 * G + 3) * H + R;
}

function workOf(scratch: Floats, { G, H, R }: Sizes): Work {
  const take = taker(scratch);
  return { gx: take(G * H), gh: take(G * H), hMasked: take(R), cNext: take(H), cSeen: take(H), v: take(H) };
}

/** The arrays of a forward call, as native/abi.h describes them. */
export interface ForwardArrays {
  readonly y: Floats;
  readonly hn: Floats;
  readonly cn: Optional<Floats>;
  /** B row tapes; null: nothing is kept, and scratch has room for one after its own length. */
  readonly saved: Optional<Floats>;
  readonly scratch: Floats;
  readonly x: Floats;
  readonly h0: Optional<Floats>;
  readonly c0: Optional<Floats>;
}

/** Writes columns column..column+R-1 of y [T,B,width], 0 at padding. */
export function forward(layer: Layer, arrays: ForwardArrays, width: number, column: number): void {
  const { cell, T, B, H, R } = layer;
  const { y, hn, cn, saved, scratch, x, h0, c0 } = arrays;
  const unit = createUnit(layer.activations);
  const work = workOf(scratch, layer);
  const tapeLength = rowTapeLength(cell, layer.norm !== null, layer);

  for (let b = 0; b < B; b++) {
    const length = lengthOf(layer, b);
    // Without `saved` every row writes over the one before it.
    const tape = saved ? rowTape(layer, saved, b * tapeLength) : rowTape(layer, scratch, forwardScratchLength(layer));
    load(tape.h, h0, b, R);
    load(tape.c, c0, b, H);
    for (let s = 0; s < length; s++) {
      const t = timeOf(layer, length, s);
      step(layer, unit, tape, s, t, b, x, work);
      y.set(tape.h.subarray((s + 1) * R, (s + 2) * R), (t * B + b) * width + column);
    }
    for (let t = length; t < T; t++) y.fill(0, (t * B + b) * width + column, (t * B + b) * width + column + R);
    hn.set(tape.h.subarray(length * R, (length + 1) * R), b * R);
    cn?.set(tape.c.subarray(length * H, (length + 1) * H), b * H);
  }
}

/** Row 0 of a state: the given initial state, or zero. */
function load(state: Floats, initial: Optional<Floats>, b: number, size: number): void {
  if (state.length === 0) return;
  for (let j = 0; j < size; j++) state[j] = initial ? initial[b * size + j]! : 0;
}

/** Step s of row b: from row s of the states and the input at time t to row s+1. */
function step(layer: Layer, unit: Unit, tape: RowTape, s: number, t: number, b: number, x: Floats, work: Work): void {
  const { cell, weights, norm, B, I, H, R, G } = layer;
  const { gx, gh, hMasked, cNext, cSeen, v } = work;
  const { inner, readout } = cell;
  const outer = outerRows(layer);

  // gx = N(W_ih x, ln_ih) + b_ih
  product(gx, weights.w_ih, x, (t * B + b) * I, 0, G * H, I);
  if (norm !== null) {
    tape.ih.set(gx, s * G * H);
    normalise(gx, weights.ln_ih, norm, 0, G * H);
  }
  addBias(gx, weights.b_ih, 0, G * H);

  // gh = N(W_hh (drop*h), ln_hh) + b_hh
  maskState(hMasked, layer, tape, s, b);
  const recurrentProduct = (of: Floats, first: number, end: number): void => {
    if (cell.multiplies) {
      product(gh, weights.w_hh, of, 0, first, end, R);
      if (norm !== null) {
        tape.hh.set(gh.subarray(first, end), s * G * H + first);
        normalise(gh, weights.ln_hh, norm, first, end);
      }
    } else {
      gh.fill(0, first, end);
    }
    addBias(gh, weights.b_hh, first, end);
  };
  recurrentProduct(hMasked, 0, outer);
  if (inner) {
    for (let j = 0; j < H; j++) {
      loadUnit(unit, layer, tape, s, j, work);
      v[j] = inner.forward(unit);
    }
    recurrentProduct(v, outer, G * H);
  }

  // c' or h' = cell(gx, gh, h, c, w_unit)
  for (let j = 0; j < H; j++) {
    loadUnit(unit, layer, tape, s, j, work);
    cell.forward(unit);
    if (readout) tape.cRaw[s * H + j] = unit.cNext;
    else tape.m[s * H + j] = unit.hNext;
    keep(unit, layer, tape, s, j);
  }
  // m = the cell's output of N(c', ln_c) + ln_c_bias
  if (readout) {
    seeCellState(cNext, cSeen, layer, tape, s);
    for (let j = 0; j < H; j++) {
      loadUnit(unit, layer, tape, s, j, work);
      unit.cNext = cNext[j]!;
      unit.cSeen = cSeen[j]!;
      readout.forward(unit);
      tape.m[s * H + j] = unit.hNext;
      keep(unit, layer, tape, s, j);
    }
    takeOver(tape.c, cNext, layer.zoneC, layer, s, t, b, H);
  }

  // h' = W_hr m, or m
  const m = tape.m.subarray(s * H, (s + 1) * H);
  const hNext = tape.h.subarray((s + 1) * R, (s + 2) * R);
  if (weights.w_hr) product(hNext, weights.w_hr, m, 0, 0, R, H);
  takeOver(tape.h, weights.w_hr ? hNext : m, layer.zoneH, layer, s, t, b, R);
}

/** What a cell's forward reads, for unit j at step s. */
function loadUnit(unit: Unit, layer: Layer, tape: RowTape, s: number, j: number, work: Work): void {
  const { H, G } = layer;
  for (let k = 0; k < G; k++) {
    unit.gx[k] = work.gx[k * H + j]!;
    unit.gh[k] = work.gh[k * H + j]!;
  }
  loadWeights(unit, layer, j);
  loadTape(unit, layer, tape, work.hMasked, s, j);
}

function keep(unit: Unit, { cell, H }: Layer, tape: RowTape, s: number, j: number): void {
  const kept = (s * H + j) * cell.savedPerUnit;
  for (let k = 0; k < cell.savedPerUnit; k++) tape.saved[kept + k] = unit.saved[k]!;
}

/** Row s+1 of a state: old + k (new - old), k of the zoneout, or the new one. `next` may be that row. */
function takeOver(
  state: Floats,
  next: Floats,
  zone: Optional<Zoneout>,
  layer: Layer,
  s: number,
  t: number,
  b: number,
  size: number,
): void {
  for (let j = 0; j < size; j++) {
    const old = state[s * size + j]!;
    state[(s + 1) * size + j] = zone ? old + taken(zone, layer, t, b, size, j) * (next[j]! - old) : next[j]!;
  }
}
