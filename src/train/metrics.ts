// Metrics of training and evaluation: each adds up what it needs over an epoch, so that the epoch's figure is exact
// whatever the sizes of its batches (a mean of batch means is not).
//
// To add a metric: an object with reset, update and value, a name in MetricName and a line in BY_NAME.
import { Tensor } from '../autograd/tensor.js';
import { DTypeError, FormatError, IndexError, OptionError, ShapeError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { type Rule, show } from '../options.js';
import type { Batch } from './data.js';

/** What a model gave and what was wanted, added up over an epoch. */
export interface Metric {
  /** The key in history and progress, and the name early stopping monitors. */
  readonly name: string;
  /** Which way is better, for early stopping; without it, early stopping has to be told its mode. */
  readonly better?: 'max' | 'min';
  reset(): void;
  /** Called once a batch. The tensors belong to the step: read them now, keep numbers only. */
  update(output: unknown, target: unknown, batch: Batch): void;
  /** The figure over all batches since reset; NaN when there were none. */
  value(): number;
  /** Both are needed for checkpoints in the middle of an epoch: what was added up so far, as JSON, and putting it back. */
  saveState?(): Json;
  restoreState?(saved: Json): void;
}

/** A number for one batch; the epoch's figure is the mean weighted by the batches' samples. */
// biome-ignore lint/suspicious/noExplicitAny: the user knows what the model returns
export type MetricFunction = (output: any, target: any, batch: Batch) => number;

export type MetricName = 'accuracy' | 'top5' | 'perplexity' | 'mae' | 'mse' | 'rmse';
export type MetricSpec = MetricName | Metric | MetricFunction;

/** Targets equal to this count for nothing, as in crossEntropy. */
const IGNORE_INDEX = -100;

/**
 * Share of right answers. With class scores [..., C] and integer targets [...]: the largest score is at the target
 * (targets of -100 do not count). With one logit per target: its sign agrees with the target, 0 or 1.
 */
export function accuracy(): Metric {
  return ratio('accuracy', 'max', (output, target, add) => {
    eachRow('accuracy', output, target, (scores, start, classes, label) => {
      const right =
        classes === 1 ? (scores[start] as number) > 0 === label > 0.5 : rank(scores, start, classes, label) === 0;
      add(right ? 1 : 0);
    });
  });
}

/** Share of targets among the k largest of the scores [..., C]. */
export function topK(k: number): Metric {
  if (!Number.isSafeInteger(k) || k < 1) throw new OptionError(`topK: k must be an integer >= 1, got ${show(k)}`);
  return ratio(`top${k}`, 'max', (output, target, add) => {
    eachRow(`top${k}`, output, target, (scores, start, classes, label) => {
      add(rank(scores, start, classes, label) < k ? 1 : 0);
    });
  });
}

/** exp of the mean cross-entropy of the targets under the logits [..., C]. */
export function perplexity(): Metric {
  const crossEntropy = ratio('perplexity', 'min', (output, target, add) => {
    eachRow('perplexity', output, target, (scores, start, classes, label) => {
      add(logSumExp(scores, start, classes) - (scores[start + label] as number));
    });
  });
  return { ...crossEntropy, value: () => Math.exp(crossEntropy.value()) };
}

/** Mean absolute difference over all elements. */
export const meanAbsoluteError = (): Metric => difference('mae', (d) => Math.abs(d));
/** Mean squared difference over all elements. */
export const meanSquaredError = (): Metric => difference('mse', (d) => d * d);
/** Root of the mean squared difference over all elements. */
export function rootMeanSquaredError(): Metric {
  const mse = difference('rmse', (d) => d * d);
  return { ...mse, value: () => Math.sqrt(mse.value()) };
}

const BY_NAME = {
  accuracy,
  top5: () => topK(5),
  perplexity,
  mae: meanAbsoluteError,
  mse: meanSquaredError,
  rmse: rootMeanSquaredError,
} satisfies Record<MetricName, () => Metric>;

export const isMetrics: Rule = { expected: "a list such as ['accuracy', topK(3)]", accepts: Array.isArray };

/** The metrics of an option such as `['accuracy', topK(3), myFunction]`. */
export function makeMetrics(where: string, specs: readonly MetricSpec[]): Metric[] {
  const metrics = specs.map((spec) => makeMetric(where, spec));
  const names = new Set<string>(['loss']);
  for (const { name } of metrics) {
    if (names.has(name))
      throw new OptionError(`${where}: metric names must differ from each other and from "loss", got "${name}" twice`);
    names.add(name);
  }
  return metrics;
}

function makeMetric(where: string, spec: MetricSpec): Metric {
  if (typeof spec === 'string') {
    if (!Object.hasOwn(BY_NAME, spec)) {
      throw new OptionError(
        `${where}: unknown metric "${spec}"; known: ${Object.keys(BY_NAME).join(', ')}; or pass a function`,
      );
    }
    return BY_NAME[spec]();
  }
  if (typeof spec === 'function') return averaged(where, spec);
  if (typeof spec?.update === 'function' && typeof spec.value === 'function' && typeof spec.reset === 'function')
    return spec;
  throw new OptionError(`${where}: a metric must be a name, a function or a Metric, got ${show(spec)}`);
}

function averaged(where: string, compute: MetricFunction): Metric {
  if (compute.name === '')
    throw new OptionError(`${where}: a metric function needs a name: it is the key in the history`);
  let sum = 0;
  let samples = 0;
  return {
    name: compute.name,
    reset() {
      sum = 0;
      samples = 0;
    },
    update(output, target, batch) {
      const value = compute(output, target, batch);
      if (typeof value !== 'number') {
        throw new OptionError(
          `${where}: metric "${compute.name}" must return a number, got ${show(value)}; use item() on a tensor`,
        );
      }
      sum += value * batch.size;
      samples += batch.size;
    },
    value: () => sum / samples,
    saveState: () => [sum, samples],
    restoreState(saved) {
      [sum, samples] = pairOf(saved);
    },
  };
}

function pairOf(saved: Json): [sum: number, count: number] {
  const isPair = Array.isArray(saved) && saved.length === 2 && saved.every((part) => typeof part === 'number');
  if (isPair) return saved as unknown as [number, number];
  throw new FormatError(`metric: its state must be two numbers, as saveState returned it, got ${show(saved)}`);
}

type Add = (value: number) => void;

/** A mean over everything that `visit` adds. */
function ratio(
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

function difference(name: string, cost: (difference: number) => number): Metric {
  return ratio(name, 'min', (output, target, add) => {
    const given = outputNumbers(name, output);
    const wanted = targetNumbers(name, target);
    if (given.length !== wanted.length) {
      throw new ShapeError(
        `${name}: output and target must have as many elements, got ${given.length} and ${wanted.length}`,
      );
    }
    for (let k = 0; k < given.length; k++) add(cost((given[k] as number) - (wanted[k] as number)));
  });
}

type Row = (scores: ArrayLike<number>, start: number, classes: number, label: number) => void;

/** Visits the scores of each target that is not ignored; classes is 1 where there is one logit a target. */
function eachRow(name: string, output: unknown, target: unknown, visit: Row): void {
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
function rank(scores: ArrayLike<number>, start: number, count: number, label: number): number {
  const score = scores[start + label] as number;
  if (Number.isNaN(score)) return count;
  let better = 0;
  for (let c = 0; c < count; c++) {
    const other = scores[start + c] as number;
    if (other > score || (other === score && c < label)) better++;
  }
  return better;
}

function logSumExp(scores: ArrayLike<number>, start: number, count: number): number {
  let max = -Infinity;
  for (let c = 0; c < count; c++) max = Math.max(max, scores[start + c] as number);
  let sum = 0;
  for (let c = 0; c < count; c++) sum += Math.exp((scores[start + c] as number) - max);
  return max + Math.log(sum);
}
