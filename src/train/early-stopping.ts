// Early stopping: watches one figure of the epochs and ends training when it no longer improves.
import { OptionError } from '../errors.js';
import type { Module, StateDict } from '../layers/module.js';
import { checkOptions, is } from '../options.js';
import type { EpochRecord } from './fit-options.js';
import type { Metric } from './metrics.js';

export interface EarlyStoppingOptions {
  /**
   * 'loss' or a metric's name, on training data; 'validation.loss', 'validation.NAME'. Default: 'validation.loss' with
   * validation, else 'loss'.
   */
  readonly monitor?: string;
  /** Training ends after this many epochs in a row without improvement. Default 3. */
  readonly patience?: number;
  /** Which way is better. Default: that of the monitored metric. */
  readonly mode?: 'min' | 'max';
  /** What counts as an improvement. Default 0: anything. */
  readonly minDelta?: number;
  /** Give the model the weights of its best epoch when training ends. Default true. */
  readonly restoreBest?: boolean;
}

/** The best epoch by the monitored figure. */
export interface BestEpoch {
  readonly epoch: number;
  readonly monitor: string;
  readonly value: number;
}

export class EarlyStopping {
  readonly monitor: string;
  readonly #patience: number;
  readonly #sign: 1 | -1;
  readonly #minDelta: number;
  readonly #restoreBest: boolean;
  #best: BestEpoch | undefined;
  #bestWeights: StateDict | undefined;

  constructor(options: EarlyStoppingOptions, metrics: readonly Metric[], hasValidation: boolean) {
    checkOptions<EarlyStoppingOptions>('fit: earlyStopping', options, {
      monitor: is.string,
      patience: is.integer(1),
      mode: is.oneOf('min', 'max'),
      minDelta: is.number(0),
      restoreBest: is.boolean,
    });
    const names = ['loss', ...metrics.map((metric) => metric.name)];
    const known = hasValidation ? [...names, ...names.map((name) => `validation.${name}`)] : names;
    this.monitor = options.monitor ?? (hasValidation ? 'validation.loss' : 'loss');
    if (!known.includes(this.monitor)) {
      throw new OptionError(`fit: earlyStopping: monitor must be one of ${known.join(', ')}, got "${this.monitor}"`);
    }
    const name = this.monitor.replace(/^validation\./, '');
    const mode = options.mode ?? (name === 'loss' ? 'min' : metrics.find((metric) => metric.name === name)?.better);
    if (mode === undefined) {
      throw new OptionError(
        `fit: earlyStopping: mode must be 'min' or 'max' to monitor "${this.monitor}", a metric of your own`,
      );
    }
    this.#sign = mode === 'max' ? 1 : -1;
    this.#patience = options.patience ?? 3;
    this.#minDelta = options.minDelta ?? 0;
    this.#restoreBest = options.restoreBest ?? true;
  }

  get best(): BestEpoch | undefined {
    return this.#best;
  }

  get bestWeights(): StateDict | undefined {
    return this.#bestWeights;
  }

  /** Goes on from what a checkpoint kept. */
  resume(best: BestEpoch | null, weights: StateDict | null): void {
    this.#best = best ?? undefined;
    this.#bestWeights = this.#restoreBest && weights !== null ? weights : undefined;
  }

  /** Whether training should stop after this epoch. A NaN is never an improvement. */
  isOver(record: EpochRecord, model: Module): boolean {
    const value = this.#valueIn(record);
    if (value !== undefined && this.#improves(value)) {
      this.#best = { epoch: record.epoch, monitor: this.monitor, value };
      if (this.#restoreBest) this.#bestWeights = model.stateDict();
    }
    return record.epoch - (this.#best?.epoch ?? 0) >= this.#patience;
  }

  restore(model: Module): void {
    if (this.#bestWeights !== undefined) model.loadStateDict(this.#bestWeights);
  }

  #improves(value: number): boolean {
    if (this.#best === undefined) return !Number.isNaN(value);
    return this.#sign * (value - this.#best.value) > this.#minDelta;
  }

  #valueIn(record: EpochRecord): number | undefined {
    const onValidation = this.monitor.startsWith('validation.');
    const figures = onValidation ? record.validation : record;
    const name = onValidation ? this.monitor.slice('validation.'.length) : this.monitor;
    return name === 'loss' ? figures?.loss : figures?.metrics[name];
  }
}
