// One direction of one layer, with everything a layer may have: the kernels rnn_general_*, over the sequence driver
// (recurrent-forward.ts, recurrent-backward.ts). All steps are kept, whatever `keep` says: numbers are the same.
import { type Activations, activation } from '../cells/activation.js';
import type { RecurrentCell } from '../cells/cell.js';
import { cells } from '../cells/index.js';
import { Feature, Option, Status } from '../generated/abi.js';
import { checkLengths, type Floats, type Ints, type Optional } from './kernel.js';
import { backward, backwardScratchLength } from './recurrent-backward.js';
import { forward, forwardScratchLength } from './recurrent-forward.js';
import {
  hasCellState,
  type Layer,
  type Parameters,
  rowTapeLength,
  type Sizes,
  type Zoneout,
} from './recurrent-layer.js';

const ALL_FEATURES = Object.values(Feature).reduce((sum, bit) => sum | bit, 0);

// ---- arguments ---------------------------------------------------------------------------------------------------------

/** What is wrong with the arguments that all kernels of this file share, or ok. */
function check(cell: RecurrentCell | undefined, features: number, sizes: Omit<Sizes, 'G'>): number {
  if (!cell || (features & ~ALL_FEATURES) !== 0) return Status.kind;
  const projects = (features & Feature.projection) !== 0;
  if (projects && !hasCellState(cell)) return Status.kind;
  if ((features & Feature.unit) !== 0 && cell.units.length === 0) return Status.kind;
  const { T, B, I, H, R } = sizes;
  if (T < 0 || B < 0 || I < 0 || H < 0 || R < 1) return Status.size;
  return projects || R === H ? Status.ok : Status.size;
}

/** As forward and backward got them, with what they ask of each other checked. */
interface LayerArguments extends Sizes {
  readonly cell: RecurrentCell | undefined;
  readonly features: number;
  readonly units: number;
  readonly rows: number;
  readonly reverse: number;
  readonly width: number;
  readonly column: number;
  readonly keep: number;
  readonly lengths: Optional<Ints>;
  readonly x: Optional<Floats>;
  readonly ids: Optional<Ints>;
  readonly options: Floats;
  readonly weights: Parameters;
  readonly drop: Optional<Floats>;
  readonly zone_h: Optional<Floats>;
  readonly zone_c: Optional<Floats>;
}

function checkLayer(args: LayerArguments): number {
  const { cell, features, T, B, I, H, R, G, weights } = args;
  const has = (feature: number): boolean => (features & feature) !== 0;
  const status = check(cell, features, { T, B, I, H, R });
  if (!cell || status !== Status.ok) return status;
  if (cell.gates.length !== G || cell.units.length !== args.units) return Status.kind;
  if (!hasCellState(cell) && (weights.ln_c || weights.ln_c_bias || args.zone_c)) return Status.kind;
  if (!activationsOf(cell, args.options)) return Status.kind;
  if (args.keep < 0 || args.column < 0 || args.column + R > args.width) return Status.size;
  if (cell.multiplies && !weights.w_hh) return Status.null;
  if (has(Feature.projection) && !weights.w_hr) return Status.null;
  if ((has(Feature.unit) || !cell.multiplies) && !weights.w_unit) return Status.null;
  if (has(Feature.norm)) {
    if (!weights.ln_ih || (cell.multiplies && !weights.ln_hh)) return Status.null;
    if (hasCellState(cell) && !weights.ln_c) return Status.null;
  }
  if (has(Feature.drop) && !args.drop) return Status.null;
  const wrongLengths = checkLengths(args.lengths, T, B, args.rows);
  if (wrongLengths !== Status.ok) return wrongLengths;
  if (!(has(Feature.oneHot) ? args.ids : args.x)) return Status.null;
  return has(Feature.oneHot) ? checkIds(args) : Status.ok;
}

function checkIds({ ids, lengths, T, B, I }: LayerArguments): number {
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < (lengths ? lengths[b]! : T); t++) {
      const id = ids![t * B + b]!;
      if (id < 0 || id >= I) return Status.index;
    }
  }
  return Status.ok;
}

/** x, or the one-hot rows that ids stand for: the definition, written out. */
function inputOf({ features, x, ids, lengths, T, B, I }: LayerArguments): Floats {
  if ((features & Feature.oneHot) === 0) return x!;
  const rows = new Float64Array(T * B * I);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < (lengths ? lengths[b]! : T); t++) rows[(t * B + b) * I + ids![t * B + b]!] = 1;
  }
  return rows;
}

