// `charlm` and `wordlm`: which character, or word, comes next. One long stream of text, cut into rows that are read side by
// side; the state is carried from window to window (truncated BPTT), so that a row is one sequence from its first step to its last.
import { noGrad } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import type { Tensor } from '../autograd/tensor.js';
import { detokenise, tokenise } from '../data/text/tokenise.js';
import { Vocabulary } from '../data/text/vocabulary.js';
import { DataError } from '../errors.js';
import { Dropout } from '../layers/dropout.js';
import { Embedding } from '../layers/embedding.js';
import { shrink } from '../layers/init.js';
import { Linear } from '../layers/linear.js';
import { Module } from '../layers/module.js';
import type { RecurrentState, StateInput } from '../layers/state.js';
import { Adam } from '../optim/adam.js';
import { is, show } from '../options.js';
import type { Batch, BatchInput } from '../train/data.js';
import { evaluate } from '../train/evaluate.js';
import { sampleToken } from '../train/sampling.js';
import { linearDecay } from './decay.js';
import type { Figures, GenerateOptions, RawData, Settings, TaskDefinition } from './definition.js';
import { once } from './once.js';
import { type Recurrent, recurrent } from './recurrent.js';
import { vocabularyOf } from './vocabularies.js';

type Units = 'chars' | 'words';
interface Example {
  readonly text: string;
}
type Prep = { readonly vocabulary: readonly string[] };

/** How well a text is foretold. */
export interface TextScore {
  readonly bitsPerChar: number;
  /** Of a character, or of a word: 2 to the bits of one. */
  readonly perplexity: number;
  /** The likeliest next tokens after it. */
  readonly next: readonly { readonly token: string; readonly probability: number }[];
}

const common = {
  window: {
    rule: is.integer(1),
    type: 'number',
    default: 50,
    help: 'steps between updates, and how far gradients go back',
  },
} as const;

export const charlmTask = languageModel({
  name: 'charlm',
  units: 'chars',
  summary: 'the next character of a text; writes text of its own',
  options: common,
  defaults: { hidden: 256, epochs: 5, batch: 16, dropout: 0, lr: 0.004 },
});

export const wordlmTask = languageModel({
  name: 'wordlm',
  units: 'words',
  summary: 'the next word of a text; writes text of its own',
  options: {
    ...common,
    minCount: {
      rule: is.integer(1),
      type: 'number',
      default: 2,
      help: 'words that occur less often are all one unknown word',
    },
    vocabulary: { rule: is.integer(5), type: 'number', default: 20_000, help: 'most words; the most frequent stay' },
  },
  defaults: { hidden: 200, embedding: 200, epochs: 8, batch: 20, dropout: 0.3, lr: 0.002, window: 35 },
});

interface Kind {
  readonly name: 'charlm' | 'wordlm';
  readonly units: Units;
  readonly summary: string;
  readonly options: TaskDefinition['options'];
  readonly defaults: Partial<Settings>;
}

