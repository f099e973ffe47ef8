// Adagrad: steps shrink with the sum of all squared gradients so far.
import { current } from '../autograd/context.js';
import type { Floats } from '../backend/types.js';
import { is } from '../options.js';
import { type BaseOptions, type Group, Optimizer, type ParametersInput, type State } from './optimizer.js';

export interface AdagradOptions extends BaseOptions {
  /** The learning rate at step t is lr / (1 + (t - 1) lrDecay). */
  lrDecay: number;
  weightDecay: number;
  /** What the sum of squares starts from. */
  initialAccumulatorValue: number;
  eps: number;
}

const DEFAULTS: AdagradOptions = { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 };

const RULES = {
  lr: is.number(0),
  lrDecay: is.number(0),
  weightDecay: is.number(0),
  initialAccumulatorValue: is.number(0),
  eps: is.number(0),
};

/**
 * Adagrad, PyTorch's form.
 *
 *   g = grad + weightDecay p;   s = s + g^2;   p = p - lr / (1 + (t - 1) lrDecay) g / (sqrt(s) + eps)
 *
 * @param params   `model.parameters()` or groups `[{ params, lr?, ... }]`
 * @param options  lr = 1e-2, lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0, eps = 1e-10
 * @throws OptionError  for an unknown option or one out of range
 * Source: Duchi et al. 2011.
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: ParametersInput<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super('Adagrad', params, options, DEFAULTS, RULES);
  }

  /** @internal */
  protected override bufferNames(): readonly string[] {
    return ['sum'];
  }

  /** @internal */
  protected override update(parameter: Floats, grad: Floats, state: State, group: Group<AdagradOptions>): void {
    const { kernels } = current();
    const n = parameter.length;
    const isNew = !state.buffers.has('sum');
    const sum = this.buffer(state, 'sum', n);
    if (isNew && group.initialAccumulatorValue !== 0) kernels.fill(sum, n, group.initialAccumulatorValue);
    const lr = group.lr / (1 + (state.step - 1) * group.lrDecay);
    kernels.adagrad_update(parameter, sum, grad, n, lr, group.eps, group.weightDecay);
  }
}
