// What fit and evaluate do with one window of a batch (without tbptt: all of it): run the model, compute the loss, check
// both. Losses by name or as a function.
import { Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { bceWithLogits, crossEntropy, huber, mae, mse } from '../losses/index.js';
import { type Rule, show } from '../options.js';
import type { Batch } from './data.js';
import type { Window } from './windows.js';

export type LossName = 'crossEntropy' | 'bceWithLogits' | 'mse' | 'mae' | 'huber';

const LOSSES = { crossEntropy, bceWithLogits, mse, mae, huber } satisfies Record<LossName, unknown>;

/** A single number to minimise, as a tensor of one element. */
// biome-ignore lint/suspicious/noExplicitAny: the user knows what the model returns
export type LossFunction = (output: any, target: any, batch: Batch) => Tensor;
export type LossSpec = LossName | LossFunction;

/**
 * Runs the model on a batch. Default: `model.forward(batch.x)`, with `{ lengths }` after it where the batch has
 * lengths.
 *
 * With tbptt it runs the model on some steps of a batch, from the state behind those before (null: none), and returns
 * `{ output, state }`; state is a RecurrentState, or a list or record of those of several layers. Default:
 * `model.forward(batch.x, { state, lengths })`, which is what recurrent layers take.
 */
// biome-ignore lint/suspicious/noExplicitAny: the user knows the model's own arguments and result
export type Forward = (model: any, batch: Batch, state: any) => any;

export const isLoss: Rule = {
  expected: `${Object.keys(LOSSES).join(', ')} or a function (output, y, batch) => tensor`,
  accepts: (v) => typeof v === 'function' || (typeof v === 'string' && Object.hasOwn(LOSSES, v)),
};

/** One window through model and loss. */
export interface Evaluated {
  readonly output: unknown;
  readonly loss: Tensor;
  /** How many terms the loss is the mean of: its weight in the mean over an epoch. */
  readonly terms: number;
}

export class Objective {
  readonly #where: string;
  readonly #loss: LossSpec;

  constructor(where: string, loss: LossSpec) {
    this.#where = where;
    this.#loss = loss;
  }

  run(model: Module, window: Window): Evaluated {
    const { batch } = window;
    const output = window.run(model);
    if (typeof (output as { then?: unknown } | null | undefined)?.then === 'function') {
      throw new OptionError(
        `${this.#where}: forward must not be async: the tape belongs to one batch at a time; await in the data instead`,
      );
    }
    const loss =
      typeof this.#loss === 'function' ? this.#loss(output, batch.y, batch) : this.#named(this.#loss, output, batch);
    if (!(loss instanceof Tensor) || loss.size !== 1) {
      const got = loss instanceof Tensor ? `shape [${loss.shape.join(', ')}]` : show(loss);
      throw new OptionError(
        `${this.#where}: the loss must be a tensor of one element, got ${got}; reduce it with mean()`,
      );
    }
    return { output, loss, terms: this.#terms(output, window) };
  }

  /** Whether every target of a window is ignored, so that there is nothing to take the mean of. */
  isEmpty({ batch }: Window): boolean {
    return this.#loss === 'crossEntropy' && batch.y !== undefined && countLabels(batch.y) === 0;
  }

  #named(name: LossName, output: unknown, batch: Batch): Tensor {
    if (!(output instanceof Tensor)) {
      throw new OptionError(
        `${this.#where}: the loss "${name}" needs a tensor from the model, got ${show(output)}; ` +
          'pass forward: (model, batch) => tensor, for example model.forward(batch.x).output',
      );
    }
    if (batch.y === undefined) throw new OptionError(`${this.#where}: the loss "${name}" needs y in every batch`);
    return LOSSES[name](output, batch.y);
  }

  #terms(output: unknown, { batch, weight }: Window): number {
    if (typeof this.#loss === 'function') return weight;
    return this.#loss === 'crossEntropy' ? countLabels(batch.y) : (output as Tensor).size;
  }
}

function countLabels(y: unknown): number {
  const labels: ArrayLike<number> = y instanceof Tensor ? y.data : ([y].flat(Infinity) as number[]);
  let counted = 0;
  for (let k = 0; k < labels.length; k++) if (labels[k] !== -100) counted++;
  return counted;
}
