// The sequence driver, backward: one direction of one layer, the steps of recurrent-forward.ts in the opposite order. Steps
// are the outer loop here, so that what one of them adds to the gradients of the weights stands alone for a moment (`contributions`).
import { createUnit, type Unit } from '../cells/cell.js';
import { type Floats, type Optional, taker } from './kernel.js';
import {
  hasCellState,
  type Layer,
  lengthOf,
  loadTape,
  loadWeights,
  maskState,
  normaliseBackward,
  outerRows,
  type Parameters,
  productBackward,
  type RowTape,
  rowTape,
  rowTapeLength,
  type Sizes,
  seeCellState,
  taken,
  timeOf,
} from './recurrent-layer.js';

/** Gradients of one step of one row, and what the step computes again. */
interface Work {
  /** [R] and [H] of the states after the step, and before it. */
  readonly dhNext: Floats;
  readonly dcNext: Floats;
  readonly dh: Floats;
  readonly dc: Floats;
  /** [H] of m, and of c' as the readout sees it and before it was clipped. (dcNext becomes that of the clipped c'.) */
  readonly dm: Floats;
  readonly dcSeen: Floats;
  readonly dcRaw: Floats;
  /** [G,H] */
  readonly dgx: Floats;
  readonly dgh: Floats;
  /** [H] the vector of a cell's inner product, and its gradient. */
  readonly v: Floats;
  readonly dv: Floats;
  /** [max(H,R)] of h under the mask of recurrent dropout, and of h directly. */
  readonly dhMasked: Floats;
  readonly dhDirect: Floats;
  readonly hMasked: Floats;
  /** [H] */
  readonly cNext: Floats;
  readonly cSeen: Floats;
}

/** What one step of all rows adds to the gradients of which `contributions` tells. */
interface OfOneStep {
  readonly w_ih: Floats;
  readonly w_hh: Floats;
  readonly w_unit: Floats;
  readonly b_hh: Floats;
}

export function backwardScratchLength({ B, I, H, R, G }: Sizes, units: number): number {
  return B * (R + H) + 2 * R + 10 * H + 2 * G * H + 3 * Math.max(H, R) + G * H * (I + R + 1) + units * H;
}

/** The arrays of a backward call, as native/abi.h describes them. */
export interface BackwardArrays {
  readonly dx: Optional<Floats>;
  readonly dh0: Optional<Floats>;
  readonly dc0: Optional<Floats>;
  readonly gradients: Parameters;
  /** [T,B,2+3*G] */
  readonly steps: Optional<Floats>;
  /** [T,3] */
  readonly contributions: Optional<Floats>;
  readonly dy: Optional<Floats>;
  readonly dhn: Optional<Floats>;
  readonly dcn: Optional<Floats>;
  readonly x: Floats;
  readonly saved: Floats;
  readonly scratch: Floats;
}

/** Adds to dx and to the gradients. dy is [T,B,width], of which columns column..column+R-1 are this direction's. */
export function backward(layer: Layer, arrays: BackwardArrays, width: number, column: number): void {
  const { cell, T, B, I, H, R, G } = layer;
  const { dx, gradients, steps, contributions, dy, x, saved } = arrays;
  const unit = createUnit(layer.activations);
  const tapeLength = rowTapeLength(cell, layer.norm !== null, layer);
  const tapes = Array.from({ length: B }, (_, b) => rowTape(layer, saved, b * tapeLength));
  const lengths = Array.from({ length: B }, (_, b) => lengthOf(layer, b));

  const take = taker(arrays.scratch);
  /** [B,.] gradients of each row's states after the step to come; those of the last states at first. */
  const dhs = take(B * R);
  const dcs = take(B * H);
  const ofOneStep = {
    w_ih: take(G * H * I),
    w_hh: take(G * H * R),
    w_unit: take(cell.units.length * H),
    b_hh: take(G * H),
  };
  const work = workOf(take, layer);
  load(dhs, arrays.dhn);
  load(dcs, arrays.dcn);
  steps?.fill(0, 0, T * B * (2 + 3 * G));
  contributions?.fill(0, 0, T * 3);

  for (let s = T - 1; s >= 0; s--) {
    for (const sum of Object.values(ofOneStep)) sum.fill(0);
    for (let b = 0; b < B; b++) {
      const length = lengths[b]!;
      if (s >= length) continue;
      const t = timeOf(layer, length, s);
      const out = (t * B + b) * width + column;
      for (let r = 0; r < R; r++) work.dhNext[r] = dhs[b * R + r]! + (dy ? dy[out + r]! : 0);
      for (let j = 0; j < H; j++) work.dcNext[j] = dcs[b * H + j]!;
      const report = steps?.subarray((t * B + b) * (2 + 3 * G));
      if (report) report[0] = squares(work.dhNext);
      step(layer, unit, tapes[b]!, s, t, b, x, dx, gradients, ofOneStep, work);
      if (report && cell.readout) report[1] = squares(work.dcNext);
      if (report) reportGates(report.subarray(2), layer, tapes[b]!, s);
      dhs.set(work.dh, b * R);
      dcs.set(work.dc, b * H);
    }
    add(gradients.w_ih, ofOneStep.w_ih);
    add(gradients.w_hh, ofOneStep.w_hh);
    add(gradients.w_unit, ofOneStep.w_unit);
    add(gradients.b_hh, ofOneStep.b_hh);
    if (contributions) {
      const t = timeOf(layer, T, s);
      contributions[t * 3] = squares(ofOneStep.w_ih);
      contributions[t * 3 + 1] = squares(cell.multiplies ? ofOneStep.w_hh : ofOneStep.w_unit);
      contributions[t * 3 + 2] = squares(ofOneStep.b_hh);
    }
  }
  arrays.dh0?.set(dhs);
  if (hasCellState(cell)) arrays.dc0?.set(dcs);
}

