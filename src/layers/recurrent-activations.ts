// Activations of recurrent cells by ONNX's names, with ONNX's default parameters.
import { CellActivation } from '../backend/generated/abi.js';
import { OptionError } from '../errors.js';
import { adviceFor, checkOptions, is, required, show } from '../options.js';

interface Parameter {
  readonly default: number;
  readonly must?: readonly [what: string, holds: (value: number) => boolean];
}
interface Entry {
  readonly kind: CellActivation;
  readonly alpha?: Parameter;
  readonly beta?: Parameter;
}

const positive = ['above 0', (v: number) => v > 0] as const;
const notNegative = ['at least 0', (v: number) => v >= 0] as const;
const notZero = ['other than 0', (v: number) => v !== 0] as const;

const entries = {
  sigmoid: { kind: CellActivation.cellSigmoid },
  tanh: { kind: CellActivation.cellTanh },
  relu: { kind: CellActivation.cellRelu },
  hardSigmoid: {
    kind: CellActivation.cellHardSigmoid,
    alpha: { default: 0.2, must: positive },
    beta: { default: 0.5 },
  },
  affine: { kind: CellActivation.cellAffine, alpha: { default: 1 }, beta: { default: 0 } },
  leakyRelu: { kind: CellActivation.cellLeakyRelu, alpha: { default: 0.01, must: notNegative } },
  thresholdedRelu: { kind: CellActivation.cellThresholdedRelu, alpha: { default: 1, must: notNegative } },
  scaledTanh: { kind: CellActivation.cellScaledTanh, alpha: { default: 1, must: notZero }, beta: { default: 1 } },
  elu: { kind: CellActivation.cellElu, alpha: { default: 1, must: notNegative } },
  softsign: { kind: CellActivation.cellSoftsign },
  softplus: { kind: CellActivation.cellSoftplus },
} as const satisfies Record<string, Entry>;

/**
 *   sigmoid          1 / (1 + e^-x)             tanh, relu
 *   hardSigmoid      max(0, min(1, alpha x + beta))       alpha 0.2 (must be above 0), beta 0.5
 *   affine           alpha x + beta                       alpha 1, beta 0
 *   leakyRelu        x >= 0 ? x : alpha x                 alpha 0.01 (at least 0)
 *   thresholdedRelu  x > alpha ? x : 0                    alpha 1 (at least 0)
 *   scaledTanh       alpha tanh(beta x)                   alpha 1 (not 0), beta 1
 *   elu              x >= 0 ? x : alpha (e^x - 1)         alpha 1 (at least 0)
 *   softsign         x / (1 + |x|)              softplus  log(1 + e^x)
 */
export type ActivationName = keyof typeof entries;

/** An activation by name, with ONNX's default parameters or with others. */
export type ActivationOption =
  | ActivationName
  | { readonly name: ActivationName; readonly alpha?: number; readonly beta?: number };

/** The activations of a cell that may be chosen. Default: the cell's own. */
export interface CellActivations {
  /** Of the gates: i, f, o of the LSTM; r, z of the GRU; f of the MGU. Default 'sigmoid' */
  readonly gate?: ActivationOption;
  /** Of the candidate: g of the LSTM, n of GRU and MGU, h of the RNN. Default 'tanh' */
  readonly candidate?: ActivationOption;
  /** What the LSTM's output gate lets through: h' = o output(c'). Default 'tanh' */
  readonly output?: ActivationOption;
}

/** Kind, alpha and beta as kernels take them. */
export type ActivationNumbers = readonly [kind: number, alpha: number, beta: number];

/** The numbers of a given activation, checked. `where`: for errors, "LSTM: activations.gate". */
export function activationNumbers(where: string, given: ActivationOption | undefined): ActivationNumbers {
  if (given === undefined) return [CellActivation.cellOwn, 0, 0];
  const spec = typeof given === 'string' ? { name: given } : given;
  checkOptions<Exclude<ActivationOption, string>>(where, spec, {
    name: required(is.string),
    alpha: is.number(),
    beta: is.number(),
  });
  if (!Object.hasOwn(entries, spec.name)) {
    const names = Object.keys(entries);
    throw new OptionError(`${where}: there is no activation ${show(spec.name)}${adviceFor(spec.name, names)}`);
  }
  const entry: Entry = entries[spec.name];
  const number = (part: 'alpha' | 'beta'): number => {
    const parameter = entry[part];
    const value = spec[part];
    if (value === undefined) return parameter?.default ?? 0;
    if (parameter === undefined) {
      throw new OptionError(`${where}: ${spec.name} has no ${part}, got ${show(value)}; leave it out`);
    }
    if (parameter.must !== undefined && !parameter.must[1](value)) {
      throw new OptionError(`${where}: ${part} of ${spec.name} must be ${parameter.must[0]}, got ${show(value)}`);
    }
    return value;
  };
  return [entry.kind, number('alpha'), number('beta')];
}
