// `classify`: a sequence (words, numbers, ...) to a label. What the recurrent layer remembers after the last step decides.
import { noGrad } from '../autograd/context.js';
import type { Tensor } from '../autograd/tensor.js';
import { DataError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { Dropout } from '../layers/dropout.js';
import { Linear } from '../layers/linear.js';
import { Module } from '../layers/module.js';
import { softmax } from '../ops/rows.js';
import { show } from '../options.js';
import { batches } from '../train/batches.js';
import { areaUnderCurve, macroF1Of } from '../train/class-metrics.js';
import type { RawData, Row, Settings, TaskDefinition } from './definition.js';
import type { ImageInput } from './inputs/image.js';
import { inputColumns, inputOptions, kindNamed, kindOf, requireColumn, settled } from './inputs/index.js';
import type { Front, InputKind } from './inputs/input.js';
import { inputOf, placeIn } from './inputs/place.js';
import { readEach, skipOption } from './inputs/unreadable.js';
import { labelNumbers } from './labels.js';
import { once } from './once.js';
import { type Recurrent, recurrent } from './recurrent.js';

interface Example {
  readonly kind: InputKind['name'];
  readonly raw: unknown;
  readonly label: string;
}

type Prep = { readonly kind: InputKind['name']; readonly labels: readonly string[]; readonly input: Json };

/** One of the labels and how sure the model is of each. */
export interface Classification {
  readonly label: string;
  readonly probability: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What predict takes: a text, a list of steps, a sound or a picture. */
export type ClassifyInput = string | readonly (number | ArrayLike<number>)[] | ImageInput;

export const classifyTask: TaskDefinition<Example, Prep, ClassifyInput, Classification> = {
  name: 'classify',
  summary: 'a label for a text, or for a sequence of numbers',
  inputs: ['table'],
  columns: [
    ...inputColumns,
    {
      option: 'label',
      guesses: ['label', 'class', 'category', 'target', 'sentiment', 'tag', 'y'],
      target: true,
      help: 'what is to be learnt',
    },
  ],
  options: { ...inputOptions, ...skipOption('sounds and pictures') },
  split: 'random',

  async settle(data, context) {
    const table = tableOf(data);
    return settled(kindOf(table), table, context);
  },
  async read(data, context) {
    const table = tableOf(data);
    const kind = kindOf(table);
    const labels = table.rows.map((row) => labelOf(row, table.name));
    return readEach('classify', table.rows, context, async (row, k) => {
      const raw = await kind.read(row.fields[kind.column.option], placeIn(table, row), context.settings);
      return { kind: kind.name, raw, label: labels[k] as string };
    });
  },
  key: ({ kind, raw }) => kindNamed(kind).key(raw),

  async prepare(train, context) {
    const labels = [...new Set(train.map(({ label }) => label))].sort();
    if (labels.length < 2) {
      throw new DataError(
        `classify: all ${train.length} rows to learn from have the label ${show(labels[0])}; at least two different labels ` +
          'are needed',
      );
    }
    const kind = kindNamed((train[0] as Example).kind);
    const raws = train.map(({ raw }) => raw);
    return { kind: kind.name, labels, input: await kind.prepare(raws, context) };
  },
  defaults: (train, { kind, input }) => ({
    ...kindNamed(kind).defaults?.(input),
    hidden: 48,
    // Small sets are gone through more often.
    epochs: train.length < 20_000 ? 30 : 10,
  }),
  build: (prep, settings) => new Classifier(prep, settings),

  batches(examples, prep, { settings, training }) {
    return batches(samples(examples, prep), {
      batchSize: settings.batch,
      shuffle: training,
      bucket: training,
      x: kindNamed(prep.kind).sample,
    });
  },
  learning: () => ({ loss: 'crossEntropy', metrics: ['accuracy'] }),

  evaluate(model, examples, prep, settings) {
    const rows = probabilities(model, samples(examples, prep), prep, settings);
    const labels = examples.map(({ label }) => label);
    const wanted = labelNumbers(prep.labels, labels);
    const given = rows.map(largest);
    const binary = prep.labels.length === 2;
    return {
      accuracy: given.filter((label, k) => label === wanted[k]).length / wanted.length,
      macroF1: macroF1Of(given, wanted),
      ...(binary && {
        auc: areaUnderCurve(
          rows.map((row) => row[1] as number),
          wanted,
        ),
      }),
    };
  },

  async predict(model, inputs, prep, settings) {
    const kind = kindNamed(prep.kind);
    const raws = [];
    for (const [k, input] of inputs.entries()) {
      raws.push(await kind.read(input, { file: 'classify: predict', line: k + 1, base: '' }, settings));
    }
    const rows = probabilities(
      model,
      raws.map((raw) => ({ x: kind.encode(raw, prep.input) })),
      prep,
      settings,
    );
    return rows.map((row) => {
      const best = largest(row);
      return {
        label: prep.labels[best] as string,
        probability: row[best] as number,
        probabilities: Object.fromEntries(prep.labels.map((label, k) => [label, row[k] as number])),
      };
    });
  },
  inputColumn: ({ kind }) => kindNamed(kind).column.option,
  inputsOf(data, prep) {
    const table = tableOf(data);
    const kind = kindNamed(prep.kind);
    requireColumn(table, kind);
    return table.rows.map((row) => inputOf(kind, row, table) as ClassifyInput);
  },
};

function tableOf(data: RawData) {
  if (data.kind === 'rows') return data;
  throw new DataError(`classify: ${data.name} must be a table with a column to read`);
}

function labelOf({ fields, line }: Row, name: string): string {
  const { label } = fields;
  if (typeof label === 'number' || typeof label === 'boolean') return String(label);
  if (typeof label === 'string' && label.trim() !== '') return label.trim();
  throw new DataError(`${name}, line ${line}: the label must be a word or a number, got ${show(label)}`);
}

/** Labels that were not there to learn from, which only parts that are not trained on have, count for nothing in the loss. */
const samples = once((examples: readonly Example[], prep: Prep) => {
  const kind = kindNamed(prep.kind);
  return examples.map(({ raw, label }) => {
    const y = prep.labels.indexOf(label);
    return { x: kind.encode(raw, prep.input), y: y < 0 ? -100 : y };
  });
});

function probabilities(model: Module, list: readonly { x: unknown }[], prep: Prep, settings: Settings): number[][] {
  const kind = kindNamed(prep.kind);
  const found: number[][] = new Array(list.length);
  const unlabelled = list.map(({ x }) => ({ x })) as Parameters<typeof batches>[0];
  for (const { x, lengths, indices } of batches(unlabelled, {
    batchSize: settings.batch,
    bucket: true,
    x: kind.sample,
  })) {
    noGrad(() => {
      const scores = softmax((model as Classifier).forward(x, { lengths: lengths ?? [] }));
      const C = prep.labels.length;
      const flat = scores.toArray();
      for (const [b, index] of indices.entries()) found[index] = flat.slice(b * C, (b + 1) * C);
    });
  }
  return found;
}

const largest = (row: readonly number[]) => row.indexOf(Math.max(...row));

/** front, recurrent layer, a score for each label from the state after the last step. */
class Classifier extends Module {
  readonly front: Front;
  readonly layer: Recurrent;
  readonly dropout: Dropout;
  readonly head: Linear;

  constructor(prep: Prep, settings: Settings) {
    super();
    this.front = kindNamed(prep.kind).front(prep.input, settings);
    this.layer = recurrent(settings, this.front.size);
    this.dropout = new Dropout({ p: settings.dropout });
    const directions = settings.bidirectional ? 2 : 1;
    this.head = new Linear({ inFeatures: settings.hidden * directions, outFeatures: prep.labels.length });
  }

  forward(x: Tensor, { lengths }: { readonly lengths: readonly number[] }): Tensor {
    const { state } = this.layer.forward(this.front.forward(x), { lengths });
    const directions = this.layer.bidirectional ? 2 : 1;
    // Of the last layer, both directions of a row side by side.
    const last = state.h.slice(-directions).transpose(0, 1).reshape([lengths.length, -1]);
    return this.head.forward(this.dropout.forward(last));
  }
}
