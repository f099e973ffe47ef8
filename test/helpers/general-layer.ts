// One recurrent layer at the level of ops, with everything it may have, from generated cases: rows, times and directions of a
// case can be chosen, so that laws can compare a batch with its rows, a sequence with its halves.
import fc from 'fast-check';
import { current } from '../../src/autograd/context.js';
import type { RecurrentCell } from '../../src/backend/cells/index.js';
import { cells } from '../../src/backend/cells/index.js';
import type { Floats } from '../../src/backend/types.js';
import { initialWeights, weightNames } from '../../src/layers/recurrent-init.js';
import { type CellSetup, setupOf } from '../../src/layers/recurrent-options.js';
import * as u from '../../src/node.js';
import { GeneralPlan, generalLayer, type Masks } from '../../src/ops/recurrent-general.js';
import type { GeneralWeights } from '../../src/ops/recurrent-weights.js';
import { seeded, uniform } from './random.js';

export interface GeneralLayerCase {
  readonly cell: RecurrentCell;
  readonly projects: boolean;
  readonly peeks: boolean;
  readonly norm: boolean;
  readonly bias: boolean;
  readonly clips: boolean;
  readonly softsign: boolean;
  readonly zoneout: 'none' | 'rates' | 'masks';
  readonly drops: boolean;
  readonly directions: 'forward' | 'reverse' | 'both';
  readonly hasState: boolean;
  readonly I: number;
  readonly H: number;
  /** Of each row, in any order; T is the largest, and one step more where there is padding everywhere. */
  readonly lengths: readonly number[];
  readonly padding: boolean;
  readonly keep: number;
  readonly seed: number;
}

