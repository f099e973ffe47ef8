// The options that recurrent layers share, how they are checked, and what they mean for the kernels.
import type { RecurrentCell } from '../backend/cells/index.js';
import { Feature, Option } from '../backend/generated/abi.js';
import { OptionError } from '../errors.js';
import { checkOptions, is, type Rule, required, show } from '../options.js';
import { activationNumbers, type CellActivations } from './recurrent-activations.js';
import { checkInitializer, type Initializer, initializerRule } from './recurrent-init.js';

/** Options of every recurrent layer. */
export interface RecurrentOptions {
  readonly inputSize: number;
  /**
   * Units of each layer. A list gives each of its layers a size of its own; states are then [D, B, sum of sizes], the layers'
   * units side by side, instead of [numLayers * D, B, hiddenSize].
   */
  readonly hiddenSize: number | readonly number[];
  /** Layers stacked: each reads the outputs of the one below. Default 1, or the length of a list of sizes */
  readonly numLayers?: number;
  /** Two biases for each gate, b_ih and b_hh (IndRNN: one). Default true */
  readonly bias?: boolean;
  /** x and output are [B, T, F] instead of [T, B, F]; states are not affected. Default false */
  readonly batchFirst?: boolean;
  /** Dropout on the outputs of every layer but the last, in training. Default 0 */
  readonly dropout?: number;
  /** A second set of weights reads each row from its last step to its first. Default false */
  readonly bidirectional?: boolean;
  /** How the outputs of the two directions become one, between stacked layers as well. Default 'concat' */
  readonly merge?: 'concat' | 'sum' | 'average';
  /**
   * The layer reads each row from its own last step to its first. The output stays in the order of time, as with ONNX's
   * direction "reverse"; Keras' go_backwards returns it reversed. Default false
   */
  readonly goBackwards?: boolean;
  /** Where no state is given, start from parameters h0 (and c0), which are zero at first. Default false */
  readonly learnInitialState?: boolean;
  /** Initial weights. Default 'uniform', PyTorch's */
  readonly init?: Initializer;
  /**
   * Layer normalisation of both products and of the LSTM's c, each over all gates of a row at once (Ba et al. 2016):
   * weight_ln_ih_l0, weight_ln_hh_l0 [gates*H]; LSTM: weight_ln_c_l0, bias_ln_c_l0 [H]. Default false
   */
  readonly layerNorm?: boolean;
  /**
   * Probability that a unit of h is hidden from the recurrent product, in training: the same units at every step of a sequence
   * (Gal & Ghahramani 2016). Default 0
   */
  readonly recurrentDropout?: number;
  /**
   * Keep only the states before every n-th step ('sqrt': every ceil(sqrt(T))-th) and compute the rest once more in backward.
   * The numbers are the same; memory for at most one extra forward. Default: everything is kept
   */
  readonly recompute?: 'sqrt' | number;
  /**
   * Bytes that a recorded forward and its backward may take beyond parameters and gradients, as `planMemory` counts them
   * (activations + workspace). Without `recompute` the layer keeps everything if that fits, and else the states of every 1, 2,
   * 4, ... steps, whichever fits first. Default: no limit
   */
  readonly memoryLimit?: number;
}

export interface RNNOptions extends RecurrentOptions {
  /** Default 'tanh' */
  readonly nonlinearity?: 'tanh' | 'relu';
  /** Another candidate activation, in place of `nonlinearity`. */
  readonly activations?: Pick<CellActivations, 'candidate'>;
  /** Probability that a unit of h keeps its old value, at each step in training (Krueger et al. 2016). Default 0 */
  readonly zoneout?: number;
}

export interface IndRNNOptions extends RecurrentOptions {
  /** Default 'relu' */
  readonly nonlinearity?: 'tanh' | 'relu';
  /** Another candidate activation, in place of `nonlinearity`. */
  readonly activations?: Pick<CellActivations, 'candidate'>;
  /** Probability that a unit of h keeps its old value, at each step in training (Krueger et al. 2016). Default 0 */
  readonly zoneout?: number;
}

export interface LSTMOptions extends RecurrentOptions {
  /** Initial bias of the forget gate (b_ih + b_hh). Default: random like all biases, as in PyTorch */
  readonly forgetBias?: number;
  /** Size of h, below hiddenSize: h' = W_hr (o tanh(c')) with weight_hr_l0 [projSize, hiddenSize]. Default 0: no projection */
  readonly projSize?: number;
  /** Gates see c: weight_ch_l0 [3*hiddenSize], of i and f (the old c) and o (the new one); coupled: of i and o. Default false */
  readonly peephole?: boolean;
  /** f = 1 - i: three gates i, g, o instead of four (Greff et al. 2015). Default false */
  readonly coupled?: boolean;
  /** c' is clamped to -cellClip..cellClip. Default: it is not */
  readonly cellClip?: number;
  readonly activations?: CellActivations;
  /** Probability that a unit keeps its old value, at each step in training: of h and c, or of each. Default 0 */
  readonly zoneout?: number | { readonly h?: number; readonly c?: number };
}

export interface GRUOptions extends RecurrentOptions {
  /** The reset gate acts after the product W_hn h (PyTorch, cuDNN), or with false before it (Cho et al. 2014). Default true */
  readonly resetAfter?: boolean;
  readonly activations?: Pick<CellActivations, 'gate' | 'candidate'>;
  /** Probability that a unit of h keeps its old value, at each step in training (Krueger et al. 2016). Default 0 */
  readonly zoneout?: number;
}

