// `tag`: a label for each word of a sentence. A word is its own vector and those of its endings and of its shape, which words that were
// never seen have too.
import { noGrad } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { generator } from '../autograd/random.js';
import type { Tensor } from '../autograd/tensor.js';
import { Vocabulary } from '../data/text/vocabulary.js';
import { DataError } from '../errors.js';
import { Dropout } from '../layers/dropout.js';
import { Embedding } from '../layers/embedding.js';
import { shrink } from '../layers/init.js';
import { Linear } from '../layers/linear.js';
import { Module } from '../layers/module.js';
import { concat } from '../ops/shape.js';
import { is, show } from '../options.js';
import { batches } from '../train/batches.js';
import { macroF1Of } from '../train/class-metrics.js';
import type { Batch, BatchInput } from '../train/data.js';
import type { Row, Settings, TaskDefinition } from './definition.js';
import { labelNumbers } from './labels.js';
import { once } from './once.js';
import { type Recurrent, recurrent } from './recurrent.js';
import { fillWith, readVectors, vectorsOption } from './vectors.js';
import { vocabularyOf } from './vocabularies.js';

interface Example {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
}

/** What is seen of a word beside itself. */
const FEATURES = {
  last1: (word: string) => word.slice(-1).toLowerCase(),
  last2: (word: string) => word.slice(-2).toLowerCase(),
  last3: (word: string) => word.slice(-3).toLowerCase(),
  shape: shapeOf,
} as const;
type FeatureName = keyof typeof FEATURES;
const NAMES = Object.keys(FEATURES) as FeatureName[];

type Prep = {
  readonly tags: readonly string[];
  readonly words: readonly string[];
  /** Numbers of the word vectors that the words' embedding began with. */
  readonly vectors?: number;
  readonly features: Readonly<Record<FeatureName, readonly string[]>>;
};

/** A sentence's words with their tags. */
export interface Tagged {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
}

export const tagTask: TaskDefinition<Example, Prep, string | readonly string[], Tagged> = {
  name: 'tag',
  summary: 'a label for each word of a sentence',
  inputs: ['table', 'conll'],
  columns: [
    {
      option: 'tokens',
      guesses: ['tokens', 'words', 'sentence', 'text', 'x'],
      help: 'the words: a list (JSONL), or separated by spaces',
    },
    { option: 'tags', guesses: ['tags', 'labels', 'pos', 'ner', 'y'], target: true, help: 'a label for each word' },
  ],
  options: {
    minCount: {
      rule: is.integer(1),
      type: 'number',
      default: 2,
      help: 'words that occur less often are known by ending and shape only',
    },
    wordDropout: {
      rule: is.number(0, 0.99),
      type: 'number',
      default: 0.1,
      help: 'share of words that are unknown in training, so that endings and shape are learnt from',
    },
    ...vectorsOption,
  },
  split: 'random',

  read(data) {
    if (data.kind !== 'rows') throw new DataError(`tag: ${data.name} must be a table or CoNLL columns`);
    return data.rows.map((row) => {
      const [tokens, tags] = [listOf(row, 'tokens', data.name), listOf(row, 'tags', data.name)];
      if (tokens.length !== tags.length) {
        throw new DataError(
          `${data.name}, line ${row.line}: there must be a tag for each word, got ${tokens.length} words and ${tags.length} tags`,
        );
      }
      if (tokens.length === 0)
        throw new DataError(`${data.name}, line ${row.line}: a sentence must have at least one word`);
      return { tokens, tags };
    });
  },
  key: ({ tokens }) => tokens.join(' '),

  async prepare(train, context) {
    const { settings } = context;
    const tags = [...new Set(train.flatMap((example) => example.tags))].sort();
    if (tags.length < 2)
      throw new DataError(`tag: all words have the tag ${show(tags[0])}; at least two different tags are needed`);
    const sentences = train.map(({ tokens }) => tokens);
    const kept = (of: (word: string) => string, minCount: number) =>
      Vocabulary.from(
        sentences.map((tokens) => tokens.map(of)),
        { minCount },
      ).toJSON();
    const words = kept(plain, settings.minCount as number);
    const vectors = await readVectors(words, context);
    return {
      tags,
      words,
      ...(vectors !== null && { vectors }),
      features: Object.fromEntries(NAMES.map((name) => [name, kept(FEATURES[name], 3)])) as Prep['features'],
    };
  },
  defaults: (train, { vectors }) => ({
    bidirectional: true,
    hidden: 64,
    embedding: vectors ?? 64,
    dropout: 0.3,
    lr: 0.004,
    epochs: train.length < 20_000 ? 8 : 5,
    patience: 2,
  }),
  build: (prep, settings) => new Tagger(prep, settings),

  batches: (examples, prep, { settings, training }) => sentences(examples, prep, settings, training),
  learning: () => ({
    loss: 'crossEntropy',
    metrics: ['accuracy'],
    forward: (model, batch) => (model as Tagger).forward(batch as TagBatch),
  }),

  evaluate(model, examples, prep, settings) {
    const given = answer(model as Tagger, examples, prep, settings).flat();
    const tags = examples.flatMap((example) => example.tags);
    const wanted = labelNumbers(prep.tags, tags);
    const unseen = wanted.filter((tag) => tag >= prep.tags.length).length;
    return {
      accuracy: given.filter((tag, k) => tag === wanted[k]).length / wanted.length,
      macroF1: macroF1Of(given, wanted),
      // Words whose tag was not there to learn from: mistakes that no model could have avoided.
      ...(unseen > 0 && { unseenTags: unseen }),
    };
  },
  predict(model, inputs, prep, settings) {
    const examples = inputs.map((input, k) => {
      const tokens = typeof input === 'string' ? input.split(/\s+/).filter((word) => word !== '') : input;
      if (!Array.isArray(tokens) || tokens.length === 0 || !tokens.every((word) => typeof word === 'string')) {
        throw new DataError(
          `tag: input ${k + 1} must be a sentence or a list of words with at least one, got ${show(input)}`,
        );
      }
      return { tokens, tags: [] };
    });
    const given = answer(model as Tagger, examples, prep, settings);
    return examples.map(({ tokens }, k) => ({
      tokens,
      tags: (given[k] as number[]).map((tag) => prep.tags[tag] as string),
    }));
  },
  inputsOf(data) {
    if (data.kind !== 'rows') return data.text.split('\n');
    return data.rows.map((row) => listOf(row, 'tokens', data.name));
  },
};

