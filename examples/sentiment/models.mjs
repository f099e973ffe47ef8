// The four models that are compared: one that only counts words, and three that read them in order. All take a batch of
// word ids [steps, reviews] with the reviews' lengths and give a logit for each review: above 0 is positive.
import * as u from 'unrolled';
import { PAD } from './text.mjs';

/** By the name that the table and the output folders use. */
export const kinds = {
  'bag of words': (options) => new BagOfWords(options),
  RNN: (options) => new Recurrent(u.RNN, options),
  LSTM: (options) => new Recurrent(u.LSTM, options),
  GRU: (options) => new Recurrent(u.GRU, options),
};

/** How often each word occurs, one hidden layer, one logit. */
export class BagOfWords extends u.Module {
  constructor({ vocabularySize, hiddenSize = 48 }) {
    super();
    this.hidden = new u.Linear({ inFeatures: vocabularySize, outFeatures: hiddenSize });
    this.dropout = new u.Dropout({ p: 0.5 });
    this.head = new u.Linear({ inFeatures: hiddenSize, outFeatures: 1 });
  }

  forward(words, { lengths }) {
    const counts = countWords(words, lengths, this.hidden.weight.shape[1]);
    return this.head.forward(this.dropout.forward(this.hidden.forward(counts).relu())).reshape([-1]);
  }
}

/** Word vectors, a recurrent layer, and a logit from what the layer remembers after each review's last word. */
export class Recurrent extends u.Module {
  constructor(Cell, { vocabularySize, embeddingDim = 48, hiddenSize = 48, bidirectional = false }) {
    super();
    this.embedding = new u.Embedding({ numEmbeddings: vocabularySize, embeddingDim, paddingIdx: PAD });
    this.wordDropout = new u.Dropout({ p: 0.5 });
    this.layer = new Cell({ inputSize: embeddingDim, hiddenSize, bidirectional });
    this.stateDropout = new u.Dropout({ p: 0.3 });
    this.head = new u.Linear({ inFeatures: hiddenSize * (bidirectional ? 2 : 1), outFeatures: 1 });

    // Small vectors to begin with: large random ones are noise that a few thousand sentences cannot undo.
    const vectors = this.embedding.weight.data;
    for (let k = 0; k < vectors.length; k++) vectors[k] *= 0.1;
  }

  forward(words, { lengths }) {
    const vectors = this.wordDropout.forward(this.embedding.forward(words));
    const { state } = this.layer.forward(vectors, { lengths });
    // state.h is [directions, reviews, hiddenSize]; the head sees both directions of a review side by side.
    const remembered = state.h.transpose(0, 1).reshape([lengths.length, -1]);
    return this.head.forward(this.stateDropout.forward(remembered)).reshape([-1]);
  }

  /** Gives the words that `vectors` knows their vectors to start from; training goes on changing them. */
  startFrom(vectors, vocabulary) {
    const { weight } = this.embedding;
    for (const [id, word] of vocabulary.words.entries()) {
      if (vectors.has(word)) weight.data.set(vectors.get(word), id * weight.shape[1]);
    }
  }
}

/**
 * [reviews, vocabularySize]: how often each word occurs in each review. Counts are whole numbers, so they are the same in
 * whatever order they are added up; a sum of word vectors would differ in its last bits.
 */
function countWords(words, lengths, vocabularySize) {
  const ids = words.data;
  const rows = lengths.length;
  const counts = new Float32Array(rows * vocabularySize);
  for (const [row, length] of lengths.entries()) {
    for (let t = 0; t < length; t++) counts[row * vocabularySize + ids[t * rows + row]]++;
  }
  return u.tensor(counts, [rows, vocabularySize]);
}
