// The sequence driver: one layer over a whole batch of sequences, in the plainest order. Each direction, each row, each of its
// own valid steps; nothing is batched, so padding needs no care beyond y = 0 and dx = 0. The cells' equations are in ../cells.
//
// "Step" s counts a row's steps in the order they are taken, 0..length-1; "time" t is where the step's input stands: t = s, or
// length-1-s in the reverse direction. States have T+1 rows, row s before step s, so that the first step is no special case.
import { createUnit, type RecurrentCell, type Unit } from '../cells/cell.js';
import { cells } from '../cells/index.js';
import { Status } from '../generated/abi.js';
import { checkLengths, type Floats, type Ints, type Optional, taker } from './kernel.js';

/** The sizes of one call, under the names of native/abi.h. */
interface Sizes {
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  readonly D: number;
  readonly G: number;
}

/** One direction's weights, or their gradients (where each may be unwanted). */
interface Weights<A> {
  readonly w_ih: A;
  readonly w_hh: A;
  readonly b_ih: Optional<Floats>;
  readonly b_hh: Optional<Floats>;
}

// ---- workspaces ------------------------------------------------------------------------------------------------------

/** What is kept of one row in one direction: [T+1,H] of each state, [T,H,savedPerUnit] of the steps. */
interface RowTape {
  readonly h: Floats;
  readonly c: Floats;
  readonly saved: Floats;
}

function rowTapeLength(cell: RecurrentCell, { T, H }: Sizes): number {
  return (T + 1) * H * cell.states.length + T * H * cell.savedPerUnit;
}

function rowTape(cell: RecurrentCell, { T, H }: Sizes, of: Floats, start: number): RowTape {
  const state = (T + 1) * H;
  const c = start + state;
  const saved = c + (hasCellState(cell) ? state : 0);
  return {
    h: of.subarray(start, c),
    c: of.subarray(c, saved),
    saved: of.subarray(saved, saved + T * H * cell.savedPerUnit),
  };
}

function savedLength(cell: RecurrentCell, sizes: Sizes): number {
  return sizes.D * sizes.B * rowTapeLength(cell, sizes);
}

/** Of one step of one row. */
interface ForwardWork {
  /** [G,H] W_ih x + b_ih and W_hh h + b_hh. */
  readonly gx: Floats;
  readonly gh: Floats;
  /** [H] the vector of a cell's inner product. */
  readonly v: Floats;
}

function forwardScratchLength({ G, H }: Sizes): number {
  return (2 * G + 1) * H;
}

function forwardWork(scratch: Floats, { G, H }: Sizes): ForwardWork {
  const take = taker(scratch);
  return { gx: take(G * H), gh: take(G * H), v: take(H) };
}

/** Of one step of one row: gradients. */
interface BackwardWork {
  /** [G,H] */
  readonly dgx: Floats;
  readonly dgh: Floats;
  /** [H] of the states after the step, and before it. */
  readonly dhNext: Floats;
  readonly dcNext: Floats;
  readonly dh: Floats;
  readonly dc: Floats;
  /** [H] the vector of a cell's inner product, and its gradient. */
  readonly v: Floats;
  readonly dv: Floats;
}

function backwardScratchLength({ G, H }: Sizes): number {
  return (2 * G + 6) * H;
}

function backwardWork(scratch: Floats, { G, H }: Sizes): BackwardWork {
  const take = taker(scratch);
  return {
    dgx: take(G * H),
    dgh: take(G * H),
    dhNext: take(H),
    dcNext: take(H),
    dh: take(H),
    dc: take(H),
    v: take(H),
    dv: take(H),
  };
}

// ---- arguments -------------------------------------------------------------------------------------------------------

function hasCellState(cell: RecurrentCell): boolean {
  return cell.states.includes('c');
}

/** What is wrong with the arguments that all kernels of this file share, or ok. */
function check(cell: RecurrentCell | undefined, gates: number, D: number): number {
  if (!cell || cell.gates.length !== gates) return Status.kind;
  return D === 1 || D === 2 ? Status.ok : Status.size;
}

export function rnn_sizes(
  out: Floats,
  cell: number,
  T: number,
  B: number,
  I: number,
  H: number,
  D: number,
  rows: number,
): number {
  const kind = cells[cell];
  if (!kind) return Status.kind;
  if (T < 0 || B < 0 || I < 0 || H < 0 || (D !== 1 && D !== 2) || rows < 0 || rows > T * B) return Status.size;
  const sizes = { T, B, I, H, D, G: kind.gates.length };
  const saved = savedLength(kind, sizes);
  if (!Number.isSafeInteger(saved)) return Status.size;
  out[0] = 0;
  out[1] = saved;
  out[2] = forwardScratchLength(sizes);
  out[3] = forwardScratchLength(sizes) + rowTapeLength(kind, sizes);
  out[4] = backwardScratchLength(sizes);
  return Status.ok;
}

