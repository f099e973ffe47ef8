// What a cell is: the pointwise equations of one step of one hidden unit, in double precision. The loops over rows, time and
// units, every matrix product, and all that a layer may add around a cell (normalisation, clipping, masks, projection) are the
// driver's (reference/recurrent-forward.ts, recurrent-backward.ts), shared by all cells.
import type { Activation, Activations } from './activation.js';

/** One number a gate, in the order of the cell's `gates`; a cell with fewer gates leaves the rest alone. */
export type PerGate = [number, number, number, number];
/** One number a per-unit weight, in the order of the cell's `units`. */
export type PerUnitWeight = [number, number, number];

/**
 * One hidden unit at one step. The driver fills in what a method reads and takes away what it writes; the object itself is used
 * again for the next unit.
 */
export interface Unit {
  gate: Activation;
  candidate: Activation;
  output: Activation;

  /** W_ih x + b_ih of this unit, gate by gate. */
  readonly gx: PerGate;
  /** W_hh h + b_hh of this unit, gate by gate. Kept apart from gx because the GRU multiplies it by its reset gate. */
  readonly gh: PerGate;
  /** The per-unit weights; zeros where the layer has none. */
  readonly w: PerUnitWeight;
  /** The states before the step. */
  h: number;
  c: number;
  /** h as recurrent products see it: under the mask of recurrent dropout. */
  hMasked: number;

  /** c' of `forward`, clipped before anybody else reads it; and c' as `output` sees it, normalised if the layer does that. */
  cNext: number;
  cSeen: number;
  /** h', before projection and zoneout. */
  hNext: number;
  /** Written by forward, read by backward, `savedPerUnit` of them: the values of the gates come first. */
  readonly saved: PerGate;

  /** Gradients: a method reads those of what its forward wrote and writes the others, where not said otherwise. */
  dhNext: number;
  dcSeen: number;
  dcNext: number;
  readonly dgx: PerGate;
  readonly dgh: PerGate;
  /** Added to. */
  readonly dw: PerUnitWeight;
  /** What reaches h and c directly. What reaches h through W_hh the driver adds: W_hh^T dgh. */
  dh: number;
  dc: number;
  /** What reaches the masked h: the driver starts it at 0, methods add to it. */
  dhMasked: number;
}

export interface RecurrentCell {
  readonly name: string;
  /** Its number in native/abi.h, `enum u_cell`. */
  readonly id: number;
  /** In PyTorch's order: the blocks of H rows in w_ih, w_hh and the biases. */
  readonly gates: readonly string[];
  /** Which of the gates is the candidate: its values lie in -1..1 (those of the others in 0..1) with the cell's own activations. */
  readonly candidate: number;
  readonly states: readonly ('h' | 'c')[];
  /** The vectors of per-unit weights that it may have, or, without `multiplies`, must have. */
  readonly units: readonly string[];
  /**
   * Whether it multiplies h by a matrix W_hh. One that does not is no cell for rnn_forward, whose w_hh has to be there; a layer
   * of rnn_general_forward may leave it out.
   */
  readonly multiplies: boolean;
  readonly activations: Activations;
  /** Numbers that forward keeps for backward, for each unit and step. */
  readonly savedPerUnit: number;
  /** Writes cNext in a cell with c, hNext in one without. */
  forward(unit: Unit): void;
  /** Given dcNext or dhNext. */
  backward(unit: Unit): void;
  /** Only for a cell with c: what makes h of it. */
  readonly readout?: Readout;
  /** Only for a cell with a second product inside the step. */
  readonly inner?: InnerProduct;
}

/** h' from c', which is clipped and normalised between the cell's own forward and this. */
export interface Readout {
  /** Writes hNext, from cSeen (and from cNext, which a peephole sees as it is). */
  forward(unit: Unit): void;
  /** Given dhNext, writes dcSeen, adds to dcNext and writes dgx and dgh of its gate. The cell's own backward comes after it. */
  backward(unit: Unit): void;
}

/**
 * A second product inside the step: the recurrent product of the gates from `firstGate` on is not W_hh h but W_hh v, where v
 * is computed from the gates before it. The driver calls forward (v of every unit), multiplies, and only then the cell's own
 * forward; backward comes in the opposite order.
 */
export interface InnerProduct {
  readonly firstGate: number;
  /** v of this unit, from gx and gh of the gates before firstGate. */
  forward(unit: Unit): number;
  /** The same v, from `saved`. */
  again(unit: Unit): number;
  /** Given dv, adds to dhMasked and to dgx and dgh of the gates that v was computed from. */
  backward(unit: Unit, dv: number): void;
}

export function createUnit(activations: Activations): Unit {
  return {
    ...activations,
    gx: [0, 0, 0, 0],
    gh: [0, 0, 0, 0],
    w: [0, 0, 0],
    h: 0,
    c: 0,
    hMasked: 0,
    cNext: 0,
    cSeen: 0,
    hNext: 0,
    saved: [0, 0, 0, 0],
    dhNext: 0,
    dcSeen: 0,
    dcNext: 0,
    dgx: [0, 0, 0, 0],
    dgh: [0, 0, 0, 0],
    dw: [0, 0, 0],
    dh: 0,
    dc: 0,
    dhMasked: 0,
  };
}
