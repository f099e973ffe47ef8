// The weights of recurrent layers: their names, their shapes and their initial numbers.
import { full, randn, tensor, uniform as uniformNumbers } from '../autograd/creation.js';
import { Parameter, type Shape, type Tensor } from '../autograd/tensor.js';
import type { RecurrentCell } from '../backend/cells/index.js';
import { OptionError } from '../errors.js';
import { mul } from '../ops/elementwise.js';
import { concat } from '../ops/shape.js';
import { is, type Rule, show } from '../options.js';
import { uniformParameter } from './init.js';
import { orthogonal } from './orthogonal.js';
import type { CellSetup } from './recurrent-options.js';

const inputs = ['uniform', 'glorot', 'normal'] as const;
const recurrents = ['uniform', 'glorot', 'orthogonal', 'identity'] as const;
const biases = ['uniform', 'zeros'] as const;
const presets = ['uniform', 'glorot', 'orthogonal', 'identity'] as const;

/** Initial weights, part by part. What is left out is 'uniform'. */
export interface InitializerParts {
  /** Of W_ih (and the projection): uniform within 1 / sqrt(H), within sqrt(6 / (I + H)), or normal with deviation 0.001. */
  readonly input?: (typeof inputs)[number];
  /** Of W_hh, gate by gate: uniform, Glorot, a random orthogonal matrix (Haar-distributed), or the identity. */
  readonly recurrent?: (typeof recurrents)[number];
  readonly bias?: (typeof biases)[number];
}

/**
 * Initial weights of a recurrent layer, each gate apart:
 *
 *   'uniform'     all of them within 1 / sqrt(hiddenSize), as in PyTorch
 *   'glorot'      W_ih and W_hh uniform within sqrt(6 / (fan in + fan out)), fan out: hiddenSize; biases zero
 *   'orthogonal'  W_hh orthogonal, W_ih Glorot, biases zero, as in Keras (Saxe et al. 2013)
 *   'identity'    W_hh the identity, W_ih normal with deviation 0.001, biases zero: with relu the IRNN of Le et al. 2015
 *
 * or { input, recurrent, bias } for a choice of each.
 */
export type Initializer = (typeof presets)[number] | InitializerParts;

const isOneOf = (values: readonly string[], v: unknown): boolean => v === undefined || values.includes(v as string);
export const initializerRule: Rule = {
  expected:
    `${is.oneOf(...presets).expected}, or { input: ${inputs.map(show).join(' | ')}, recurrent: ` +
    `${recurrents.map(show).join(' | ')}, bias: ${biases.map(show).join(' | ')} }`,
  accepts: (v) => {
    if (typeof v !== 'object' || v === null) return presets.includes(v as 'uniform');
    const { input, recurrent, bias, ...others } = v as Record<string, unknown>;
    if (Object.keys(others).length > 0) return false;
    return isOneOf(inputs, input) && isOneOf(recurrents, recurrent) && isOneOf(biases, bias);
  },
};

function partsOf(initializer: Initializer = 'uniform'): Required<InitializerParts> {
  if (typeof initializer === 'object')
    return { input: 'uniform', recurrent: 'uniform', bias: 'uniform', ...initializer };
  if (initializer === 'uniform') return { input: 'uniform', recurrent: 'uniform', bias: 'uniform' };
  return { input: initializer === 'identity' ? 'normal' : 'glorot', recurrent: initializer, bias: 'zeros' };
}

export type WeightName = `weight_${string}` | `bias_${string}`;

/** Names in the order of GeneralWeights; null for weights that the layer does not have. */
export type DirectionNames = readonly (WeightName | null)[];

