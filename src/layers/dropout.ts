// Dropout as a layer.
import type { Tensor } from '../autograd/tensor.js';
import { dropout } from '../ops/rows.js';
import { checkOptions, is } from '../options.js';
import { Module } from './module.js';

export interface DropoutOptions {
  /** Probability of a zero. Default 0.5 */
  readonly p?: number;
}

/** In training, zeroes each element with probability p and scales the others by 1 / (1 - p); in evaluation the identity. */
export class Dropout extends Module {
  readonly p: number;

  constructor(options: DropoutOptions = {}) {
    super();
    checkOptions('Dropout', options, { p: is.number(0, 1) });
    this.p = options.p ?? 0.5;
  }

  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training);
  }
}
