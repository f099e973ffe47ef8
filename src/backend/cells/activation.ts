// The activations of the cells, by ONNX's names, in double precision.
import { CellActivation } from '../generated/abi.js';

/** y = f(x), and its derivative as a function of y alone: backward keeps no x. */
export interface Activation {
  of(x: number): number;
  slope(y: number): number;
}

/** Which function stands where in a cell's equations. */
export interface Activations {
  /** Of the gates: i, f, o; r, z. */
  readonly gate: Activation;
  /** Of what the gates let in: g, n, and the h of the simple cells. */
  readonly candidate: Activation;
  /** Of c on its way out. */
  readonly output: Activation;
}

/** 1 / (1 + e^-x). Saturates without overflow: e^-x = inf gives 0. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

const kinds: Record<number, (a: number, b: number) => Activation> = {
  [CellActivation.cellSigmoid]: () => ({ of: sigmoid, slope: (y) => y * (1 - y) }),
  [CellActivation.cellTanh]: () => ({ of: Math.tanh, slope: (y) => 1 - y * y }),
  [CellActivation.cellRelu]: () => ({ of: (x) => Math.max(x, 0), slope: (y) => (y > 0 ? 1 : 0) }),
  [CellActivation.cellHardSigmoid]: (a, b) => ({
    of: (x) => Math.max(0, Math.min(1, a * x + b)),
    slope: (y) => (y > 0 && y < 1 ? a : 0),
  }),
  [CellActivation.cellAffine]: (a, b) => ({ of: (x) => a * x + b, slope: () => a }),
  [CellActivation.cellLeakyRelu]: (a) => ({ of: (x) => (x >= 0 ? x : a * x), slope: (y) => (y > 0 ? 1 : a) }),
  [CellActivation.cellThresholdedRelu]: (a) => ({ of: (x) => (x > a ? x : 0), slope: (y) => (y > 0 ? 1 : 0) }),
  // tanh' = 1 - (y / a)^2
  [CellActivation.cellScaledTanh]: (a, b) => ({ of: (x) => a * Math.tanh(b * x), slope: (y) => b * (a - (y * y) / a) }),
  // (a (e^x - 1))' = a e^x = y + a
  [CellActivation.cellElu]: (a) => ({ of: (x) => (x >= 0 ? x : a * Math.expm1(x)), slope: (y) => (y > 0 ? 1 : y + a) }),
  // 1 - |y| = 1 / (1 + |x|)
  [CellActivation.cellSoftsign]: () => ({ of: (x) => x / (1 + Math.abs(x)), slope: (y) => (1 - Math.abs(y)) ** 2 }),
  // log(1 + e^x) without overflow; its derivative sigmoid(x) = 1 - 1 / (1 + e^x) = 1 - e^-y
  [CellActivation.cellSoftplus]: () => ({
    of: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: (y) => -Math.expm1(-y),
  }),
};

/** The function of a kind of `enum u_cell_activation`; `own` for U_CELL_OWN; undefined for a number that is no kind. */
export function activation(kind: number, a: number, b: number, own: Activation): Activation | undefined {
  return kind === CellActivation.cellOwn ? own : kinds[kind]?.(a, b);
}

const plain = (kind: number): Activation => kinds[kind]!(0, 0);
/** What the cells use unless told otherwise. */
export const sigmoidAndTanh: Activations = {
  gate: plain(CellActivation.cellSigmoid),
  candidate: plain(CellActivation.cellTanh),
  output: plain(CellActivation.cellTanh),
};

export const reluCandidate: Activations = { ...sigmoidAndTanh, candidate: plain(CellActivation.cellRelu) };
