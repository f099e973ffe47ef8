// Measuring and using a model: in evaluation mode, without recording, and with every mode as it was afterwards.
import { noGrad, scope } from '../autograd/context.js';
import { OptionError } from '../errors.js';
import { Module } from '../layers/module.js';
import { checkOptions, is, type Rule, required, show } from '../options.js';
import { makeBreather } from './breathe.js';
import { checkData, type Data, noBatches, openData, toBatch } from './data.js';
import { Mean } from './mean.js';
import { isMetrics, type Metric, type MetricSpec, makeMetrics } from './metrics.js';
import { type Forward, isLoss, type LossSpec, Objective } from './objective.js';
import { isTbptt, makeUnrolling, type TbpttOptions, type Unrolling } from './windows.js';

export interface EvaluateOptions {
  /** A name or `(output, y, batch) => tensor`. */
  readonly loss: LossSpec;
  readonly metrics?: readonly MetricSpec[];
  /** How the model takes a batch; see fit. */
  readonly forward?: Forward;
  /** Goes through each batch in windows of k1 steps, in memory that does not grow with its length; see fit. */
  readonly tbptt?: TbpttOptions;
  /** Stops after the current batch; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export const isSignal: Rule = {
  expected: "an AbortSignal (an AbortController's signal)",
  accepts: (v) => typeof (v as Partial<AbortSignal> | null)?.throwIfAborted === 'function',
};

/** Figures over a whole set. */
export interface Evaluation {
  /** Mean over all terms (rows, or targets that are not ignored), exact for batches of any size. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly samples: number;
}

/**
 * Loss and metrics of a model on data it is not trained on. The model is in evaluation mode meanwhile.
 *
 * @throws OptionError  if the data are empty or an option is wrong
 */
export async function evaluate(model: Module, data: Data, options: EvaluateOptions): Promise<Evaluation> {
  checkModel('evaluate', model);
  checkOptions<EvaluateOptions>('evaluate', options, {
    loss: required(isLoss),
    metrics: isMetrics,
    forward: is.function,
    tbptt: isTbptt,
    signal: isSignal,
  });
  checkData('evaluate: data', data, 1);
  const metrics = makeMetrics('evaluate', options.metrics ?? []);
  const unrolling = makeUnrolling('evaluate', model, options.tbptt, options.forward);
  return pass('evaluate', model, data, unrolling, new Objective('evaluate', options.loss), metrics, 1, options.signal);
}

/** One pass over `data` for evaluate and for fit's validation. */
export async function pass(
  where: string,
  model: Module,
  data: Data,
  unrolling: Unrolling,
  objective: Objective,
  metrics: readonly Metric[],
  epoch: number,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  const breathe = makeBreather();
  const mean = new Mean();
  let samples = 0;
  for (const metric of metrics) metric.reset();
  unrolling.start();
  const restore = keepModes(model);
  try {
    signal?.throwIfAborted();
    const { batches } = await openData(`${where}: data`, data, epoch);
    for await (const input of batches) {
      const batch = toBatch(where, input);
      for (const window of unrolling.windows(batch)) {
        // The user's code may have changed the mode while the loop waited.
        model.eval();
        withoutTrace(() => {
          const { output, loss, terms } = objective.run(model, window);
          mean.add(loss.item(), terms);
          for (const metric of metrics) metric.update(output, window.batch.y, window.batch);
        });
        await breathe();
        signal?.throwIfAborted();
      }
      samples += batch.size;
    }
  } finally {
    restore();
  }
  if (samples === 0) throw noBatches(`${where}: data`, epoch);
  return { loss: mean.value, metrics: valuesOf(metrics), samples };
}

/**
 * What the model gives for `inputs`: evaluation mode, no gradients, nothing to dispose. Results may be kept.
 *
 *   const scores = predict(model, x, { lengths });
 */
export function predict<Inputs extends unknown[], Output>(
  model: Module & { forward(...inputs: Inputs): Output },
  ...inputs: Inputs
): Output {
  checkModel('predict', model);
  const restore = keepModes(model);
  try {
    model.eval();
    return noGrad(() => model.forward(...inputs));
  } finally {
    restore();
  }
}

export function checkModel(where: string, model: unknown): void {
  if (!(model instanceof Module)) throw new OptionError(`${where}: model must be a Module, got ${show(model)}`);
}

/** A function that gives every module the mode it has now. */
export function keepModes(model: Module): () => void {
  const modes = model.modules().map((module) => [module, module.training] as const);
  return () => {
    for (const [module, training] of modes) module.training = training;
  };
}

export function valuesOf(metrics: readonly Metric[]): Record<string, number> {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.value()]));
}

/** Neither tape nor memory keeps anything of what `body` computes. */
export function withoutTrace(body: () => void): void {
  noGrad(() => scope(body));
}