function languageModel({
  name,
  units,
  summary,
  options,
  defaults,
}: Kind): TaskDefinition<Example, Prep, string, TextScore> {
  const split = (text: string): string[] => tokensOf(text, units);
  const encoded = once((examples: readonly Example[], prep: Prep): Int32Array => {
    const vocabulary = vocabularyOf(prep.vocabulary);
    return Int32Array.from(
      examples.flatMap(({ text }) => split(text)),
      (token) => vocabulary.id(token),
    );
  });
  return {
    name,
    summary,
    inputs: ['text'],
    columns: [],
    options,
    split: 'last',

    read(data) {
      if (data.kind !== 'text') throw new DataError(`${name}: ${data.name} must be plain text`);
      // One kind of line end: the other would be a character that nobody sees.
      const text = data.text.replace(/\r\n?/g, '\n');
      if (split(text).length < 2) {
        throw new DataError(`${name}: ${data.name} must have at least two ${units} to learn which follows which`);
      }
      return [{ text }];
    },
    amount: (examples) => ({
      count: examples.reduce((sum, { text }) => sum + split(text).length, 0),
      unit: units === 'chars' ? 'character' : 'word',
    }),
    cut(examples, share) {
      const text = examples.map((example) => example.text).join('');
      // Between words, not within one.
      let at = Math.round(text.length * (1 - share));
      while (at > 0 && at < text.length && !/\s/.test(text[at] as string)) at++;
      return at <= 0 || at >= text.length
        ? [[], examples]
        : [[{ text: text.slice(0, at) }], [{ text: text.slice(at) }]];
    },

    prepare(train, { settings, say }) {
      const texts = train.map(({ text }) => split(text));
      const { minCount, vocabulary: maxSize } = settings as Settings & { minCount?: number; vocabulary?: number };
      const vocabulary = Vocabulary.from(texts, { ...(minCount && { minCount }), ...(maxSize && { maxSize }) });
      say(
        `${name}: ${texts.reduce((sum, text) => sum + text.length, 0)} ${units}, ${vocabulary.size} different ones known`,
      );
      return { vocabulary: vocabulary.toJSON() };
    },
    defaults: () => defaults,
    build: (prep, settings) => new LanguageModel(vocabularyOf(prep.vocabulary).size, units, settings),

    batches(examples, prep, { settings, training }) {
      const ids = encoded(examples, prep);
      return streams(ids, training ? settings.batch : rowsToMeasure(ids.length), settings.window as number);
    },
    learning(model, _prep, settings) {
      const optimizer = new Adam(model.parameters(), { lr: settings.lr });
      return {
        loss: 'crossEntropy',
        optimizer,
        callbacks: linearDecay(optimizer, settings.lr),
        tbptt: { k1: settings.window as number, stateful: true },
        forward: (_, { x }, state) => (model as LanguageModel).forward(x, state as StateInput | null),
      };
    },

    evaluate: (model, examples, prep, settings) =>
      score(
        model as LanguageModel,
        examples.map(({ text }) => text).join(''),
        units,
        vocabularyOf(prep.vocabulary),
        settings,
      ),

    async predict(model, inputs, prep, settings) {
      const vocabulary = vocabularyOf(prep.vocabulary);
      const answers: TextScore[] = [];
      for (const [k, input] of inputs.entries()) {
        if (typeof input !== 'string')
          throw new DataError(`${name}: input ${k + 1} must be a text, got ${show(input)}`);
        const figures = await score(model as LanguageModel, input, units, vocabulary, settings);
        answers.push({
          ...(figures as unknown as TextScore),
          next: nextTokens(model as LanguageModel, input, units, vocabulary),
        });
      }
      return answers;
    },
    inputsOf: (data: RawData) =>
      data.kind === 'text' ? [data.text] : data.rows.map(({ fields }) => String(fields.text)),

    generate(model, prompt, prep, _settings, options) {
      return write(model as LanguageModel, prompt, units, vocabularyOf(prep.vocabulary), options);
    },
  };
}

function tokensOf(text: string, units: Units): string[] {
  if (units === 'chars') return Array.from(text);
  // A line break is a word: where verses and paragraphs end is part of the text.
  return text
    .split(/(\n+)/)
    .flatMap((part) => (part.startsWith('\n') ? ['\n'] : tokenise(part, { punctuation: 'all', contractions: false })));
}

// ---- the stream --------------------------------------------------------------------------------------------------------

/** As many rows as keep each long: what a row begins with, it must foretell without having read anything. */
const rowsToMeasure = (tokens: number): number => Math.max(1, Math.min(16, Math.floor(tokens / 20_000)));

/**
 * Rows of equal length, side by side, a window of them a batch: row b of a batch goes on where row b of the one before ended. What
 * is left over at the end of the last row is padded with targets that do not count.
 */
function streams(
  ids: ArrayLike<number>,
  rows: number,
  window: number,
): Iterable<BatchInput> & { readonly length: number } {
  const B = Math.max(1, Math.min(rows, Math.floor((ids.length - 1) / 2)));
  const steps = Math.ceil((ids.length - 1) / B);
  const at = (b: number, t: number, ahead: number): number | undefined => ids[b * steps + t + ahead];
  return {
    length: Math.ceil(steps / window),
    *[Symbol.iterator]() {
      for (let start = 0; start < steps; start += window) {
        const T = Math.min(window, steps - start);
        const x = new Int32Array(T * B);
        const y = new Int32Array(T * B).fill(-100);
        let tokens = 0;
        for (let t = 0; t < T; t++) {
          for (let b = 0; b < B; b++) {
            const target = at(b, start + t, 1);
            if (target === undefined) continue;
            x[t * B + b] = at(b, start + t, 0) as number;
            y[t * B + b] = target;
            tokens++;
          }
        }
        yield { x: tensor(x, [T, B]), y: tensor(y, [T, B]), size: B, tokens };
      }
    },
  };
}

