// The model of `caption`: a small convolutional net looks at the picture, a recurrent one writes.
import { tensor } from '../autograd/creation.js';
import type { Tensor } from '../autograd/tensor.js';
import { Attention } from '../layers/attention.js';
import { Conv2d } from '../layers/conv.js';
import { Dropout } from '../layers/dropout.js';
import { Embedding } from '../layers/embedding.js';
import type { Memory } from '../layers/encoder-decoder.js';
import { shrink } from '../layers/init.js';
import { Linear } from '../layers/linear.js';
import { Module } from '../layers/module.js';
import { RecurrentState } from '../layers/state.js';
import { relu, tanh } from '../ops/elementwise.js';
import { maxPool2d } from '../ops/pooling.js';
import { logSoftmax } from '../ops/rows.js';
import { concat, permute, reshape, transpose } from '../ops/shape.js';
import type { Settings } from './definition.js';
import { type Recurrent, recurrent } from './recurrent.js';

/** Each level halves the picture. */
export const LEVELS = 3;

/**
 * Three levels of 3x3 convolution, relu and 2x2 maxima leave a grid of places. All of it, through one linear map, is where the
 * decoder starts; with attention the decoder also looks at single places (Xu et al. 2015; scored as in Luong et al. 2015).
 */
export class Captioner extends Module {
  readonly words: number;
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly start: Linear;
  readonly startCell?: Linear;
  readonly embedding: Embedding;
  readonly decoder: Recurrent;
  readonly attention?: Attention;
  readonly combine?: Linear;
  readonly dropout: Dropout;
  readonly head: Linear;

  constructor(words: number, channels: number, settings: Settings) {
    super();
    const { hidden, layers, embedding, dropout, filters, attention, imageSize } = settings as Settings & {
      filters: number;
      attention: 'dot' | 'general' | 'additive' | 'none';
      imageSize: number;
    };
    this.words = words;
    const conv = (inChannels: number, outChannels: number) =>
      new Conv2d({ inChannels, outChannels, kernelSize: 3, padding: 'same' });
    this.conv1 = conv(channels, filters);
    this.conv2 = conv(filters, 2 * filters);
    this.conv3 = conv(2 * filters, 4 * filters);
    const places = Math.floor(imageSize / 2 ** LEVELS) ** 2;
    const start = { inFeatures: places * 4 * filters, outFeatures: layers * hidden };
    this.start = new Linear(start);
    if (settings.cell === 'lstm') this.startCell = new Linear(start);
    this.embedding = new Embedding({ numEmbeddings: words, embeddingDim: embedding });
    // Small vectors to begin with: large random ones are noise that a small set cannot undo.
    shrink(this.embedding.weight, 0.1);
    this.decoder = recurrent({ ...settings, bidirectional: false }, embedding);
    if (attention !== 'none') {
      this.attention = new Attention({ kind: attention, querySize: hidden, keySize: 4 * filters });
      this.combine = new Linear({ inFeatures: hidden + 4 * filters, outFeatures: hidden });
    }
    this.dropout = new Dropout({ p: dropout });
    this.head = new Linear({ inFeatures: hidden, outFeatures: words });
  }

  /** @param images  [B, channels, size, size] */
  look(images: Tensor): Memory {
    const level = (x: Tensor, conv: Conv2d) => relu(maxPool2d(conv.forward(x), { kernelSize: 2 }));
    const grid = level(level(level(images, this.conv1), this.conv2), this.conv3);
    const [B, C] = grid.shape as [number, number];
    const seen = this.dropout.forward(reshape(grid, [B, -1]));
    const from = (map: Linear) => transpose(reshape(tanh(map.forward(seen)), [B, this.decoder.numLayers, -1]), 0, 1);
    return {
      keys: permute(reshape(grid, [B, C, -1]), [2, 0, 1]),
      lengths: undefined,
      state: new RecurrentState(from(this.start), this.startCell ? from(this.startCell) : null),
    };
  }

  /**
   * Scores of each word, given the picture and the words before it.
   *
   * @param before  int32 [T, B]: the begin token, then the caption
   * @returns [T, B, words]
   */
  forward(images: Tensor, before: Tensor): Tensor {
    const memory = this.look(images);
    return this.#write(before, memory.state, memory).logits;
  }

  /** One word more, for beamSearch. */
  step(tokens: ArrayLike<number>, state: RecurrentState, memory: Memory) {
    const before = tensor(Int32Array.from(tokens), [1, tokens.length]);
    const { logits, state: next } = this.#write(before, state, memory);
    return { logProbs: logSoftmax(reshape(logits, [tokens.length, this.words])), state: next };
  }

  #write(before: Tensor, state: RecurrentState, { keys }: Memory) {
    const x = this.dropout.forward(this.embedding.forward(before));
    const { output, state: next } = this.decoder.forward(x, { state });
    let seen = output;
    if (this.attention && this.combine) {
      const { context } = this.attention.forward(output, keys);
      seen = tanh(this.combine.forward(concat([output, context], 2)));
    }
    return { logits: this.head.forward(this.dropout.forward(seen)), state: next as RecurrentState };
  }
}
