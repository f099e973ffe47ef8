// Stochastic gradient descent, with momentum.
import { current } from '../autograd/context.js';
import type { Floats } from '../backend/types.js';
import { OptionError } from '../errors.js';
import { is } from '../options.js';
import { type BaseOptions, type Group, Optimizer, type ParametersInput, type State } from './optimizer.js';

export interface SGDOptions extends BaseOptions {
  /** Share of the previous direction that is kept; 0: none. */
  momentum: number;
  /** Share of the new gradient that momentum leaves out. */
  dampening: number;
  /** Looks one step ahead along the momentum. */
  nesterov: boolean;
  weightDecay: number;
}

const DEFAULTS: Omit<SGDOptions, 'lr'> = { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 };

const RULES = {
  lr: is.number(0),
  momentum: is.number(0),
  dampening: is.number(),
  nesterov: is.boolean,
  weightDecay: is.number(0),
};

/**
 * Stochastic gradient descent, PyTorch's form.
 *
 *   g = grad + weightDecay p
 *   b = momentum b + (1 - dampening) g   (the first time: b = g);   g = nesterov ? g + momentum b : b
 *   p = p - lr g
 *
 * @param params   `model.parameters()` or groups `[{ params, lr?, ... }]`
 * @param options  lr is needed; momentum = 0, dampening = 0, nesterov = false, weightDecay = 0
 * @throws OptionError  for an unknown option or one out of range
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: ParametersInput<SGDOptions>, options: Partial<SGDOptions> & { lr: number }) {
    super('SGD', params, options, { ...DEFAULTS, lr: Number.NaN }, RULES);
  }

  /** @internal */
  protected override checkGroup(group: Group<SGDOptions>): void {
    if (Number.isNaN(group.lr)) throw new OptionError(`SGD: option "lr" is missing; it must be ${RULES.lr.expected}`);
    if (group.nesterov && (group.momentum === 0 || group.dampening !== 0)) {
      throw new OptionError(
        `SGD: nesterov needs momentum above 0 and dampening 0, got ${group.momentum} and ${group.dampening}`,
      );
    }
  }

  /** @internal */
  protected override bufferNames(group: Group<SGDOptions>): readonly string[] {
    return group.momentum === 0 ? [] : ['momentum_buffer'];
  }

  /** @internal */
  protected override update(parameter: Floats, grad: Floats, state: State, group: Group<SGDOptions>): void {
    const first = state.buffers.has('momentum_buffer') ? 0 : 1;
    const buffer = group.momentum === 0 ? null : this.buffer(state, 'momentum_buffer', parameter.length);
    const { lr, momentum, dampening, nesterov, weightDecay } = group;
    current().kernels.sgd_update(
      parameter,
      buffer,
      grad,
      parameter.length,
      lr,
      momentum,
      dampening,
      nesterov ? 1 : 0,
      weightDecay,
      first,
    );
  }
}