/** The cell's own activations, or those of the options; undefined where a kind is none. */
function activationsOf(cell: RecurrentCell, options: Floats): Activations | undefined {
  const { gateKind, candidateKind, outputKind } = Option;
  const at = (kind: number, own: keyof Activations) =>
    activation(options[kind]!, options[kind + 1]!, options[kind + 2]!, cell.activations[own]);
  const gate = at(gateKind, 'gate');
  const candidate = at(candidateKind, 'candidate');
  const output = at(outputKind, 'output');
  return gate && candidate && output && { gate, candidate, output };
}

/** What the features leave of the arguments, which were checked. */
function layerOf(cell: RecurrentCell, args: LayerArguments): Layer {
  const { features, options, weights } = args;
  const has = (feature: number): boolean => (features & feature) !== 0;
  const zoneout = (mask: Optional<Floats>, rate: number): Optional<Zoneout> =>
    has(Feature.zoneout) ? { keep: mask ?? 1 - options[rate]! } : null;
  const clip = has(Feature.pointwise) ? options[Option.cellClip]! : 0;
  return {
    ...args,
    cell,
    reverse: args.reverse !== 0,
    weights: {
      ...weights,
      w_hr: has(Feature.projection) ? weights.w_hr : null,
      w_unit: has(Feature.unit) || !cell.multiplies ? weights.w_unit : null,
    },
    activations: (has(Feature.pointwise) && activationsOf(cell, options)) || cell.activations,
    clip: clip > 0 ? clip : Infinity,
    norm: has(Feature.norm) ? options[Option.normEps]! : null,
    drop: has(Feature.drop) ? args.drop : null,
    zoneH: zoneout(args.zone_h, Option.zoneoutH),
    zoneC: zoneout(args.zone_c, Option.zoneoutC),
  };
}

const isNormalised = (features: number): boolean => (features & Feature.norm) !== 0;

// ---- kernels -----------------------------------------------------------------------------------------------------------

export function rnn_general_sizes(
  out: Floats,
  cell: number,
  features: number,
  T: number,
  B: number,
  I: number,
  H: number,
  R: number,
  rows: number,
  keep: number,
): number {
  const kind = cells[cell];
  const status = check(kind, features, { T, B, I, H, R });
  if (!kind || status !== Status.ok) return status;
  if (keep < 0 || rows < 0 || rows > T * B) return Status.size;
  const sizes = { T, B, I, H, R, G: kind.gates.length };
  const tapeLength = rowTapeLength(kind, isNormalised(features), sizes);
  const backwardScratch = backwardScratchLength(sizes, kind.units.length);
  if (!Number.isSafeInteger(B * tapeLength + backwardScratch)) return Status.size;
  out[0] = 0;
  out[1] = B * tapeLength;
  out[2] = forwardScratchLength(sizes);
  out[3] = forwardScratchLength(sizes) + tapeLength;
  out[4] = backwardScratch;
  return Status.ok;
}

/** Nothing to do: the driver reads the weights where they are. */
export function rnn_general_pack(
  _packed: Floats,
  _w_ih: Floats,
  w_hh: Optional<Floats>,
  _b_ih: Optional<Floats>,
  _b_hh: Optional<Floats>,
  w_hr: Optional<Floats>,
  cell: number,
  gates: number,
  features: number,
  I: number,
  H: number,
  R: number,
  _npacked: number,
): number {
  const kind = cells[cell];
  const status = check(kind, features, { T: 0, B: 0, I, H, R });
  if (!kind || status !== Status.ok) return status;
  if (kind.gates.length !== gates) return Status.kind;
  if (kind.multiplies && !w_hh) return Status.null;
  return (features & Feature.projection) !== 0 && !w_hr ? Status.null : Status.ok;
}

