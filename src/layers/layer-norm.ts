// Layer normalisation as a layer.
import type { Parameter, Tensor } from '../autograd/tensor.js';
import { layerNorm } from '../ops/rows.js';
import { checkOptions, is, type Rule, required } from '../options.js';
import { oneParameter, zeroParameter } from './init.js';
import { Module } from './module.js';

export interface LayerNormLayerOptions {
  /** The last dims of the input, over which to normalise; a number means the last one. */
  readonly normalizedShape: number | readonly number[];
  /** Added to the variance. Default 1e-5 */
  readonly eps?: number;
  /** Learn scale and shift. Default true */
  readonly elementwiseAffine?: boolean;
  /** Learn the shift too. Default true */
  readonly bias?: boolean;
}

const dimsRule: Rule = {
  expected: 'a whole number >= 1, or an array of such',
  accepts: (value) => {
    const dims = Array.isArray(value) ? value : [value];
    return dims.length > 0 && dims.every((dim) => Number.isSafeInteger(dim) && dim >= 1);
  },
};

/**
 * y = weight (x - mean) / sqrt(var + eps) + bias over the last dims. Source: Ba, Kiros, Hinton 2016.
 *
 *   new LayerNorm({ normalizedShape: 64 })
 *
 * `weight` starts at 1, `bias` at 0; both have the normalised shape.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(options: LayerNormLayerOptions) {
    super();
    checkOptions('LayerNorm', options, {
      normalizedShape: required(dimsRule),
      eps: is.number(0),
      elementwiseAffine: is.boolean,
      bias: is.boolean,
    });
    const { normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.weight = elementwiseAffine ? oneParameter(this.normalizedShape) : null;
    this.bias = elementwiseAffine && bias ? zeroParameter(this.normalizedShape) : null;
  }

  forward(x: Tensor): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    return layerNorm(x, { normalizedShape, weight, bias, eps });
  }
}