/** Nothing to do: this driver reads the weights where they are. */
export function rnn_pack(
  _packed: Floats,
  _w_ih: Floats,
  _w_hh: Floats,
  _b_ih: Optional<Floats>,
  _b_hh: Optional<Floats>,
  w_ih_r: Optional<Floats>,
  w_hh_r: Optional<Floats>,
  _b_ih_r: Optional<Floats>,
  _b_hh_r: Optional<Floats>,
  cell: number,
  gates: number,
  _I: number,
  _H: number,
  D: number,
  _npacked: number,
): number {
  const status = check(cells[cell], gates, D);
  if (status !== Status.ok) return status;
  return D === 2 && !(w_ih_r && w_hh_r) ? Status.null : Status.ok;
}

// ---- forward -----------------------------------------------------------------------------------------------------------

export function rnn_forward(
  y: Floats,
  hn: Floats,
  cn: Optional<Floats>,
  saved: Optional<Floats>,
  scratch: Floats,
  _packed: Optional<Floats>,
  x: Floats,
  h0: Optional<Floats>,
  c0: Optional<Floats>,
  w_ih: Floats,
  w_hh: Floats,
  b_ih: Optional<Floats>,
  b_hh: Optional<Floats>,
  w_ih_r: Optional<Floats>,
  w_hh_r: Optional<Floats>,
  b_ih_r: Optional<Floats>,
  b_hh_r: Optional<Floats>,
  lengths: Optional<Ints>,
  cell: number,
  gates: number,
  T: number,
  B: number,
  I: number,
  H: number,
  D: number,
  rows: number,
  nsaved: number,
  nscratch: number,
  _npacked: number,
): number {
  const kind = cells[cell];
  const status = check(kind, gates, D) || checkLengths(lengths, T, B, rows);
  if (!kind || status !== Status.ok) return status;
  const sizes = { T, B, I, H, D, G: gates };
  const tapeLength = rowTapeLength(kind, sizes);
  const workLength = forwardScratchLength(sizes);
  if (saved && nsaved < savedLength(kind, sizes)) return Status.workspace;
  if (nscratch < workLength + (saved ? 0 : tapeLength)) return Status.workspace;

  const weights: Weights<Floats>[] = [{ w_ih, w_hh, b_ih, b_hh }];
  if (D === 2) {
    if (!w_ih_r || !w_hh_r) return Status.null;
    weights.push({ w_ih: w_ih_r, w_hh: w_hh_r, b_ih: b_ih_r, b_hh: b_hh_r });
  }
  const unit = createUnit();
  const work = forwardWork(scratch, sizes);
  y.fill(0, 0, T * B * D * H);

  weights.forEach((w, d) => {
    for (let b = 0; b < B; b++) {
      const row = d * B + b;
      const length = lengths ? lengths[b]! : T;
      // Without `saved` every row writes over the one before it.
      const tape = saved ? rowTape(kind, sizes, saved, row * tapeLength) : rowTape(kind, sizes, scratch, workLength);
      load(tape.h, h0, row, H);
      load(tape.c, c0, row, H);
      for (let s = 0; s < length; s++) {
        const t = d === 0 ? s : length - 1 - s;
        stepForward(kind, unit, tape, s, x, (t * B + b) * I, w, work, sizes);
        const out = (t * B + b) * D * H + d * H;
        for (let j = 0; j < H; j++) y[out + j] = tape.h[(s + 1) * H + j]!;
      }
      for (let j = 0; j < H; j++) hn[row * H + j] = tape.h[length * H + j]!;
      if (cn && hasCellState(kind)) for (let j = 0; j < H; j++) cn[row * H + j] = tape.c[length * H + j]!;
    }
  });
  return Status.ok;
}

/** Row 0 of a state: the given initial state, or zero. */
function load(state: Floats, initial: Optional<Floats>, row: number, H: number): void {
  if (state.length === 0) return;
  for (let j = 0; j < H; j++) state[j] = initial ? initial[row * H + j]! : 0;
}

