// Layers of rnn_general_*: what they may have, combined by hand or generated, and random data for them.
import fc from 'fast-check';
import { cells, type RecurrentCell } from '../../src/backend/cells/index.js';
import { CellActivation, type Feature, Option } from '../../src/backend/generated/abi.js';

export type FeatureName = keyof typeof Feature;
export type ActivationName = keyof typeof CellActivation;

export interface GeneralCase {
  readonly cell: RecurrentCell;
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  /** With the feature `projection`; else H. */
  readonly R?: number;
  readonly features?: readonly FeatureName[];
  /** Random lengths in 0..T, at least one of them 0 and one T where B > 1; NaN wherever inputs are padding. */
  readonly ragged?: boolean;
  readonly reverse?: boolean;
  readonly keep?: number;
  /** Columns of y before and after those of this direction. */
  readonly beside?: readonly [number, number];
  /** Weights packed once by rnn_general_pack, instead of within the call. */
  readonly packed?: boolean;
  /** Optional buffers passed as null, beside those that the case has no use for. */
  readonly without?: readonly string[];
  /** With the feature `pointwise`. */
  readonly gate?: ActivationName;
  readonly candidate?: ActivationName;
  readonly output?: ActivationName;
  readonly clip?: number;
}

export const hasC = ({ states }: RecurrentCell): boolean => states.includes('c');

/** The features that a cell may have: each alone, and any of them together. */
export function featuresOf(cell: RecurrentCell): FeatureName[] {
  const all: FeatureName[] = ['norm', 'drop', 'zoneout', 'pointwise', 'oneHot'];
  if (hasC(cell)) all.push('projection');
  // Without a matrix the per-unit weights are there in any case.
  if (cell.units.length > 0 && cell.multiplies) all.push('unit');
  return all;
}

// ---- what follows from a case ------------------------------------------------------------------------------------------

export function isOn({ features = [] }: GeneralCase, feature: FeatureName): boolean {
  return features.includes(feature);
}

/** a and b of each kind: ONNX's defaults where the others would leave the gates outside of where anything happens. */
const parameters: Partial<Record<ActivationName, readonly [number, number]>> = {
  cellHardSigmoid: [0.2, 0.5],
  cellAffine: [0.4, 0.1],
  cellLeakyRelu: [0.01, 0],
  cellThresholdedRelu: [0.1, 0],
  cellScaledTanh: [1.2, 0.7],
  cellElu: [1, 0],
};

export function optionsOf(spec: GeneralCase): Float64Array {
  const options = new Float64Array(13);
  const set = (at: number, name: ActivationName = 'cellOwn'): void => {
    options.set([CellActivation[name], ...(parameters[name] ?? [0, 0])], at);
  };
  set(Option.gateKind, spec.gate);
  set(Option.candidateKind, spec.candidate);
  set(Option.outputKind, spec.output);
  options[Option.cellClip] = spec.clip ?? 0;
  options[Option.zoneoutH] = 0.3;
  options[Option.zoneoutC] = 0.2;
  options[Option.normEps] = 1e-3;
  return options;
}

/** The optional buffers that are null: left out by the case, or of something it does not have. */
export function absentOf(spec: GeneralCase): string[] {
  const { cell, ragged, without = [] } = spec;
  const inputs = [
    ...(hasC(cell) ? [] : ['c0', 'cn', 'ln_c', 'ln_c_bias', 'zone_c']),
    ...(cell.multiplies ? [] : ['w_hh', 'ln_hh']),
    ...(isOn(spec, 'projection') ? [] : ['w_hr']),
    ...(isOn(spec, 'unit') || !cell.multiplies ? [] : ['w_unit']),
    ...(isOn(spec, 'norm') ? [] : ['ln_ih', 'ln_hh', 'ln_c', 'ln_c_bias']),
    ...(isOn(spec, 'drop') ? [] : ['drop']),
    ...(isOn(spec, 'zoneout') ? [] : ['zone_h', 'zone_c']),
    ...(isOn(spec, 'oneHot') ? ['x'] : ['ids']),
    ...(ragged ? [] : ['lengths']),
  ];
  const unsaid = isOn(spec, 'oneHot') ? ['contributions'] : [];
  return [...inputs, ...inputs.map((name) => `d${name}`), ...unsaid, ...without];
}