export interface MGUOptions extends RecurrentOptions {
  readonly activations?: Pick<CellActivations, 'gate' | 'candidate'>;
  /** Probability that a unit of h keeps its old value, at each step in training (Krueger et al. 2016). Default 0 */
  readonly zoneout?: number;
}

const size = is.integer(1);
const hiddenSizes: Rule = {
  expected: 'an integer >= 1, or a list of them, one for each layer',
  accepts: (v) => size.accepts(v) || (Array.isArray(v) && v.length > 0 && v.length <= 1024 && v.every(size.accepts)),
};
export const recomputeRule: Rule = {
  expected: '"sqrt" or an integer >= 1',
  accepts: (v) => v === 'sqrt' || is.integer(1, 2 ** 31 - 1).accepts(v),
};

/** What every recurrent layer accepts. */
export const sharedRules: { [K in keyof RecurrentOptions]-?: Rule } = {
  inputSize: required(size),
  hiddenSize: required(hiddenSizes),
  // Thousands would only be an hour of filling memory: sizes that changed places.
  numLayers: is.integer(1, 1024),
  bias: is.boolean,
  batchFirst: is.boolean,
  dropout: is.number(0, 1),
  bidirectional: is.boolean,
  merge: is.oneOf('concat', 'sum', 'average'),
  goBackwards: is.boolean,
  learnInitialState: is.boolean,
  init: initializerRule,
  layerNorm: is.boolean,
  recurrentDropout: is.number(0, 1),
  recompute: recomputeRule,
  memoryLimit: is.integer(1),
};

/** Combinations of shared options that mean nothing. */
function checkCombinations(where: string, options: RecurrentOptions): void {
  const refuse = (why: string): never => {
    throw new OptionError(`${where}: ${why}`);
  };
  const { hiddenSize, numLayers, bidirectional = false } = options;
  if (typeof hiddenSize !== 'number' && numLayers !== undefined && numLayers !== hiddenSize.length) {
    refuse(`hiddenSize lists ${hiddenSize.length} layers, got numLayers ${numLayers}; leave numLayers out`);
  }
  if (bidirectional && options.goBackwards) {
    refuse('goBackwards reads one way and bidirectional both; leave out one of the two');
  }
  if (!bidirectional && options.merge !== undefined) {
    refuse(`merge ${show(options.merge)} needs two directions; add bidirectional: true or leave merge out`);
  }
}

/** What a layer is, beyond sizes: as kernels want to know it. */
export interface CellSetup {
  readonly cell: RecurrentCell;
  /** 0: no projection */
  readonly projSize: number;
  /** Vectors of per-unit weights that the layer has. */
  readonly units: number;
  readonly norm: boolean;
  /** Probabilities. */
  readonly drop: number;
  readonly zoneH: number;
  readonly zoneC: number;
  /** A sum of Feature, without `drop`. */
  readonly features: number;
  /** In the order of Option. */
  readonly numbers: readonly number[];
}

type SetupOptions = RecurrentOptions &
  Pick<LSTMOptions, 'projSize' | 'peephole' | 'cellClip' | 'activations' | 'zoneout'>;

/** Added to variances, as in LayerNorm. */
const NORM_EPS = 1e-5;

/**
 * @param where  the layer as the user knows it
 * @param parts  the activations that its cell has
 */
export function setupOf(
  where: string,
  cell: RecurrentCell,
  options: SetupOptions,
  parts: readonly (keyof CellActivations)[],
): CellSetup {
  checkCombinations(where, options);
  checkInitializer(where, cell, options.init);
  const rules = Object.fromEntries(parts.map((part) => [part, is.any])) as { [K in keyof CellActivations]-?: Rule };
  checkOptions<CellActivations>(`${where}: activations`, options.activations, rules);
  const [gate, candidate, output] = (['gate', 'candidate', 'output'] as const).map((part) =>
    activationNumbers(`${where}: activations.${part}`, options.activations?.[part]),
  ) as [gate: Triple, candidate: Triple, output: Triple];
  const { projSize = 0, cellClip = 0, layerNorm: norm = false } = options;
  const { h: zoneH, c: zoneC } = zoneRates(where, cell, options.zoneout);
  const units = options.peephole || !cell.multiplies ? cell.units.length : 0;
  const pointwise = cellClip > 0 || [gate, candidate, output].some(([kind]) => kind !== 0);

  const numbers = new Array<number>(Option.normEps + 1).fill(0);
  numbers.splice(Option.gateKind, 9, ...gate, ...candidate, ...output);
  numbers[Option.cellClip] = cellClip;
  numbers[Option.zoneoutH] = zoneH;
  numbers[Option.zoneoutC] = zoneC;
  numbers[Option.normEps] = NORM_EPS;
  const features =
    (projSize > 0 ? Feature.projection : 0) +
    (units > 0 ? Feature.unit : 0) +
    (norm ? Feature.norm : 0) +
    (zoneH + zoneC > 0 ? Feature.zoneout : 0) +
    (pointwise ? Feature.pointwise : 0);
  return { cell, projSize, units, norm, drop: options.recurrentDropout ?? 0, zoneH, zoneC, features, numbers };
}

type Triple = ReturnType<typeof activationNumbers>;

function zoneRates(where: string, cell: RecurrentCell, given: LSTMOptions['zoneout']): { h: number; c: number } {
  const hasC = cell.states.includes('c');
  const rates = typeof given === 'object' ? given : { h: given, c: hasC ? given : undefined };
  checkOptions<{ h?: number | undefined; c?: number | undefined }>(`${where}: zoneout`, rates, {
    h: is.number(0, 1),
    c: is.number(0, 1),
  });
  return { h: rates.h ?? 0, c: rates.c ?? 0 };
}