/** Step s of one row: from row s of the states and the input at x[xStart] to row s+1. */
function stepForward(
  cell: RecurrentCell,
  unit: Unit,
  tape: RowTape,
  s: number,
  x: Floats,
  xStart: number,
  w: Weights<Floats>,
  work: ForwardWork,
  { I, H, G }: Sizes,
): void {
  const { gx, gh, v } = work;
  const { inner } = cell;
  const outerRows = (inner ? inner.firstGate : G) * H;

  product(gx, w.w_ih, x, xStart, w.b_ih, 0, G * H, I);
  product(gh, w.w_hh, tape.h, s * H, w.b_hh, 0, outerRows, H);
  if (inner) {
    for (let j = 0; j < H; j++) {
      loadForward(unit, tape, s, j, work, H, G);
      v[j] = inner.forward(unit);
    }
    product(gh, w.w_hh, v, 0, w.b_hh, outerRows, G * H, H);
  }
  for (let j = 0; j < H; j++) {
    loadForward(unit, tape, s, j, work, H, G);
    cell.forward(unit);
    tape.h[(s + 1) * H + j] = unit.hNext;
    if (tape.c.length > 0) tape.c[(s + 1) * H + j] = unit.cNext;
    const keep = (s * H + j) * cell.savedPerUnit;
    for (let k = 0; k < cell.savedPerUnit; k++) tape.saved[keep + k] = unit.saved[k]!;
  }
}

/** What a cell's forward reads, for unit j at step s. */
function loadForward(unit: Unit, tape: RowTape, s: number, j: number, work: ForwardWork, H: number, G: number): void {
  for (let k = 0; k < G; k++) {
    unit.gx[k] = work.gx[k * H + j]!;
    unit.gh[k] = work.gh[k * H + j]!;
  }
  unit.h = tape.h[s * H + j]!;
  unit.c = tape.c.length > 0 ? tape.c[s * H + j]! : 0;
}

/** out[r] = w[r] . x[xStart..] + bias[r] for rows first..end-1 of w [.,columns]. */
function product(
  out: Floats,
  w: Floats,
  x: Floats,
  xStart: number,
  bias: Optional<Floats>,
  first: number,
  end: number,
  columns: number,
): void {
  for (let r = first; r < end; r++) {
    let sum = bias ? bias[r]! : 0;
    const row = r * columns;
    for (let k = 0; k < columns; k++) sum += w[row + k]! * x[xStart + k]!;
    out[r] = sum;
  }
}

// ---- backward ----------------------------------------------------------------------------------------------------------

export function rnn_backward(
  dx: Optional<Floats>,
  dh0: Optional<Floats>,
  dc0: Optional<Floats>,
  dw_ih: Optional<Floats>,
  dw_hh: Optional<Floats>,
  db_ih: Optional<Floats>,
  db_hh: Optional<Floats>,
  dw_ih_r: Optional<Floats>,
  dw_hh_r: Optional<Floats>,
  db_ih_r: Optional<Floats>,
  db_hh_r: Optional<Floats>,
  dy: Optional<Floats>,
  dhn: Optional<Floats>,
  dcn: Optional<Floats>,
  x: Floats,
  _h0: Optional<Floats>,
  _c0: Optional<Floats>,
  w_ih: Floats,
  w_hh: Floats,
  b_ih: Optional<Floats>,
  b_hh: Optional<Floats>,
  w_ih_r: Optional<Floats>,
  w_hh_r: Optional<Floats>,
  b_ih_r: Optional<Floats>,
  b_hh_r: Optional<Floats>,
  lengths: Optional<Ints>,
  saved: Floats,
  scratch: Floats,
  cell: number,
  gates: number,
  T: number,
  B: number,
  I: number,
  H: number,
  D: number,
  rows: number,
  nsaved: number,
  nscratch: number,
): number {
  const kind = cells[cell];
  const status = check(kind, gates, D) || checkLengths(lengths, T, B, rows);
  if (!kind || status !== Status.ok) return status;
  const sizes = { T, B, I, H, D, G: gates };
  if (nsaved < savedLength(kind, sizes) || nscratch < backwardScratchLength(sizes)) return Status.workspace;

  const weights: Weights<Floats>[] = [{ w_ih, w_hh, b_ih, b_hh }];
  const gradients: Weights<Optional<Floats>>[] = [{ w_ih: dw_ih, w_hh: dw_hh, b_ih: db_ih, b_hh: db_hh }];
  if (D === 2) {
    if (!w_ih_r || !w_hh_r) return Status.null;
    weights.push({ w_ih: w_ih_r, w_hh: w_hh_r, b_ih: b_ih_r, b_hh: b_hh_r });
    gradients.push({ w_ih: dw_ih_r, w_hh: dw_hh_r, b_ih: db_ih_r, b_hh: db_hh_r });
  }
  const unit = createUnit();
  const work = backwardWork(scratch, sizes);
  // Both directions add to it; at padding nobody does.
  dx?.fill(0, 0, T * B * I);

  weights.forEach((w, d) => {
    const dw = gradients[d]!;
    for (let b = 0; b < B; b++) {
      const row = d * B + b;
      const length = lengths ? lengths[b]! : T;
      const tape = rowTape(kind, sizes, saved, row * rowTapeLength(kind, sizes));
      load(work.dhNext, dhn, row, H);
      load(work.dcNext, dcn, row, H);
      for (let s = length - 1; s >= 0; s--) {
        const t = d === 0 ? s : length - 1 - s;
        const out = (t * B + b) * D * H + d * H;
        if (dy) for (let j = 0; j < H; j++) work.dhNext[j]! += dy[out + j]!;
        stepBackward(kind, unit, tape, s, x, dx, (t * B + b) * I, w, dw, work, sizes);
        work.dhNext.set(work.dh);
        work.dcNext.set(work.dc);
      }
      dh0?.set(work.dhNext, row * H);
      if (hasCellState(kind)) dc0?.set(work.dcNext, row * H);
    }
  });
  return Status.ok;
}

