// Averages of a model's weights over the updates of training: often better, and always steadier, than the last weights.
import { current } from '../autograd/context.js';
import type { Parameter, Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { FormatError, OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { Module, type StateDict } from '../layers/module.js';
import { checkOptions, is, show } from '../options.js';
import type { Callbacks } from './fit-options.js';

export interface WeightAverageOptions {
  /** With it the average is exponential, and this is how much of it stays at each step. Default: all weights count alike (SWA). */
  readonly decay?: number;
  /** What a step is for a callback of fit. Default 'update' with a decay, 'epoch' without. */
  readonly per?: 'update' | 'epoch';
  /** Steps that are left out before averaging begins. Default 0. */
  readonly start?: number;
}

/**
 * An average of a model's weights w_1, w_2, ... as training goes on.
 *
 *   with decay d:  a_n = (1 - d) sum_k d^(n-k) w_k / (1 - d^n)      exponential, corrected for its start from zero, as in Adam
 *   without:       a_n = sum_k w_k / n                              stochastic weight averaging
 *
 *   const average = new WeightAverage(model, { decay: 0.999 });
 *   await fit(model, data, { validation, callbacks: average, ... });
 *   average.apply();
 *
 * As a callback of fit it is what validation measures and what early stopping keeps the best of (and gives back to the model at the
 * end: apply() is not needed then); training goes on from the weights themselves. Checkpoints keep it, and a run that goes on comes
 * to the same bits. By hand: `average.update()` after each `optimizer.step()`.
 *
 * Source: Polyak & Juditsky 1992; Izmailov et al. 2018 (SWA); bias correction: Kingma & Ba 2015.
 */
export class WeightAverage implements Callbacks {
  readonly #model: Module;
  readonly #parameters: readonly Parameter[];
  readonly #decay: number | undefined;
  readonly #per: 'update' | 'epoch';
  readonly #start: number;
  /** The running sums with decay, the mean without; of all parameters one behind the other. */
  readonly #sums: Float64Array;
  #seen = 0;

  constructor(model: Module, options: WeightAverageOptions = {}) {
    if (!(model instanceof Module)) throw new OptionError(`WeightAverage: model must be a Module, got ${show(model)}`);
    checkOptions<WeightAverageOptions>('WeightAverage', options, {
      decay: is.between(0, 1),
      per: is.oneOf('update', 'epoch'),
      start: is.integer(0),
    });
    const { decay, per = decay === undefined ? 'epoch' : 'update', start = 0 } = options;
    this.#model = model;
    this.#parameters = model.parameters();
    this.#decay = decay;
    this.#per = per;
    this.#start = start;
    this.#sums = new Float64Array(this.#parameters.reduce((sum, { size }) => sum + size, 0));
  }

  /** How many weights the average is of; 0 until the first after `start`. */
  get count(): number {
    return Math.max(0, this.#seen - this.#start);
  }

  /** Takes the weights as they are now into the average. */
  update(): void {
    this.#seen++;
    const n = this.count;
    if (n === 0) return;
    const share = this.#decay === undefined ? 1 / n : 1 - this.#decay;
    this.#each((weights, at) => {
      const sums = this.#sums;
      for (let k = 0; k < weights.length; k++) {
        const sum = sums[at + k] as number;
        sums[at + k] = sum + share * ((weights[k] as number) - sum);
      }
    });
  }

  /** The averaged weights by name, as model.stateDict() gives the model's own; those while there is no average yet. */
  stateDict(): StateDict {
    return this.applied(() => this.#model.stateDict());
  }

  /** Runs `body` with the averaged weights in the model, and gives it its own back. */
  applied<T>(body: () => T): T {
    const giveBack = this.#swap();
    try {
      return body();
    } finally {
      giveBack();
    }
  }

  /** Gives the model the averaged weights for good. */
  apply(): void {
    if (this.count === 0) return;
    const correction = this.#decay === undefined ? 1 : 1 / (1 - this.#decay ** this.count);
    this.#each((weights, at) => {
      for (let k = 0; k < weights.length; k++) weights[k] = (this.#sums[at + k] as number) * correction;
    });
    for (const parameter of this.#parameters) parameter.touch();
  }

  onBatchEnd(): void {
    if (this.#per === 'update') this.update();
  }

  /** Called by fit: validation, and the choice of the best epoch, see the average. */
  async aroundValidation<R>(run: () => Promise<R>): Promise<R> {
    if (this.#per === 'epoch') this.update();
    const giveBack = this.#swap();
    try {
      return await run();
    } finally {
      giveBack();
    }
  }

  onSave(): Json {
    return { seen: this.#seen, sums: toBase64(new Uint8Array(this.#sums.buffer)) };
  }

  /** Goes on from what onSave gave. */
  onResume(saved: unknown): void {
    const { seen, sums } = (saved ?? {}) as { seen?: unknown; sums?: unknown };
    const bytes = typeof sums === 'string' ? fromBase64(sums) : null;
    if (!Number.isSafeInteger(seen) || bytes?.length !== this.#sums.byteLength) {
      throw new FormatError(
        `WeightAverage: a saved state must be { seen, sums } of ${this.#sums.length} weights, got ${show(saved)}`,
      );
    }
    this.#seen = seen as number;
    new Uint8Array(this.#sums.buffer).set(bytes);
  }

  /** Puts the average into the model; returns what takes it out again. */
  #swap(): () => void {
    const own = this.#parameters.map((parameter) => viewOf(parameter).slice());
    this.apply();
    return () => {
      for (const [k, parameter] of this.#parameters.entries()) {
        viewOf(parameter).set(own[k] as ArrayLike<number>);
        parameter.touch();
      }
    };
  }

  #each(visit: (weights: Float32Array | Float64Array, at: number) => void): void {
    let at = 0;
    for (const parameter of this.#parameters) {
      visit(viewOf(parameter), at);
      at += parameter.size;
    }
  }
}

const viewOf = (parameter: Tensor) => current().memory.view(parameter.storage as Floats);

function toBase64(bytes: Uint8Array): string {
  let text = '';
  // So few at a time that they can be arguments of one call.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Null where `text` is not base64. */
function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
