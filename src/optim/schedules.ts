// Learning rate schedules: `schedules.cosine(optimizer, { period: 20 })`. Each is a callback of fit, or is stepped by hand.
//
// To add one: its options and its curve (the learning rate after so many steps) in schedule-curves.ts, and its function here.
import { FormatError, OptionError } from '../errors.js';
import { checkOptions, is, required, show } from '../options.js';
import type { Callbacks, EpochRecord } from '../train/fit-options.js';
import { Optimizer } from './optimizer.js';
import {
  type CosineOptions,
  type Curve,
  curves,
  type ExponentialOptions,
  isPer,
  type LinearOptions,
  type MultiStepOptions,
  type OneCycleOptions,
  type Per,
  type StepOptions,
  type WarmupOptions,
} from './schedule-curves.js';

export { Plateau, type PlateauOptions, plateau } from './plateau.js';
export type {
  CosineOptions,
  ExponentialOptions,
  LinearOptions,
  MultiStepOptions,
  OneCycleOptions,
  Per,
  StepOptions,
  WarmupOptions,
} from './schedule-curves.js';

type AnyOptimizer = Optimizer;

/**
 * Sets the learning rate of an optimiser's groups, each from the one it had when the schedule was made:
 *
 *   const schedule = schedules.cosine(optimizer, { period: 20 });
 *   await fit(model, data, { optimizer, callbacks: schedule, ... });     // or schedule.step() after each epoch, by hand
 *
 * A checkpoint of fit keeps where it stands: a run that goes on has the same rates, bit for bit.
 */
export class Schedule implements Callbacks {
  readonly #optimizer: AnyOptimizer;
  readonly #curve: Curve;
  readonly #per: Per;
  #bases: readonly number[];
  #steps = 0;

  /** @internal */
  constructor(where: string, optimizer: AnyOptimizer, curve: Curve, per: Per) {
    if (!(optimizer instanceof Optimizer)) {
      throw new OptionError(`${where}: the first argument must be an optimizer, got ${show(optimizer)}`);
    }
    this.#optimizer = optimizer;
    this.#curve = curve;
    this.#per = per;
    this.#bases = optimizer.groups.map(({ lr }) => lr);
    this.#apply();
  }

  /** Steps made so far. */
  get steps(): number {
    return this.#steps;
  }

  /** The learning rate of the first group. */
  get lr(): number {
    return this.#optimizer.lr;
  }

  /** One epoch, or update, is over: sets the learning rate of the next. */
  step(): void {
    this.#steps++;
    this.#apply();
  }

