// Embedding: a vector for each token id.
import type { Parameter, Tensor } from '../autograd/tensor.js';
import { embedding, type Indices } from '../ops/gather.js';
import { checkOptions, is, required } from '../options.js';
import { normalParameter } from './init.js';
import { Module } from './module.js';

export interface EmbeddingOptions {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  /** An id whose vector is zero and stays so: it gets no gradient. Negative ones count from the end. Default: none. */
  readonly paddingIdx?: number | null;
}

/**
 * A table of vectors, one for each id.
 *
 *   const words = new Embedding({ numEmbeddings: 10000, embeddingDim: 64, paddingIdx: 0 });
 *   words.forward(ids)   // [T, B] int32 -> [T, B, 64]
 *
 * `weight` [numEmbeddings, embeddingDim] starts normally distributed, its padding row zero, as in PyTorch.
 */
export class Embedding extends Module {
  weight: Parameter;
  readonly paddingIdx: number | null;

  constructor(options: EmbeddingOptions) {
    super();
    checkOptions('Embedding', options, {
      numEmbeddings: required(is.integer(1)),
      embeddingDim: required(is.integer(1)),
      paddingIdx: is.any,
    });
    const { numEmbeddings, embeddingDim, paddingIdx = null } = options;
    if (paddingIdx !== null) {
      checkOptions('Embedding', { paddingIdx }, { paddingIdx: is.integer(-numEmbeddings, numEmbeddings - 1) });
    }
    this.paddingIdx = paddingIdx !== null && paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    this.weight = normalParameter([numEmbeddings, embeddingDim]);
    if (this.paddingIdx !== null) {
      this.weight.data.fill(0, this.paddingIdx * embeddingDim, (this.paddingIdx + 1) * embeddingDim);
    }
  }

  /**
   * @param ids  int32, any shape, each in 0..numEmbeddings-1
   * @returns [...shape of ids, embeddingDim]
   * @throws IndexError  if an id is out of range; the message says which
   */
  forward(ids: Indices): Tensor {
    return embedding(this.weight, ids, this.paddingIdx ?? -1);
  }
}
