// Recurrent inference from quantised weights: the same plain order as recurrent.ts (each direction, each row, each of its own
// valid steps), with the rounding that native/abi.h prescribes. Rounding is done in float32 as there, everything else in double.
import { createUnit, type RecurrentCell, type Unit } from '../cells/cell.js';
import { cells } from '../cells/index.js';
import { Precision, Status } from '../generated/abi.js';
import { checkLengths, type Floats, type Ints, type Optional, taker } from './kernel.js';

const MOST_INT8_DEPTH = 131072;
/** Vectors without a larger element become zeros: dividing by a scale this small would lose what accuracy there is. */
const NOTHING = 2 ** -100;

// ---- rounding ----------------------------------------------------------------------------------------------------------

/** To the nearest whole number, ties to even: beyond 2^52 there are only whole numbers to round to. */
const toWhole = (x: number): number => x + 1.5 * 2 ** 52 - 1.5 * 2 ** 52;

/** Writes the integers of v[from..from+n-1] to `to` and returns their scale. */
function toInt8(to: Floats, v: Floats, from: number, n: number): number {
  to.fill(0, 0, n);
  let largest = 0;
  for (let k = 0; k < n; k++) {
    const size = Math.abs(Math.fround(v[from + k]!));
    if (!Number.isFinite(size)) return NaN;
    largest = Math.max(largest, size);
  }
  if (largest < NOTHING) return 0;
  const scale = Math.fround(largest / 127);
  for (let k = 0; k < n; k++) to[k] = toWhole(Math.fround(Math.fround(v[from + k]!) / scale));
  return scale;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

function toBf16(x: number): number {
  float[0] = x;
  if (Number.isNaN(x)) return x;
  // Half of the last place that stays, less 1 where that place is even: ties go to even.
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000;
  return float[0];
}

/** A vector as a product sees it: numbers[k] * scale. */
function quantize(precision: number, to: Floats, v: Floats, from: number, n: number, isWeight: boolean): number {
  if (precision === Precision.int8) return toInt8(to, v, from, n);
  for (let k = 0; k < n; k++) to[k] = isWeight ? toBf16(v[from + k]!) : v[from + k]!;
  return 1;
}

// ---- workspaces --------------------------------------------------------------------------------------------------------

interface Sizes {
  readonly I: number;
  readonly H: number;
  readonly D: number;
  readonly G: number;
}

/** Rows of one matrix: rows[r,columns] * scales[r]. */
interface Matrix {
  readonly numbers: Floats;
  readonly scales: Floats;
  readonly columns: number;
}
interface Direction {
  readonly w_ih: Matrix;
  readonly w_hh: Matrix;
  /** [G*H] */
  readonly b_ih: Floats;
  readonly b_hh: Floats;
}

function packedLength({ I, H, D, G }: Sizes): number {
  return D * G * H * (I + H + 4);
}

function directions(packed: Floats, { I, H, D, G }: Sizes): Direction[] {
  const take = taker(packed);
  const matrix = (columns: number): Matrix => ({ numbers: take(G * H * columns), scales: take(G * H), columns });
  return Array.from({ length: D }, () => ({
    w_ih: matrix(I),
    w_hh: matrix(H),
    b_ih: take(G * H),
    b_hh: take(G * H),
  }));
}

function scratchLength({ I, H, G }: Sizes): number {
  return 2 * G * H + 3 * H + Math.max(I, H);
}

interface Work {
  /** [G,H] W_ih x + b_ih and W_hh h + b_hh. */
  readonly gx: Floats;
  readonly gh: Floats;
  /** [H] the row's states now, and the vector of a cell's inner product. */
  readonly h: Floats;
  readonly c: Floats;
  readonly v: Floats;
  /** The vector of a product, quantised. */
  readonly operand: Floats;
}

function workOf(scratch: Floats, { I, H, G }: Sizes): Work {
  const take = taker(scratch);
  return { gx: take(G * H), gh: take(G * H), h: take(H), c: take(H), v: take(H), operand: take(Math.max(I, H)) };
}

// ---- kernels -----------------------------------------------------------------------------------------------------------

function check(precision: number, kind: RecurrentCell | undefined, I: number, H: number, D: number): number {
  if (!kind?.multiplies || (precision !== Precision.int8 && precision !== Precision.bf16)) return Status.kind;
  if (I < 0 || H < 0 || (D !== 1 && D !== 2)) return Status.size;
  return precision === Precision.int8 && Math.max(I, H) > MOST_INT8_DEPTH ? Status.size : Status.ok;
}

export function rnn_quantized_sizes(
  out: Floats,
  precision: number,
  cell: number,
  T: number,
  B: number,
  I: number,
  H: number,
  D: number,
  rows: number,
): number {
  const kind = cells[cell];
  const status = check(precision, kind, I, H, D);
  if (!kind || status !== Status.ok) return status;
  if (T < 0 || B < 0 || rows < 0 || rows > T * B) return Status.size;
  const sizes = { I, H, D, G: kind.gates.length };
  if (!Number.isSafeInteger(packedLength(sizes))) return Status.size;
  out[0] = packedLength(sizes);
  out[1] = scratchLength(sizes);
  return Status.ok;
}

export function rnn_quantize(
  packed: Floats,
  error: Floats,
  w_ih: Floats,
  w_hh: Floats,
  b_ih: Optional<Floats>,
  b_hh: Optional<Floats>,
  w_ih_r: Optional<Floats>,
  w_hh_r: Optional<Floats>,
  b_ih_r: Optional<Floats>,
  b_hh_r: Optional<Floats>,
  precision: number,
  cell: number,
  gates: number,
  I: number,
  H: number,
  D: number,
  npacked: number,
): number {
  const kind = cells[cell];
  const status = check(precision, kind, I, H, D);
  if (status !== Status.ok) return status;
  if (kind?.gates.length !== gates) return Status.kind;
  const sizes = { I, H, D, G: gates };
  if (npacked < packedLength(sizes)) return Status.workspace;
  if (D === 2 && !(w_ih_r && w_hh_r)) return Status.null;

  error[0] = 0;
  const fill = (to: Matrix, w: Floats): void => {
    for (let r = 0; r < gates * H; r++) {
      const from = r * to.columns;
      const numbers = to.numbers.subarray(from, from + to.columns);
      const scale = quantize(precision, numbers, w, from, to.columns, true);
      to.scales[r] = scale;
      numbers.forEach((q, k) => {
        const off = Math.abs(Math.fround(w[from + k]!) - q * scale);
        if (off > error[0]! && off < Infinity) error[0] = off;
      });
    }
  };
  directions(packed, sizes).forEach((to, d) => {
    fill(to.w_ih, d === 0 ? w_ih : w_ih_r!);
    fill(to.w_hh, d === 0 ? w_hh : w_hh_r!);
    copy(to.b_ih, d === 0 ? b_ih : b_ih_r);
    copy(to.b_hh, d === 0 ? b_hh : b_hh_r);
  });
  return Status.ok;
}

function copy(to: Floats, from: Optional<Floats>): void {
  if (from) to.set(from.subarray(0, to.length));
  else to.fill(0);
}

export function rnn_quantized_forward(
  y: Floats,
  hn: Floats,
  cn: Optional<Floats>,
  scratch: Floats,
  packed: Floats,
  x: Floats,
  h0: Optional<Floats>,
  c0: Optional<Floats>,
  lengths: Optional<Ints>,
  precision: number,
  cell: number,
  gates: number,
  T: number,
  B: number,
  I: number,
  H: number,
  D: number,
  rows: number,
  nscratch: number,
  npacked: number,
): number {
  const kind = cells[cell];
  const status = check(precision, kind, I, H, D) || checkLengths(lengths, T, B, rows);
  if (!kind || status !== Status.ok) return status;
  const hasC = kind.states.includes('c');
  if (kind.gates.length !== gates || (!hasC && (c0 || cn))) return Status.kind;
  const sizes = { I, H, D, G: gates };
  if (npacked < packedLength(sizes) || nscratch < scratchLength(sizes)) return Status.workspace;

  const unit = createUnit(kind.activations);
  const work = workOf(scratch, sizes);
  y.fill(0, 0, T * B * D * H);
  directions(packed, sizes).forEach((w, d) => {
    for (let b = 0; b < B; b++) {
      const row = (d * B + b) * H;
      const length = lengths ? lengths[b]! : T;
      copy(work.h, h0 ? h0.subarray(row) : null);
      copy(work.c, c0 ? c0.subarray(row) : null);
      for (let s = 0; s < length; s++) {
        const t = d === 0 ? s : length - 1 - s;
        step(kind, unit, precision, x, (t * B + b) * I, w, work, sizes);
        y.set(work.h, ((t * B + b) * D + d) * H);
      }
      hn.set(work.h, row);
      cn?.set(work.c, row);
    }
  });
  return Status.ok;
}

/** One step of one row: work.h and work.c are the states before it, then those after it. */
function step(
  cell: RecurrentCell,
  unit: Unit,
  precision: number,
  x: Floats,
  xStart: number,
  w: Direction,
  work: Work,
  { H, G }: Sizes,
): void {
  const { gx, gh, h, c, v, operand } = work;
  const { inner } = cell;
  const outerRows = (inner ? inner.firstGate : G) * H;
  const load = (j: number): void => {
    for (let k = 0; k < G; k++) {
      unit.gx[k] = gx[k * H + j]!;
      unit.gh[k] = gh[k * H + j]!;
    }
    unit.h = unit.hMasked = h[j]!;
    unit.c = c[j]!;
  };

  product(gx, precision, w.w_ih, x, xStart, w.b_ih, 0, G * H, operand);
  product(gh, precision, w.w_hh, h, 0, w.b_hh, 0, outerRows, operand);
  if (inner) {
    for (let j = 0; j < H; j++) {
      load(j);
      v[j] = inner.forward(unit);
    }
    product(gh, precision, w.w_hh, v, 0, w.b_hh, outerRows, G * H, operand);
  }
  for (let j = 0; j < H; j++) {
    load(j);
    cell.forward(unit);
    if (cell.readout) {
      unit.cSeen = unit.cNext;
      cell.readout.forward(unit);
    }
    h[j] = unit.hNext;
    c[j] = unit.cNext;
  }
}

/** out[r] = w[r] . quantised(v[start..]) + bias[r] for the rows first..end-1 of w. */
function product(
  out: Floats,
  precision: number,
  w: Matrix,
  v: Floats,
  start: number,
  bias: Floats,
  first: number,
  end: number,
  operand: Floats,
): void {
  const { columns } = w;
  const scale = quantize(precision, operand, v, start, columns, false);
  for (let r = first; r < end; r++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += w.numbers[r * columns + k]! * operand[k]!;
    out[r] = sum * w.scales[r]! * scale + bias[r]!;
  }
}