export const generalCases = (directions: readonly GeneralLayerCase['directions'][]): fc.Arbitrary<GeneralLayerCase> =>
  fc.record({
    cell: fc.constantFrom(...cells),
    projects: fc.boolean(),
    peeks: fc.boolean(),
    norm: fc.boolean(),
    bias: fc.boolean(),
    clips: fc.boolean(),
    softsign: fc.boolean(),
    zoneout: fc.constantFrom('none' as const, 'rates' as const, 'masks' as const),
    drops: fc.boolean(),
    directions: fc.constantFrom(...directions),
    hasState: fc.boolean(),
    I: fc.integer({ min: 1, max: 3 }),
    H: fc.integer({ min: 2, max: 5 }),
    lengths: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    padding: fc.boolean(),
    keep: fc.integer({ min: 1, max: 6 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  });

/** For messages of fast-check: the cell by its name. */
export const describeCase = (spec: GeneralLayerCase): string => JSON.stringify({ ...spec, cell: spec.cell.name });

/** Numbers of a case, row by row: `[b][t]` and `[b]`, whatever is chosen of them later. */
type PerStep = readonly (readonly Float32Array[])[];
type PerRow = readonly Float32Array[];

export interface GeneralLayerData {
  readonly spec: GeneralLayerCase;
  readonly setup: CellSetup;
  readonly R: number;
  readonly D: number;
  readonly T: number;
  readonly hasC: boolean;
  readonly x: PerStep;
  /** Of every direction side by side, as y; and [D] of each row for states. */
  readonly dy: PerStep;
  readonly h0: PerRow;
  readonly c0: PerRow;
  readonly dhn: PerRow;
  readonly dcn: PerRow;
  readonly drop: PerRow;
  readonly zoneH: PerStep;
  readonly zoneC: PerStep;
}

export function dataOf(spec: GeneralLayerCase): GeneralLayerData {
  const { cell, H, I, lengths } = spec;
  const random = seeded(spec.seed);
  const hasC = cell.states.includes('c');
  const projSize = hasC && spec.projects ? H - 1 : 0;
  const setup = setupOf(
    'case',
    cell,
    {
      inputSize: I,
      hiddenSize: H,
      projSize,
      peephole: spec.peeks,
      layerNorm: spec.norm,
      ...(hasC && spec.clips && { cellClip: 0.4 }),
      ...(spec.softsign && { activations: { candidate: 'softsign' as const } }),
      ...(spec.zoneout === 'rates' && { zoneout: 0.2 }),
    },
    ['candidate'],
  );
  const R = projSize || H;
  const D = spec.directions === 'both' ? 2 : 1;
  const T = Math.max(...lengths) + (spec.padding ? 1 : 0);
  const rows = (size: number): PerRow => lengths.map(() => uniform(random, size));
  const steps = (size: number): PerStep => lengths.map(() => Array.from({ length: T }, () => uniform(random, size)));
  const bits = (numbers: Float32Array, one: number) => numbers.map((v) => (v < -0.3 ? 0 : one));
  return {
    ...{ spec, setup, R, D, T, hasC },
    x: steps(I),
    dy: steps(D * R),
    h0: rows(D * R),
    c0: rows(D * H),
    dhn: rows(D * R),
    dcn: rows(D * H),
    drop: rows(D * R).map((row) => bits(row, 1.5)),
    zoneH: steps(D * R).map((row) => row.map((step) => bits(step, 1))),
    zoneC: steps(D * H).map((row) => row.map((step) => bits(step, 1))),
  };
}

/** The weights of a case: leaves whose gradients add up over all runs. */
export function weightsOf({ spec, setup, D }: GeneralLayerData): GeneralWeights[] {
  u.seed(spec.seed);
  return Array.from({ length: D }, (_, d) => {
    const names = weightNames(setup, spec.bias, `${d}`);
    const weights = initialWeights(setup, names, spec.I, spec.H, undefined);
    // Gains that differ from unit to unit.
    for (const w of weights.slice(6)) w?.data.set(uniform(seeded(spec.seed + d), w.size, 0.5, 1.5));
    return weights as unknown as GeneralWeights;
  });
}

export function gradientsOf(weights: readonly GeneralWeights[]): number[][] {
  return weights.flatMap((direction) => direction.map((w) => w?.grad?.toArray() ?? []));
}

/** Which part of a case to run: these rows, the times from..to-1 of each. */
export interface Choice {
  readonly rows: readonly number[];
  readonly from?: number;
  readonly to?: number;
  readonly keep?: number;
  /** Each row's valid steps in the opposite order, read the other way. */
  readonly reversed?: boolean;
  /** What stands in x at padding. */
  readonly garbage?: number;
  /** Where to start from instead of the case's states: what another run returned. */
  readonly start?: { readonly h: u.Tensor; readonly c: u.Tensor | null };
}

export interface Run {
  readonly x: u.Tensor;
  readonly h0: u.Tensor | null;
  readonly c0: u.Tensor | null;
  readonly y: u.Tensor;
  readonly h: u.Tensor;
  readonly c: u.Tensor | null;
  /** Of the outputs with the case's weights; the states' part is for a run that ends the sequence. */
  scalar(withStates?: boolean): u.Tensor;
  /** Results of row k of the choice: y and dx of its valid steps in the case's order of time, states and their gradients. */
  row(k: number): Record<string, readonly number[]>;
  /** Whether y and dx are 0 at all padded positions. */
  paddingIsZero(): boolean;
}

const flat = (parts: readonly (readonly number[] | Float32Array)[]): Float32Array =>
  Float32Array.from(parts.flatMap((part) => [...part]));

export function runGeneralLayer(data: GeneralLayerData, weights: readonly GeneralWeights[], choice: Choice): Run {
  const { spec, setup, R, D, hasC } = data;
  const { rows, from = 0, to = data.T, reversed = false, keep = 0 } = choice;
  const [I, H, B] = [spec.I, spec.H, rows.length];
  const T = to - from;
  const own = rows.map((b) => Math.min(Math.max((spec.lengths[b] as number) - from, 0), T));
  /** Where step t of row k of the choice stands in the case. */
  const at = (k: number, t: number): number =>
    (reversed && t < (own[k] as number) ? (own[k] as number) - 1 - t : t) + from;
  const timeMajor = (values: PerStep, padding?: number): Float32Array =>
    flat(
      Array.from({ length: T }, (_, t) =>
        rows.map((b, k) => {
          const numbers = (values[b] as Float32Array[])[at(k, t)] as Float32Array;
          return padding !== undefined && t >= (own[k] as number) ? numbers.map(() => padding) : numbers;
        }),
      ).flat(),
    );
  /** [D, B, size] of rows that hold [D, size]. */
  const states = (values: PerRow, size: number): u.Tensor => {
    const parts = Array.from({ length: D }, (_, d) =>
      rows.map((b) => (values[b] as Float32Array).subarray(d * size, (d + 1) * size)),
    );
    return u.tensor(flat(parts.flat()), [D, B, size], { requiresGrad: true });
  };
  const plans = Array.from({ length: D }, (_, d) => {
    const reverse = (spec.directions === 'reverse' || d === 1) !== reversed;
    const { cell, features, numbers: options } = setup;
    const kind = { cell, inputSize: I, hiddenSize: H, outputSize: R, features, options, reverse };
    // Masks at hand need the feature, rates or not.
    const zoned = spec.zoneout === 'masks' ? features | 16 : features;
    return new GeneralPlan({ ...kind, features: zoned }, { module: spec, layer: 0, direction: d as 0 | 1 });
  });
  const masks = (direction: number): Masks => {
    const storage = (numbers: Float32Array): Floats => u.tensor(numbers).storage as Floats;
    const side = (values: PerStep, size: number): PerStep =>
      values.map((row) => row.map((step) => step.subarray(direction * size, (direction + 1) * size)));
    const zone = (values: PerStep, size: number) =>
      spec.zoneout === 'masks' ? storage(timeMajor(side(values, size))) : null;
    return {
      drop: spec.drops
        ? storage(flat(rows.map((b) => (data.drop[b] as Float32Array).subarray(direction * R, (direction + 1) * R))))
        : null,
      zoneH: zone(data.zoneH, R),
      zoneC: hasC ? zone(data.zoneC, H) : null,
    };
  };

  const x = u.tensor(timeMajor(data.x, choice.garbage), [T, B, I], { requiresGrad: true });
  const given = spec.hasState || choice.start !== undefined;
  const h0 = choice.start?.h ?? (given ? states(data.h0, R) : null);
  const c0 = hasC ? (choice.start?.c ?? (given ? states(data.c0, H) : null)) : null;
  const storage = current().memory.alloc('int', B, 'host');
  current().memory.view(storage).set(own);
  const lengths = { storage, rows: own.reduce((a, b) => a + b, 0) };
  const { y, hn, cn } = generalLayer(plans, x, weights, h0, c0, { lengths, masks, keep });

  const numbers = new Map<u.Tensor, number[]>();
  const valuesOf = (t: u.Tensor): number[] => {
    const known = numbers.get(t) ?? t.toArray();
    numbers.set(t, known);
    return known;
  };
  for (const t of [y, hn, cn]) if (t !== null) valuesOf(t);
  const timeOf = (values: readonly number[], k: number, t: number, size: number) =>
    values.slice((t * B + k) * size, (t * B + k + 1) * size);
  const stateOf = (values: readonly number[], k: number, size: number) =>
    Array.from({ length: D }, (_, d) => values.slice((d * B + k) * size, (d * B + k + 1) * size)).flat();
  return {
    ...{ x, h0, c0, y, h: hn, c: cn },
    scalar(withStates = true) {
      let sum = y.mul(u.tensor(timeMajor(data.dy), [T, B, D * R])).sum();
      if (!withStates) return sum;
      sum = sum.add(hn.mul(states(data.dhn, R).detach()).sum());
      return cn === null ? sum : sum.add(cn.mul(states(data.dcn, H).detach()).sum());
    },
    row(k) {
      const order = Array.from({ length: own[k] as number }, (_, t) => (reversed ? (own[k] as number) - 1 - t : t));
      const dx = x.grad?.toArray() ?? [];
      const result: Record<string, readonly number[]> = {
        y: order.flatMap((t) => timeOf(valuesOf(y), k, t, D * R)),
        hn: stateOf(valuesOf(hn), k, R),
        dx: order.flatMap((t) => timeOf(dx, k, t, I)),
      };
      if (cn !== null) result.cn = stateOf(valuesOf(cn), k, H);
      if (h0?.grad) result.dh0 = stateOf(h0.grad.toArray(), k, R);
      if (c0?.grad) result.dc0 = stateOf(c0.grad.toArray(), k, H);
      return result;
    },
    paddingIsZero() {
      const dx = x.grad?.toArray() ?? [];
      return own.every((length, k) =>
        Array.from({ length: T - length }, (_, t) => t + length).every((t) =>
          [...timeOf(valuesOf(y), k, t, D * R), ...timeOf(dx, k, t, I)].every((v) => v === 0),
        ),
      );
    },
  };
}
