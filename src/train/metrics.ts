// Metrics of training and evaluation: each adds up what it needs over an epoch, so that the epoch's figure is exact
// whatever the sizes of its batches (a mean of batch means is not).
//
// To add a metric: an object with reset, update and value, a name in MetricName and a line in BY_NAME.
import { OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { type Rule, show } from '../options.js';
import { areaUnderRoc, macroF1 } from './class-metrics.js';
import type { Batch } from './data.js';
import { eachRow, elementwise, logSumExp, pairOf, rank, ratio } from './metric-parts.js';

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

export type MetricName =
  | 'accuracy'
  | 'top5'
  | 'macroF1'
  | 'auc'
  | 'perplexity'
  | 'bitsPerChar'
  | 'mae'
  | 'mse'
  | 'rmse'
  | 'mape'
  | 'smape';
export type MetricSpec = MetricName | Metric | MetricFunction;

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
export const perplexity = (): Metric => ofCrossEntropy('perplexity', Math.exp);

/**
 * Mean cross-entropy of the targets under the logits [..., C], in bits: H / ln 2. Bits per character where each target is a
 * character; of words, bits per word.
 */
export const bitsPerChar = (): Metric => ofCrossEntropy('bitsPerChar', (nats) => nats / Math.LN2);

function ofCrossEntropy(name: string, figure: (nats: number) => number): Metric {
  const crossEntropy = ratio(name, 'min', (output, target, add) => {
    eachRow(name, output, target, (scores, start, classes, label) => {
      add(logSumExp(scores, start, classes) - (scores[start + label] as number));
    });
  });
  return { ...crossEntropy, value: () => figure(crossEntropy.value()) };
}

/** Mean absolute difference over all elements. */
export const meanAbsoluteError = (): Metric => elementwise('mae', (given, wanted) => Math.abs(given - wanted));
/** Mean squared difference over all elements. */
export const meanSquaredError = (): Metric => elementwise('mse', (given, wanted) => (given - wanted) ** 2);
/** Root of the mean squared difference over all elements. */
export function rootMeanSquaredError(): Metric {
  const mse = elementwise('rmse', (given, wanted) => (given - wanted) ** 2);
  return { ...mse, value: () => Math.sqrt(mse.value()) };
}
/** Mean of |given - wanted| / |wanted|, a share: 0.05 is 5 %. Elements whose target is 0 have none and are left out. */
export const meanAbsolutePercentageError = (): Metric =>
  elementwise('mape', (given, wanted) => (wanted === 0 ? null : Math.abs((given - wanted) / wanted)));
/** Mean of 2 |given - wanted| / (|given| + |wanted|), 0..2; 0 where both are 0. */
export const symmetricPercentageError = (): Metric =>
  elementwise('smape', (given, wanted) =>
    given === wanted ? 0 : (2 * Math.abs(given - wanted)) / (Math.abs(given) + Math.abs(wanted)),
  );

const BY_NAME = {
  accuracy,
  top5: () => topK(5),
  macroF1,
  auc: areaUnderRoc,
  perplexity,
  bitsPerChar,
  mae: meanAbsoluteError,
  mse: meanSquaredError,
  rmse: rootMeanSquaredError,
  mape: meanAbsolutePercentageError,
  smape: symmetricPercentageError,
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