function workOf(take: (length: number) => Floats, { H, R, G }: Sizes): Work {
  const both = Math.max(H, R);
  return {
    dhNext: take(R),
    dcNext: take(H),
    dh: take(R),
    dc: take(H),
    dm: take(H),
    dcSeen: take(H),
    dcRaw: take(H),
    dgx: take(G * H),
    dgh: take(G * H),
    v: take(H),
    dv: take(H),
    dhMasked: take(both),
    dhDirect: take(both),
    hMasked: take(both),
    cNext: take(H),
    cSeen: take(H),
  };
}

function load(to: Floats, from: Optional<Floats>): void {
  if (from) to.set(from.subarray(0, to.length));
  else to.fill(0);
}

function add(to: Optional<Floats>, from: Floats): void {
  if (to) for (let k = 0; k < from.length; k++) to[k]! += from[k]!;
}

function squares(of: Floats): number {
  let sum = 0;
  for (const value of of) sum += value * value;
  return sum;
}

/** Step s of row b, at time t: from dhNext, dcNext to dh, dc; adds to dx and to the gradients of the weights. */
function step(
  layer: Layer,
  unit: Unit,
  tape: RowTape,
  s: number,
  t: number,
  b: number,
  x: Floats,
  dx: Optional<Floats>,
  gradients: Parameters,
  ofOneStep: OfOneStep,
  work: Work,
): void {
  const { cell, weights, norm, drop, zoneH, zoneC, B, I, H, R, G } = layer;
  const { dhNext, dcNext, dh, dc, dm, dcSeen, dcRaw, dgx, dgh, v, dv, dhMasked, dhDirect, hMasked, cNext, cSeen } =
    work;
  const { inner, readout } = cell;
  const outer = outerRows(layer);
  const load = (j: number): void => loadUnit(unit, layer, tape, s, j, work);
  maskState(hMasked, layer, tape, s, b);
  dgx.fill(0);
  dgh.fill(0);
  dhMasked.fill(0);
  dhDirect.fill(0);

  // forward was: h = h + k_h*(h' - h);  h' = W_hr m, or m
  for (let r = 0; r < R; r++) {
    const k = zoneH ? taken(zoneH, layer, t, b, R, r) : 1;
    dh[r] = dhNext[r]! * (1 - k);
    dhNext[r]! *= k;
  }
  if (weights.w_hr) {
    dm.fill(0);
    productBackward(dm, 0, gradients.w_hr, dhNext, weights.w_hr, tape.m, s * H, 0, R, H);
  } else {
    dm.set(dhNext);
  }

  // forward was: c = c + k_c*(c' - c);  m = the cell's output of N(c', ln_c) + ln_c_bias
  dc.fill(0);
  if (readout) {
    seeCellState(cNext, cSeen, layer, tape, s);
    for (let j = 0; j < H; j++) {
      const k = zoneC ? taken(zoneC, layer, t, b, H, j) : 1;
      dc[j] = dcNext[j]! * (1 - k);
      dcNext[j]! *= k;
      load(j);
      readout.backward(unit);
      store(unit, ofOneStep, j, work, layer);
      dcSeen[j] = unit.dcSeen;
      dcNext[j] = unit.dcNext;
    }
    if (norm !== null) {
      if (gradients.ln_c_bias) for (let j = 0; j < H; j++) gradients.ln_c_bias[j]! += dcSeen[j]!;
      normaliseBackward(dcSeen, gradients.ln_c, weights.ln_c, cNext, 0, norm, 0, H);
    }
    for (let j = 0; j < H; j++) {
      dcNext[j]! += dcSeen[j]!;
      // forward was: c' = clamp(c', -clip, clip)
      dcRaw[j] = Math.abs(tape.cRaw[s * H + j]!) > layer.clip ? 0 : dcNext[j]!;
    }
  }

  // forward was: c' or h' = cell(gx, gh, h, c, w_unit)
  for (let j = 0; j < H; j++) {
    load(j);
    if (readout) unit.dcNext = dcRaw[j]!;
    cell.backward(unit);
    store(unit, ofOneStep, j, work, layer);
    dc[j]! += unit.dc;
    if (inner) v[j] = inner.again(unit);
  }

  // forward was: gh = N(W_hh (drop*h), ln_hh) + b_hh
  const recurrentBackward = (dOf: Floats, of: Floats, first: number, end: number): void => {
    for (let k = first; k < end; k++) ofOneStep.b_hh[k]! += dgh[k]!;
    if (!cell.multiplies) return;
    if (norm !== null) {
      normaliseBackward(dgh, gradients.ln_hh, weights.ln_hh, tape.hh, s * G * H, norm, first, end);
    }
    productBackward(dOf, 0, ofOneStep.w_hh, dgh, weights.w_hh, of, 0, first, end, R);
  };
  if (inner) {
    // forward was: gh of the gates from firstGate on = N(W_hh v, ln_hh) + b_hh, v = inner(gx, gh, h)
    dv.fill(0);
    recurrentBackward(dv, v, outer, G * H);
    for (let j = 0; j < H; j++) {
      load(j);
      inner.backward(unit, dv[j]!);
      store(unit, ofOneStep, j, work, layer);
    }
  }
  recurrentBackward(dhMasked, hMasked, 0, outer);
  for (let r = 0; r < R; r++) dh[r]! += dhDirect[r]! + dhMasked[r]! * (drop ? drop[b * R + r]! : 1);

  // forward was: gx = N(W_ih x, ln_ih) + b_ih
  add(gradients.b_ih, dgx);
  if (norm !== null) normaliseBackward(dgx, gradients.ln_ih, weights.ln_ih, tape.ih, s * G * H, norm, 0, G * H);
  const xStart = (t * B + b) * I;
  productBackward(dx, xStart, ofOneStep.w_ih, dgx, weights.w_ih, x, xStart, 0, G * H, I);
}

