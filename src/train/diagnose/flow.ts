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
  /**
   * [T] Frobenius norms of what step t adds to the gradients of W_ih, W_hh and b_hh, over the whole batch. A reverse layer takes
   * its steps from each row's end: index T-1-s has the s-th step of all rows, which is its time in rows of T steps. null: not
   * measured.
   */
  readonly dwIh: Float64Array | null;
  readonly dwHh: Float64Array | null;
  readonly db: Float64Array | null;
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
  const byTime = sumsOf(seen, false);
  const byDistance = lengths === null ? byTime : sumsOf(seen, true);
  const rateOf = (column: number): number => {
    const norms = byDistance.column(column).map((sum, place) => Math.sqrt(sum / (byDistance.counts[place] as number)));
    return ratePerStep(lengths === null && !reverse ? norms.reverse() : norms);
  };
  const rates = { dh: rateOf(0), dc: hasC ? rateOf(1) : null };
  const steps = longestOf(seen) - 1;
  const parts = contributions && new Float64Array(3 * T);
  const part = (k: number): Float64Array | null => {
    if (contributions === null || parts === null) return null;
    const norms = parts.subarray(k * T, (k + 1) * T);
    for (let t = 0; t < T; t++) norms[t] = Math.sqrt(contributions[3 * t + k] as number);
    return norms;
  };
  return {
    name,
    cell: cell.name,
    ...{ T, B, hiddenSize, reverse, lengths },
    dh: byTime.rooted(0),
    dc: hasC ? byTime.rooted(1) : null,
    rows: keepRows ? { dh: rootsOf(seen, 0), dc: hasC ? rootsOf(seen, 1) : null } : null,
    ...{ dwIh: part(0), dwHh: part(1), db: part(2) },
    gates: cell.gates.map((gate, g) => {
      const [mean, low, high] = [0, 1, 2].map((k) => byTime.averaged(2 + 3 * g + k)) as GateColumns;
      return { name: gate, isCandidate: CANDIDATES.has(gate), mean, low, high };
    }),
    rates,
    verdict: judge(rates.dh, steps),
    text: rateInWords('dL/dh', rates.dh, steps),
  };
}
type GateColumns = [mean: Float64Array, low: Float64Array, high: Float64Array];

/** The last gate of a GRU, an MGU and the plain RNNs, and the LSTM's g are activations of what is written. */
const CANDIDATES = new Set(['g', 'n', 'h']);

export const longestOf = ({ lengths, T }: { lengths: Int32Array | null; T: number }): number =>
  lengths === null ? T : lengths.reduce((most, length) => Math.max(most, length), 0);

/**
 * Sums of the columns of `steps` over the rows, for each time, or for each distance from the rows' own last steps: rows of all
 * lengths then lie on one another. All in one buffer, of which the columns are views: a microscope makes them again and again, and
 * many small buffers would take longer than what is put into them.
 */
class Sums {
  readonly counts: Float64Array;
  /** [width, places] */
  readonly sums: Float64Array;

  constructor(
    readonly places: number,
    readonly width: number,
  ) {
    const all = new Float64Array((width + 1) * places);
    this.counts = all.subarray(width * places);
    this.sums = all.subarray(0, width * places);
  }

  column(k: number): Float64Array {
    return this.sums.subarray(k * this.places, (k + 1) * this.places);
  }

  /** The column's sums become their roots. */
  rooted(k: number): Float64Array {
    const column = this.column(k);
    for (let place = 0; place < column.length; place++) column[place] = Math.sqrt(column[place] as number);
    return column;
  }

  /** The column's sums become means; NaN where there is no row. */
  averaged(k: number): Float64Array {
    const column = this.column(k);
    for (let place = 0; place < column.length; place++)
      column[place] = (column[place] as number) / (this.counts[place] as number);
    return column;
  }
}

/** One pass over all of `steps`: a microscope comes here at every update. */
function sumsOf({ steps, T, B, cell, lengths, reverse }: LayerSteps, byDistance: boolean): Sums {
  const width = 2 + 3 * cell.gates.length;
  // By distance only the gradients are asked for.
  const columns = byDistance ? 2 : width;
  const found = new Sums(byDistance ? longestOf({ lengths, T }) : T, columns);
  const { sums, counts, places } = found;
  for (let t = 0; t < T; t++) {
    for (let b = 0; b < B; b++) {
      const length = lengths === null ? T : (lengths[b] as number);
      if (t >= length) continue;
      const place = byDistance && !reverse ? length - 1 - t : t;
      counts[place] = (counts[place] as number) + 1;
      const from = (t * B + b) * width;
      for (let k = 0; k < columns; k++) {
        const to = k * places + place;
        sums[to] = (sums[to] as number) + (steps[from + k] as number);
      }
    }
  }
  return found;
}

/** [T, B] square roots of column k of `steps`. */
function rootsOf({ steps, T, B, cell }: LayerSteps, k: number): Float64Array {
  const width = 2 + 3 * cell.gates.length;
  const out = new Float64Array(T * B);
  for (let at = 0; at < out.length; at++) out[at] = Math.sqrt(steps[at * width + k] as number);
  return out;
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
