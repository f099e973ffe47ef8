// `translate`: from one sequence of tokens to another, by pairs: sentences to sentences, spelling to sound, commands to actions.
import { noGrad } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import type { Tensor } from '../autograd/tensor.js';
import { joinPieces, splitPieces } from '../data/text/pieces.js';
import { Vocabulary } from '../data/text/vocabulary.js';
import { DataError } from '../errors.js';
import { EncoderDecoder, repeatMemory } from '../layers/encoder-decoder.js';
import { Adam } from '../optim/adam.js';
import { is, show } from '../options.js';
import { batches } from '../train/batches.js';
import { beamSearch, type Hypothesis } from '../train/beam-search.js';
import type { Batch } from '../train/data.js';
import { bleu, exactMatch, wordErrorRate } from '../train/text-metrics.js';
import { linearDecay } from './decay.js';
import type { Row, Settings, TaskDefinition } from './definition.js';
import { once } from './once.js';
import { vocabularyOf } from './vocabularies.js';

type Units = 'words' | 'chars' | 'spaced';
interface Example {
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly text: string;
}
type Prep = { readonly source: readonly string[]; readonly target: readonly string[] };

export interface Translation {
  readonly text: string;
  /** The sum of the tokens' log probabilities. */
  readonly logProb: number;
}

const units = (what: string) => ({
  rule: is.oneOf('words', 'chars', 'spaced'),
  type: 'string' as const,
  default: 'words',
  help: `${what}: words (punctuation apart), chars, or spaced (whatever stands between spaces)`,
});

export const translateTask: TaskDefinition<Example, Prep, string, Translation> = {
  name: 'translate',
  summary: 'a sentence for a sentence, learnt from pairs',
  inputs: ['table'],
  columns: [
    { option: 'source', guesses: ['source', 'src', 'input', 'from', 'text', 'x'], help: 'what is read' },
    {
      option: 'target',
      guesses: ['target', 'tgt', 'output', 'to', 'translation', 'y'],
      target: true,
      help: 'what is to be written',
    },
  ],
  options: {
    attention: {
      rule: is.oneOf('dot', 'general', 'additive', 'none'),
      type: 'string',
      default: 'general',
      help: 'dot, general, additive or none',
    },
    reverseSource: { rule: is.boolean, type: 'boolean', default: false, help: 'read the source from its end' },
    sourceUnits: units('what a source is made of'),
    targetUnits: units('what a target is made of'),
    minCount: {
      rule: is.integer(1),
      type: 'number',
      default: 1,
      help: 'tokens that occur less often are all one unknown token',
    },
    tied: {
      rule: is.boolean,
      type: 'boolean',
      default: false,
      help: 'score tokens by their own vectors (--embedding as --hidden)',
    },
    sampling: {
      rule: is.number(0, 1),
      type: 'number',
      default: 0,
      help: "share of the model's own tokens in training (scheduled sampling)",
    },
    beam: {
      rule: is.integer(1, 1000),
      type: 'number',
      default: 4,
      help: 'hypotheses side by side when it writes; 1: greedy',
    },
    lengthPenalty: { rule: is.number(0), type: 'number', default: 0.6, help: 'how much longer sentences are favoured' },
  },
  split: 'random',

  read(data, { settings }) {
    if (data.kind !== 'rows') throw new DataError(`translate: ${data.name} must be a table with two columns`);
    const { sourceUnits, targetUnits } = settings as Settings & { sourceUnits: Units; targetUnits: Units };
    return data.rows.map((row) => {
      const text = textOf(row, 'target', data.name);
      const target = split(text, targetUnits);
      if (target.length === 0) throw new DataError(`${data.name}, line ${row.line}: the target is empty`);
      return { source: split(textOf(row, 'source', data.name), sourceUnits), target, text: join(target, targetUnits) };
    });
  },
  // A source on both sides of a split would be a sentence known by heart.
  key: ({ source }) => source.join('\u0000'),

  prepare(train, { settings, say }) {
    const minCount = settings.minCount as number;
    const source = Vocabulary.from(
      train.map((pair) => pair.source),
      { minCount },
    );
    const target = Vocabulary.from(
      train.map((pair) => pair.target),
      { minCount },
    );
    say(`translate: ${source.size} different tokens to read, ${target.size} to write`);
    return { source: source.toJSON(), target: target.toJSON() };
  },
  defaults: (train) => ({
    cell: 'gru',
    hidden: 256,
    embedding: 128,
    dropout: 0.3,
    epochs: train.length < 20_000 ? 14 : 8,
    batch: 16,
    lr: 0.004,
  }),
  build: (prep, settings) =>
    new EncoderDecoder({
      sourceTokens: vocabularyOf(prep.source).size,
      targetTokens: vocabularyOf(prep.target).size,
      cell: settings.cell,
      hiddenSize: settings.hidden,
      embeddingSize: settings.embedding,
      numLayers: settings.layers,
      bidirectional: settings.bidirectional,
      attention: settings.attention as 'general',
      tied: settings.tied as boolean,
      dropout: settings.dropout,
    }),

  *batches(examples, prep, { settings, training }) {
    const { samples, targets } = encoded(examples, prep, settings);
    for (const { x, lengths = [], indices, tokens } of batches(samples, {
      batchSize: settings.batch,
      shuffle: training,
      bucket: true,
    })) {
      yield { x, lengths, size: indices.length, tokens, ...teacherForced(indices.map((k) => targets[k] as number[])) };
    }
  },
  learning(model, _prep, settings) {
    const optimizer = new Adam(model.parameters(), { lr: settings.lr });
    return {
      loss: 'crossEntropy',
      optimizer,
      callbacks: linearDecay(optimizer, settings.lr),
      forward: (_, { x, lengths = [], before }: Batch & { before?: Tensor }) =>
        (model as EncoderDecoder).forward(x, before as Tensor, {
          lengths,
          sampling: model.training ? (settings.sampling as number) : 0,
        }),
    };
  },

  evaluate(model, examples, prep, settings) {
    const given = write(
      model as EncoderDecoder,
      examples.map((pair) => pair.source),
      prep,
      settings,
    ).map(({ text }) => text);
    const wanted = examples.map((pair) => pair.text);
    const targetUnits = settings.targetUnits as Units;
    const apart = (text: string) => split(text, targetUnits).join(' ');
    return {
      bleu: bleu(given, wanted),
      exact: exactMatch(given, wanted),
      // Of the target's own units: words, characters, phonemes.
      tokenErrorRate: wordErrorRate(given.map(apart), wanted.map(apart)),
    };
  },
  predict(model, inputs, prep, settings) {
    const sources = inputs.map((input, k) => {
      if (typeof input !== 'string')
        throw new DataError(`translate: input ${k + 1} must be a text, got ${show(input)}`);
      return split(input, settings.sourceUnits as Units);
    });
    return write(model as EncoderDecoder, sources, prep, settings);
  },
  inputsOf(data) {
    if (data.kind !== 'rows') return [data.text];
    return data.rows.map((row) => textOf(row, 'source', data.name));
  },
};

