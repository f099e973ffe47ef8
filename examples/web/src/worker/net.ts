// The net that learns: perhaps a table of word vectors, recurrent layers, and a linear layer that answers.
import * as u from 'unrolled';
import type { Cell, Settings } from '../shared/settings.js';

/** What a problem wants of a net. */
export interface NetShape {
  /** Ids below `inputs` (words, characters, symbols), or that many numbers a step. */
  readonly inputs: number;
  readonly inputKind: 'ids' | 'numbers';
  /** Size of the vector that each id gets; null: ids go in as ones among zeros. */
  readonly vectors: number | null;
  /** Scores of classes, or the one number that is predicted. */
  readonly outputs: number;
  /** After each step, or once, after the last. */
  readonly answers: 'each' | 'last';
}

export interface ReadOptions {
  readonly state?: u.RecurrentState | null;
  readonly lengths?: Int32Array | null;
}

export interface Reading {
  /** [T, B, hidden] */
  readonly output: u.Tensor;
  readonly state: u.RecurrentState;
}

export class Net extends u.Module {
  readonly shape: NetShape;
  readonly words?: u.Embedding;
  readonly cell: u.RNN | u.LSTM | u.GRU;
  readonly head: u.Linear;

  constructor(cell: Cell, shape: NetShape, { hidden, layers, forgetBias }: Settings) {
    super();
    this.shape = shape;
    const { inputs, vectors, outputs } = shape;
    if (vectors !== null) this.words = new u.Embedding({ numEmbeddings: inputs, embeddingDim: vectors, paddingIdx: 0 });
    const sizes = { inputSize: vectors ?? inputs, hiddenSize: hidden, numLayers: layers };
    if (cell === 'rnn') this.cell = new u.RNN(sizes);
    else if (cell === 'gru') this.cell = new u.GRU(sizes);
    else this.cell = new u.LSTM({ ...sizes, forgetBias });
    this.head = new u.Linear({ inFeatures: hidden, outFeatures: outputs });
  }

  get parameterCount(): number {
    return this.parameters().reduce((sum, { size }) => sum + size, 0);
  }

  /** @param x  [T, B] ids or [T, B, inputs] numbers */
  read(x: u.Tensor, { state = null, lengths = null }: ReadOptions = {}): Reading {
    const vectors = this.words ? this.words.forward(x) : x;
    return this.cell.forward(vectors, { state, lengths });
  }

  /** [T, B, outputs] after each step, or [B, outputs] after the last valid one. */
  answer({ output, state }: Reading): u.Tensor {
    return this.head.forward(this.shape.answers === 'each' ? output : u.select(state.h, this.cell.numLayers - 1));
  }

  /** As diagnose calls it. */
  forward(x: u.Tensor, options: ReadOptions = {}): u.Tensor {
    return this.answer(this.read(x, options));
  }

  /** One step of streaming; call it inside noGrad. `x`: [B] ids or [B, inputs] numbers. */
  step(x: u.Tensor, state: u.RecurrentState | null): { scores: u.Tensor; state: u.RecurrentState } {
    const next = this.cell.step(this.words ? this.words.forward(x) : x, state);
    return { scores: this.head.forward(next.output), state: next.state };
  }
}
