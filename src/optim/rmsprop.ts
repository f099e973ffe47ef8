// RMSprop: the gradient divided by a running root mean square of itself.
import { current } from '../autograd/context.js';
import type { Floats } from '../backend/types.js';
import { is } from '../options.js';
import { type BaseOptions, type Group, Optimizer, type ParametersInput, type State } from './optimizer.js';

export interface RMSpropOptions extends BaseOptions {
  /** How much of the running mean square stays. */
  alpha: number;
  eps: number;
  weightDecay: number;
  momentum: number;
  /** Divides by the running standard deviation instead. */
  centered: boolean;
}

const DEFAULTS: RMSpropOptions = { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false };

const RULES = {
  lr: is.number(0),
  alpha: is.number(0, 1),
  eps: is.number(0),
  weightDecay: is.number(0),
  momentum: is.number(0),
  centered: is.boolean,
};

/**
 * RMSprop, PyTorch's form: eps is added outside the root.
 *
 *   g = grad + weightDecay p;   s = alpha s + (1 - alpha) g^2;   p = p - lr g / (sqrt(s) + eps)
 *   centered: sqrt(s - a^2) with a = alpha a + (1 - alpha) g;   momentum: b = momentum b + g / (...), p = p - lr b
 *
 * @param params   `model.parameters()` or groups `[{ params, lr?, ... }]`
 * @param options  lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false
 * @throws OptionError  for an unknown option or one out of range
 * Source: Tieleman & Hinton 2012; centered: Graves 2013.
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: ParametersInput<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super('RMSprop', params, options, DEFAULTS, RULES);
  }

  /** @internal */
  protected override bufferNames(group: Group<RMSpropOptions>): readonly string[] {
    return ['square_avg', ...(group.momentum > 0 ? ['momentum_buffer'] : []), ...(group.centered ? ['grad_avg'] : [])];
  }

  /** @internal */
  protected override update(parameter: Floats, grad: Floats, state: State, group: Group<RMSpropOptions>): void {
    const n = parameter.length;
    const square = this.buffer(state, 'square_avg', n);
    const momentumBuffer = group.momentum > 0 ? this.buffer(state, 'momentum_buffer', n) : null;
    const average = group.centered ? this.buffer(state, 'grad_avg', n) : null;
    const { lr, alpha, eps, weightDecay, momentum } = group;
    current().kernels.rmsprop_update(
      parameter,
      square,
      momentumBuffer,
      average,
      grad,
      n,
      lr,
      alpha,
      eps,
      weightDecay,
      momentum,
    );
  }
}
