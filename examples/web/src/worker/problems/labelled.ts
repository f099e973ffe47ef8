// Reviews, or any labelled texts: the words go in one after the other, the answer is asked for after the last.
import { tokenise, Vocabulary } from 'unrolled/data';
import type { Settings } from '../../shared/settings.js';
import type { Labelled } from '../../shared/sources.js';
import { accuracy, type Batch, best, type Problem, ProblemError, percent, random, softmax } from '../problem.js';

const VECTORS = 32;
/** Words that occur once say nothing about others. */
const MIN_COUNT = 2;
const MOST_WORDS = 8000;
/** Rows that are only measured, at most a fifth of all. */
const VALIDATION = 400;
/** A batch is drawn from this many times its rows. */
const NEIGHBOURS = 4;
/** Rows that are read at once to be measured. */
const MEASURED = 100;

export function labelledProblem(source: Labelled, settings: Settings): Problem {
  const { length, batch: B, seed } = settings;
  const rows = source.texts
    .map((text, k) => ({ words: tokenise(text), label: source.classes[k] as number }))
    .filter(({ words }) => words.length > 0);
  if (rows.length < 20) throw new ProblemError(`${source.name}: 20 texts are needed to learn from, got ${rows.length}`);
  const classes = source.labels.length;
  const held = Math.min(VALIDATION, Math.floor(rows.length / 5));
  const [validation, training] = [rows.slice(0, held), rows.slice(held)];
  const vocabulary = Vocabulary.from(
    training.map(({ words }) => words),
    { minCount: MIN_COUNT, maxSize: MOST_WORDS },
  );

  /** Of longer texts the beginning. */
  const encode = (words: readonly string[]) => vocabulary.encode(words.slice(0, length));
  const batchOf = (list: readonly { words: readonly string[]; label: number }[]): Batch => {
    const ids = list.map(({ words }) => encode(words));
    const T = Math.max(...ids.map((row) => row.length));
    const x = new Int32Array(T * list.length).fill(Vocabulary.PAD);
    for (const [b, row] of ids.entries()) for (const [t, id] of row.entries()) x[t * list.length + b] = id;
    return {
      ...{ T, B: list.length, x },
      y: Int32Array.from(list, ({ label }) => label),
      lengths: Int32Array.from(ids, (row) => row.length),
    };
  };

  const byLength = [...training].sort((a, b) => a.words.length - b.words.length);
  const counts = source.labels.map((_, label) => validation.filter((row) => row.label === label).length);
  const commonest = counts.indexOf(Math.max(...counts));
  const batches: Batch[] = [];
  for (let k = 0; k < validation.length; k += MEASURED) batches.push(batchOf(validation.slice(k, k + MEASURED)));
  return {
    shape: { inputs: vocabulary.size, inputKind: 'ids', vectors: VECTORS, outputs: classes, answers: 'last' },
    loss: 'crossEntropy',
    metric: { name: 'accuracy', unit: '%', better: 'higher' },
    facts: [
      `${training.length.toLocaleString('en')} texts to learn from, ${validation.length} only to measure on, ${vocabulary.size.toLocaleString('en')} words`,
    ],
    baseline: {
      metric: Math.max(...counts) / validation.length,
      name: `always saying "${source.labels[commonest]}"`,
    },
    batch(step) {
      // Of about the same length: they are read together, and end together.
      const generator = random(seed, step);
      const near = Math.min(byLength.length, NEIGHBOURS * B);
      const start = generator.integer(byLength.length - near + 1);
      const one = () => byLength[start + generator.integer(near)] as (typeof rows)[0];
      return batchOf(Array.from({ length: B }, one));
    },
    validation: batches,
    figure: accuracy,
    example(text) {
      const words = tokenise(text).slice(0, length);
      if (words.length === 0) return null;
      const tokens = words.map((word) => (vocabulary.has(word) ? word : `${word} (unknown)`));
      return { tokens, batch: batchOf([{ words, label: 0 }]) };
    },
    explain(scores: Float32Array, T: number) {
      const shares = Array.from({ length: T }, (_, t) => softmax(scores, t * classes, classes));
      if (classes === 2) {
        const positive = shares.map(([, share]) => share as number);
        return { name: `P(${source.labels[1]})`, texts: positive.map(percent), shares: positive };
      }
      const likeliest = shares.map((share) => best(share, 0, classes));
      return {
        name: 'likeliest',
        texts: likeliest.map((label, t) => `${source.labels[label]} ${percent(shares[t]?.[label] as number)}`),
        shares: likeliest.map((label, t) => shares[t]?.[label] as number),
      };
    },
    view: () => null,
  };
}
