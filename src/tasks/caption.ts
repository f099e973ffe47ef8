// `caption`: words for a picture, learnt from pictures and their captions.
import { noGrad } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { generator } from '../autograd/random.js';
import type { Tensor } from '../autograd/tensor.js';
import type { Image } from '../data/images.js';
import { joinPieces, splitPieces } from '../data/text/pieces.js';
import { Vocabulary } from '../data/text/vocabulary.js';
import { DataError } from '../errors.js';
import { repeatMemory } from '../layers/encoder-decoder.js';
import { Adam } from '../optim/adam.js';
import { cosine } from '../optim/schedules.js';
import { is, show } from '../options.js';
import { beamSearch, type Hypothesis } from '../train/beam-search.js';
import type { Batch } from '../train/data.js';
import { bleu, exactMatch, wordOverlap } from '../train/text-metrics.js';
import { Captioner } from './caption-model.js';
import type { Row, Settings, TaskDefinition } from './definition.js';
import {
  type ImageInput,
  imageColumn,
  imageKey,
  imageOptions,
  readImage,
  standardised,
  standardOf,
} from './inputs/image.js';
import { inputOf, placeIn } from './inputs/place.js';
import { readEach, skipOption } from './inputs/unreadable.js';
import { teacherForced } from './translate.js';
import { vocabularyOf } from './vocabularies.js';

interface Example {
  readonly image: Image;
  readonly words: readonly string[];
  readonly text: string;
}
type Prep = {
  readonly vocabulary: readonly string[];
  readonly channels: number;
  readonly mean: number;
  readonly deviation: number;
};

export interface Caption {
  readonly text: string;
  /** The sum of the words' log probabilities. */
  readonly logProb: number;
}

const LONGEST = 30;

export const captionTask: TaskDefinition<Example, Prep, ImageInput, Caption> = {
  name: 'caption',
  summary: 'words for a picture',
  inputs: ['table'],
  columns: [
    imageColumn,
    {
      option: 'text',
      guesses: ['text', 'caption', 'description', 'label', 'title', 'words'],
      target: true,
      help: 'the words to be written',
    },
  ],
  options: {
    ...imageOptions(32, 'rgb'),
    attention: {
      rule: is.oneOf('dot', 'general', 'additive', 'none'),
      type: 'string',
      default: 'general',
      help: 'how places of the picture are looked at: dot, general, additive, or none',
    },
    filters: { rule: is.integer(1, 1024), type: 'number', default: 24, help: 'channels of the first convolution' },
    shift: {
      rule: is.integer(0, 64),
      type: 'number',
      default: 2,
      help: 'pictures to learn from are moved by up to this many pixels',
    },
    minCount: {
      rule: is.integer(1),
      type: 'number',
      default: 1,
      help: 'words that occur less often are all one unknown word',
    },
    beam: {
      rule: is.integer(1, 1000),
      type: 'number',
      default: 4,
      help: 'hypotheses side by side when it writes; 1: greedy',
    },
    lengthPenalty: { rule: is.number(0), type: 'number', default: 0.6, help: 'how much longer captions are favoured' },
    ...skipOption('pictures'),
  },
  split: 'random',

  async read(data, context) {
    const { settings } = context;
    if (data.kind !== 'rows') throw new DataError(`caption: ${data.name} must be a table of pictures and captions`);
    if ((settings.imageSize as number) < 8) {
      throw new DataError('caption: imageSize must be at least 8: the picture is halved three times');
    }
    const captions = data.rows.map((row) => {
      const words = splitPieces(textOf(row, data.name));
      if (words.length === 0) throw new DataError(`${data.name}, line ${row.line}: the caption is empty`);
      return words;
    });
    return readEach('caption', data.rows, context, async (row, k) => {
      const words = captions[k] as string[];
      return { image: await readImage(row.fields.image, placeIn(data, row), settings), words, text: joinPieces(words) };
    });
  },
  key: ({ image }) => imageKey(image),

  prepare(train, { settings, say }) {
    const vocabulary = Vocabulary.from(
      train.map(({ words }) => words),
      { minCount: settings.minCount as number },
    );
    say(`caption: ${vocabulary.size} different words to write`);
    const images = train.map(({ image }) => image);
    return { vocabulary: vocabulary.toJSON(), channels: (images[0] as Image).channels, ...standardOf(images) };
  },
  defaults: (train) => ({
    cell: 'gru',
    hidden: 192,
    embedding: 96,
    dropout: 0.3,
    epochs: train.length < 20_000 ? 30 : 10,
    batch: 32,
    lr: 0.002,
  }),
  build: (prep, settings) => new Captioner(vocabularyOf(prep.vocabulary).size, prep.channels, settings),

  *batches(examples, prep, { settings, training }) {
    const vocabulary = vocabularyOf(prep.vocabulary);
    const order = training ? Array.from(generator.permutation(examples.length)) : examples.map((_, k) => k);
    for (let start = 0; start < order.length; start += settings.batch) {
      const chosen = order.slice(start, start + settings.batch).map((k) => examples[k] as Example);
      const x = pictures(
        chosen.map(({ image }) => image),
        prep,
        training ? (settings.shift as number) : 0,
      );
      const captions = chosen.map(({ words }) => vocabulary.encode(words));
      const tokens = captions.reduce((sum, ids) => sum + ids.length + 1, 0);
      yield { x, size: chosen.length, tokens, ...teacherForced(captions) };
    }
  },
  learning(model, _prep, settings) {
    const optimizer = new Adam(model.parameters(), { lr: settings.lr });
    return {
      loss: 'crossEntropy',
      optimizer,
      // The last epochs take small steps: a net that learns pictures by heart gains most there.
      callbacks: cosine(optimizer, { period: settings.epochs }),
      forward: (_, { x, before }: Batch & { before?: Tensor }) => (model as Captioner).forward(x, before as Tensor),
    };
  },

  evaluate(model, examples, prep, settings) {
    const images = examples.map(({ image }) => image);
    const given = write(model as Captioner, images, prep, settings).map(({ text }) => text);
    const wanted = examples.map(({ text }) => text);
    const { precision, recall, f1 } = wordOverlap(given, wanted);
    return {
      exact: exactMatch(given, wanted),
      wordF1: f1,
      wordPrecision: precision,
      wordRecall: recall,
      bleu: bleu(given, wanted),
    };
  },
  async predict(model, inputs, prep, settings) {
    const images: Image[] = [];
    for (const [k, input] of inputs.entries()) {
      images.push(await readImage(input, { file: 'caption: predict', line: k + 1, base: '' }, settings));
    }
    return write(model as Captioner, images, prep, settings);
  },
  inputsOf(data) {
    if (data.kind !== 'rows') throw new DataError(`caption: ${data.name} must be a table with a column of pictures`);
    return data.rows.map((row) => inputOf({ column: imageColumn, isFile: true }, row, data) as ImageInput);
  },
};

