// What fit takes, tells its callbacks and returns; and the checks of what it takes.
import { OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import type { Module } from '../layers/module.js';
import { Optimizer } from '../optim/optimizer.js';
import { adviceFor, checkOptions, is, type Rule, required, show } from '../options.js';
import { type CheckpointOptions, isCheckpoint } from './checkpointing.js';
import { checkData, type Data } from './data.js';
import type { BestEpoch, EarlyStoppingOptions } from './early-stopping.js';
import { checkModel, isSignal } from './evaluate.js';
import { isMetrics, type MetricSpec } from './metrics.js';
import { type Forward, isLoss, type LossSpec } from './objective.js';
import { isTbptt, type TbpttOptions } from './windows.js';

export interface FitOptions {
  /** A name (crossEntropy, bceWithLogits, mse, mae, huber) or `(output, y, batch) => tensor` of one element. */
  readonly loss: LossSpec;
  readonly optimizer: Optimizer;
  /** Default 1. */
  readonly epochs?: number;
  /** Scales the gradients so that their common norm is at most this. Default: no clipping. */
  readonly clipNorm?: number;
  /**
   * Batches whose gradients make one update: as many rows as n batches have, in the memory of one. Each counts by the terms its
   * loss is the mean of (targets that are not ignored; rows, where the loss is a function), so that the update is that of one
   * large batch. The last update of an epoch takes what is left. Not together with tbptt. Default 1.
   */
  readonly accumulate?: number;
  /** Batches that are only measured, after each epoch. */
  readonly validation?: Data;
  /** Names (accuracy, top5, macroF1, auc, perplexity, bitsPerChar, mae, mse, rmse, mape, smape), metrics such as topK(3), or named functions. */
  readonly metrics?: readonly MetricSpec[];
  readonly earlyStopping?: EarlyStoppingOptions;
  readonly callbacks?: Callbacks | readonly Callbacks[];
  /**
   * How the model takes a batch: `(model, batch) => output`. Default: model.forward(batch.x), with { lengths } after it
   * where the batch has them. With tbptt: `(model, batch, state) => ({ output, state })`.
   */
  readonly forward?: Forward;
  /**
   * Stops after the current batch; the promise rejects with the signal's reason and the model keeps its last complete
   * step.
   */
  readonly signal?: AbortSignal;
  /** Called after every update. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Truncated backpropagation through time: an update after every k1 steps of a batch. Validation goes through the same
   * windows.
   */
  readonly tbptt?: TbpttOptions;
  /** Keeps all that the run needs, so that a killed process started again goes on exactly where it was. */
  readonly checkpoint?: CheckpointOptions;
}

/** Each may be async, and may return 'stop' to end training after what it was called for. */
export interface Callbacks {
  onEpochStart?(epoch: number): CallbackResult;
  /** After every update: with accumulate after the last batch of it, with tbptt after every window, the last of a batch being that with `window === windows`. */
  onBatchEnd?(progress: Progress): CallbackResult;
  onEpochEnd?(record: EpochRecord): CallbackResult;
  /** Made around every update, forward and backward pass included: must call `run` once and return what it returned. */
  aroundStep?<R extends StepResult>(run: () => R, context: StepContext): R;
  /**
   * Made around what follows an epoch's updates: validation, where there is one, and early stopping's look at the epoch, which keeps
   * the weights of the best. Must call `run` once and return what it returned. Not after an epoch that was stopped.
   */
  aroundValidation?<R>(run: () => Promise<R>): Promise<R>;
  /** What the callbacks remember, as JSON, to be kept in a checkpoint: where a learning rate schedule stands, for example. */
  onSave?(): Json;
  /** What onSave returned: training goes on from that checkpoint. An epoch under way does not start (onEpochStart) again. */
  onResume?(saved: Json): void;
}

/** What an update came to: the loss of its batch or window, and the norm of all gradients before clipping. */
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

/** Where training stands after an update: after a batch, or with tbptt after a window of it. Counts start at 1; means are over the epoch so far. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  /** Batches of an epoch; unknown in the first epoch of data without a length. */
  readonly batches?: number;
  /** With tbptt: of this batch. Windows without any target have no update and are passed over. */
  readonly window?: number;
  readonly windows?: number;
  /** Updates since fit began. */
  readonly step: number;
  readonly loss: number;
  /** The loss of this update alone: of a batch, of those accumulated, or of a window. */
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
  /** Updates, where tbptt makes several of a batch. */
  readonly windows?: number;
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

const isOptimizer: Rule = { expected: 'an optimizer', accepts: (v) => v instanceof Optimizer };

const CALLBACKS = ['onEpochStart', 'onBatchEnd', 'onEpochEnd', 'onSave', 'onResume'];
const isCallbacks: Rule = {
  expected: `an object with ${[...CALLBACKS, 'aroundStep', 'aroundValidation'].join(', ')}, or a list of such`,
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

export function checkFit(model: Module, data: Data, options: FitOptions): void {
  checkModel('fit', model);
  checkOptions<FitOptions>('fit', options, {
    loss: required(isLoss),
    optimizer: required(isOptimizer),
    epochs: is.integer(1),
    clipNorm: is.between(0),
    accumulate: is.integer(1),
    validation: is.any,
    metrics: isMetrics,
    earlyStopping: is.object,
    callbacks: isCallbacks,
    forward: is.function,
    signal: isSignal,
    onProgress: is.function,
    tbptt: isTbptt,
    checkpoint: isCheckpoint,
  });
  if (options.tbptt !== undefined && (options.accumulate ?? 1) > 1) {
    throw new OptionError(
      'fit: accumulate and tbptt exclude each other: a window goes on from the state of the one before, in its own batch; ' +
        'take a longer k1',
    );
  }
  for (const callbacks of [options.callbacks ?? []].flat()) checkCallbacks(callbacks);
  checkData('fit: data', data, options.epochs ?? 1);
  if (options.validation !== undefined) checkData('fit: validation', options.validation, options.epochs ?? 1);
}