  onBatchEnd(): void {
    if (this.#per === 'update') this.step();
  }

  onEpochEnd(_record: EpochRecord): void {
    if (this.#per === 'epoch') this.step();
  }

  onSave(): { steps: number; bases: number[] } {
    return { steps: this.#steps, bases: [...this.#bases] };
  }

  /** Goes on from what onSave gave. */
  onResume(saved: unknown): void {
    const { steps, bases } = (saved ?? {}) as { steps?: unknown; bases?: unknown };
    const isRates =
      Array.isArray(bases) && bases.length === this.#bases.length && bases.every((lr) => typeof lr === 'number');
    if (!Number.isSafeInteger(steps) || !isRates) {
      throw new FormatError(
        `schedule: a saved state must be { steps, bases } with ${this.#bases.length} rates, got ${show(saved)}`,
      );
    }
    this.#steps = steps as number;
    this.#bases = bases as number[];
    this.#apply();
  }

  #apply(): void {
    for (const [k, group] of this.#optimizer.groups.entries()) {
      group.lr = this.#curve(this.#steps, this.#bases[k] as number);
    }
  }
}

type Make<O> = (optimizer: Optimizer, options: O & { readonly per?: Per }) => Schedule;

function make<O extends object>(name: keyof typeof curves, per: Per): Make<O> {
  return (optimizer, { per: asked = per, ...options }) => {
    checkOptions<{ per: Per }>(`schedules.${name}`, { per: asked }, { per: isPer });
    return new Schedule(`schedules.${name}`, optimizer, (curves[name] as (options: object) => Curve)(options), asked);
  };
}

/** lr = base * gamma^floor(t / stepSize): `{ stepSize, gamma = 0.1, per = 'epoch' }`. PyTorch's StepLR. */
export const step: Make<StepOptions> = make('step', 'epoch');
/** lr = base * gamma^(milestones <= t): `{ milestones, gamma = 0.1, per = 'epoch' }`. PyTorch's MultiStepLR. */
export const multiStep: Make<MultiStepOptions> = make('multiStep', 'epoch');
/** lr = base * gamma^t: `{ gamma, per = 'epoch' }`. PyTorch's ExponentialLR. */
export const exponential: Make<ExponentialOptions> = make('exponential', 'epoch');
/**
 * lr = min + (base - min) (1 + cos(pi t / period)) / 2: `{ period, minLr = 0, restarts = false, growth = 1, per = 'epoch' }`.
 *
 * After its period the rate stays at minLr, or with `restarts` begins again at base, each period `growth` times the one before.
 * PyTorch's CosineAnnealingLR (which rises again after T_max) and CosineAnnealingWarmRestarts. Source: Loshchilov & Hutter 2017.
 */
export const cosine: Make<CosineOptions> = make('cosine', 'epoch');
/** lr = base * (from + (to - from) min(t, steps) / steps): `{ steps, from = 1, to = 0, per = 'update' }`. PyTorch's LinearLR. */
export const linear: Make<LinearOptions> = make('linear', 'update');
/** Rises in a straight line from `from * base` to base, then stays: `{ steps, from = 1 / steps, per = 'update' }`. */
export const warmup: Make<WarmupOptions> = make('warmup', 'update');
/**
 * Up to maxLr and down again: `{ maxLr, steps, warm = 0.3, divFactor = 25, finalDivFactor = 1e4, anneal = 'cos', per = 'update' }`.
 *
 * From maxLr / divFactor to maxLr in the first `warm` of the steps, then to maxLr / divFactor / finalDivFactor. The optimiser's own
 * rate does not matter. PyTorch's OneCycleLR with cycle_momentum=False. Source: Smith & Topin 2019.
 */
export const oneCycle: Make<OneCycleOptions> = make('oneCycle', 'update');

/** A schedule by its name and options, as a part of a sequence. */
export type SequencePart =
  | readonly ['step', StepOptions]
  | readonly ['multiStep', MultiStepOptions]
  | readonly ['exponential', ExponentialOptions]
  | readonly ['cosine', CosineOptions]
  | readonly ['linear', LinearOptions]
  | readonly ['warmup', WarmupOptions]
  | readonly ['oneCycle', OneCycleOptions];

export interface SequenceOptions {
  readonly parts: readonly SequencePart[];
  /** Where each part after the first begins, counted from the very beginning; ascending. */
  readonly milestones: readonly number[];
  /** Default 'update'. */
  readonly per?: Per;
}

/**
 * One schedule after the other, each counting from where it begins. PyTorch's SequentialLR.
 *
 *   schedules.sequence(optimizer, {
 *     parts: [['warmup', { steps: 100 }], ['cosine', { period: 900 }]],
 *     milestones: [100],
 *   });
 */
export function sequence(optimizer: Optimizer, options: SequenceOptions): Schedule {
  const where = 'schedules.sequence';
  const count = Array.isArray(options?.parts) ? options.parts.length : 0;
  checkOptions<SequenceOptions>(where, options, {
    parts: required({
      expected: "a list such as [['warmup', { steps: 100 }], ['cosine', { period: 900 }]]",
      accepts: (v) => Array.isArray(v) && v.length > 0 && v.every((part) => Array.isArray(part) && part.length === 2),
    }),
    milestones: required({
      expected: 'a list of ascending integers >= 1, one less than there are parts',
      accepts: (v) =>
        Array.isArray(v) &&
        v.length === count - 1 &&
        v.every((at, k) => is.integer(k === 0 ? 1 : (v[k - 1] as number) + 1).accepts(at)),
    }),
    per: isPer,
  });
  const parts = options.parts.map(([name, own]) => {
    if (!Object.hasOwn(curves, name)) {
      throw new OptionError(`${where}: a part must be one of ${Object.keys(curves).join(', ')}, got ${show(name)}`);
    }
    return (curves[name] as (options: object) => Curve)(own);
  });
  const starts = [0, ...options.milestones];
  const curve: Curve = (t, base) => {
    const part = starts.filter((at) => at <= t).length - 1;
    return (parts[part] as Curve)(t - (starts[part] as number), base);
  };
  return new Schedule(where, optimizer, curve, options.per ?? 'update');
}