function textOf({ fields, line }: Row, name: string): string {
  if (typeof fields.text === 'string') return fields.text;
  throw new DataError(`${name}, line ${line}: the caption must be a text, got ${show(fields.text)}`);
}

/** [B, channels, size, size], standardised; each moved by up to `shift` pixels, the border repeated where nothing is. */
function pictures(images: readonly Image[], prep: Prep, shift: number): Tensor {
  const { width, height, channels } = images[0] as Image;
  const size = channels * height * width;
  const all = new Float32Array(images.length * size);
  const step = () => (shift === 0 ? 0 : Math.floor(generator.uniform() * (2 * shift + 1)) - shift);
  const within = (at: number, n: number) => Math.min(n - 1, Math.max(0, at));
  for (const [b, image] of images.entries()) {
    const data = standardised(image, prep);
    const [dx, dy] = [step(), step()];
    for (let row = 0; row < channels * height; row++) {
      const from = (row - (row % height) + within((row % height) + dy, height)) * width;
      const to = b * size + row * width;
      for (let x = 0; x < width; x++) all[to + x] = data[from + within(x + dx, width)] as number;
    }
  }
  return tensor(all, [images.length, channels, height, width]);
}

function write(model: Captioner, images: readonly Image[], prep: Prep, settings: Settings): Caption[] {
  const vocabulary = vocabularyOf(prep.vocabulary);
  const { beam: beamWidth, lengthPenalty } = settings as Settings & { beam: number; lengthPenalty: number };
  const found: Caption[] = [];
  for (let start = 0; start < images.length; start += settings.batch) {
    const some = images.slice(start, start + settings.batch);
    const best = noGrad(() => {
      const rows = Array.from({ length: some.length * beamWidth }, (_, k) => Math.floor(k / beamWidth));
      const memory = repeatMemory(model.look(pictures(some, prep, 0)), rows);
      return beamSearch({
        batch: some.length,
        begin: Vocabulary.BEGIN,
        end: Vocabulary.END,
        state: memory.state,
        step: (tokens, state) => model.step(tokens, state, memory),
        beamWidth,
        lengthPenalty,
        maxLength: LONGEST,
      });
    });
    for (const [first] of best) {
      const { tokens, logProb } = first as Hypothesis;
      found.push({ text: joinPieces(vocabulary.decode(tokens)), logProb });
    }
  }
  return found;
}
