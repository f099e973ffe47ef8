// What metrics are made of: a mean over everything added, the scores and targets of each row, checked.
import { Tensor } from '../autograd/tensor.js';
import { DTypeError, FormatError, IndexError, ShapeError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { show } from '../options.js';
import type { Metric } from './metrics.js';

/** Targets equal to this count for nothing, as in crossEntropy. */
const IGNORE_INDEX = -100;

export function pairOf(saved: Json): [sum: number, count: number] {
  const isPair = Array.isArray(saved) && saved.length === 2 && saved.every((part) => typeof part === 'number');
  if (isPair) return saved as unknown as [number, number];
  throw new FormatError(`metric: its state must be two numbers, as saveState returned it, got ${show(saved)}`);
}

export type Add = (value: number) => void;

/** A mean over everything that `visit` adds. */
export function ratio(
  name: string,
  better: 'max' | 'min',
  visit: (output: unknown, target: unknown, add: Add) => void,
): Metric {
  let sum = 0;
  let count = 0;
  const add = (value: number) => {
    sum += value;
    count++;
  };
  return {
    name,
    better,
    reset() {
      sum = 0;
      count = 0;
    },
    update: (output, target) => visit(output, target, add),
    value: () => sum / count,
    saveState: () => [sum, count],
    restoreState(saved) {
      [sum, count] = pairOf(saved);
    },
  };
}

/** A mean over all elements of output and target; `cost` may pass one over by returning null. */
export function elementwise(name: string, cost: (given: number, wanted: number) => number | null): Metric {
  return ratio(name, 'min', (output, target, add) => {
    const given = outputNumbers(name, output);
    const wanted = targetNumbers(name, target);
    if (given.length !== wanted.length) {
      throw new ShapeError(
        `${name}: output and target must have as many elements, got ${given.length} and ${wanted.length}`,
      );
    }
    for (let k = 0; k < given.length; k++) {
      const value = cost(given[k] as number, wanted[k] as number);
      if (value !== null) add(value);
    }
  });
}

type Row = (scores: ArrayLike<number>, start: number, classes: number, label: number) => void;

/** Visits the scores of each target that is not ignored; classes is 1 where there is one logit a target. */
export function eachRow(name: string, output: unknown, target: unknown, visit: Row): void {
  const scores = outputNumbers(name, output);
  const labels = targetNumbers(name, target);
  const shape = (output as Tensor).shape;
  const classes = scores.length === labels.length ? 1 : (shape.at(-1) ?? 1);
  if (labels.length * classes !== scores.length) {
    throw new ShapeError(
      `${name}: scores must be [..., classes] with one target for each row, got scores [${shape.join(', ')}] and ` +
        `${labels.length} targets`,
    );
  }
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label === IGNORE_INDEX) continue;
    if (classes > 1 && !(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new IndexError(
        `${name}: targets must be integers in 0..${classes - 1} or ${IGNORE_INDEX}, got ${label} at position ${row}`,
      );
    }
    visit(scores, row * classes, classes, label);
  }
}

function outputNumbers(name: string, output: unknown): ArrayLike<number> {
  if (output instanceof Tensor) return output.data;
  throw new DTypeError(`${name}: the output must be a tensor, got ${show(output)}; write the metric as a function`);
}

function targetNumbers(name: string, target: unknown): ArrayLike<number> {
  if (target instanceof Tensor) return target.data;
  if (Array.isArray(target)) return target.flat(Infinity);
  if (ArrayBuffer.isView(target)) return target as unknown as ArrayLike<number>;
  throw new DTypeError(
    `${name}: the target must be a tensor or a list of numbers, got ${show(target)}; write the metric as a function`,
  );
}

/** How many of the scores at start..start+count-1 beat the one at `label`; of equal scores the first wins. */
export function rank(scores: ArrayLike<number>, start: number, count: number, label: number): number {
  const score = scores[start + label] as number;
  if (Number.isNaN(score)) return count;
  let better = 0;
  for (let c = 0; c < count; c++) {
    const other = scores[start + c] as number;
    if (other > score || (other === score && c < label)) better++;
  }
  return better;
}

export function logSumExp(scores: ArrayLike<number>, start: number, count: number): number {
  let max = -Infinity;
  for (let c = 0; c < count; c++) max = Math.max(max, scores[start + c] as number);
  let sum = 0;
  for (let c = 0; c < count; c++) sum += Math.exp((scores[start + c] as number) - max);
  return max + Math.log(sum);
}
