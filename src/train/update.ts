// One update of training: forward and backward pass of a window, or of the several that are accumulated; clipping; the optimiser's
// step.
import { full } from '../autograd/creation.js';
import type { Tensor } from '../autograd/tensor.js';
import { NumericError, OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { gradNorm, scaleGradients, scaleToNorm } from '../optim/clip.js';
import type { FitOptions, StepResult } from './fit-options.js';
import type { Metric } from './metrics.js';
import type { Objective } from './objective.js';
import type { Window } from './windows.js';

/** What one backward pass is made of. `batch`: its number in the epoch, for messages. */
export interface Part {
  readonly window: Window;
  readonly batch: number;
}

/** What an update came to; `terms`: how many the loss is the mean of. */
export interface Step extends StepResult {
  readonly terms: number;
}

export class Updater {
  readonly #model: Module;
  readonly #objective: Objective;
  readonly #metrics: readonly Metric[];
  readonly #options: FitOptions;
  readonly #parameters: readonly Tensor[];

  constructor(model: Module, objective: Objective, metrics: readonly Metric[], options: FitOptions) {
    this.#model = model;
    this.#objective = objective;
    this.#metrics = metrics;
    this.#options = options;
    this.#parameters = options.optimizer.groups.flatMap((group) => group.params);
  }

  /**
   * One update. Nothing is accumulated but numbers and gradients: the tensors of a pass go when the next one begins.
   *
   * @param step  number of this update, from 1
   */
  run(parts: readonly Part[], epoch: number, step: number): Step {
    const { optimizer, clipNorm } = this.#options;
    const last = parts.at(-1) as Part;
    optimizer.zeroGrad();
    const { loss, terms } =
      parts.length === 1
        ? this.#pass(last, null, () => this.#where(last, epoch, step))
        : this.#passes(parts, epoch, step);
    if (step === 1 && this.#parameters.every((parameter) => parameter.grad === null)) {
      throw new OptionError(
        "fit: backward() reached none of the optimizer's parameters; was it made for another model?",
      );
    }
    const norm = gradNorm(this.#parameters);
    if (!Number.isFinite(norm)) {
      throw notFinite('norm of the gradients', norm, this.#where(last, epoch, step), terms);
    }
    if (clipNorm !== undefined) scaleToNorm(this.#parameters, norm, clipNorm);
    optimizer.step();
    return { loss, terms, norm };
  }

  /**
   * The gradient of the mean over the terms of all parts, as one large batch of their rows would give it:
   *
   *   d(sum_k n_k L_k / sum_k n_k) = sum_k n_k dL_k / sum_k n_k      n_k: terms that L_k is the mean of
   *
   * What n_k sum up to is known only behind the last forward pass, and by then the tensors of the first are gone.
   */
  #passes(parts: readonly Part[], epoch: number, step: number): { loss: number; terms: number } {
    // Where every target is ignored the loss is the mean of nothing: NaN, which 0 times it would be as well.
    const counting = parts.filter(({ window }) => !this.#objective.isEmpty(window));
    let sum = 0;
    let terms = 0;
    for (const part of counting.length > 0 ? counting : parts) {
      const pass = this.#pass(part, 'terms', () => this.#where(part, epoch, step));
      sum += pass.loss * pass.terms;
      terms += pass.terms;
    }
    scaleGradients(this.#parameters, 1 / terms);
    return { loss: sum / terms, terms };
  }

  /** One pass forward and backward, its gradients weighted by the loss's terms, or not at all. */
  #pass({ window }: Part, weight: 'terms' | null, where: () => string): { loss: number; terms: number } {
    const { output, loss, terms } = this.#objective.run(this.#model, window);
    const value = loss.item();
    if (!Number.isFinite(value)) throw notFinite('loss', value, where(), terms);
    for (const metric of this.#metrics) metric.update(output, window.batch.y, window.batch);
    loss.backward(weight && full(loss.shape, terms));
    return { loss: value, terms };
  }

  #where({ window, batch }: Part, epoch: number, step: number): string {
    const place = this.#options.tbptt ? `batch ${batch}, window ${window.number}` : `batch ${batch}`;
    return `in epoch ${epoch}, ${place} (step ${step})`;
  }
}

function notFinite(what: string, value: number, where: string, terms: number): NumericError {
  const advice =
    terms === 0
      ? 'every target of this batch is ignored: leave the batch out'
      : 'the weights are those of the step before. Lower the learning rate, clip the gradients (clipNorm: 1), or ' +
        'look for NaN in the data';
  return new NumericError(`fit: the ${what} is ${value} ${where}; ${advice}`);
}
