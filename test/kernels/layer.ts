// Runs rnn_forward and rnn_backward of one backend on random data, every buffer guarded (harness.ts).
import type { RecurrentCell } from '../../src/backend/cells/index.js';
import type { Backend } from '../../src/backend/types.js';
import { integers, seeded, uniform } from '../helpers/random.js';
import { contents, runKernel, type Scalars } from './harness.js';

export interface LayerCase {
  readonly cell: RecurrentCell;
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  readonly D: number;
  /** Random lengths in 0..T, at least one of them 0 and one T where B > 1; NaN wherever x and dy are padding. */
  readonly ragged?: boolean;
  /** Optional buffers passed as null, beside those the cell or D forbid. */
  readonly without?: readonly string[];
  /** Weights packed once by rnn_pack, instead of within the call. */
  readonly packed?: boolean;
}

export type Arrays = Record<string, ArrayLike<number>>;

const reverse = ['w_ih_r', 'w_hh_r', 'b_ih_r', 'b_hh_r'];
const cellState = ['c0', 'cn', 'dc0', 'dcn'];

/** The optional buffers that must be null: of the other direction, of a cell state that is not there. */
export function absent({ cell, D, ragged, without = [] }: LayerCase): string[] {
  return [
    ...without,
    ...(D === 1 ? [...reverse, ...reverse.map((name) => `d${name}`)] : []),
    ...(cell.states.includes('c') ? [] : cellState),
    ...(ragged ? [] : ['lengths']),
  ];
}

export function lengthsOf({ T, B, ragged }: Pick<LayerCase, 'T' | 'B' | 'ragged'>, seed: number): Int32Array {
  const lengths = new Int32Array(B).fill(T);
  if (!ragged) return lengths;
  lengths.set(integers(seeded(seed ^ 0x5bd1e995), B, T + 1));
  if (B > 1) {
    lengths[B - 1] = T;
    lengths[Math.floor(B / 2) - 1] = 0;
  }
  return lengths;
}

/** NaN in every element of [T,B,n] that lies past its row's length. */
export function spoilPadding(
  data: Float32Array,
  { T, B }: Pick<LayerCase, 'T' | 'B'>,
  lengths: Int32Array,
): Float32Array {
  const n = data.length / (T * B);
  for (let b = 0; b < B; b++) {
    for (let t = lengths[b] as number; t < T; t++) data.fill(Number.NaN, (t * B + b) * n, (t * B + b + 1) * n);
  }
  return data;
}

/** Everything that both calls read, the same for every backend. */
export interface LayerInputs {
  readonly scalars: Scalars;
  readonly start: Arrays;
}

export function layerInputs(spec: LayerCase, seed: number): LayerInputs {
  const { cell, T, B, I, H, D } = spec;
  const lengths = lengthsOf(spec, seed);
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const scalars = { cell: cell.id, gates: cell.gates.length, T, B, I, H, D, rows };
  // PyTorch's initial range: a ReLU cell with larger weights would grow without bound.
  const weights = (random: () => number, n: number) => uniform(random, n, -1 / Math.sqrt(H), 1 / Math.sqrt(H));
  const fill = Object.fromEntries(['w_ih', 'w_hh', 'b_ih', 'b_hh', ...reverse].map((name) => [name, weights]));
  const padded = (random: () => number, n: number) => spoilPadding(uniform(random, n), spec, lengths);
  const start = contents(
    'rnn_backward',
    {
      scalars: { ...scalars, nsaved: 0, nscratch: 0 },
      without: absent(spec),
      fill: { ...fill, x: padded, dy: padded, lengths: () => lengths },
      rtol: 0,
    },
    seed,
  );
  return { scalars, start };
}

/** What forward (and, unless `inference`, backward) writes. Workspaces are exactly as long as rnn_sizes says. */
export function runLayer(
  backend: Backend,
  spec: LayerCase,
  { scalars, start }: LayerInputs,
  seed: number,
  { inference = false } = {},
): Record<string, number[]> {
  const nan = (n: number): Float32Array => new Float32Array(n).fill(Number.NaN);
  const { sizes } = runKernel(backend, 'rnn_sizes', { scalars }, { sizes: nan(5) }, seed) as { sizes: number[] };
  const [npacked, nsaved, trainingScratch, inferenceScratch, backwardScratch] = sizes as [
    number,
    number,
    number,
    number,
    number,
  ];

  const without = absent(spec);
  const rnn = { ...start };
  if (spec.packed) {
    const packing = { scalars: { ...scalars, npacked }, without };
    Object.assign(rnn, runKernel(backend, 'rnn_pack', packing, { ...start, packed: nan(npacked) }, seed));
  } else {
    without.push('packed');
  }
  if (inference) without.push('saved');

  const { T, B, H, D } = spec;
  const nscratch = inference ? inferenceScratch : trainingScratch;
  const forward = runKernel(
    backend,
    'rnn_forward',
    { scalars: { ...scalars, npacked: spec.packed ? npacked : 0, nsaved: inference ? 0 : nsaved, nscratch }, without },
    {
      ...rnn,
      y: nan(T * B * D * H),
      hn: nan(D * B * H),
      cn: nan(D * B * H),
      saved: nan(nsaved),
      scratch: nan(nscratch),
    },
    seed,
  );
  const { saved, ...outputs } = forward;
  if (inference) return outputs;

  const gradients = runKernel(
    backend,
    'rnn_backward',
    { scalars: { ...scalars, nsaved, nscratch: backwardScratch }, without },
    { ...rnn, saved: saved as number[], scratch: nan(backwardScratch) },
    seed,
  );
  return { ...outputs, ...gradients };
}
