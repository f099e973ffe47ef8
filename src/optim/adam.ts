// Adam and AdamW: they differ in how weights decay, and in the default of it.
import { current } from '../autograd/context.js';
import type { Floats } from '../backend/types.js';
import { is } from '../options.js';
import { type BaseOptions, type Group, isBetas, Optimizer, type ParametersInput, type State } from './optimizer.js';

export interface AdamOptions extends BaseOptions {
  /** Decay rates of the first and second moment. */
  betas: [number, number];
  eps: number;
  weightDecay: number;
  /** Divides by the largest second moment seen so far. */
  amsgrad: boolean;
}

const RULES = {
  lr: is.number(0),
  betas: isBetas,
  eps: is.number(0),
  weightDecay: is.number(0),
  amsgrad: is.boolean,
};

abstract class AdamFamily extends Optimizer<AdamOptions> {
  protected abstract readonly decoupled: boolean;

  /** @internal */
  protected override bufferNames(group: Group<AdamOptions>): readonly string[] {
    return group.amsgrad ? ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'] : ['exp_avg', 'exp_avg_sq'];
  }

  /** @internal */
  protected override update(parameter: Floats, grad: Floats, state: State, group: Group<AdamOptions>): void {
    const n = parameter.length;
    const m = this.buffer(state, 'exp_avg', n);
    const v = this.buffer(state, 'exp_avg_sq', n);
    const vmax = group.amsgrad ? this.buffer(state, 'max_exp_avg_sq', n) : null;
    const { lr, eps, weightDecay } = group;
    const [beta1, beta2] = group.betas;
    const decoupled = this.decoupled ? 1 : 0;
    current().kernels.adam_update(
      parameter,
      m,
      v,
      vmax,
      grad,
      n,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      decoupled,
      state.step,
    );
  }
}

/**
 * Adam, PyTorch's form. Weight decay is part of the gradient; see AdamW for the decoupled one.
 *
 *   g = grad + weightDecay p;   m = b1 m + (1 - b1) g;   v = b2 v + (1 - b2) g^2
 *   p = p - lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)
 *
 * @param params   `model.parameters()` or groups `[{ params, lr?, ... }]`
 * @param options  lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, amsgrad = false
 * @throws OptionError  for an unknown option or one out of range
 * Source: Kingma & Ba 2015; amsgrad: Reddi et al. 2018.
 */
export class Adam extends AdamFamily {
  protected override readonly decoupled = false;

  constructor(params: ParametersInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super('Adam', params, options, { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false }, RULES);
  }
}

/**
 * Adam with decoupled weight decay: p = p (1 - lr weightDecay) first, the gradient stays as it is.
 *
 * @param options  as Adam's, with weightDecay = 0.01
 * Source: Loshchilov & Hutter 2019.
 */
export class AdamW extends AdamFamily {
  protected override readonly decoupled = true;

  constructor(params: ParametersInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(
      'AdamW',
      params,
      options,
      { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01, amsgrad: false },
      RULES,
    );
  }
}
