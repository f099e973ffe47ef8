// What a cell is: the pointwise equations of one step of one hidden unit, in double precision. The loops over directions,
// rows, time and units, and every matrix product, are the driver's (reference/recurrent.ts), shared by all cells.

/** One number a gate, in the order of the cell's `gates`; a cell with fewer gates leaves the rest alone. */
export type PerGate = [number, number, number, number];

/**
 * One hidden unit at one step. The driver fills in what a method reads and takes away what it writes; the object itself is used
 * again for the next unit.
 */
export interface Unit {
  /** W_ih x + b_ih of this unit, gate by gate. */
  readonly gx: PerGate;
  /** W_hh h + b_hh of this unit, gate by gate. Kept apart from gx because the GRU multiplies it by its reset gate. */
  readonly gh: PerGate;
  /** The states before the step. */
  h: number;
  c: number;
  /** The states after it: written by forward, read by backward. */
  hNext: number;
  cNext: number;
  /** Written by forward, read by backward, `savedPerUnit` of them. */
  readonly saved: PerGate;

  /** Gradients: backward reads those of hNext and cNext and writes the others. */
  dhNext: number;
  dcNext: number;
  readonly dgx: PerGate;
  readonly dgh: PerGate;
  /** What reaches h and c directly. What reaches h through W_hh the driver adds: W_hh^T dgh. */
  dh: number;
  dc: number;
}

export interface RecurrentCell {
  readonly name: string;
  /** Its number in native/abi.h, `enum u_cell`. */
  readonly id: number;
  /** In PyTorch's order: the blocks of H rows in w_ih, w_hh and the biases. */
  readonly gates: readonly string[];
  readonly states: readonly ('h' | 'c')[];
  /** Numbers that forward keeps for backward, for each unit and step. */
  readonly savedPerUnit: number;
  forward(unit: Unit): void;
  backward(unit: Unit): void;
  /** Only for a cell with a second product inside the step. */
  readonly inner?: InnerProduct;
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
  /** Given dv, adds to dh and to dgx and dgh of the gates that v was computed from. */
  backward(unit: Unit, dv: number): void;
}

export function createUnit(): Unit {
  return {
    gx: [0, 0, 0, 0],
    gh: [0, 0, 0, 0],
    h: 0,
    c: 0,
    hNext: 0,
    cNext: 0,
    saved: [0, 0, 0, 0],
    dhNext: 0,
    dcNext: 0,
    dgx: [0, 0, 0, 0],
    dgh: [0, 0, 0, 0],
    dh: 0,
    dc: 0,
  };
}

/** 1 / (1 + e^-x). Saturates without overflow: e^-x = inf gives 0. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
