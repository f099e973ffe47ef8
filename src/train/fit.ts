// Training: the loop over epochs and batches, and everything that watches it.
import type { Tensor } from '../autograd/tensor.js';
import { NumericError, OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { gradNorm, scaleToNorm } from '../optim/clip.js';
import { Optimizer } from '../optim/optimizer.js';
import { adviceFor, checkOptions, is, later, type Rule, required, show } from '../options.js';
import { makeBreather } from './breathe.js';
import { type Batch, checkData, type Data, noBatches, openData, toBatch } from './data.js';
import { type BestEpoch, EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js';
import { checkModel, isSignal, keepModes, pass, valuesOf } from './evaluate.js';
import { isMetrics, type Metric, type MetricSpec, makeMetrics } from './metrics.js';
import { type Forward, isLoss, type LossSpec, Mean, Objective } from './objective.js';

export interface FitOptions {
  /** A name (crossEntropy, bceWithLogits, mse, mae, huber) or `(output, y, batch) => tensor` of one element. */
  readonly loss: LossSpec;
  readonly optimizer: Optimizer;
  /** Default 1. */
  readonly epochs?: number;
  /** Scales the gradients so that their common norm is at most this. Default: no clipping. */
  readonly clipNorm?: number;
  /** Batches that are only measured, after each epoch. */
  readonly validation?: Data;
  /** Names (accuracy, top5, perplexity, mae, mse, rmse), metrics such as topK(3), or named functions. */
  readonly metrics?: readonly MetricSpec[];
  readonly earlyStopping?: EarlyStoppingOptions;
  readonly callbacks?: Callbacks | readonly Callbacks[];
  /**
   * How the model takes a batch: `(model, batch) => output`. Default: model.forward(batch.x), with { lengths } after it
   * where the batch has them.
   */
  readonly forward?: Forward;
  /**
   * Stops after the current batch; the promise rejects with the signal's reason and the model keeps its last complete
   * step.
   */
  readonly signal?: AbortSignal;
  /** Called after every batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Not available yet. */
  readonly tbptt?: undefined;
  /** Not available yet. */
  readonly checkpoint?: undefined;
}

/** Each may be async, and may return 'stop' to end training after what it was called for. */
export interface Callbacks {
  onEpochStart?(epoch: number): CallbackResult;
  onBatchEnd?(progress: Progress): CallbackResult;
  onEpochEnd?(record: EpochRecord): CallbackResult;
  /** Made around every update, forward and backward pass included: must call `run` once and return what it returned. */
  aroundStep?<R extends StepResult>(run: () => R, context: StepContext): R;
}

/** What an update came to: the loss of its batch and the norm of all gradients before clipping. */
export interface StepResult {
  readonly loss: number;
  readonly norm: number;
}

/** `step`: number of the update that `run` makes, from 1. */
export interface StepContext {
  readonly step: number;
  readonly model: Module;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a callback that returns nothing is the usual one
export type CallbackResult = void | 'stop' | undefined | Promise<void | 'stop' | undefined>;

/** Where training stands after a batch. Counts start at 1; means are over the epoch so far. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  /** Batches of an epoch; unknown in the first epoch of data without a length. */
  readonly batches?: number;
  /** Updates since fit began. */
  readonly step: number;
  readonly loss: number;
  /** The loss of this batch alone. */
  readonly batchLoss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Norm of all gradients before clipping. */
  readonly gradNorm: number;
  readonly samplesPerSecond: number;
  readonly tokensPerSecond: number;
  /** Until the last epoch ends; unknown while `batches` is. */
  readonly etaSeconds?: number;
}

/** What an epoch came to. */
export interface EpochRecord {
  readonly epoch: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly validation?: { readonly loss: number; readonly metrics: Readonly<Record<string, number>> };
  readonly batches: number;
  readonly samples: number;
  readonly tokens: number;
  /** Of the training part, without validation. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
}

export interface History {
  readonly epochs: readonly EpochRecord[];
  /** Why training ended. */
  readonly stopped: 'completed' | 'earlyStopping' | 'callback';
  /** With early stopping: the epoch whose weights the model has now (unless restoreBest is off). */
  readonly best?: BestEpoch;
  /** Updates made. */
  readonly steps: number;
  readonly seconds: number;
}

/**
 * Trains a model.
 *
 *   const history = await fit(model, batches, { loss: 'crossEntropy', optimizer, epochs: 5 });
 *
 * is this loop, with measuring, stopping and reporting around it:
 *
 *   for (const { x, y } of batches) {
 *     optimizer.zeroGrad();
 *     const loss = crossEntropy(model.forward(x), y);
 *     loss.backward();
 *     clipGradNorm(model.parameters(), clipNorm);
 *     optimizer.step();
 *   }
 *
 * Memory stays flat without disposing anything, and the event loop gets a turn between batches. Modules are in training
 * mode during epochs, in evaluation mode during validation, and have their own mode back afterwards.
 *
 * @param data  an array, a sync or async iterable of batches ({ x, y, lengths?, ... } or [x, y]), or a function
 *   `(epoch) => iterable`, called once an epoch
 * @returns a record of each epoch, and why training ended
 * @throws OptionError   for a wrong option, empty data, an iterator that is used up
 * @throws NumericError  if the loss or the gradients are not finite; the weights are then those of the last good step
 */
export async function fit(model: Module, data: Data, options: FitOptions): Promise<History> {
  checkFit(model, data, options);
  const restoreModes = keepModes(model);
  try {
    return await new Training(model, data, options).run();
  } finally {
    restoreModes();
  }
}

const isOptimizer: Rule = { expected: 'an optimizer', accepts: (v) => v instanceof Optimizer };

const CALLBACKS = ['onEpochStart', 'onBatchEnd', 'onEpochEnd'];
const isCallbacks: Rule = {
  expected: `an object with ${CALLBACKS.join(', ')}, or a list of such`,
  accepts: (v) => [v].flat().every((entry) => typeof entry === 'object' && entry !== null),
};

/** A misspelt callback would never be called. Whatever else the object has is its own business. */
function checkCallbacks(callbacks: object): void {
  for (const [name, callback] of Object.entries(callbacks)) {
    if (!/^on[A-Z_]/.test(name)) continue;
    if (!CALLBACKS.includes(name))
      throw new OptionError(`fit: unknown callback "${name}"${adviceFor(name, CALLBACKS)}`);
    if (typeof callback !== 'function' && callback !== undefined) {
      throw new OptionError(`fit: callback ${name} must be a function, got ${show(callback)}`);
    }
  }
}

function checkFit(model: Module, data: Data, options: FitOptions): void {
  checkModel('fit', model);
  checkOptions<FitOptions>('fit', options, {
    loss: required(isLoss),
    optimizer: required(isOptimizer),
    epochs: is.integer(1),
    clipNorm: is.between(0),
    validation: is.any,
    metrics: isMetrics,
    earlyStopping: is.object,
    callbacks: isCallbacks,
    forward: is.function,
    signal: isSignal,
    onProgress: is.function,
    tbptt: later(undefined),
    checkpoint: later(undefined),
  });
  for (const callbacks of [options.callbacks ?? []].flat()) checkCallbacks(callbacks);
  checkData('fit: data', data, options.epochs ?? 1);
  if (options.validation !== undefined) checkData('fit: validation', options.validation, options.epochs ?? 1);
}

/** One call of fit. */
class Training {
  readonly #model: Module;
  readonly #data: Data;
  readonly #options: FitOptions;
  readonly #epochs: number;
  readonly #objective: Objective;
  readonly #metrics: readonly Metric[];
  readonly #earlyStopping: EarlyStopping | undefined;
  readonly #callbacks: readonly Callbacks[];
  readonly #parameters: readonly Tensor[];
  readonly #breathe = makeBreather();
  #steps = 0;
  /** Batches of an epoch, once known. */
  #batches: number | undefined;
  #stopRequested = false;
  #trainSeconds = 0;
  #validationSeconds = 0;

  constructor(model: Module, data: Data, options: FitOptions) {
    this.#model = model;
    this.#data = data;
    this.#options = options;
    this.#epochs = options.epochs ?? 1;
    this.#objective = new Objective('fit', options.loss, options.forward);
    this.#metrics = makeMetrics('fit', options.metrics ?? []);
    const { earlyStopping, validation, callbacks = [], optimizer } = options;
    this.#earlyStopping = earlyStopping && new EarlyStopping(earlyStopping, this.#metrics, validation !== undefined);
    this.#callbacks = Array.isArray(callbacks) ? callbacks : [callbacks as Callbacks];
    this.#parameters = optimizer.groups.flatMap((group) => group.params);
  }

  async run(): Promise<History> {
    const start = performance.now();
    const records: EpochRecord[] = [];
    let stopped: History['stopped'] = 'completed';
    this.#options.signal?.throwIfAborted();
    for (let epoch = 1; epoch <= this.#epochs && stopped === 'completed'; epoch++) {
      this.#model.train();
      await this.#notify((callbacks) => callbacks.onEpochStart?.(epoch));
      if (this.#stopRequested) {
        stopped = 'callback';
        break;
      }
      const record = await this.#epoch(epoch);
      records.push(record);
      await this.#notify((callbacks) => callbacks.onEpochEnd?.(record));
      const isOver = this.#earlyStopping?.isOver(record, this.#model);
      if (this.#stopRequested) stopped = 'callback';
      else if (isOver && epoch < this.#epochs) stopped = 'earlyStopping';
    }
    this.#earlyStopping?.restore(this.#model);
    const best = this.#earlyStopping?.best;
    return { epochs: records, stopped, ...(best && { best }), steps: this.#steps, seconds: secondsSince(start) };
  }

  async #epoch(epoch: number): Promise<EpochRecord> {
    const { signal, onProgress, validation } = this.#options;
    const before = this.#trainSeconds;
    const start = performance.now();
    const loss = new Mean();
    const seen = { batches: 0, samples: 0, tokens: 0 };
    for (const metric of this.#metrics) metric.reset();

    const { batches, count } = await openData('fit: data', this.#data, epoch);
    this.#batches = count ?? this.#batches;
    for await (const input of batches) {
      const batch = toBatch('fit', input);
      const result = this.#step(batch, epoch, seen.batches + 1);
      loss.add(result.loss, result.terms);
      seen.batches++;
      seen.samples += batch.size;
      seen.tokens += batch.tokens;
      const seconds = secondsSince(start);
      this.#trainSeconds = before + seconds;
      const progress: Progress = {
        epoch,
        epochs: this.#epochs,
        batch: seen.batches,
        step: this.#steps,
        loss: loss.value,
        batchLoss: result.loss,
        metrics: valuesOf(this.#metrics),
        gradNorm: result.norm,
        samplesPerSecond: seen.samples / seconds,
        tokensPerSecond: seen.tokens / seconds,
        ...(this.#batches !== undefined && { batches: this.#batches, etaSeconds: this.#eta(epoch, this.#batches) }),
      };
      onProgress?.(progress);
      await this.#notify((callbacks) => callbacks.onBatchEnd?.(progress));
      await this.#breathe();
      signal?.throwIfAborted();
      if (this.#stopRequested) break;
    }
    if (seen.batches === 0) throw noBatches('fit: data', epoch);
    if (!this.#stopRequested) this.#batches = seen.batches;
    const seconds = this.#trainSeconds - before;
    // Taken before validation, which uses the same metrics again.
    const record = {
      epoch,
      loss: loss.value,
      metrics: valuesOf(this.#metrics),
      ...seen,
      seconds,
      tokensPerSecond: seen.tokens / seconds,
    };
    if (validation === undefined || this.#stopRequested) return record;
    return { ...record, validation: await this.#validate(validation, epoch) };
  }

  /** One update, within what callbacks wrap around it. */
  #step(batch: Batch, epoch: number, number: number): StepResult & { readonly terms: number } {
    const context = { step: this.#steps + 1, model: this.#model };
    let run = () => this.#update(batch, epoch, number);
    for (const callbacks of this.#callbacks) {
      const inner = run;
      const around = callbacks.aroundStep?.bind(callbacks);
      if (around) run = () => around(inner, context);
    }
    return run();
  }

  /** Nothing is accumulated but numbers: the step's tensors go when the next one begins. */
  #update(batch: Batch, epoch: number, number: number): StepResult & { readonly terms: number } {
    const { optimizer, clipNorm } = this.#options;
    const where = () => `in epoch ${epoch}, batch ${number} (step ${this.#steps + 1})`;
    optimizer.zeroGrad();
    const { output, loss, terms } = this.#objective.run(this.#model, batch);
    const value = loss.item();
    if (!Number.isFinite(value)) throw notFinite('loss', value, where(), terms);
    for (const metric of this.#metrics) metric.update(output, batch.y, batch);

    loss.backward();
    if (this.#steps === 0 && this.#parameters.every((parameter) => parameter.grad === null)) {
      throw new OptionError(
        "fit: backward() reached none of the optimizer's parameters; was it made for another model?",
      );
    }
    const norm = gradNorm(this.#parameters);
    if (!Number.isFinite(norm)) throw notFinite('norm of the gradients', norm, where(), terms);
    if (clipNorm !== undefined) scaleToNorm(this.#parameters, norm, clipNorm);
    optimizer.step();
    this.#steps++;
    return { loss: value, terms, norm };
  }

  async #validate(validation: Data, epoch: number): Promise<NonNullable<EpochRecord['validation']>> {
    const start = performance.now();
    const { signal } = this.#options;
    const { loss, metrics } = await pass(
      'fit: validation',
      this.#model,
      validation,
      this.#objective,
      this.#metrics,
      epoch,
      signal,
    );
    this.#validationSeconds += secondsSince(start);
    return { loss, metrics };
  }

  /** Remaining batches at the mean speed so far, and remaining validations at theirs. */
  #eta(epoch: number, batches: number): number {
    const secondsPerBatch = this.#trainSeconds / this.#steps;
    const secondsPerValidation = epoch > 1 ? this.#validationSeconds / (epoch - 1) : 0;
    const remaining = Math.max(0, batches * this.#epochs - this.#steps);
    return remaining * secondsPerBatch + (this.#epochs - epoch + 1) * secondsPerValidation;
  }

  async #notify(call: (callbacks: Callbacks) => CallbackResult): Promise<void> {
    for (const callbacks of this.#callbacks) {
      const result = await call(callbacks);
      if (result === 'stop') this.#stopRequested = true;
      else if (result !== undefined && result !== null) {
        throw new OptionError(`fit: a callback must return nothing or 'stop', got ${show(result)}`);
      }
    }
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

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
