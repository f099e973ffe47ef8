// The recurrent layers of PyTorch: the kernels rnn_*. Each direction is a run of the sequence driver (recurrent-forward.ts,
// recurrent-backward.ts) over a layer that has nothing special.
import type { RecurrentCell } from '../cells/cell.js';
import { cells } from '../cells/index.js';
import { Status } from '../generated/abi.js';
import { checkLengths, type Floats, type Ints, type Optional } from './kernel.js';
import { backward, backwardScratchLength } from './recurrent-backward.js';
import { forward, forwardScratchLength } from './recurrent-forward.js';
import { type Layer, noParameters, type Parameters, rowTapeLength, type Sizes } from './recurrent-layer.js';

/** What is wrong with the arguments that all kernels of this file share, or ok. */
function check(cell: RecurrentCell | undefined, gates: number, D: number): number {
  if (!cell?.multiplies || cell.gates.length !== gates) return Status.kind;
  return D === 1 || D === 2 ? Status.ok : Status.size;
}

/** One direction: d of 0 and 1. */
function plainLayer(cell: RecurrentCell, sizes: Sizes, lengths: Optional<Ints>, d: number, weights: Parameters): Layer {
  return {
    ...sizes,
    cell,
    reverse: d === 1,
    lengths,
    weights,
    activations: cell.activations,
    clip: Infinity,
    norm: null,
    drop: null,
    zoneH: null,
    zoneC: null,
  };
}

/** Piece d of [D,n]. */
function piece(of: Floats, d: number, n: number): Floats;
function piece(of: Optional<Floats>, d: number, n: number): Optional<Floats>;
function piece(of: Optional<Floats>, d: number, n: number): Optional<Floats> {
  return of ? of.subarray(d * n, (d + 1) * n) : null;
}

/** Floats of what one direction keeps for backward. */
function savedLength(cell: RecurrentCell, sizes: Sizes): number {
  return sizes.B * rowTapeLength(cell, false, sizes);
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
  if (!kind?.multiplies) return Status.kind;
  if (T < 0 || B < 0 || I < 0 || H < 0 || (D !== 1 && D !== 2) || rows < 0 || rows > T * B) return Status.size;
  const sizes = { T, B, I, H, R: H, G: kind.gates.length };
  const saved = D * savedLength(kind, sizes);
  if (!Number.isSafeInteger(saved)) return Status.size;
  out[0] = 0;
  out[1] = saved;
  out[2] = forwardScratchLength(sizes);
  out[3] = forwardScratchLength(sizes) + rowTapeLength(kind, false, sizes);
  out[4] = backwardScratchLength(sizes, kind.units.length);
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
  const sizes = { T, B, I, H, R: H, G: gates };
  const nsavedEach = savedLength(kind, sizes);
  if (saved && nsaved < D * nsavedEach) return Status.workspace;
  if (nscratch < forwardScratchLength(sizes) + (saved ? 0 : rowTapeLength(kind, false, sizes))) return Status.workspace;

  const weights = [{ ...noParameters, w_ih, w_hh, b_ih, b_hh }];
  if (D === 2) {
    if (!w_ih_r || !w_hh_r) return Status.null;
    weights.push({ ...noParameters, w_ih: w_ih_r, w_hh: w_hh_r, b_ih: b_ih_r, b_hh: b_hh_r });
  }
  weights.forEach((w, d) => {
    const arrays = {
      y,
      hn: piece(hn, d, B * H),
      cn: kind.readout ? piece(cn, d, B * H) : null,
      saved: piece(saved, d, nsavedEach),
      scratch,
      x,
      h0: piece(h0, d, B * H),
      c0: piece(c0, d, B * H),
    };
    forward(plainLayer(kind, sizes, lengths, d, w), arrays, D * H, d * H);
  });
  return Status.ok;
}

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
  const sizes = { T, B, I, H, R: H, G: gates };
  const nsavedEach = savedLength(kind, sizes);
  if (nsaved < D * nsavedEach || nscratch < backwardScratchLength(sizes, kind.units.length)) return Status.workspace;

  const weights = [{ ...noParameters, w_ih, w_hh, b_ih, b_hh }];
  const gradients = [{ ...noParameters, w_ih: dw_ih, w_hh: dw_hh, b_ih: db_ih, b_hh: db_hh }];
  if (D === 2) {
    if (!w_ih_r || !w_hh_r) return Status.null;
    weights.push({ ...noParameters, w_ih: w_ih_r, w_hh: w_hh_r, b_ih: b_ih_r, b_hh: b_hh_r });
    gradients.push({ ...noParameters, w_ih: dw_ih_r, w_hh: dw_hh_r, b_ih: db_ih_r, b_hh: db_hh_r });
  }
  // Both directions add to it; at padding nobody does.
  dx?.fill(0, 0, T * B * I);
  weights.forEach((w, d) => {
    const arrays = {
      dx,
      dh0: piece(dh0, d, B * H),
      dc0: piece(dc0, d, B * H),
      gradients: gradients[d]!,
      steps: null,
      contributions: null,
      dy,
      dhn: piece(dhn, d, B * H),
      dcn: piece(dcn, d, B * H),
      x,
      saved: piece(saved, d, nsavedEach),
      scratch,
    };
    backward(plainLayer(kind, sizes, lengths, d, w), arrays, D * H, d * H);
  });
  return Status.ok;
}