/** `ending`: the number of the layer, and of which direction: "0", "1_reverse". */
export function weightNames(setup: CellSetup, bias: boolean, ending: string): DirectionNames {
  const { cell, norm, units, projSize } = setup;
  const hasC = cell.states.includes('c');
  const name = (there: boolean, what: WeightName): WeightName | null => (there ? `${what}_l${ending}` : null);
  return [
    name(true, 'weight_ih'),
    name(cell.multiplies, 'weight_hh'),
    name(bias, 'bias_ih'),
    // Where nothing is multiplied, the two would only ever be added up.
    name(bias && cell.multiplies, 'bias_hh'),
    name(projSize > 0, 'weight_hr'),
    name(units > 0, cell.multiplies ? 'weight_ch' : 'weight_hh'),
    name(norm, 'weight_ln_ih'),
    name(norm && cell.multiplies, 'weight_ln_hh'),
    name(norm && hasC, 'weight_ln_c'),
    name(norm && hasC && bias, 'bias_ln_c'),
  ];
}

/** Where the recurrent weights are a vector: uniform in 0..1 as in the paper, or all 1. */
export function checkInitializer(where: string, cell: RecurrentCell, initializer: Initializer | undefined): void {
  const { recurrent } = partsOf(initializer);
  if (cell.multiplies || recurrent === 'uniform' || recurrent === 'identity') return;
  throw new OptionError(
    `${where}: recurrent weights cannot be ${recurrent}, they are a vector; pass init: 'uniform', 'identity' or ` +
      `{ input: 'glorot', bias: 'zeros' }`,
  );
}

/** The initial parameters of one direction of one layer, in the order of GeneralWeights. */
export function initialWeights(
  setup: CellSetup,
  names: DirectionNames,
  inputSize: number,
  hiddenSize: number,
  initializer: Initializer | undefined,
): (Parameter | null)[] {
  const { cell } = setup;
  const [I, H] = [inputSize, hiddenSize];
  const R = setup.projSize || H;
  const rows = cell.gates.length * H;
  const { input, recurrent, bias } = partsOf(initializer);
  const bound = 1 / Math.sqrt(H);

  const uniform = (shape: Shape): Parameter => uniformParameter(shape, bound);
  const constant = (shape: Shape, value: number): Parameter => new Parameter(full(shape, value));
  const glorot = (shape: Shape, fanIn: number, fanOut: number): Parameter =>
    uniformParameter(shape, Math.sqrt(6 / (fanIn + fanOut)));
  const inputs = (shape: Shape, fanIn: number, fanOut: number): Parameter => {
    if (input === 'uniform') return uniform(shape);
    return input === 'glorot' ? glorot(shape, fanIn, fanOut) : new Parameter(mul(randn(shape), 0.001));
  };
  const perGate = (make: () => Tensor): Parameter => new Parameter(concat(cell.gates.map(make)));
  const recurrents = (): Parameter => {
    if (recurrent === 'uniform') return uniform([rows, R]);
    if (recurrent === 'glorot') return glorot([rows, R], R, H);
    return perGate(() => (recurrent === 'orthogonal' ? orthogonal(H, R) : identity(H, R)));
  };
  const biases = (): Parameter => (bias === 'uniform' ? uniform([rows]) : constant([rows], 0));
  const perUnit = (): Parameter => {
    const length = setup.units * H;
    if (cell.multiplies) return recurrent === 'uniform' ? uniform([length]) : constant([length], 0);
    return recurrent === 'uniform' ? new Parameter(uniformNumbers([length], 0, 1)) : constant([length], 1);
  };
  const make = [
    () => inputs([rows, I], I, H),
    recurrents,
    biases,
    biases,
    () => inputs([R, H], H, R),
    perUnit,
    () => constant([rows], 1),
    () => constant([rows], 1),
    () => constant([H], 1),
    () => constant([H], 0),
  ];
  return names.map((name, k) => (name === null ? null : (make[k] as () => Parameter)()));
}

function identity(rows: number, columns: number): Tensor {
  const ones = new Float32Array(rows * columns);
  for (let k = 0; k < Math.min(rows, columns); k++) ones[k * (columns + 1)] = 1;
  return tensor(ones, [rows, columns]);
}
