// Runs rnn_general_forward and rnn_general_backward of one backend on random data, every buffer guarded (harness.ts).
import { Feature } from '../../src/backend/generated/abi.js';
import type { Backend } from '../../src/backend/types.js';
import { absentOf, type GeneralCase, optionsOf } from '../helpers/general.js';
import { integers, seeded, uniform } from '../helpers/random.js';
import { contents, type Fill, runKernel, type Scalars } from './harness.js';
import { type Arrays, lengthsOf, spoilPadding } from './layer.js';

/** Everything that both calls read, the same for every backend. */
export interface GeneralInputs {
  readonly scalars: Scalars;
  readonly start: Arrays;
}

export function generalInputs(spec: GeneralCase, seed: number): GeneralInputs {
  const { cell, T, B, I, H, R = H, features = [], reverse = false, keep = 0, beside = [0, 0] } = spec;
  const lengths = lengthsOf(spec, seed);
  const gates = cell.gates.length;
  const scalars = {
    cell: cell.id,
    gates,
    units: cell.units.length,
    features: features.reduce((sum, name) => sum + Feature[name], 0),
    ...{ T, B, I, H, R },
    rows: lengths.reduce((sum, length) => sum + length, 0),
    reverse: Number(reverse),
    width: beside[0] + R + beside[1],
    column: beside[0],
    keep,
    nsteps: 2 + 3 * gates,
  };
  // PyTorch's initial range: a ReLU cell with larger weights would grow without bound.
  const weights: Fill = (random, n) => uniform(random, n, -1 / Math.sqrt(H), 1 / Math.sqrt(H));
  const gain: Fill = (random, n) => uniform(random, n, 0.5, 1.5);
  const padded =
    (fill: Fill): Fill =>
    (random, n, given) =>
      spoilPadding(Float32Array.from(fill(random, n, given)), spec, lengths);
  const zeroOr =
    (value: number): Fill =>
    (random, n) =>
      Float32Array.from(integers(random, n, 4), (k) => (k === 0 ? 0 : value));
  const uniformly: Fill = (random, n) => uniform(random, n);
  // Out of range at padding, on both sides.
  const oneHotIds: Fill = (random, n) =>
    Int32Array.from(integers(random, n, I), (id, k) =>
      Math.floor(k / B) < (lengths[k % B] as number) ? id : k % 2 ? -1 : I,
    );
  const spoilBeside: Fill = (random, n, given) => {
    const dy = padded(uniformly)(random, n, given) as Float32Array;
    return dy.map((value, k) => {
      const column = (k % scalars.width) - scalars.column;
      return column >= 0 && column < R ? value : Number.NaN;
    });
  };
  const start = contents(
    'rnn_general_backward',
    {
      scalars: { ...scalars, nsaved: 0, nscratch: 0 },
      without: absentOf(spec),
      fill: {
        ...Object.fromEntries(
          ['w_ih', 'w_hh', 'b_ih', 'b_hh', 'w_hr', 'w_unit', 'ln_c_bias'].map((name) => [name, weights]),
        ),
        ...Object.fromEntries(['ln_ih', 'ln_hh', 'ln_c'].map((name) => [name, gain])),
        x: padded(uniformly),
        ids: oneHotIds,
        dy: spoilBeside,
        drop: zeroOr(1.25),
        zone_h: padded(zeroOr(1)),
        zone_c: padded(zeroOr(1)),
        lengths: () => lengths,
        options: () => optionsOf(spec),
      },
      rtol: 0,
    },
    seed,
  );
  const random = seeded(seed ^ 0x2545f491);
  const more = { h0: uniform(random, B * R), c0: uniform(random, B * H), y: uniform(random, T * B * scalars.width) };
  const given = Object.entries(more).filter(([name]) => !absentOf(spec).includes(name));
  return { scalars, start: { ...start, ...Object.fromEntries(given) } };
}

/**
 * What forward (and, unless `inference`, backward) writes: y, hn, cn, all gradients, steps and contributions. Workspaces are
 * exactly as long as rnn_general_sizes says.
 */
export function runGeneral(
  backend: Backend,
  spec: GeneralCase,
  { scalars, start }: GeneralInputs,
  seed: number,
  { inference = false } = {},
): Record<string, number[]> {
  const nan = (n: number): Float32Array => new Float32Array(n).fill(Number.NaN);
  const { sizes } = runKernel(backend, 'rnn_general_sizes', { scalars }, { sizes: nan(5) }, seed) as {
    sizes: number[];
  };
  const [npacked, nsaved, training, inferring, backwardScratch] = sizes as [number, number, number, number, number];

  const without = absentOf(spec);
  const given = { ...start };
  if (spec.packed) {
    const packing = { scalars: { ...scalars, npacked }, without };
    Object.assign(given, runKernel(backend, 'rnn_general_pack', packing, { ...start, packed: nan(npacked) }, seed));
  } else {
    without.push('packed');
  }
  if (inference) without.push('saved');

  const { B, H, R } = scalars as Record<'B' | 'H' | 'R', number>;
  const nscratch = inference ? inferring : training;
  const more = { npacked: spec.packed ? npacked : 0, nsaved: inference ? 0 : nsaved, nscratch };
  const results = { hn: nan(B * R), cn: nan(B * H), saved: nan(nsaved), scratch: nan(nscratch) };
  const forward = runKernel(
    backend,
    'rnn_general_forward',
    { scalars: { ...scalars, ...more }, without },
    { ...given, ...Object.fromEntries(Object.entries(results).filter(([name]) => !without.includes(name))) },
    seed,
  );
  const { saved, ...outputs } = forward;
  if (inference) return outputs;

  const gradients = runKernel(
    backend,
    'rnn_general_backward',
    { scalars: { ...scalars, nsaved, nscratch: backwardScratch }, without },
    { ...given, saved: saved as number[], scratch: nan(backwardScratch) },
    seed,
  );
  return { ...outputs, ...gradients };
}
