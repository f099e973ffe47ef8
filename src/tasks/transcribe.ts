// `transcribe`: sound, numbers or letters to a text, where nobody says which step is which letter: CTC.
import { noGrad } from '../autograd/context.js';
import type { Tensor } from '../autograd/tensor.js';
import { joinPieces, splitPieces } from '../data/text/pieces.js';
import { Vocabulary } from '../data/text/vocabulary.js';
import { DataError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { Dropout } from '../layers/dropout.js';
import { Embedding } from '../layers/embedding.js';
import { Linear } from '../layers/linear.js';
import { Module } from '../layers/module.js';
import { ctcLoss } from '../losses/ctc.js';
import { reshape, transpose } from '../ops/shape.js';
import { is, show } from '../options.js';
import { batches } from '../train/batches.js';
import { ctcBeam } from '../train/ctc-decode.js';
import type { Batch } from '../train/data.js';
import { charErrorRate, exactMatch, wordErrorRate } from '../train/text-metrics.js';
import type { RawData, Row, Settings, TaskDefinition } from './definition.js';
import { audioInput } from './inputs/audio.js';
import { featuresInput } from './inputs/features.js';
import { columnsOfKinds, requireColumn, settled } from './inputs/index.js';
import type { Front, InputKind } from './inputs/input.js';
import { inputOf, placeIn } from './inputs/place.js';
import { readEach, skipOption } from './inputs/unreadable.js';
import { once } from './once.js';
import { type Recurrent, recurrent } from './recurrent.js';
import { vocabularyOf } from './vocabularies.js';

type Units = 'words' | 'chars' | 'spaced';
interface Example {
  readonly kind: InputKind['name'];
  readonly raw: unknown;
  readonly target: readonly string[];
}
type Prep = { readonly kind: InputKind['name']; readonly input: Json; readonly target: readonly string[] };

/** What predict takes: a path of a WAV file or its bytes, a list of steps, or a text, as the task was trained. */
export type TranscribeInput = string | URL | Uint8Array | readonly (number | ArrayLike<number>)[];

export interface Transcription {
  readonly text: string;
  /** log probability of the text, over all the times at which it may be said. */
  readonly logProb: number;
}

/** Letters of a text as the steps of a sequence. */
const lettersInput: InputKind<readonly string[], { readonly letters: readonly string[] }> = {
  name: 'text',
  column: { option: 'text', guesses: ['text', 'word', 'spelling', 'source'], help: 'a text, read letter by letter' },
  options: {},
  read(value, { file, line }) {
    if (typeof value !== 'string' || value.trim() === '') {
      throw new DataError(`${file}, line ${line}: the text must have at least one letter, got ${show(value)}`);
    }
    return Array.from(value.trim());
  },
  key: (letters) => letters.join(''),
  prepare: (texts) => ({ letters: Vocabulary.from(texts, { minCount: 1 }).toJSON() }),
  sample: 'tokens',
  encode: (letters, prep) => vocabularyOf(prep.letters).encode(letters),
  front: (prep, settings) => new LetterFront(vocabularyOf(prep.letters).size, settings),
};

const KINDS = [audioInput, featuresInput, lettersInput] as unknown as readonly InputKind[];

export const transcribeTask: TaskDefinition<Example, Prep, TranscribeInput, Transcription> = {
  name: 'transcribe',
  summary: 'a text for a sound, a sequence of numbers or a spelling (CTC)',
  inputs: ['table'],
  columns: [
    ...columnsOfKinds(KINDS),
    {
      option: 'target',
      guesses: ['target', 'transcript', 'transcription', 'phonemes', 'pronunciation', 'label', 'y'],
      target: true,
      help: 'what is to be written',
    },
  ],
  options: {
    ...audioInput.options,
    targetUnits: {
      rule: is.oneOf('words', 'chars', 'spaced'),
      type: 'string',
      default: 'chars',
      help: 'what a target is made of: chars, words (punctuation apart), or spaced (whatever stands between spaces)',
    },
    repeat: {
      rule: is.integer(0, 16),
      type: 'number',
      default: 0,
      help: 'outputs for each step of the input; CTC needs at least one for each unit of the target; 0: as many as that takes',
    },
    beam: {
      rule: is.integer(1, 1000),
      type: 'number',
      default: 16,
      help: 'prefixes followed side by side when it writes',
    },
    ...skipOption('sounds'),
  },
  split: 'random',

  async settle(data, context) {
    const table = tableOf(data);
    return settled(kindOf(table), table, context);
  },
  async read(data, context) {
    const table = tableOf(data);
    const kind = kindOf(table);
    const { settings } = context;
    const targets = table.rows.map((row) => {
      const target = split(targetOf(row, table.name), settings.targetUnits as Units);
      if (target.length === 0) throw new DataError(`${table.name}, line ${row.line}: the target is empty`);
      return target;
    });
    return readEach('transcribe', table.rows, context, async (row, k) => {
      const raw = await kind.read(row.fields[kind.column.option], placeIn(table, row), settings);
      return { kind: kind.name, raw, target: targets[k] as string[] };
    });
  },
  key: ({ kind, raw }) => kindNamed(kind).key(raw),

  async prepare(train, context) {
    const first = train[0];
    if (first === undefined) throw new DataError('transcribe: there is nothing to learn from');
    const kind = kindNamed(first.kind);
    const target = Vocabulary.from(
      train.map((example) => example.target),
      { minCount: 1 },
    );
    context.say(`transcribe: ${target.toJSON().length} different units to write`);
    const raws = train.map(({ raw }) => raw);
    return { kind: kind.name, input: await kind.prepare(raws, context), target: target.toJSON() };
  },
  defaults: (train) => ({
    bidirectional: true,
    hidden: 96,
    dropout: 0.2,
    epochs: train.length < 20_000 ? 30 : 12,
    lr: 0.003,
    repeat: repeatsFor(train),
  }),
  build: (prep, settings) => new Transcriber(prep, settings),

  *batches(examples, prep, { settings, training }) {
    const kind = kindNamed(prep.kind);
    const { samples, targets } = encoded(examples, prep);
    const options = { batchSize: settings.batch, shuffle: training, bucket: true, x: kind.sample };
    for (const { x, lengths = [], indices } of batches(samples, options)) {
      yield { x, lengths, size: indices.length, targets: indices.map((k) => targets[k] as number[]) };
    }
  },
  learning: (model) => ({
    loss: (logits: Tensor, _y, batch: Batch & { readonly targets?: number[][] }) =>
      ctcLoss(logits, batch.targets as number[][], {
        inputLengths: (model as Transcriber).outputs(batch.lengths as readonly number[]),
        // A target too long for its input can never be said: it teaches nothing, and must not end the training.
        zeroInfinity: true,
      }),
  }),

  evaluate(model, examples, prep, settings) {
    const raws = examples.map(({ raw }) => raw);
    const given = decode(model as Transcriber, raws, prep, settings).map(({ tokens }) => tokens);
    const wanted = examples.map(({ target }) => target);
    const units = settings.targetUnits as Units;
    const text = (tokens: readonly string[]) => join(tokens, units);
    return {
      // Of the target's own units where they are more than letters: words, phonemes.
      wer: units === 'chars' ? wordErrorRate(given.map(text), wanted.map(text)) : wordErrorRate(given, wanted),
      cer: charErrorRate(given.map(text), wanted.map(text)),
      exact: exactMatch(given, wanted),
    };
  },
  async predict(model, inputs, prep, settings) {
    const kind = kindNamed(prep.kind);
    const raws: unknown[] = [];
    for (const [k, input] of inputs.entries()) {
      raws.push(await kind.read(input, { file: 'transcribe: predict', line: k + 1, base: '' }, settings));
    }
    return decode(model as Transcriber, raws, prep, settings).map(({ tokens, score }) => ({
      text: join(tokens, settings.targetUnits as Units),
      logProb: score,
    }));
  },
  inputColumn: ({ kind }) => kindNamed(kind).column.option,
  inputsOf(data, prep) {
    const table = tableOf(data);
    const kind = kindNamed(prep.kind);
    requireColumn(table, kind);
    return table.rows.map((row) => inputOf(kind, row, table) as TranscribeInput);
  },
};

const encoded = once((examples: readonly Example[], prep: Prep) => {
  const kind = kindNamed(prep.kind);
  const vocabulary = vocabularyOf(prep.target);
  return {
    samples: examples.map(({ raw }) => ({ x: kind.encode(raw, prep.input) })),
    targets: examples.map(({ target }) => vocabulary.encode(target)),
  };
});

function tableOf(data: RawData) {
  if (data.kind === 'rows') return data;
  throw new DataError(`transcribe: ${data.name} must be a table with a column to read`);
}

function kindOf(data: ReturnType<typeof tableOf>): InputKind {
  const found = KINDS.filter(({ column }) => data.columns[column.option] !== undefined);
  if (found.length !== 1) {
    const names = KINDS.map(({ column }) => `--${column.option} (${column.help})`).join(', ');
    throw new DataError(
      `transcribe: ${data.name} must have one column to read, it has ${found.length}; name one with ${names}`,
    );
  }
  return found[0] as InputKind;
}

const kindNamed = (name: string): InputKind => KINDS.find((kind) => kind.name === name) as InputKind;

function targetOf({ fields, line }: Row, name: string): string {
  const { target } = fields;
  if (typeof target === 'string' || typeof target === 'number') return String(target).trim();
  throw new DataError(`${name}, line ${line}: the target must be a text, got ${show(target)}`);
}

const split = (text: string, units: Units): string[] =>
  units === 'words'
    ? splitPieces(text)
    : units === 'chars'
      ? Array.from(text)
      : text.split(/\s+/).filter((s) => s !== '');
const join = (tokens: readonly string[], units: Units): string =>
  units === 'words' ? joinPieces(tokens) : tokens.join(units === 'chars' ? '' : ' ');

/** Outputs a step that 99 of 100 targets fit into: a unit needs one, and one more where it is said twice. */
function repeatsFor(train: readonly Example[]): number {
  const needed = train.map(({ kind, raw, target }) => {
    const steps = kind === 'audio' ? (raw as { frames: unknown[] }).frames.length : (raw as unknown[]).length;
    return (target.length + target.filter((unit, k) => unit === target[k - 1]).length) / steps;
  });
  needed.sort((a, b) => a - b);
  const most = Math.ceil(needed[Math.floor(0.99 * (needed.length - 1))] as number);
  // Letters come with nothing to spare: with room for blanks between units there are more ways to say a target.
  return Math.min(16, train[0]?.kind === 'text' ? Math.max(2, most) : Math.max(1, most));
}

/** front, recurrent layer, and for each of its steps the scores of `repeat` outputs one after the other. */
class Transcriber extends Module {
  readonly front: Front;
  readonly layer: Recurrent;
  readonly dropout: Dropout;
  readonly head: Linear;
  readonly repeat: number;
  readonly classes: number;

  constructor(prep: Prep, settings: Settings) {
    super();
    this.front = kindNamed(prep.kind).front(prep.input, settings);
    this.layer = recurrent(settings, this.front.size);
    this.dropout = new Dropout({ p: settings.dropout });
    this.repeat = Math.max(1, settings.repeat as number);
    // Class 0, padding in the vocabulary, is never in a target: it is the blank.
    this.classes = vocabularyOf(prep.target).size;
    const directions = settings.bidirectional ? 2 : 1;
    this.head = new Linear({ inFeatures: settings.hidden * directions, outFeatures: this.classes * this.repeat });
  }

  outputs(lengths: readonly number[]): number[] {
    return lengths.map((steps) => steps * this.repeat);
  }

  forward(x: Tensor, { lengths }: { readonly lengths: readonly number[] }): Tensor {
    const { output } = this.layer.forward(this.front.forward(x), { lengths });
    const [T, B] = output.shape as readonly [number, number];
    const scores = this.head.forward(this.dropout.forward(output));
    if (this.repeat === 1) return scores;
    const apart = reshape(scores, [T, B, this.repeat, this.classes]);
    return reshape(transpose(apart, 1, 2), [T * this.repeat, B, this.classes]);
  }
}

class LetterFront extends Module implements Front {
  readonly size: number;
  readonly embedding: Embedding;

  constructor(letters: number, settings: Settings) {
    super();
    this.size = settings.embedding;
    this.embedding = new Embedding({ numEmbeddings: letters, embeddingDim: this.size, paddingIdx: Vocabulary.PAD });
  }

  forward(ids: Tensor): Tensor {
    return this.embedding.forward(ids);
  }
}

function decode(model: Transcriber, raws: readonly unknown[], prep: Prep, settings: Settings) {
  const kind = kindNamed(prep.kind);
  const vocabulary = vocabularyOf(prep.target);
  const samples = raws.map((raw) => ({ x: kind.encode(raw, prep.input) }));
  const found: { tokens: string[]; score: number }[] = new Array(raws.length);
  const options = { batchSize: settings.batch, bucket: true, x: kind.sample };
  for (const { x, lengths = [], indices } of batches(samples, options)) {
    const logits = noGrad(() => model.forward(x, { lengths }));
    const said = ctcBeam(logits, { lengths: model.outputs(lengths), beamWidth: settings.beam as number });
    for (const [b, index] of indices.entries()) {
      const best = said[b]?.[0] as { tokens: readonly number[]; score: number };
      found[index] = { tokens: best.tokens.map((id) => vocabulary.tokens[id] as string), score: best.score };
    }
  }
  return found;
}