/** Step s of one row, backwards: from dhNext, dcNext to dh, dc; adds to dx at xStart and to the gradients of the weights. */
function stepBackward(
  cell: RecurrentCell,
  unit: Unit,
  tape: RowTape,
  s: number,
  x: Floats,
  dx: Optional<Floats>,
  xStart: number,
  w: Weights<Floats>,
  dw: Weights<Optional<Floats>>,
  work: BackwardWork,
  { I, H, G }: Sizes,
): void {
  const { dgx, dgh, dh, v, dv } = work;
  const { inner } = cell;
  const outerRows = (inner ? inner.firstGate : G) * H;

  // forward was: h', c' = cell(gx, gh, h, c)
  for (let j = 0; j < H; j++) {
    loadBackward(cell, unit, tape, s, j, work, H);
    cell.backward(unit);
    storeBackward(unit, j, work, H, G);
    if (inner) v[j] = inner.again(unit);
  }
  if (inner) {
    // forward was: v = inner(gx, gh, h);  gh = W_hh v + b_hh for the gates from firstGate on
    dv.fill(0);
    productBackward(dv, 0, dw.w_hh, dw.b_hh, dgh, w.w_hh, v, 0, outerRows, G * H, H);
    for (let j = 0; j < H; j++) {
      loadBackward(cell, unit, tape, s, j, work, H);
      for (let k = 0; k < G; k++) {
        unit.dgx[k] = dgx[k * H + j]!;
        unit.dgh[k] = dgh[k * H + j]!;
      }
      unit.dh = dh[j]!;
      inner.backward(unit, dv[j]!);
      storeBackward(unit, j, work, H, G);
    }
  }
  // forward was: gh = W_hh h + b_hh
  productBackward(dh, 0, dw.w_hh, dw.b_hh, dgh, w.w_hh, tape.h, s * H, 0, outerRows, H);
  // forward was: gx = W_ih x + b_ih
  productBackward(dx, xStart, dw.w_ih, dw.b_ih, dgx, w.w_ih, x, xStart, 0, G * H, I);
}

/** What a cell's backward reads, for unit j at step s. */
function loadBackward(
  cell: RecurrentCell,
  unit: Unit,
  tape: RowTape,
  s: number,
  j: number,
  work: BackwardWork,
  H: number,
): void {
  unit.h = tape.h[s * H + j]!;
  unit.hNext = tape.h[(s + 1) * H + j]!;
  if (tape.c.length > 0) {
    unit.c = tape.c[s * H + j]!;
    unit.cNext = tape.c[(s + 1) * H + j]!;
  }
  const kept = (s * H + j) * cell.savedPerUnit;
  for (let k = 0; k < cell.savedPerUnit; k++) unit.saved[k] = tape.saved[kept + k]!;
  unit.dhNext = work.dhNext[j]!;
  unit.dcNext = work.dcNext[j]!;
}

function storeBackward(unit: Unit, j: number, work: BackwardWork, H: number, G: number): void {
  for (let k = 0; k < G; k++) {
    work.dgx[k * H + j] = unit.dgx[k]!;
    work.dgh[k * H + j] = unit.dgh[k]!;
  }
  work.dh[j] = unit.dh;
  work.dc[j] = unit.dc;
}

// forward was: out[r] = w[r] . x[xStart..] + bias[r] for rows first..end-1 of w [.,columns].
// dx += w^T dout, dw += dout x^T, dbias += dout
function productBackward(
  dx: Optional<Floats>,
  dxStart: number,
  dw: Optional<Floats>,
  dbias: Optional<Floats>,
  dout: Floats,
  w: Floats,
  x: Floats,
  xStart: number,
  first: number,
  end: number,
  columns: number,
): void {
  for (let r = first; r < end; r++) {
    const d = dout[r]!;
    const row = r * columns;
    if (dx) for (let k = 0; k < columns; k++) dx[dxStart + k]! += w[row + k]! * d;
    if (dw) for (let k = 0; k < columns; k++) dw[row + k]! += x[xStart + k]! * d;
    if (dbias) dbias[r]! += d;
  }
}
