// Recurrent inference from quantised weights, on every backend and instruction set against the reference: every cell, int8 and
// bf16, both directions, ragged or not, vector tails.
import { describe, expect, it } from 'vitest';
import { gruResetBefore, lstm, rnnRelu } from '../../src/backend/cells/index.js';
import { Precision } from '../../src/backend/generated/abi.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import type { Backend } from '../../src/backend/types.js';
import { candidates } from '../helpers/backends.js';
import { plainCells } from '../helpers/cells.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { integers, seeded } from '../helpers/random.js';
import { runKernel } from './harness.js';
import { absent, type LayerCase, type LayerInputs, layerInputs } from './layer.js';

interface Result {
  /** The largest error of a weight. */
  readonly error: number;
  /** y, hn, cn */
  readonly outputs: Record<string, number[]>;
}

const nan = (n: number): Float32Array => new Float32Array(n).fill(Number.NaN);

/** What rnn_quantize and rnn_quantized_forward write. Workspaces are exactly as long as rnn_quantized_sizes says. */
function runQuantized(
  backend: Backend,
  precision: number,
  spec: LayerCase,
  { scalars: common, start }: LayerInputs,
  seed: number,
): Result {
  const { memory } = backend;
  const without = absent(spec);
  const scalars = { precision, ...common };
  const sizes = runKernel(backend, 'rnn_quantized_sizes', { scalars }, { sizes: nan(2) }, seed).sizes as number[];
  const [npacked, nscratch] = sizes as [number, number];
  // Not through JavaScript numbers: what the kernels keep in a float may be the bits of a NaN, which would not survive.
  const guard = 16 + (seed % 4);
  const around = memory.alloc('float', npacked + 2 * guard, 'persistent');
  memory.view(around).fill(2 ** 100);
  const packed = memory.slice(around, guard, npacked);
  memory.view(packed).fill(Number.NaN);
  const packing = { scalars: { ...scalars, npacked }, without };
  const [error] = runKernel(backend, 'rnn_quantize', packing, { ...start, error: nan(1) }, seed, { packed })
    .error as number[];
  const all = memory.view(around);
  expect([...all.subarray(0, guard), ...all.subarray(guard + npacked)].every((x) => x === 2 ** 100)).toBe(true);

  const { T, B, H, D } = spec;
  const outputs = runKernel(
    backend,
    'rnn_quantized_forward',
    { scalars: { ...scalars, npacked, nscratch }, without },
    { ...start, y: nan(T * B * D * H), hn: nan(D * B * H), cn: nan(D * B * H), scratch: nan(nscratch) },
    seed,
    { packed },
  );
  memory.free(around);
  return { error: error as number, outputs };
}

const base = { T: 1, B: 4, I: 5, H: 6 };
const upTo = (n: number): number[] => Array.from({ length: n }, (_, k) => k + 1);
/** Of one step: x and h0 are the same numbers everywhere, so int8 must come to the same integers everywhere. */
const oneStep = [
  ...upTo(9).map((B) => ({ ...base, B })),
  ...[...upTo(18), 31, 32, 33, 65].map((I) => ({ ...base, I })),
  ...[...upTo(18), 31, 32, 33, 47, 48, 49, 63, 64, 65, 97].map((H) => ({ ...base, H })),
  { T: 1, B: 1, I: 1, H: 1 },
  { T: 1, B: 1, I: 300, H: 67 },
  { T: 1, B: 5, I: 257, H: 129 },
];
const sequences = [
  { T: 2, B: 1, I: 3, H: 5 },
  { T: 9, B: 1, I: 33, H: 37 },
  { T: 5, B: 7, I: 18, H: 35 },
  { T: 40, B: 3, I: 8, H: 64 },
  // More steps than the driver takes at a time.
  { T: 300, B: 17, I: 2, H: 9 },
];

function* quantizedCases(cell: LayerCase['cell'], shapes: readonly (typeof base)[]): Generator<LayerCase> {
  const omissions = [[], ['h0', 'c0'], ['b_ih', 'b_hh', 'b_ih_r', 'b_hh_r'], ['h0'], ['cn']];
  let k = 0;
  for (const shape of shapes) {
    for (const D of [1, 2]) {
      for (const ragged of [false, true]) {
        yield { cell, ...shape, D, ragged, without: omissions[k++ % omissions.length] as string[] };
      }
    }
  }
}

/** Sums of integers are exact; what rounds is the scaling, the biases and the cell. With bf16 it is the sums too. */
const tolerance = ({ I, H }: LayerCase): number => (16 + 2 * Math.sqrt(I + H)) * EPS32;

/**
 * Over several steps an element of h may lie so near to halfway between two integers that its last bit decides: then one
 * product differs by a 127th of the largest |h| times a weight, and that error is carried on. The weights are below
 * 1 / sqrt(H), and few elements are in this position at once.
 */
const sequenceTolerance = (spec: LayerCase, precision: number): number =>
  precision === Precision.int8 ? 3 / 127 / Math.sqrt(spec.H) : tolerance(spec) * 4;

