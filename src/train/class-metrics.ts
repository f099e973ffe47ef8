// Figures of classifiers over whole sets: F1 by class, area under the ROC curve, confusion.
import { FormatError, ShapeError } from '../errors.js';
import { show } from '../options.js';
import { eachRow, rank } from './metric-parts.js';
import type { Metric } from './metrics.js';

export interface ClassScores {
  readonly label: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Targets of this class. */
  readonly support: number;
}

/**
 * Precision, recall and F1 of each class that is wanted or given, by any number; a ratio 0/0 counts as 0. As in scikit-learn: a class
 * that is wanted and never given (one that was not there to learn from, say) is a class like the others, of F1 0.
 */
export function classScores(given: ArrayLike<number>, wanted: ArrayLike<number>): ClassScores[] {
  sameLength('classScores', given, wanted);
  const counts = new Map<number, { right: number; given: number; wanted: number }>();
  const of = (label: number) => {
    const count = counts.get(label) ?? { right: 0, given: 0, wanted: 0 };
    counts.set(label, count);
    return count;
  };
  for (let k = 0; k < given.length; k++) {
    const [g, w] = [given[k] as number, wanted[k] as number];
    of(g).given++;
    of(w).wanted++;
    if (g === w) of(g).right++;
  }
  const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([label, { right, given: all, wanted: support }]) => ({
      label,
      precision: share(right, all),
      recall: share(right, support),
      f1: share(2 * right, all + support),
      support,
    }));
}

/** Mean F1 over the classes that are wanted or given, each counting alike. */
export function macroF1Of(given: ArrayLike<number>, wanted: ArrayLike<number>): number {
  const scores = classScores(given, wanted);
  return scores.reduce((sum, { f1 }) => sum + f1, 0) / scores.length;
}

/**
 * Area under the ROC curve: how often a target of 1 scores above a target of 0, ties counting one half (Mann & Whitney 1947). NaN
 * where one of the two is missing. Targets other than 0 and 1 are passed over.
 */
export function areaUnderCurve(scores: ArrayLike<number>, wanted: ArrayLike<number>): number {
  sameLength('areaUnderCurve', scores, wanted);
  const order = Array.from({ length: scores.length }, (_, k) => k)
    .filter((k) => wanted[k] === 0 || wanted[k] === 1)
    .sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let positives = 0;
  let ranks = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number]) end++;
    // Equal scores share the mean of their ranks, start+1..end.
    for (let k = start; k < end; k++) {
      if (wanted[order[k] as number] !== 1) continue;
      positives++;
      ranks += (start + 1 + end) / 2;
    }
    start = Math.max(end, start + 1);
  }
  const negatives = order.length - positives;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * How often class `wanted` was given as `given`: counts[wanted][given], both 0..classes-1. Targets outside are left out.
 *
 * @param classes  default: one more than the largest label
 */
export function confusionMatrix(
  given: ArrayLike<number>,
  wanted: ArrayLike<number>,
  classes: number = 1 + Math.max(largestOf(given), largestOf(wanted)),
): number[][] {
  sameLength('confusionMatrix', given, wanted);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let k = 0; k < given.length; k++) {
    const row = counts[wanted[k] as number];
    if (row?.[given[k] as number] !== undefined) (row[given[k] as number] as number)++;
  }
  return counts;
}

function largestOf(labels: ArrayLike<number>): number {
  let largest = -1;
  for (let k = 0; k < labels.length; k++) largest = Math.max(largest, labels[k] as number);
  return largest;
}

/**
 * Mean F1 of the classes, each counting alike: macroF1Of the answers with the largest score. Scores [..., C] and integer targets
 * (-100 does not count), or one logit per target, 0 or 1.
 */
export function macroF1(): Metric {
  const [given, wanted]: [number[], number[]] = [[], []];
  return collected(
    'macroF1',
    given,
    wanted,
    () => macroF1Of(given, wanted),
    (scores, start, classes) =>
      classes === 1 ? Number((scores[start] as number) > 0) : bestOf(scores, start, classes),
  );
}

/**
 * Area under the ROC curve over the whole epoch: areaUnderCurve of the logits for class 1. One logit per target, 0 or 1, or
 * scores [..., 2], whose difference is that logit.
 */
export function areaUnderRoc(): Metric {
  const [scored, wanted]: [number[], number[]] = [[], []];
  return collected(
    'auc',
    scored,
    wanted,
    () => areaUnderCurve(scored, wanted),
    (scores, start, classes) => {
      if (classes > 2) {
        throw new ShapeError(
          `auc: there must be one logit or two scores a target, got ${classes}; take macroF1 instead`,
        );
      }
      return classes === 1 ? (scores[start] as number) : (scores[start + 1] as number) - (scores[start] as number);
    },
  );
}

/** A metric that needs all answers of an epoch: a number of each row beside its target. */
function collected(
  name: string,
  answers: number[],
  wanted: number[],
  figure: () => number,
  answer: (scores: ArrayLike<number>, start: number, classes: number) => number,
): Metric {
  const set = (list: number[], values: readonly number[]) => {
    list.length = 0;
    for (const value of values) list.push(value);
  };
  return {
    name,
    better: 'max',
    reset() {
      set(answers, []);
      set(wanted, []);
    },
    update(output, target) {
      eachRow(name, output, target, (scores, start, classes, label) => {
        answers.push(answer(scores, start, classes));
        wanted.push(label);
      });
    },
    value: () => (wanted.length === 0 ? Number.NaN : figure()),
    saveState: () => [[...answers], [...wanted]],
    restoreState(saved) {
      const isList = (part: unknown): part is number[] =>
        Array.isArray(part) && part.every((value) => typeof value === 'number');
      if (
        !Array.isArray(saved) ||
        saved.length !== 2 ||
        !saved.every(isList) ||
        saved[0]?.length !== saved[1]?.length
      ) {
        throw new FormatError(
          `${name}: its state must be two lists of numbers, as saveState gave it, got ${show(saved)}`,
        );
      }
      set(answers, saved[0] as number[]);
      set(wanted, saved[1] as number[]);
    },
  };
}

function bestOf(scores: ArrayLike<number>, start: number, classes: number): number {
  for (let c = 0; c < classes; c++) if (rank(scores, start, classes, c) === 0) return c;
  return -1; // every score is NaN: no answer is right
}

function sameLength(where: string, given: ArrayLike<number>, wanted: ArrayLike<number>): void {
  if (given.length === wanted.length) return;
  throw new ShapeError(`${where}: as many answers as targets are needed, got ${given.length} and ${wanted.length}`);
}
