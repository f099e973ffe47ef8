// Words: tokenised, numbered, each with a vector of its own that is learnt.
import type { Tensor } from '../../autograd/tensor.js';
import { tokenise } from '../../data/text/tokenise.js';
import { Vocabulary } from '../../data/text/vocabulary.js';
import { DataError } from '../../errors.js';
import { Dropout } from '../../layers/dropout.js';
import { Embedding } from '../../layers/embedding.js';
import { shrink } from '../../layers/init.js';
import { Module } from '../../layers/module.js';
import { is, show } from '../../options.js';
import type { Settings } from '../definition.js';
import { fillWith, readVectors, vectorsOption } from '../vectors.js';
import { vocabularyOf } from '../vocabularies.js';
import type { Front, InputKind } from './input.js';

type TextPrep = {
  readonly vocabulary: readonly string[];
  /** Numbers of the word vectors that the embedding began with. */
  readonly vectors?: number;
};

export const textInput: InputKind<readonly string[], TextPrep> = {
  name: 'text',
  column: {
    option: 'text',
    guesses: ['text', 'sentence', 'review', 'message', 'content', 'document', 'body', 'comment', 'tweet', 'title', 'x'],
    help: 'the text',
  },
  options: {
    minCount: {
      rule: is.integer(1),
      type: 'number',
      default: 2,
      help: 'words that occur less often are all one unknown word',
    },
    wordDropout: {
      rule: is.number(0, 0.99),
      type: 'number',
      default: 0.5,
      help: "share of the words' vectors that is dropped in training",
    },
    ...vectorsOption,
  },
  read(value, { file, line }) {
    if (typeof value !== 'string') {
      throw new DataError(`${file}, line ${line}: the text must be a string, got ${show(value)}`);
    }
    return tokenise(value);
  },
  key: (tokens) => tokens.join(' '),
  async prepare(texts, context) {
    const vocabulary = Vocabulary.from(texts, { minCount: context.settings.minCount as number }).toJSON();
    const vectors = await readVectors(vocabulary, context);
    return { vocabulary, ...(vectors !== null && { vectors }) };
  },
  defaults: ({ vectors }) => (vectors === undefined ? {} : { embedding: vectors }),
  sample: 'tokens',
  // A text without a word is one unknown word: every sequence has a step to answer from.
  encode(tokens, prep) {
    const ids = vocabularyOf(prep.vocabulary).encode(tokens);
    return ids.length > 0 ? ids : [Vocabulary.UNKNOWN];
  },
  front: (prep, settings) => new WordFront(prep.vocabulary, settings),
};

class WordFront extends Module implements Front {
  readonly size: number;
  readonly embedding: Embedding;
  readonly dropout: Dropout;

  constructor(words: readonly string[], settings: Settings) {
    super();
    this.size = settings.embedding;
    const vocabulary = vocabularyOf(words);
    this.embedding = new Embedding({
      numEmbeddings: vocabulary.size,
      embeddingDim: this.size,
      paddingIdx: Vocabulary.PAD,
    });
    this.dropout = new Dropout({ p: settings.wordDropout as number });
    // Small vectors to begin with: large random ones are noise that a few thousand sentences cannot undo.
    shrink(this.embedding.weight, 0.1);
    fillWith(words, this.embedding.weight, settings);
  }

  forward(ids: Tensor): Tensor {
    return this.dropout.forward(this.embedding.forward(ids));
  }
}