/** What a cell's backward methods read, for unit j at step s, and the gradients that they add to. */
function loadUnit(unit: Unit, layer: Layer, tape: RowTape, s: number, j: number, work: Work): void {
  const { cell, H, G } = layer;
  loadWeights(unit, layer, j);
  loadTape(unit, layer, tape, work.hMasked, s, j);
  unit.hNext = tape.m[s * H + j]!;
  unit.dhNext = work.dm[j]!;
  if (cell.readout) {
    unit.cNext = work.cNext[j]!;
    unit.cSeen = work.cSeen[j]!;
    unit.dcNext = work.dcNext[j]!;
  }
  for (let k = 0; k < G; k++) {
    unit.dgx[k] = work.dgx[k * H + j]!;
    unit.dgh[k] = work.dgh[k * H + j]!;
  }
  unit.dh = work.dhDirect[j]!;
  unit.dhMasked = work.dhMasked[j]!;
  unit.dw.fill(0);
}

function store(unit: Unit, ofOneStep: OfOneStep, j: number, work: Work, { cell, H, G }: Layer): void {
  for (let k = 0; k < G; k++) {
    work.dgx[k * H + j] = unit.dgx[k]!;
    work.dgh[k * H + j] = unit.dgh[k]!;
  }
  work.dhDirect[j] = unit.dh;
  work.dhMasked[j] = unit.dhMasked;
  for (let k = 0; k < cell.units.length; k++) ofOneStep.w_unit[k * H + j]! += unit.dw[k]!;
}

/** For each gate its mean over the units, and the fractions of them where it is low and high. */
function reportGates(to: Floats, { cell, H, G }: Layer, tape: RowTape, s: number): void {
  for (let k = 0; k < G && H > 0; k++) {
    const low = k === cell.candidate ? -0.9 : 0.1;
    let [sum, lows, highs] = [0, 0, 0];
    for (let j = 0; j < H; j++) {
      // A simple cell saves nothing: its one gate is the h that it makes.
      const value = cell.savedPerUnit > 0 ? tape.saved[(s * H + j) * cell.savedPerUnit + k]! : tape.m[s * H + j]!;
      sum += value;
      if (value < low) lows++;
      if (value > 0.9) highs++;
    }
    to[3 * k] = sum / H;
    to[3 * k + 1] = lows / H;
    to[3 * k + 2] = highs / H;
  }
}
