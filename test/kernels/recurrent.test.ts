// The recurrent kernels of every backend and instruction set against the reference: every cell, both directions, ragged or
// not, sizes from 1 past two vectors, optional arguments there or not.
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import { candidates } from '../helpers/backends.js';
import { plainCells } from '../helpers/cells.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { type LayerCase, type LayerInputs, layerInputs, runLayer } from './layer.js';

// Each of T, B, I, H past two of the widest vectors while the others are small, and some sizes that cross block edges together.
const base = { T: 3, B: 4, I: 5, H: 6 };
const upTo = (n: number): number[] => Array.from({ length: n }, (_, k) => k + 1);
const shapes = [
  ...[1, 2, 5, 17, 40].map((T) => ({ ...base, T })),
  ...[...upTo(20), 31, 32, 33, 35, 50].map((B) => ({ ...base, B })),
  ...[...upTo(20), 31, 32, 33, 35, 64, 65].map((I) => ({ ...base, I })),
  ...[...upTo(35), 47, 48, 49, 63, 64, 65, 97].map((H) => ({ ...base, H })),
  { T: 1, B: 1, I: 1, H: 1 },
  { T: 7, B: 1, I: 33, H: 37 },
  { T: 5, B: 17, I: 16, H: 64 },
  { T: 4, B: 33, I: 40, H: 129 },
  // A row takes several panels of weights together, each in several parts; two and three rows: below, by their bits.
  { T: 2, B: 1, I: 7, H: 160 },
];
// More steps than the driver takes at a time: what is carried from one chunk to the next.
const manyChunks = { T: 300, B: 33, I: 2, H: 17 };

// What may be left out, one list a shape in turn, so that every list meets many sizes.
const omissions: readonly (readonly string[])[] = [
  [],
  ['h0', 'c0', 'dh0', 'dc0'],
  ['b_ih', 'b_hh', 'db_ih', 'db_hh', 'b_ih_r', 'b_hh_r', 'db_ih_r', 'db_hh_r'],
  ['dx'],
  ['dy', 'dcn'],
  ['dhn', 'dcn'],
  ['dw_ih', 'dw_hh', 'dw_ih_r', 'dw_hh_r'],
  ['dh0', 'dc0', 'db_ih', 'db_hh', 'db_ih_r', 'db_hh_r'],
  ['h0', 'dh0'],
];

function* layerCases(cell: LayerCase['cell']): Generator<LayerCase> {
  let k = 0;
  for (const shape of shapes) {
    for (const D of [1, 2]) {
      for (const ragged of [false, true]) {
        yield { cell, ...shape, D, ragged, packed: k % 3 === 0, without: omissions[k % omissions.length] as string[] };
        k++;
      }
    }
  }
  yield { cell, ...manyChunks, D: 1, packed: true };
  yield { cell, ...manyChunks, D: 2, ragged: true };
}

/**
 * A sum of I + H products makes about sqrt(I + H) roundings, activations add up to 4 ulp, and the error of one step is carried
 * on by the next: the weights contract, so that it saturates after a few steps instead of growing with T. A gradient
 * of the weights sums T * B such terms more.
 */
const tolerance = ({ T, B, I, H }: LayerCase): number => (16 + 2 * Math.sqrt(I + H) + Math.sqrt(T * B)) * EPS32;

const describeCase = ({ cell, T, B, I, H, D, ragged, packed, without }: LayerCase): string =>
  `${cell.name} T=${T} B=${B} I=${I} H=${H} D=${D}${ragged ? ' ragged' : ''}${packed ? ' packed' : ''} without [${without}]`;

const reference = createReferenceBackend();
const references = new Map<string, Record<string, number[]>>();

/** What the reference makes of a case; computed once for all backends. */
function expected(spec: LayerCase, inputs: LayerInputs, seed: number): Record<string, number[]> {
  const key = `${describeCase(spec)} ${seed}`;
  const result = references.get(key) ?? runLayer(reference, spec, inputs, seed);
  references.set(key, result);
  return result;
}

describe.each(candidates().filter(({ label }) => label !== 'reference'))('recurrent kernels on $label', ({ open }) => {
  const opening = open();

  for (const cell of plainCells) {
    it(`${cell.name}: outputs, states and all gradients equal the reference`, async () => {
      const backend = await opening;
      let seed = 1;
      for (const spec of layerCases(cell)) {
        const inputs = layerInputs(spec, ++seed);
        const want = expected(spec, inputs, seed);
        const got = runLayer(backend, spec, inputs, seed);
        expect(Object.keys(got)).toEqual(Object.keys(want));
        for (const [name, values] of Object.entries(want)) {
          expectClose(got[name] as number[], values, tolerance(spec), `${describeCase(spec)}: ${name}`, 0.1);
        }
      }
    });

    it(`${cell.name}: inference, packed or not, gives the bits of a training forward`, async () => {
      const backend = await opening;
      for (const shape of [base, { T: 5, B: 9, I: 18, H: 35 }, { T: 2, B: 1, I: 3, H: 17 }]) {
        for (const ragged of [false, true]) {
          const spec = { cell, ...shape, D: 2, ragged };
          const inputs = layerInputs(spec, 7);
          const trained = runLayer(backend, spec, inputs, 7);
          for (const packed of [false, true]) {
            const inferred = runLayer(backend, { ...spec, packed }, inputs, 7, { inference: true });
            for (const [name, values] of Object.entries(inferred))
              expectSameBits(values, trained[name] as number[], name);
          }
        }
      }
    });

    it(`${cell.name}: rows have the bits they have in a larger batch, however few they are`, async () => {
      const backend = await opening;
      const spec: LayerCase = { cell, T: 3, B: 9, I: 7, H: 160, D: 1 };
      const { scalars, start } = layerInputs(spec, 5);
      const all = runLayer(backend, spec, { scalars, start }, 5);
      // Of values [outer, B, ...]: those of the first `count` rows of B.
      const firstRows = (values: ArrayLike<number>, outer: number, count: number): Float32Array => {
        const row = values.length / (outer * spec.B);
        return Float32Array.from(values).filter((_, k) => Math.floor(k / row) % spec.B < count);
      };
      for (const B of [1, 2, 3, 4, 7]) {
        const outerOf = { x: spec.T, y: spec.T, dy: spec.T, dx: spec.T } as Record<string, number>;
        const few = Object.fromEntries(
          ['x', 'dy', 'h0', 'c0', 'dhn', 'dcn', 'dx', 'dh0', 'dc0']
            .filter((name) => start[name])
            .map((name) => [name, firstRows(start[name] as number[], outerOf[name] ?? 1, B)]),
        );
        const rows = { scalars: { ...scalars, B, rows: spec.T * B }, start: { ...start, ...few } };
        const got = runLayer(backend, { ...spec, B }, rows, 5);
        for (const name of ['y', 'hn', 'cn', 'dx', 'dh0', 'dc0'].filter((output) => all[output])) {
          const want = firstRows(all[name] as number[], outerOf[name] ?? 1, B);
          expectSameBits(got[name] as number[], want, `${name} of ${B} rows`);
        }
      }
    });
  }
});