export function rnn_general_forward(
  y: Floats,
  hn: Floats,
  cn: Optional<Floats>,
  saved: Optional<Floats>,
  scratch: Floats,
  _packed: Optional<Floats>,
  x: Optional<Floats>,
  ids: Optional<Ints>,
  h0: Optional<Floats>,
  c0: Optional<Floats>,
  w_ih: Floats,
  w_hh: Optional<Floats>,
  b_ih: Optional<Floats>,
  b_hh: Optional<Floats>,
  w_hr: Optional<Floats>,
  w_unit: Optional<Floats>,
  ln_ih: Optional<Floats>,
  ln_hh: Optional<Floats>,
  ln_c: Optional<Floats>,
  ln_c_bias: Optional<Floats>,
  drop: Optional<Floats>,
  zone_h: Optional<Floats>,
  zone_c: Optional<Floats>,
  lengths: Optional<Ints>,
  options: Floats,
  cell: number,
  gates: number,
  units: number,
  features: number,
  T: number,
  B: number,
  I: number,
  H: number,
  R: number,
  rows: number,
  reverse: number,
  width: number,
  column: number,
  keep: number,
  nsaved: number,
  nscratch: number,
  _npacked: number,
): number {
  const kind = cells[cell];
  const weights = { w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias };
  const sizes = { T, B, I, H, R, G: gates };
  const masks = { drop, zone_h, zone_c };
  const rest = { features, units, rows, reverse, width, column, keep, lengths, x, ids, options };
  const args = { cell: kind, weights, ...sizes, ...masks, ...rest };
  const status = checkLayer(args);
  if (!kind || status !== Status.ok) return status;
  if (!hasCellState(kind) && (c0 || cn)) return Status.kind;
  const tapeLength = rowTapeLength(kind, isNormalised(features), sizes);
  if (saved && nsaved < B * tapeLength) return Status.workspace;
  if (nscratch < forwardScratchLength(sizes) + (saved ? 0 : tapeLength)) return Status.workspace;
  forward(layerOf(kind, args), { y, hn, cn, saved, scratch, x: inputOf(args), h0, c0 }, width, column);
  return Status.ok;
}

export function rnn_general_backward(
  dx: Optional<Floats>,
  dh0: Optional<Floats>,
  dc0: Optional<Floats>,
  dw_ih: Optional<Floats>,
  dw_hh: Optional<Floats>,
  db_ih: Optional<Floats>,
  db_hh: Optional<Floats>,
  dw_hr: Optional<Floats>,
  dw_unit: Optional<Floats>,
  dln_ih: Optional<Floats>,
  dln_hh: Optional<Floats>,
  dln_c: Optional<Floats>,
  dln_c_bias: Optional<Floats>,
  steps: Optional<Floats>,
  contributions: Optional<Floats>,
  dy: Optional<Floats>,
  dhn: Optional<Floats>,
  dcn: Optional<Floats>,
  x: Optional<Floats>,
  ids: Optional<Ints>,
  w_ih: Floats,
  w_hh: Optional<Floats>,
  b_ih: Optional<Floats>,
  b_hh: Optional<Floats>,
  w_hr: Optional<Floats>,
  w_unit: Optional<Floats>,
  ln_ih: Optional<Floats>,
  ln_hh: Optional<Floats>,
  ln_c: Optional<Floats>,
  ln_c_bias: Optional<Floats>,
  drop: Optional<Floats>,
  zone_h: Optional<Floats>,
  zone_c: Optional<Floats>,
  lengths: Optional<Ints>,
  options: Floats,
  saved: Floats,
  scratch: Floats,
  cell: number,
  gates: number,
  units: number,
  features: number,
  T: number,
  B: number,
  I: number,
  H: number,
  R: number,
  rows: number,
  reverse: number,
  width: number,
  column: number,
  keep: number,
  nsteps: number,
  nsaved: number,
  nscratch: number,
): number {
  const kind = cells[cell];
  const weights = { w_ih, w_hh, b_ih, b_hh, w_hr, w_unit, ln_ih, ln_hh, ln_c, ln_c_bias };
  const sizes = { T, B, I, H, R, G: gates };
  const masks = { drop, zone_h, zone_c };
  const rest = { features, units, rows, reverse, width, column, keep, lengths, x, ids, options };
  const args = { cell: kind, weights, ...sizes, ...masks, ...rest };
  const status = checkLayer(args);
  if (!kind || status !== Status.ok) return status;
  if (!hasCellState(kind) && (dc0 || dcn)) return Status.kind;
  if ((features & Feature.oneHot) !== 0 && (dx || contributions)) return Status.kind;
  if (steps && nsteps !== 2 + 3 * gates) return Status.size;
  const tapeLength = rowTapeLength(kind, isNormalised(features), sizes);
  if (nsaved < B * tapeLength || nscratch < backwardScratchLength(sizes, units)) return Status.workspace;

  const layer = layerOf(kind, args);
  const gradients = {
    w_ih: dw_ih,
    w_hh: dw_hh,
    b_ih: db_ih,
    b_hh: db_hh,
    w_hr: dw_hr,
    // What a feature leaves out has no gradient.
    w_unit: layer.weights.w_unit ? dw_unit : null,
    ln_ih: dln_ih,
    ln_hh: dln_hh,
    ln_c: dln_c,
    ln_c_bias: dln_c_bias,
  };
  const arrays = { dx, dh0, dc0, gradients, steps, contributions, dy, dhn, dcn, x: inputOf(args), saved, scratch };
  backward(layer, arrays, width, column);
  return Status.ok;
}
