// EncoderDecoder: reads a whole sequence, then writes another.
import { tensor } from '../autograd/creation.js';
import { generator } from '../autograd/random.js';
import type { Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import { tanh } from '../ops/elementwise.js';
import { indexSelect } from '../ops/gather.js';
import type { RowLengths } from '../ops/padding.js';
import { logSoftmax } from '../ops/rows.js';
import { concat, permute, reshape } from '../ops/shape.js';
import { checkOptions, is, required } from '../options.js';
import { Attention } from './attention.js';
import { Dropout } from './dropout.js';
import { Embedding } from './embedding.js';
import { shrink } from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { GRU, LSTM, RNN } from './recurrent.js';
import { RecurrentState } from './state.js';

export interface EncoderDecoderOptions {
  /** Different tokens of the sequences that are read, or with `sourceFeatures` nothing. */
  readonly sourceTokens?: number;
  /** In place of tokens: numbers a step, float32 [T, B, sourceFeatures]. */
  readonly sourceFeatures?: number;
  /** Different tokens of the sequences that are written. */
  readonly targetTokens: number;
  /** Default 'gru'. */
  readonly cell?: 'rnn' | 'lstm' | 'gru';
  readonly hiddenSize: number;
  /** Numbers that stand for a token. Default: hiddenSize. */
  readonly embeddingSize?: number;
  /** Of the encoder and of the decoder. Default 1. */
  readonly numLayers?: number;
  /** The encoder reads from both ends. Default false. */
  readonly bidirectional?: boolean;
  /** How the decoder looks at what was read; 'none': it sees the encoder's last state only (Sutskever et al. 2014). Default 'general'. */
  readonly attention?: 'dot' | 'general' | 'additive' | 'none';
  /** Scores of tokens by their own vectors, as the input has them; embeddingSize must be hiddenSize. Default false. */
  readonly tied?: boolean;
  /** Of embeddings and of what the scores are made from, in training. Default 0. */
  readonly dropout?: number;
}

/** What was read: what the decoder looks at, and where it starts. */
export interface Memory {
  /** [Ts, B, hiddenSize (twice with two directions)] */
  readonly keys: Tensor;
  readonly lengths: RowLengths | undefined;
  readonly state: RecurrentState;
}

const CELLS = { rnn: RNN, lstm: LSTM, gru: GRU } as const;

/**
 * An encoder reads the source; the decoder starts from its last state and writes token after token, each from the one before:
 *
 *   s = decoder(embedding of the tokens before)                 one call for the whole target: tokens are given in training
 *   context = attention(s over what the encoder gave)           (teacher forcing, Williams & Zipser 1989)
 *   scores = W tanh(W_c [s; context])                           (Luong et al. 2015; without attention: W s)
 *
 * The context does not go into the next step (no input feeding): that is why training takes one call a sequence.
 *
 *   const model = new EncoderDecoder({ sourceTokens: 80, targetTokens: 70, hiddenSize: 128 });
 *   const logits = model.forward(source, before, { lengths });        // before: <s> and the target but for its last token
 *   const memory = model.encode(source, { lengths });
 *   const { logProbs, state } = model.step(tokens, memory.state, memory);   // for beamSearch
 */
export class EncoderDecoder extends Module {
  readonly targetTokens: number;
  readonly bidirectional: boolean;
  readonly numLayers: number;
  readonly sourceEmbedding?: Embedding;
  readonly targetEmbedding: Embedding;
  readonly encoder: RNN | LSTM | GRU;
  readonly decoder: RNN | LSTM | GRU;
  readonly attention?: Attention;
  /** Of h, and of c: from both directions' states to the decoder's. */
  readonly bridge?: Linear;
  readonly bridgeCell?: Linear;
  readonly combine?: Linear;
  readonly dropout: Dropout;
  readonly head: Linear;

  constructor(options: EncoderDecoderOptions) {
    super();
    checkOptions<EncoderDecoderOptions>('EncoderDecoder', options, {
      sourceTokens: is.integer(1),
      sourceFeatures: is.integer(1),
      targetTokens: required(is.integer(1)),
      cell: is.oneOf('rnn', 'lstm', 'gru'),
      hiddenSize: required(is.integer(1)),
      embeddingSize: is.integer(1),
      numLayers: is.integer(1),
      bidirectional: is.boolean,
      attention: is.oneOf('dot', 'general', 'additive', 'none'),
      tied: is.boolean,
      dropout: is.number(0, 1),
    });
    const { sourceTokens, sourceFeatures, targetTokens, cell = 'gru', hiddenSize: H, embeddingSize: E = H } = options;
    const { numLayers = 1, bidirectional = false, attention = 'general', tied = false, dropout = 0 } = options;
    if ((sourceTokens === undefined) === (sourceFeatures === undefined)) {
      throw new OptionError(
        'EncoderDecoder: one of sourceTokens and sourceFeatures must be given: what the source is made of',
      );
    }
    if (tied && E !== H) {
      throw new OptionError(`EncoderDecoder: with tied, embeddingSize must be hiddenSize, ${H}, got ${E}`);
    }
    this.targetTokens = targetTokens;
    this.bidirectional = bidirectional;
    this.numLayers = numLayers;
    const Cell = CELLS[cell];
    const between = numLayers > 1 ? dropout : 0;
    if (sourceTokens !== undefined) this.sourceEmbedding = smallEmbedding(sourceTokens, E);
    this.targetEmbedding = smallEmbedding(targetTokens, E);
    const inputSize = sourceFeatures ?? E;
    this.encoder = new Cell({ inputSize, hiddenSize: H, numLayers, bidirectional, dropout: between });
    this.decoder = new Cell({ inputSize: E, hiddenSize: H, numLayers, dropout: between });
    const keySize = bidirectional ? 2 * H : H;
    if (bidirectional) {
      this.bridge = new Linear({ inFeatures: 2 * H, outFeatures: H });
      if (cell === 'lstm') this.bridgeCell = new Linear({ inFeatures: 2 * H, outFeatures: H });
    }
    if (attention !== 'none') {
      this.attention = new Attention({ kind: attention, querySize: H, keySize });
      this.combine = new Linear({ inFeatures: H + keySize, outFeatures: H });
    }
    this.dropout = new Dropout({ p: dropout });
    this.head = new Linear({ inFeatures: H, outFeatures: targetTokens });
    if (tied) this.head.weight = this.targetEmbedding.weight;
  }

  /**
   * @param source   int32 [Ts, B], or float32 [Ts, B, sourceFeatures]
   * @param lengths  valid steps of each row
   */
  encode(source: Tensor, { lengths }: { readonly lengths?: RowLengths } = {}): Memory {
    const x = this.sourceEmbedding ? this.dropout.forward(this.sourceEmbedding.forward(source)) : source;
    const { output, state } = this.encoder.forward(x, { ...(lengths && { lengths }) });
    return { keys: output, lengths, state: this.#bridged(state as RecurrentState) };
  }

  /**
   * Scores of each target token, given those before it.
   *
   * @param before  int32 [Tt, B]: the begin token, then the target but for its last token
   * @param sampling  the share of tokens that are replaced by what the model itself would have written, drawn in a first pass:
   *   scheduled sampling (Bengio et al. 2015) in parallel (Mihaylova & Martins 2019). Default 0
   * @returns [Tt, B, targetTokens]
   */
  forward(
    source: Tensor,
    before: Tensor,
    { lengths, sampling = 0 }: { readonly lengths?: RowLengths; readonly sampling?: number } = {},
  ): Tensor {
    const memory = this.encode(source, { ...(lengths && { lengths }) });
    const given = sampling > 0 ? this.#mixed(before, memory, sampling) : before;
    return this.#decode(given, memory.state, memory).logits;
  }

  /**
   * One step of writing.
   *
   * @param tokens  [B] the token before
   * @returns log probabilities [B, targetTokens], the state behind the step, and what the attention looked at, [B, Ts]
   */
  step(tokens: ArrayLike<number>, state: RecurrentState, memory: Memory) {
    const ids = tensor(Int32Array.from(tokens), [1, tokens.length]);
    const { logits, state: next, weights } = this.#decode(ids, state, memory);
    const B = tokens.length;
    return {
      logProbs: logSoftmax(reshape(logits, [B, this.targetTokens])),
      state: next,
      weights: weights && reshape(weights, [B, -1]),
    };
  }

  #decode(before: Tensor, state: RecurrentState, { keys, lengths }: Memory) {
    const x = this.dropout.forward(this.targetEmbedding.forward(before));
    const { output, state: next } = this.decoder.forward(x, { state });
    let seen = output;
    let weights: Tensor | null = null;
    if (this.attention && this.combine) {
      const found = this.attention.forward(output, keys, { ...(lengths && { lengths }) });
      weights = found.weights;
      seen = tanh(this.combine.forward(concat([output, found.context], 2)));
    }
    return { logits: this.head.forward(this.dropout.forward(seen)), state: next as RecurrentState, weights };
  }

  /** The decoder has one direction: both of the encoder's go into it. */
  #bridged(state: RecurrentState): RecurrentState {
    if (!this.bridge) return state;
    const joined = (part: Tensor, map: Linear): Tensor => {
      const [, B, H] = part.shape as [number, number, number];
      // [layers * 2, B, H]: the directions of a layer next to each other.
      const both = permute(reshape(part, [this.numLayers, 2, B, H]), [0, 2, 1, 3]);
      return tanh(map.forward(reshape(both, [this.numLayers, B, 2 * H])));
    };
    return new RecurrentState(joined(state.h, this.bridge), state.c && joined(state.c, this.bridgeCell as Linear));
  }

  /** Some tokens replaced by the likeliest of the model's own, given the right ones before. */
  #mixed(before: Tensor, memory: Memory, share: number): Tensor {
    const [T, B] = before.shape as [number, number];
    const scores = this.#decode(before, memory.state, memory).logits.data;
    const C = this.targetTokens;
    const ids = Int32Array.from(before.data);
    for (let k = B; k < T * B; k++) {
      if (generator.uniform() >= share) continue;
      const row = (k - B) * C;
      let best = 0;
      for (let c = 1; c < C; c++) if ((scores[row + c] as number) > (scores[row + best] as number)) best = c;
      ids[k] = best;
    }
    return tensor(ids, [T, B]);
  }
}

/** Rows of a memory at these places, for hypotheses side by side. */
export function repeatMemory({ keys, lengths, state }: Memory, rows: readonly number[]): Memory {
  const list = lengths && Array.from(typeof lengths === 'object' && 'toArray' in lengths ? lengths.toArray() : lengths);
  return {
    keys: indexSelect(keys, [...rows], 1),
    lengths: list && rows.map((row) => list[row] as number),
    state: state.select(rows),
  };
}

/** Small vectors to begin with: large random ones are noise that a small set cannot undo. */
function smallEmbedding(tokens: number, size: number): Embedding {
  const embedding = new Embedding({ numEmbeddings: tokens, embeddingDim: size });
  shrink(embedding.weight, 0.1);
  return embedding;
}
