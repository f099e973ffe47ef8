// Linear: y = x W^T + b.
import type { Parameter, Tensor } from '../autograd/tensor.js';
import { linear } from '../ops/matmul.js';
import { checkOptions, is, required } from '../options.js';
import { uniformParameter } from './init.js';
import { Module } from './module.js';

export interface LinearOptions {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * An affine map of the last axis: y = x W^T + b.
 *
 *   const head = new Linear({ inFeatures: 64, outFeatures: 2 });
 *   head.forward(h)   // [..., 64] -> [..., 2]
 *
 * `weight` [outFeatures, inFeatures] and `bias` [outFeatures] start uniform within 1 / sqrt(inFeatures), as in PyTorch.
 */
export class Linear extends Module {
  weight: Parameter;
  bias: Parameter | null;

  constructor(options: LinearOptions) {
    super();
    checkOptions('Linear', options, {
      inFeatures: required(is.integer(1)),
      outFeatures: required(is.integer(1)),
      bias: is.boolean,
    });
    const { inFeatures, outFeatures, bias = true } = options;
    // Kaiming-uniform with a = sqrt(5): sqrt(6 / ((1 + a^2) inFeatures)) = 1 / sqrt(inFeatures)
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = uniformParameter([outFeatures, inFeatures], bound);
    this.bias = bias ? uniformParameter([outFeatures], bound) : null;
  }

  /**
   * @param x  [..., inFeatures]
   * @returns [..., outFeatures]
   * @throws ShapeError  if the last axis of x is not inFeatures long
   */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