async function score(
  model: LanguageModel,
  text: string,
  units: Units,
  vocabulary: Vocabulary,
  settings: Settings,
): Promise<Figures> {
  const tokens = tokensOf(text, units);
  if (tokens.length < 2) {
    throw new DataError(`${settings.cell}: a text must have at least two ${units} to measure, got ${show(text)}`);
  }
  const { loss } = await evaluate(
    model,
    streams(vocabulary.encode(tokens), rowsToMeasure(tokens.length), settings.window as number),
    {
      loss: 'crossEntropy',
      tbptt: { k1: settings.window as number, stateful: true },
      forward: (m, { x }: Batch, state) => (m as LanguageModel).forward(x, state as StateInput | null),
    },
  );
  // The first token is not foretold: its characters are not counted.
  const characters = units === 'chars' ? tokens.length - 1 : text.length - (tokens[0] as string).length;
  return { bitsPerChar: (loss * (tokens.length - 1)) / Math.LN2 / Math.max(1, characters), perplexity: Math.exp(loss) };
}

// ---- writing -----------------------------------------------------------------------------------------------------------

/** Reads a prompt and returns the scores of what comes next, with the state behind it. */
function read(model: LanguageModel, prompt: string, units: Units, vocabulary: Vocabulary) {
  const tokens = tokensOf(prompt, units);
  // Without a prompt a text begins as after a line break.
  const ids = tokens.length > 0 ? vocabulary.encode(tokens) : [vocabulary.id('\n')];
  const { output, state } = model.forward(tensor(Int32Array.from(ids), [ids.length, 1]), null);
  return { scores: output.slice(-1).reshape([-1]), state };
}

function nextTokens(model: LanguageModel, prompt: string, units: Units, vocabulary: Vocabulary): TextScore['next'] {
  const probabilities = noGrad(() => read(model, prompt, units, vocabulary).scores.softmax().toArray());
  return probabilities
    .map((probability, id) => ({ token: vocabulary.tokens[id] as string, probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 5);
}

function write(
  model: LanguageModel,
  prompt: string,
  units: Units,
  vocabulary: Vocabulary,
  options: GenerateOptions,
): string {
  const { length, temperature, topK, topP } = options;
  const written: string[] = [];
  noGrad(() => {
    let { scores, state } = read(model, prompt, units, vocabulary);
    for (let k = 0; k < length; k++) {
      // Special tokens are no text.
      const values = scores.data.slice();
      values.fill(Number.NEGATIVE_INFINITY, 0, 4);
      const id = sampleToken(values, { temperature, topK, topP });
      written.push(vocabulary.tokens[id] as string);
      ({ scores, state } = model.step(id, state));
    }
  });
  if (units === 'chars') return written.join('');
  const start = /[\n([{]$|^$/.test(prompt) ? '' : ' ';
  return start + detokenise(written).replace(/ ?\n ?/g, '\n');
}

/**
 * A character goes in as one-hot: a row of W a step. A word has a vector, which is the same as the row of its score where the sizes
 * allow it (tied: Press & Wolf 2017).
 */
class LanguageModel extends Module {
  readonly embedding?: Embedding;
  readonly layer: Recurrent;
  readonly dropout: Dropout;
  readonly head: Linear;

  constructor(classes: number, units: Units, settings: Settings) {
    super();
    if (settings.bidirectional) {
      throw new DataError(
        'a language model reads forward only: what comes next is what it is to foretell; leave --bidirectional out',
      );
    }
    const { hidden, embedding } = settings;
    if (units === 'words') this.embedding = new Embedding({ numEmbeddings: classes, embeddingDim: embedding });
    this.layer = recurrent(settings, units === 'words' ? embedding : classes);
    this.dropout = new Dropout({ p: settings.dropout });
    this.head = new Linear({ inFeatures: hidden, outFeatures: classes });
    if (this.embedding) {
      const { weight } = this.embedding;
      shrink(weight, 0.1);
      if (embedding === hidden) this.head.weight = weight;
    }
  }

  /** ids [T,B] to scores [T,B,classes] */
  forward(ids: Tensor, state: StateInput | null): { output: Tensor; state: RecurrentState } {
    const x = this.embedding ? this.dropout.forward(this.embedding.forward(ids)) : ids;
    const { output, state: next } = this.layer.forward(x, { ...(state && { state }) });
    return { output: this.head.forward(this.dropout.forward(output)), state: next as RecurrentState };
  }

  step(id: number, state: RecurrentState): { scores: Tensor; state: RecurrentState } {
    const ids = tensor([id], [1], { dtype: 'int32' });
    const { output, state: next } = this.layer.step(this.embedding ? this.embedding.forward(ids) : ids, state);
    return { scores: this.head.forward(output).reshape([-1]), state: next as RecurrentState };
  }
}
