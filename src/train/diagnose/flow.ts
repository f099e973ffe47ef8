// What one backward pass through one direction of one layer comes to: norms over time, gates over time, a rate, a verdict.
import type { LayerSteps } from '../../ops/diagnostics.js';
import { judge, rateInWords, ratePerStep, type Verdict } from './rates.js';

/** A gate over time, over all units and the rows that have this step; NaN where no row has. */
export interface GateFlow {
  /** PyTorch's letter: i, f, g, o; r, z, n; h for the activation of a plain RNN. */
  readonly name: string;
  /** A candidate is between -1 and 1, a gate between 0 and 1. */
  readonly isCandidate: boolean;
  /** [T] */
  readonly mean: Float64Array;
  /** [T] fraction of units below 0.1 (a candidate: below -0.9) */
  readonly low: Float64Array;
  /** [T] fraction of units above 0.9 */
  readonly high: Float64Array;
}

/** Gradient flow through one direction of one layer, in one call of it. */
export interface LayerFlow {
  /** Where the layer is in the model, and which layer and direction of a stack: `encoder.lstm, layer 1, reverse`. */
  readonly name: string;
  /** lstm, gru, rnn_tanh, ... */
  readonly cell: string;
  readonly T: number;
  readonly B: number;
  readonly hiddenSize: number;
  /** Rows are read from their last step to their first: the gradient flows towards larger t. */
  readonly reverse: boolean;
  /** [B] valid steps of each row; null: all T. */
  readonly lengths: Int32Array | null;
  /** [T] |dL/dh_t| over the whole batch: the total gradient of the state that step t left, the loss at t included. */
  readonly dh: Float64Array;
  /** [T] |dL/dc_t|, for cells with a c: what comes through h_t too. */
  readonly dc: Float64Array | null;
  /** [T, B] the same for each row; null unless asked for. */
  readonly rows: { readonly dh: Float64Array; readonly dc: Float64Array | null } | null;
  /** [T] Frobenius norms of what step t adds to the gradients of W_ih, W_hh and b_hh, over the whole batch. */
  readonly dwIh: Float64Array;
  readonly dwHh: Float64Array;
  readonly db: Float64Array;
  readonly gates: readonly GateFlow[];
  /** A factor a step backward in the order of reading, of dL/dh and of dL/dc; NaN where too few steps have a gradient. */
  readonly rates: { readonly dh: number; readonly dc: number | null };
  readonly verdict: Verdict;
  /** The verdict's figures as a sentence. */
  readonly text: string;
}

/** @param keepRows  keep the norms of each row of the batch too */
export function flowOf(seen: LayerSteps, name: string, keepRows: boolean): LayerFlow {
  const { cell, T, B, hiddenSize, reverse, lengths, contributions } = seen;
  const hasC = cell.states.includes('c');
  const dhRows = rootsOf(seen, 0);
  const dcRows = hasC ? rootsOf(seen, 1) : null;
  const rates = {
    dh: ratePerStep(stepsBack(seen, dhRows)),
    dc: dcRows && ratePerStep(stepsBack(seen, dcRows)),
  };
  const steps = longestOf(seen) - 1;
  const part = (k: number): Float64Array =>
    Float64Array.from({ length: T }, (_, t) => Math.sqrt(contributions[3 * t + k] ?? 0));
  return {
    name,
    cell: cell.name,
    ...{ T, B, hiddenSize, reverse, lengths },
    dh: overBatch(dhRows, T, B),
    dc: dcRows && overBatch(dcRows, T, B),
    rows: keepRows ? { dh: dhRows, dc: dcRows } : null,
    ...{ dwIh: part(0), dwHh: part(1), db: part(2) },
    gates: gatesOf(seen),
    rates,
    verdict: judge(rates.dh, steps),
    text: rateInWords('dL/dh', rates.dh, steps),
  };
}

export const longestOf = ({ lengths, T }: { lengths: Int32Array | null; T: number }): number =>
  lengths === null ? T : lengths.reduce((most, length) => Math.max(most, length), 0);

const lengthOf = ({ lengths, T }: LayerSteps, b: number): number => (lengths === null ? T : (lengths[b] as number));

/** [T, B] square roots of column k of `steps`. */
function rootsOf({ steps, T, B, cell }: LayerSteps, k: number): Float64Array {
  const width = 2 + 3 * cell.gates.length;
  const out = new Float64Array(T * B);
  for (let at = 0; at < out.length; at++) out[at] = Math.sqrt(steps[at * width + k] as number);
  return out;
}

function overBatch(rows: Float64Array, T: number, B: number): Float64Array {
  return Float64Array.from({ length: T }, (_, t) => {
    let sum = 0;
    for (let b = 0; b < B; b++) sum += (rows[t * B + b] as number) ** 2;
    return Math.sqrt(sum);
  });
}

/** [longest] root mean square over the rows, k steps before each row's own end: rows of all lengths lie on one another. */
function stepsBack(seen: LayerSteps, rows: Float64Array): Float64Array {
  const { B, reverse } = seen;
  const out = new Float64Array(longestOf(seen));
  const count = new Float64Array(out.length);
  for (let b = 0; b < B; b++) {
    const length = lengthOf(seen, b);
    for (let k = 0; k < length; k++) {
      const t = reverse ? k : length - 1 - k;
      out[k] = (out[k] as number) + (rows[t * B + b] as number) ** 2;
      count[k] = (count[k] as number) + 1;
    }
  }
  return out.map((sum, k) => Math.sqrt(sum / (count[k] as number)));
}

/** The last gate of a GRU, an MGU and the plain RNNs, and the LSTM's g are activations of what is written. */
const CANDIDATES = new Set(['g', 'n', 'h']);

function gatesOf(seen: LayerSteps): GateFlow[] {
  const { steps, T, B, cell } = seen;
  const width = 2 + 3 * cell.gates.length;
  return cell.gates.map((name, gate) => {
    const over = (k: number): Float64Array =>
      Float64Array.from({ length: T }, (_, t) => {
        let sum = 0;
        let count = 0;
        for (let b = 0; b < B; b++) {
          if (t >= lengthOf(seen, b)) continue;
          sum += steps[(t * B + b) * width + 2 + 3 * gate + k] as number;
          count++;
        }
        return sum / count;
      });
    return { name, isCandidate: CANDIDATES.has(name), mean: over(0), low: over(1), high: over(2) };
  });
}

/**
 * In the order of the forward pass. Backward met the last layer first, but of each layer the forward direction before the other.
 */
export function inForwardOrder<S>(seen: readonly S[], directionOf: (one: S) => 0 | 1): S[] {
  const layers: S[][] = [];
  for (const one of seen) {
    if (directionOf(one) === 0 || layers.length === 0) layers.push([one]);
    else layers.at(-1)?.push(one);
  }
  return layers.reverse().flat();
}

/** Names of the layers as they come: where each is in the model, and which call of it this is where it is called again. */
export function namer(model: { namedModules(): Iterable<[string, object]> }): (seen: LayerSteps) => string {
  const names = new Map<object, string>();
  for (const [name, module] of model.namedModules()) names.set(module, name);
  const calls = new Map<string, number>();
  return ({ module, layer, direction, reverse }) => {
    const own = names.get(module) || (module.constructor?.name ?? 'layer').toLowerCase();
    const stacked = ((module as { numLayers?: number }).numLayers ?? 1) > 1;
    const name = own + (stacked ? `, layer ${layer}` : '') + (direction === 1 || reverse ? ', reverse' : '');
    const call = (calls.get(name) ?? 0) + 1;
    calls.set(name, call);
    return call === 1 ? name : `${name}, call ${call}`;
  };
}