function listOf({ fields, line }: Row, column: 'tokens' | 'tags', name: string): string[] {
  const value = fields[column];
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value;
  if (typeof value === 'string') return value.split(/\s+/).filter((part) => part !== '');
  throw new DataError(`${name}, line ${line}: ${column} must be a list of words, got ${show(value)}`);
}

const plain = (word: string) => word.toLowerCase();

/** "McDonald's" is XxXx'x, "1,024" is 0,0: letters and digits by their kind, runs of a kind once. */
function shapeOf(word: string): string {
  return word
    .replace(/\p{Lu}/gu, 'X')
    .replace(/[\p{Ll}\p{Lo}\p{Lm}]/gu, 'x')
    .replace(/\p{N}/gu, '0')
    .replace(/(.)\1+/gu, '$1')
    .slice(0, 8);
}

interface TagBatch extends Batch {
  readonly x: Tensor;
  readonly features: Readonly<Record<FeatureName, Tensor>>;
  readonly lengths: readonly number[];
  readonly indices: readonly number[];
}

/** Sentences as numbers: the words of each, and of all of them one after the other what else is seen of a word, and its tag. */
interface Encoded {
  readonly words: readonly { readonly x: readonly number[] }[];
  /** Where each sentence begins in the lists below. */
  readonly starts: Int32Array;
  readonly features: Readonly<Record<FeatureName, Int32Array>>;
  readonly tags: Int32Array;
}

const encoded = once((examples: readonly Example[], prep: Prep): Encoded => {
  const words = vocabularyOf(prep.words);
  const known = new Map(prep.tags.map((tag, k) => [tag, k]));
  const starts = new Int32Array(examples.length);
  let all = 0;
  for (const [k, { tokens }] of examples.entries()) {
    starts[k] = all;
    all += tokens.length;
  }
  const listed = (number: (example: Example, t: number) => number): Int32Array => {
    const numbers = new Int32Array(all);
    for (const [k, example] of examples.entries()) {
      for (let t = 0; t < example.tokens.length; t++) numbers[(starts[k] as number) + t] = number(example, t);
    }
    return numbers;
  };
  const feature = (name: FeatureName) => {
    const vocabulary = vocabularyOf(prep.features[name]);
    return listed(({ tokens }, t) => vocabulary.id(FEATURES[name](tokens[t] as string)));
  };
  return {
    words: examples.map(({ tokens }) => ({ x: words.encode(tokens.map(plain)) })),
    starts,
    features: Object.fromEntries(NAMES.map((name) => [name, feature(name)])) as Encoded['features'],
    // A tag that was not there to learn from counts for nothing in the loss; in the figures no answer can meet it.
    tags: listed(({ tags }, t) => known.get(tags[t] as string) ?? -100),
  };
});

