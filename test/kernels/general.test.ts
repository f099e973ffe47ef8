// rnn_general_* of every backend and instruction set against the reference: every cell with each feature alone and with generated
// combinations of them, sizes from 1 past two vectors, ragged or not, both directions, states kept or computed again.
import { describe, expect, it } from 'vitest';
import { cells, type RecurrentCell } from '../../src/backend/cells/index.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import type { Backend } from '../../src/backend/types.js';
import { candidates } from '../helpers/backends.js';
import { plainCells } from '../helpers/cells.js';
import { distance, EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import {
  activationNames,
  describeCase,
  featuresOf,
  type GeneralCase,
  hasC,
  isOn,
  SEED,
  sampleCases,
} from '../helpers/general.js';
import { seeded } from '../helpers/random.js';
import { type GeneralInputs, generalInputs, runGeneral } from './general-layer.js';
import { layerInputs, runLayer } from './layer.js';

type Results = Record<string, number[]>;

const base = { T: 3, B: 4, I: 5, H: 6 };
const upTo = (n: number): number[] => Array.from({ length: n }, (_, k) => k + 1);
const shapes = [
  ...[1, 2, 5, 17].map((T) => ({ ...base, T })),
  ...[1, 2, 3, 7, 8, 9, 17, 33].map((B) => ({ ...base, B })),
  ...[1, 2, 7, 8, 9, 16, 17, 33].map((I) => ({ ...base, I })),
  ...[...upTo(35), 64, 65].map((H) => ({ ...base, H })),
  { T: 1, B: 1, I: 1, H: 1 },
  { T: 7, B: 1, I: 33, H: 37 },
  { T: 5, B: 17, I: 16, H: 64 },
];
/** Past the steps that a driver takes at a time, and past its rows. */
const manyChunks = { T: 130, B: 33, I: 2, H: 17 };

/** Nothing, each feature alone, and all together; over the shapes each list meets many sizes. */
function* featureCases(cell: RecurrentCell): Generator<GeneralCase> {
  const all = featuresOf(cell);
  const lists = [[], ...all.map((feature) => [feature]), all];
  let k = 0;
  for (const [row, shape] of shapes.entries()) {
    // A chessboard: every list with every other shape.
    for (const features of lists.filter((_, l) => (row + l) % 2 === 0)) {
      const T = shape.T;
      yield {
        cell,
        ...shape,
        features,
        ...(features.includes('projection') && { R: Math.max(1, [1, 3, shape.H - 1, shape.H + 2][k % 4] as number) }),
        // Each with a period of its own, so that everything meets everything.
        ragged: k % 2 === 1,
        reverse: k % 3 === 2,
        keep: [0, 1, 3, T, 0][k % 5] as number,
        packed: k % 7 < 3,
        beside: [[0, 0] as const, [3, 0] as const, [0, 2] as const][k % 3] as readonly [number, number],
        ...(features.includes('pointwise') && {
          gate: (['cellHardSigmoid', 'cellSigmoid', 'cellOwn'] as const)[k % 3] as 'cellSigmoid',
          candidate: (['cellElu', 'cellScaledTanh', 'cellSoftplus', 'cellLeakyRelu', 'cellRelu'] as const)[
            k % 5
          ] as 'cellElu',
          output: (['cellTanh', 'cellAffine', 'cellSoftsign', 'cellThresholdedRelu'] as const)[k % 4] as 'cellTanh',
          clip: [0, 0.4][k % 2] as number,
        }),
      };
      k++;
    }
  }
  for (const kind of activationNames) {
    for (const place of ['gate', 'candidate', 'output']) {
      yield { cell, T: 2, B: 3, I: 4, H: 9, features: ['pointwise'], [place]: kind };
    }
  }
  yield { cell, ...manyChunks, features: [], keep: 12, ragged: true };
  // Without normalisation, whose gains of up to 1.5 let a rounding grow from step to step.
  const calm = all.filter((feature) => feature !== 'norm');
  yield { cell, ...manyChunks, features: calm, ...(hasC(cell) && { R: 9 }), reverse: true, keep: 7 };
  yield { cell, ...manyChunks, T: 20, features: all, ...(hasC(cell) && { R: 9 }), ragged: true, keep: 7 };
}

/**
 * As in recurrent.test.ts: a sum of I + H products makes about sqrt(I + H) roundings, a gradient of the weights sums T * B terms
 * more, and what the weights contract does not grow with T.
 * Activations without a bound (softplus, affine) make states of several units, and gates whose slope does not shrink.
 * Differences inside a normalisation cancel where its numbers are nearly equal, and are then divided by their deviation.
 */
function tolerance(spec: GeneralCase): number {
  const { T, B, I, H } = spec;
  return (
    (16 + 2 * Math.sqrt(I + H) + Math.sqrt(T * B)) *
    EPS32 *
    (isOn(spec, 'pointwise') ? 4 : 1) *
    (isOn(spec, 'norm') ? 4 : 1)
  );
}

/**
 * By how much a rounding grows. Normalising divides by a standard deviation, forward and backward: where a product has few or
 * nearly equal numbers, their roundings are what is divided, by 1 / sqrt(eps) = 32 at most a step; and its gains, here up to
 * 1.5, let them grow from step to step. How far that goes in a case is measured: the reference in double, with every input off
 * by one rounding of float32 up or down. At least 1.
 */
function growth(spec: GeneralCase, inputs: GeneralInputs, seed: number): Readonly<Record<string, number>> {
  const key = `${describeCase(spec)} ${seed}`;
  const known = growths.get(key);
  if (known) return known;
  const want = expected(spec, inputs, seed);
  const most = Object.fromEntries(Object.keys(want).map((name) => [name, 1]));
  growths.set(key, most);
  if (!isOn(spec, 'norm')) return most;
  for (const k of [1, 2]) {
    const random = seeded(seed ^ (0x51ed270b * k));
    const off = Object.entries(inputs.start).map(([name, values]) => {
      const isFloat = values instanceof Float32Array && !/^(drop|zone_.)$/.test(name);
      return [name, isFloat ? Float64Array.from(values, (v) => v * (random() < 0.5 ? 1 - EPS32 : 1 + EPS32)) : values];
    });
    const moved = runGeneral(reference, spec, { ...inputs, start: Object.fromEntries(off) }, seed);
    for (const [name, values] of Object.entries(want)) {
      const { worst } = distance(moved[name] as number[], values, 0.1);
      most[name] = Math.max(most[name] as number, worst / EPS32);
    }
  }
  return most;
}

const reference = createReferenceBackend();
const references = new Map<string, Results>();
const growths = new Map<string, Record<string, number>>();

/** What the reference makes of a case; computed once for all backends. */
function expected(spec: GeneralCase, inputs: GeneralInputs, seed: number): Results {
  const key = `${describeCase(spec)} ${seed}`;
  const result = references.get(key) ?? runGeneral(reference, spec, inputs, seed);
  references.set(key, result);
  return result;
}

/** Column `of` of rows of n. */
const column = (values: readonly number[], n: number, of: number): number[] => values.filter((_, k) => k % n === of);

function compareSteps(got: number[], want: number[], n: number, H: number, rtol: number, what: string): void {
  for (let k = 0; k < n; k++) {
    const [a, b] = [column(got, n, k), column(want, n, k)];
    // A square has twice the error of what is squared.
    if (k < 2) expectClose(a, b, 2 * rtol, `${what} ${k}`, 1e-3);
    else if (k % 3 === 2) expectClose(a, b, rtol, `${what} ${k}`, 0.1);
    else {
      // Fractions of H units: a gate that rounds to the other side of the limit makes a difference of one of them.
      const off = a.filter((value, row) => !(Math.abs(value - (b[row] as number)) < 0.5 / H));
      const far = a.filter((value, row) => !(Math.abs(value - (b[row] as number)) < 1.5 / H));
      if (off.length > 1 || far.length > 0)
        expect.fail(`${what} ${k}: ${off.length} fractions differ, ${far.length} by far`);
    }
  }
}

function compare(backend: Backend, spec: GeneralCase, seed: number): void {
  const inputs = generalInputs(spec, seed);
  const want = expected(spec, inputs, seed);
  const got = runGeneral(backend, spec, inputs, seed);
  expect(Object.keys(got)).toEqual(Object.keys(want));
  const { H } = spec;
  const grown = growth(spec, inputs, seed);
  const { width, column: first, nsteps, R } = inputs.scalars as Record<string, number> as { [name: string]: number };
  for (const [name, values] of Object.entries(want)) {
    const what = `${describeCase(spec)} seed=${seed}: ${name}`;
    const rtol = tolerance(spec) * (grown[name] as number);
    if (name === 'steps') {
      compareSteps(got.steps as number[], values, nsteps as number, H, rtol, what);
    } else if (name === 'contributions') {
      for (const k of [0, 1, 2]) {
        const [a, b] = [column(got.contributions as number[], 3, k), column(values, 3, k)];
        expectClose(a, b, 2 * rtol, `${what} ${k}`, 1e-3);
      }
    } else {
      expectClose(got[name] as number[], values, rtol, what, 0.1);
    }
  }
  // Columns of y that are not this direction's stay as they are.
  const start = inputs.start.y as ArrayLike<number>;
  (got.y as number[]).forEach((value, k) => {
    const c = (k % (width as number)) - (first as number);
    if ((c < 0 || c >= (R as number)) && !Object.is(value, start[k]))
      expect.fail(`${describeCase(spec)}: wrote beside y`);
  });
}

function pick(results: Results, names: readonly string[]): Results {
  return Object.fromEntries(names.map((name) => [name, results[name] as number[]]));
}

function expectEqual(got: Results, want: Results, what: string): void {
  for (const [name, values] of Object.entries(got)) expectSameBits(values, want[name] as number[], `${what}: ${name}`);
}

describe.each(candidates().filter(({ label }) => label !== 'reference'))('rnn_general on $label', ({ open }) => {
  const opening = open();

  for (const cell of cells) {
    it(`${cell.name}: with nothing, each feature and all features, equals the reference`, async () => {
      const backend = await opening;
      let seed = 1;
      for (const spec of featureCases(cell)) compare(backend, spec, ++seed);
    });
  }

  it(`generated combinations equal the reference (seed ${SEED})`, async () => {
    const backend = await opening;
    sampleCases({ T: 9, B: 9, I: 20, H: 40 }, 400).forEach((spec, k) => {
      compare(backend, spec, SEED + k);
    });
  });

  it('one, two and three threads give the same bits', async () => {
    // Large enough that the work is split; where a backend has no threads, all three are the same.
    const [one, ...more] = await Promise.all([1, 2, 3].map((threads) => open(threads)));
    const shapes = [
      { T: 5, B: 1, I: 64, H: 260, keep: 0 },
      { T: 5, B: 33, I: 40, H: 129, keep: 2, ragged: true },
    ];
    for (const cell of cells) {
      for (const shape of shapes) {
        for (const features of [[], featuresOf(cell)]) {
          const spec = { cell, ...shape, features, ...(features.length > 0 && hasC(cell) && { R: 67 }) };
          const inputs = generalInputs(spec, 3);
          const want = runGeneral(one as Backend, spec, inputs, 3);
          for (const backend of more) expectEqual(runGeneral(backend, spec, inputs, 3), want, describeCase(spec));
        }
      }
    }
  });
});

describe.each(candidates())('rnn_general on $label: the same bits', ({ open }) => {
  const opening = open();
  const specs = sampleCases({ T: 7, B: 9, I: 18, H: 37 }, 120, SEED + 1);

  it(`packed or not, in inference as in training (seed ${SEED})`, async () => {
    const backend = await opening;
    specs.forEach((spec, k) => {
      const inputs = generalInputs(spec, k);
      const trained = runGeneral(backend, { ...spec, packed: false }, inputs, k);
      expectEqual(runGeneral(backend, { ...spec, packed: true }, inputs, k), trained, describeCase(spec));
      for (const packed of [false, true]) {
        const inferred = runGeneral(backend, { ...spec, packed }, inputs, k, { inference: true });
        expectEqual(inferred, trained, `${describeCase(spec)}, inference`);
      }
    });
  });

  it(`however many states are kept, but for sums over time (seed ${SEED})`, async () => {
    const backend = await opening;
    specs.forEach((spec, k) => {
      const all = runGeneral(backend, { ...spec, keep: 0 }, generalInputs({ ...spec, keep: 0 }, k), k);
      for (const keep of [1, 2, 3, spec.T, spec.T + 3]) {
        const inputs = generalInputs({ ...spec, keep }, k);
        const got = runGeneral(backend, { ...spec, keep }, inputs, k);
        const what = `${describeCase(spec)}, keep=${keep}`;
        // What sums over time is summed in other pieces.
        const isSummed = (name: string): boolean => /^d(w|b|ln)_/.test(name) || name === 'contributions';
        const names = Object.keys(all);
        expectEqual(
          pick(
            got,
            names.filter((name) => !isSummed(name)),
          ),
          all,
          what,
        );
        for (const name of names.filter(isSummed)) {
          expectClose(
            got[name] as number[],
            all[name] as number[],
            (8 + Math.sqrt(spec.T * spec.B)) * EPS32,
            `${what}: ${name}`,
            0.1,
          );
        }
      }
    });
  });

  it('without features a direction is that of rnn_forward', async () => {
    const backend = await opening;
    for (const cell of plainCells) {
      for (const shape of [base, { T: 5, B: 9, I: 18, H: 35 }, { T: 2, B: 1, I: 3, H: 17 }]) {
        for (const ragged of [false, true]) {
          const plain = { cell, ...shape, D: 1, ragged };
          const inputs = layerInputs(plain, 5);
          const want = runLayer(backend, plain, inputs, 5);
          const spec = { ...plain, without: ['steps', 'contributions'] };
          const general = generalInputs(spec, 5);
          // dx is overwritten there and added to here.
          const dx = new Float32Array(shape.T * shape.B * shape.I);
          const start = { ...general.start, ...inputs.start, dx };
          const got = runGeneral(backend, spec, { scalars: general.scalars, start }, 5);
          expectEqual(got, want, describeCase(spec));
        }
      }
    }
  });
});