const describeCase = ({ cell, T, B, I, H, D, ragged, without }: LayerCase): string =>
  `${cell.name} T=${T} B=${B} I=${I} H=${H} D=${D}${ragged ? ' ragged' : ''} without [${without}]`;

const reference = createReferenceBackend();
const references = new Map<string, Result>();

/** What the reference makes of a case; computed once for all backends. */
function expected(precision: number, spec: LayerCase, inputs: LayerInputs, seed: number): Result {
  const key = `${precision} ${describeCase(spec)} ${seed}`;
  const result = references.get(key) ?? runQuantized(reference, precision, spec, inputs, seed);
  references.set(key, result);
  return result;
}

describe.each(candidates().filter(({ label }) => label !== 'reference'))('quantised kernels on $label', ({ open }) => {
  const opening = open();

  for (const [dtype, precision] of Object.entries(Precision)) {
    for (const cell of plainCells) {
      it(`${cell.name}, ${dtype}: one step equals the reference, and so does the largest error of a weight`, async () => {
        const backend = await opening;
        let seed = 1;
        for (const spec of quantizedCases(cell, oneStep)) {
          const inputs = layerInputs(spec, ++seed);
          const want = expected(precision, spec, inputs, seed);
          const got = runQuantized(backend, precision, spec, inputs, seed);
          expect(got.error, describeCase(spec)).toBeCloseTo(want.error, 12);
          expect(Object.keys(got.outputs)).toEqual(Object.keys(want.outputs));
          for (const [name, values] of Object.entries(want.outputs)) {
            // The reset gate makes r*h, whose last bits decide as those of h do over a sequence.
            const rtol = cell.inner ? sequenceTolerance(spec, precision) : tolerance(spec);
            expectClose(got.outputs[name] as number[], values, rtol, `${describeCase(spec)}: ${name}`, 0.1);
          }
        }
      });

      it(`${cell.name}, ${dtype}: sequences equal the reference`, async () => {
        const backend = await opening;
        let seed = 1;
        for (const spec of quantizedCases(cell, sequences)) {
          const inputs = layerInputs(spec, ++seed);
          const want = expected(precision, spec, inputs, seed);
          const got = runQuantized(backend, precision, spec, inputs, seed);
          for (const [name, values] of Object.entries(want.outputs)) {
            const rtol = sequenceTolerance(spec, precision);
            expectClose(got.outputs[name] as number[], values, rtol, `${describeCase(spec)}: ${name}`, 0.1);
          }
        }
      });

      it(`${cell.name}, ${dtype}: a row of a batch has the bits it has alone`, async () => {
        const backend = await opening;
        const spec = { cell, T: 6, B: 7, I: 19, H: 37, D: 2, ragged: true };
        const inputs = layerInputs(spec, 11);
        const { outputs } = runQuantized(backend, precision, spec, inputs, 11);
        const { T, B, I, H, D } = spec;
        const pick = (from: ArrayLike<number>, outer: number, width: number, b: number): Float32Array =>
          Float32Array.from({ length: outer * width }, (_, k) => {
            const o = Math.floor(k / width);
            return from[(o * B + b) * width + (k % width)] as number;
          });
        for (let b = 0; b < B; b++) {
          const { start, scalars } = inputs;
          const length = (start.lengths as ArrayLike<number>)[b] as number;
          const alone = {
            scalars: { ...scalars, B: 1, rows: length },
            start: {
              ...start,
              x: pick(start.x as number[], T, I, b),
              h0: pick(start.h0 as number[], D, H, b),
              ...(start.c0 && { c0: pick(start.c0, D, H, b) }),
              lengths: Int32Array.of(length),
            },
          };
          const one = runQuantized(backend, precision, { ...spec, B: 1 }, alone, 11).outputs;
          expectSameBits(one.y as number[], pick(outputs.y as number[], T, D * H, b), `y of row ${b}`);
          expectSameBits(one.hn as number[], pick(outputs.hn as number[], D, H, b), `hn of row ${b}`);
        }
      });
    }
  }

  it('one, two and three threads give the same bits', async () => {
    // Large enough that both products are split; where a backend has no threads, all three are the same.
    const [one, ...more] = await Promise.all([1, 2, 3].map((threads) => open(threads)));
    for (const shape of [
      { T: 20, B: 1, I: 64, H: 260, D: 2 },
      { T: 9, B: 33, I: 70, H: 129, D: 2, ragged: true },
    ]) {
      for (const cell of [lstm, gruResetBefore]) {
        for (const precision of Object.values(Precision)) {
          const spec = { cell, ...shape };
          const inputs = layerInputs(spec, 3);
          const want = runQuantized(one as Backend, precision, spec, inputs, 3).outputs;
          for (const backend of more) {
            const got = runQuantized(backend, precision, spec, inputs, 3).outputs;
            for (const [name, values] of Object.entries(want)) expectSameBits(got[name] as number[], values, name);
          }
        }
      }
    }
  });

  /** gx of a ReLU cell: all integers, scales of 1, so that y is the exact sum. */
  function exactSums(backend: Backend, B: number, I: number, H: number, w: Int32Array, x: Int32Array): number[] {
    const spec = { cell: rnnRelu, T: 1, B, I, H, D: 1, without: ['b_ih', 'b_hh', 'h0'] };
    const { scalars, start } = layerInputs(spec, 1);
    const inputs = { scalars, start: { ...start, w_ih: Float32Array.from(w), x: Float32Array.from(x) } };
    return runQuantized(backend, Precision.int8, spec, inputs, 1).outputs.y as number[];
  }

  it('int8: sums of the largest products are exact, where 16-bit sums of unsigned bytes would saturate', async () => {
    const backend = await opening;
    // All +-127, in every pattern of signs that a group of four has.
    for (const I of [4, 64, 1000]) {
      const H = 16;
      const sign = (bits: number, k: number): number => ((bits >> (k % 4)) & 1 ? -1 : 1);
      const w = Int32Array.from({ length: H * I }, (_, k) => 127 * sign(Math.floor(k / I), k % I));
      for (let pattern = 0; pattern < 16; pattern++) {
        const x = Int32Array.from({ length: I }, (_, k) => 127 * sign(pattern, k));
        const want = Array.from({ length: H }, (_, r) => {
          let sum = 0;
          for (let k = 0; k < I; k++) sum += (w[r * I + k] as number) * (x[k] as number);
          return Math.max(Math.fround(sum), 0);
        });
        expectSameBits(exactSums(backend, 1, I, H, w, x), want, `I=${I} pattern ${pattern}`);
      }
    }
  });

  it('int8: sums of random integers are exact, whatever the batch and the depth', async () => {
    const backend = await opening;
    const random = seeded(5);
    const signed = (n: number, depth: number): Int32Array => {
      const values = integers(random, n, 255).map((v) => v - 127);
      // A scale of 1 needs a 127 in every vector.
      for (let k = 0; k < n; k += depth) values[k] = 127;
      return values;
    };
    for (const B of [1, 2, 3, 5, 8]) {
      for (const I of [...upTo(20), 63, 64, 65, 257]) {
        const H = 1 + ((B * I) % 40);
        const [w, x] = [signed(H * I, I), signed(B * I, I)];
        const want = Array.from({ length: B * H }, (_, out) => {
          const [b, r] = [Math.floor(out / H), out % H];
          let sum = 0;
          for (let k = 0; k < I; k++) sum += (w[r * I + k] as number) * (x[b * I + k] as number);
          return Math.max(sum, 0);
        });
        expectSameBits(exactSums(backend, B, I, H, w, x), want, `B=${B} I=${I} H=${H}`);
      }
    }
  });

  it('int8: ties go to the even integer, as on the reference', async () => {
    const backend = await opening;
    // Scale 1, and every half between -127 and 127.
    const I = 512;
    const x = Float32Array.from({ length: I }, (_, k) => (k < 509 ? k / 2 - 127 : 127));
    const spec = { cell: rnnRelu, T: 1, B: 1, I, H: I, D: 1, without: ['b_ih', 'b_hh', 'h0'] };
    const { scalars, start } = layerInputs(spec, 1);
    const identity = Float32Array.from({ length: I * I }, (_, k) => (k % (I + 1) === 0 ? 127 : 0));
    const { y } = runQuantized(backend, Precision.int8, spec, { scalars, start: { ...start, w_ih: identity, x } }, 1)
      .outputs as { y: number[] };
    const even = (v: number): number => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));
    expectSameBits(
      y,
      Array.from(x, (v) => Math.max(127 * even(v), 0)),
      'y',
    );
  });

  it('a NaN spoils its own row only, tiny vectors are zero, the largest floats stay finite', async () => {
    const backend = await opening;
    const spec = { cell: rnnRelu, T: 1, B: 4, I: 7, H: 5, D: 1, without: ['b_ih', 'b_hh', 'h0'] };
    const { scalars, start } = layerInputs(spec, 1);
    const x = Float32Array.from(start.x as ArrayLike<number>);
    x[3] = Number.NaN;
    x[7 + 6] = Number.POSITIVE_INFINITY;
    x.fill(2 ** -120, 14, 21);
    x.fill(3.4e38, 21);
    const w_ih = Float32Array.from({ length: 35 }, (_, k) => (k % 2 === 0 ? 0.01 : -0.01));
    const inputs = { scalars, start: { ...start, x, w_ih } };
    const { y } = runQuantized(backend, Precision.int8, spec, inputs, 1).outputs as { y: number[] };
    expect(y.slice(0, 10).every(Number.isNaN)).toBe(true);
    expect(y.slice(10, 15)).toEqual([0, 0, 0, 0, 0]);
    expect(y.slice(15).every(Number.isFinite)).toBe(true);
    const bf16 = runQuantized(backend, Precision.bf16, spec, inputs, 1).outputs.y as number[];
    expect(bf16.slice(0, 5).every(Number.isNaN)).toBe(true);
    expect(bf16.slice(10).every(Number.isFinite)).toBe(true);
  });
});