export function describeCase(spec: GeneralCase): string {
  const { cell, T, B, I, H, R = H, features = [], ragged, reverse, keep, beside, packed, without } = spec;
  const words = [
    `${cell.name} T=${T} B=${B} I=${I} H=${H} R=${R} [${features}]`,
    ...(ragged ? ['ragged'] : []),
    ...(reverse ? ['reverse'] : []),
    ...(keep ? [`keep=${keep}`] : []),
    ...(beside ? [`beside=${beside}`] : []),
    ...(packed ? ['packed'] : []),
    ...(isOn(spec, 'pointwise') ? [`${spec.gate}/${spec.candidate}/${spec.output} clip=${spec.clip}`] : []),
    ...(without?.length ? [`without ${without}`] : []),
  ];
  return words.join(' ');
}

// ---- generated cases ---------------------------------------------------------------------------------------------------

/** UNROLLED_TEST_SEED looks elsewhere; the default is the same cases every time. */
export const SEED = Number(process.env.UNROLLED_TEST_SEED ?? 1);

export const activationNames = Object.keys(CellActivation) as ActivationName[];
/** Those that keep a gate in 0..1, so that states and gradients do not grow from step to step. */
const gates = ['cellOwn', 'cellSigmoid', 'cellHardSigmoid'] as const;

/** What may be missing, one list a case. */
const omissions: readonly (readonly string[])[] = [
  [],
  ['h0', 'c0', 'dh0', 'dc0'],
  ['b_ih', 'db_ih', 'b_hh', 'db_hh'],
  ['b_hh', 'db_hh'],
  ['dx', 'steps'],
  ['dy', 'dcn'],
  ['dhn', 'contributions'],
  ['dw_ih', 'dw_hh', 'dw_unit'],
  ['zone_h', 'dln_c', 'dln_c_bias', 'dw_hr'],
  ['zone_c', 'cn', 'dcn', 'ln_c_bias', 'dln_c_bias'],
  ['zone_h', 'zone_c', 'dln_ih', 'dln_hh'],
  ['steps', 'contributions'],
];

/** Any cell with any features it may have together, in sizes up to `most`. */
export function generalCases(most: { T: number; B: number; I: number; H: number }): fc.Arbitrary<GeneralCase> {
  return fc.constantFrom(...cells).chain((cell) =>
    fc
      .record({
        T: fc.integer({ min: 1, max: most.T }),
        B: fc.integer({ min: 1, max: most.B }),
        I: fc.integer({ min: 1, max: most.I }),
        H: fc.integer({ min: 1, max: most.H }),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
        features: fc.subarray(featuresOf(cell)),
        ragged: fc.boolean(),
        reverse: fc.boolean(),
        keep: fc.constantFrom(0, 1, 3, Number.POSITIVE_INFINITY),
        beside: fc.constantFrom<readonly [number, number]>([0, 0], [2, 0], [0, 3]),
        packed: fc.boolean(),
        without: fc.constantFrom(...omissions),
        gate: fc.constantFrom(...gates),
        candidate: fc.constantFrom(...activationNames),
        output: fc.constantFrom(...activationNames),
        clip: fc.constantFrom(0, 0.3),
      })
      .map(({ part, keep, ...rest }) => {
        const projects = rest.features.includes('projection');
        return {
          cell,
          ...rest,
          keep: Math.min(keep, rest.T),
          ...(projects && { R: 1 + Math.floor(part * (rest.H + 2)) }),
        };
      }),
  );
}

/** `count` cases, the same for the same seed. */
export function sampleCases(most: Parameters<typeof generalCases>[0], count: number, seed = SEED): GeneralCase[] {
  return fc.sample(generalCases(most), { numRuns: count, seed });
}
