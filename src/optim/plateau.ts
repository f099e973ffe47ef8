// Lowers the learning rate when a figure has stopped getting better.
import { FormatError, OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { checkOptions, is, show } from '../options.js';
import type { Callbacks, EpochRecord } from '../train/fit-options.js';
import { Optimizer } from './optimizer.js';

export interface PlateauOptions {
  /** Which way is better. Default 'min'. */
  readonly mode?: 'min' | 'max';
  /** What the rate is multiplied with. Default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement that are put up with. Default 10. */
  readonly patience?: number;
  /** What counts as an improvement: this share of the best figure, or with 'abs' this much. Default 1e-4. */
  readonly threshold?: number;
  /** Default 'rel'. */
  readonly thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which nothing is counted. Default 0. */
  readonly cooldown?: number;
  /** Default 0. */
  readonly minLr?: number;
  /** A change of the rate smaller than this is not made. Default 1e-8. */
  readonly eps?: number;
  /** As a callback of fit: 'loss', 'validation.loss', a metric's name, ... Default: the validation loss, else the loss. */
  readonly monitor?: string;
}

/** See `plateau`. */
export class Plateau implements Callbacks {
  readonly #optimizer: Optimizer;
  readonly #options: Required<Omit<PlateauOptions, 'monitor'>>;
  readonly #monitor: string | undefined;
  #best: number;
  #bad = 0;
  #cooling = 0;

  constructor(optimizer: Optimizer, options: PlateauOptions = {}) {
    const where = 'schedules.plateau';
    if (!(optimizer instanceof Optimizer)) {
      throw new OptionError(`${where}: the first argument must be an optimizer, got ${show(optimizer)}`);
    }
    checkOptions<PlateauOptions>(where, options, {
      mode: is.oneOf('min', 'max'),
      factor: is.between(0, 1),
      patience: is.integer(0),
      threshold: is.number(0),
      thresholdMode: is.oneOf('rel', 'abs'),
      cooldown: is.integer(0),
      minLr: is.number(0),
      eps: is.number(0),
      monitor: is.string,
    });
    this.#optimizer = optimizer;
    this.#monitor = options.monitor;
    this.#options = {
      mode: options.mode ?? 'min',
      factor: options.factor ?? 0.1,
      patience: options.patience ?? 10,
      threshold: options.threshold ?? 1e-4,
      thresholdMode: options.thresholdMode ?? 'rel',
      cooldown: options.cooldown ?? 0,
      minLr: options.minLr ?? 0,
      eps: options.eps ?? 1e-8,
    };
    this.#best = this.#options.mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** The learning rate of the first group. */
  get lr(): number {
    return this.#optimizer.lr;
  }

  /** An epoch came to `value`; NaN is no improvement. */
  step(value: number): void {
    if (typeof value !== 'number') throw new OptionError(`schedules.plateau: step needs a number, got ${show(value)}`);
    const { patience, cooldown } = this.#options;
    if (this.#improves(value)) {
      this.#best = value;
      this.#bad = 0;
    } else this.#bad++;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad <= patience) return;
    this.#reduce();
    this.#cooling = cooldown;
    this.#bad = 0;
  }

  #improves(value: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === 'min' ? -1 : 1;
    const wanted = thresholdMode === 'rel' ? this.#best * (1 + sign * threshold) : this.#best + sign * threshold;
    return mode === 'min' ? value < wanted : value > wanted;
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.#options;
    for (const group of this.#optimizer.groups) {
      const lr = Math.max(group.lr * factor, minLr);
      if (group.lr - lr > eps) group.lr = lr;
    }
  }

  onEpochEnd(record: EpochRecord): void {
    const monitor = this.#monitor ?? (record.validation ? 'validation.loss' : 'loss');
    const onValidation = monitor.startsWith('validation.');
    const figures = onValidation ? record.validation : record;
    const name = onValidation ? monitor.slice('validation.'.length) : monitor;
    const value = name === 'loss' ? figures?.loss : figures?.metrics[name];
    if (value === undefined) {
      const names = ['loss', ...Object.keys(record.metrics)];
      const known = record.validation ? [...names, ...names.map((one) => `validation.${one}`)] : names;
      throw new OptionError(`schedules.plateau: monitor must be one of ${known.join(', ')}, got ${show(monitor)}`);
    }
    this.step(value);
  }

  onSave(): Json {
    return { best: this.#best, bad: this.#bad, cooling: this.#cooling };
  }

  /** Goes on from what onSave gave; the rates themselves are the optimiser's. */
  onResume(saved: unknown): void {
    const { best, bad, cooling } = (saved ?? {}) as Record<string, unknown>;
    const isCount = (value: unknown) => Number.isSafeInteger(value);
    if (typeof best !== 'number' || !isCount(bad) || !isCount(cooling)) {
      throw new FormatError(`schedules.plateau: a saved state must be { best, bad, cooling }, got ${show(saved)}`);
    }
    this.#best = best;
    this.#bad = bad as number;
    this.#cooling = cooling as number;
  }
}

/**
 * Multiplies the learning rate by `factor` when a figure has not got better for more than `patience` epochs in a row.
 * PyTorch's ReduceLROnPlateau.
 *
 *   await fit(model, data, { optimizer, validation, callbacks: schedules.plateau(optimizer, { patience: 2 }), ... });
 *
 * By hand: `schedule.step(validationLoss)` after each epoch.
 */
export const plateau = (optimizer: Optimizer, options: PlateauOptions = {}): Plateau => new Plateau(optimizer, options);
