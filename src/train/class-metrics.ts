// Figures of classifiers over whole sets: F1 by class, area under the ROC curve, confusion.
import { ShapeError } from '../errors.js';

export interface ClassScores {
  readonly label: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Targets of this class. */
  readonly support: number;
}

/**
 * Precision, recall and F1 of each class that is wanted or given; a ratio 0/0 counts as 0, as in scikit-learn. Targets below 0 are
 * classes that no answer can meet: they count against nobody's precision or recall but are errors where accuracy is concerned.
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
    if (w >= 0) of(w).wanted++;
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

function sameLength(where: string, given: ArrayLike<number>, wanted: ArrayLike<number>): void {
  if (given.length === wanted.length) return;
  throw new ShapeError(`${where}: as many answers as targets are needed, got ${given.length} and ${wanted.length}`);
}