function textOf({ fields, line }: Row, column: 'source' | 'target', name: string): string {
  const value = fields[column];
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join(' ');
  throw new DataError(`${name}, line ${line}: the ${column} must be a text, got ${show(value)}`);
}

function split(text: string, of: Units): string[] {
  if (of === 'words') return splitPieces(text);
  return of === 'chars' ? Array.from(text) : text.split(/\s+/).filter((part) => part !== '');
}

function join(tokens: readonly string[], of: Units): string {
  if (of === 'words') return joinPieces(tokens);
  return tokens.join(of === 'chars' ? '' : ' ');
}

/** A source without a token is one unknown token: there is always something to start from. */
function encodeSources(sources: readonly (readonly string[])[], prep: Prep, settings: Settings): number[][] {
  const vocabulary = vocabularyOf(prep.source);
  return sources.map((source) => {
    const ids = source.length > 0 ? vocabulary.encode(source) : [Vocabulary.UNKNOWN];
    return settings.reverseSource ? ids.reverse() : ids;
  });
}

const encoded = once((examples: readonly Example[], prep: Prep, settings: Settings) => {
  const target = vocabularyOf(prep.target);
  const sources = encodeSources(
    examples.map((pair) => pair.source),
    prep,
    settings,
  );
  return { samples: sources.map((x) => ({ x })), targets: examples.map((pair) => target.encode(pair.target)) };
});

/** What the decoder is given, and what it is to answer: the target one step later, with its end. */
export function teacherForced(targets: readonly (readonly number[])[]): { before: Tensor; y: Tensor } {
  const B = targets.length;
  const T = Math.max(...targets.map((target) => target.length)) + 1;
  const before = new Int32Array(T * B).fill(Vocabulary.PAD);
  const y = new Int32Array(T * B).fill(-100);
  for (const [b, target] of targets.entries()) {
    before[b] = Vocabulary.BEGIN;
    target.forEach((id, t) => {
      before[(t + 1) * B + b] = id;
      y[t * B + b] = id;
    });
    y[target.length * B + b] = Vocabulary.END;
  }
  return { before: tensor(before, [T, B]), y: tensor(y, [T, B]) };
}

function write(
  model: EncoderDecoder,
  sources: readonly (readonly string[])[],
  prep: Prep,
  settings: Settings,
): Translation[] {
  const target = vocabularyOf(prep.target);
  const { beam: beamWidth, lengthPenalty } = settings as Settings & { beam: number; lengthPenalty: number };
  const found: Translation[] = new Array(sources.length);
  const samples = encodeSources(sources, prep, settings).map((x) => ({ x }));
  for (const { x, lengths = [], indices } of batches(samples, { batchSize: 32, bucket: true })) {
    const best = noGrad(() => {
      const B = indices.length;
      const rows = Array.from({ length: B * beamWidth }, (_, k) => Math.floor(k / beamWidth));
      const memory = repeatMemory(model.encode(x, { lengths }), rows);
      return beamSearch({
        batch: B,
        begin: Vocabulary.BEGIN,
        end: Vocabulary.END,
        state: memory.state,
        step: (tokens, state) => model.step(tokens, state, memory),
        beamWidth,
        lengthPenalty,
        maxLength: 3 * Math.max(...lengths) + 10,
      });
    });
    for (const [b, index] of indices.entries()) {
      const { tokens, logProb } = (best[b] as Hypothesis[])[0] as Hypothesis;
      found[index] = { text: join(target.decode(tokens), settings.targetUnits as Units), logProb };
    }
  }
  return found;
}