function* sentences(
  examples: readonly Example[],
  prep: Prep,
  settings: Settings,
  training: boolean,
): Generator<BatchInput & TagBatch> {
  const { words, starts, features, tags } = encoded(examples, prep);
  for (const batch of batches(words, { batchSize: settings.batch, shuffle: training, bucket: true })) {
    const [T, B] = batch.x.shape as [number, number];
    const lengths = batch.lengths as readonly number[];
    // [T, B] of a number a word; `padding` where there is none.
    const table = (padding: number, listed: Int32Array): Tensor => {
      const numbers = new Int32Array(T * B).fill(padding);
      for (const [b, index] of batch.indices.entries()) {
        const start = starts[index] as number;
        for (let t = 0; t < (lengths[b] as number); t++) numbers[t * B + b] = listed[start + t] as number;
      }
      return tensor(numbers, [T, B]);
    };
    yield {
      ...batch,
      lengths,
      y: table(-100, tags),
      features: Object.fromEntries(
        NAMES.map((name) => [name, table(Vocabulary.PAD, features[name])]),
      ) as TagBatch['features'],
    };
  }
}

/** Numbers of the tags of each sentence's words. */
function answer(model: Tagger, examples: readonly Example[], prep: Prep, settings: Settings): number[][] {
  const found: number[][] = new Array(examples.length);
  for (const batch of sentences(examples, prep, settings, false)) {
    noGrad(() => {
      const scores = model.forward(batch);
      const [, B, C] = scores.shape as [number, number, number];
      const values = scores.data;
      for (const [b, index] of batch.indices.entries()) {
        found[index] = Array.from({ length: batch.lengths[b] as number }, (_, t) => {
          const row = (t * B + b) * C;
          let best = 0;
          for (let c = 1; c < C; c++) if ((values[row + c] as number) > (values[row + best] as number)) best = c;
          return best;
        });
      }
    });
  }
  return found;
}

class Tagger extends Module {
  readonly words: Embedding;
  readonly endings: Embedding[];
  readonly layer: Recurrent;
  readonly dropout: Dropout;
  readonly head: Linear;
  readonly #wordDropout: number;

  constructor(prep: Prep, settings: Settings) {
    super();
    const { embedding, hidden, bidirectional } = settings;
    const small = Math.max(4, Math.round(embedding / 4));
    const of = (words: readonly string[], size: number) =>
      new Embedding({ numEmbeddings: vocabularyOf(words).size, embeddingDim: size, paddingIdx: Vocabulary.PAD });
    this.words = of(prep.words, embedding);
    this.endings = NAMES.map((name) => of(prep.features[name], small));
    for (const { weight } of [this.words, ...this.endings]) shrink(weight, 0.3);
    fillWith(prep.words, this.words.weight, settings);
    this.layer = recurrent(settings, embedding + small * NAMES.length);
    this.dropout = new Dropout({ p: settings.dropout });
    this.head = new Linear({ inFeatures: hidden * (bidirectional ? 2 : 1), outFeatures: prep.tags.length });
    this.#wordDropout = settings.wordDropout as number;
  }

  /** Scores [T, B, tags] */
  forward({ x, features, lengths }: TagBatch): Tensor {
    const ids = this.training ? forget(x, this.#wordDropout) : x;
    const parts = [
      this.words.forward(ids),
      ...this.endings.map((table, k) => table.forward(features[NAMES[k] as FeatureName])),
    ];
    const { output } = this.layer.forward(this.dropout.forward(concat(parts, 2)), { lengths });
    return this.head.forward(this.dropout.forward(output));
  }
}

/** Some words become unknown ones. */
function forget(ids: Tensor, share: number): Tensor {
  if (share === 0) return ids;
  const numbers = Int32Array.from(ids.data, (id) =>
    id !== Vocabulary.PAD && generator.uniform() < share ? Vocabulary.UNKNOWN : id,
  );
  return tensor(numbers, ids.shape);
}
