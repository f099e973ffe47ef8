// The curves of learning rate schedules: what the rate is after so many steps. In closed form, so that where a schedule stands is one
// number, and a run that goes on from a checkpoint has the same rates to the last bit.
import { checkOptions, is, type Rule, required } from '../options.js';

/** The rate after `steps` steps of a group whose own rate is `base`. */
export type Curve = (steps: number, base: number) => number;

/** What one step of a schedule is when it is a callback of fit: an epoch, or an update. */
export type Per = 'epoch' | 'update';
export const isPer: Rule = is.oneOf('epoch', 'update');

export interface StepOptions {
  readonly stepSize: number;
  /** Default 0.1. */
  readonly gamma?: number;
}

export interface MultiStepOptions {
  readonly milestones: readonly number[];
  /** Default 0.1. */
  readonly gamma?: number;
}

export interface ExponentialOptions {
  readonly gamma: number;
}

export interface CosineOptions {
  /** Steps from the optimiser's rate down to minLr. */
  readonly period: number;
  /** Default 0. */
  readonly minLr?: number;
  /** Begin again at the optimiser's rate when a period is over. Default false: stay at minLr. */
  readonly restarts?: boolean;
  /** With restarts: how much longer each period is than the one before; an integer. Default 1. */
  readonly growth?: number;
}

export interface LinearOptions {
  readonly steps: number;
  /** Shares of the optimiser's rate. Defaults 1 and 0. */
  readonly from?: number;
  readonly to?: number;
}

export interface WarmupOptions {
  readonly steps: number;
  /** Share of the optimiser's rate to begin with. Default 1 / steps. */
  readonly from?: number;
}

export interface OneCycleOptions {
  readonly maxLr: number;
  /** In all. */
  readonly steps: number;
  /** Share of the steps in which the rate rises. Default 0.3. */
  readonly warm?: number;
  /** Default 25. */
  readonly divFactor?: number;
  /** Default 1e4. */
  readonly finalDivFactor?: number;
  /** Default 'cos'. */
  readonly anneal?: 'cos' | 'linear';
}

const isFactor = is.between(0);
const isMilestones: Rule = {
  expected: 'a list of integers >= 1',
  accepts: (v) => Array.isArray(v) && v.every((at) => is.integer(1).accepts(at)),
};

function step(options: StepOptions): Curve {
  checkOptions<StepOptions>('schedules.step', options, { stepSize: required(is.integer(1)), gamma: isFactor });
  const { stepSize, gamma = 0.1 } = options;
  return (t, base) => base * gamma ** Math.floor(t / stepSize);
}

function multiStep(options: MultiStepOptions): Curve {
  checkOptions<MultiStepOptions>('schedules.multiStep', options, {
    milestones: required(isMilestones),
    gamma: isFactor,
  });
  const { milestones, gamma = 0.1 } = options;
  return (t, base) => base * gamma ** milestones.filter((at) => at <= t).length;
}

function exponential(options: ExponentialOptions): Curve {
  checkOptions<ExponentialOptions>('schedules.exponential', options, { gamma: required(isFactor) });
  return (t, base) => base * options.gamma ** t;
}

function cosine(options: CosineOptions): Curve {
  checkOptions<CosineOptions>('schedules.cosine', options, {
    period: required(is.integer(1)),
    minLr: is.number(0),
    restarts: is.boolean,
    growth: is.integer(1),
  });
  const { minLr = 0, restarts = false, growth = 1 } = options;
  return (steps, base) => {
    let { period } = options;
    let t = restarts && growth === 1 ? steps % period : restarts ? steps : Math.min(steps, period);
    while (restarts && t >= period) {
      t -= period;
      period *= growth;
    }
    return minLr + ((base - minLr) * (1 + Math.cos((Math.PI * t) / period))) / 2;
  };
}

function linear(options: LinearOptions): Curve {
  checkOptions<LinearOptions>('schedules.linear', options, {
    steps: required(is.integer(1)),
    from: is.number(0),
    to: is.number(0),
  });
  const { steps, from = 1, to = 0 } = options;
  return straight(steps, from, to);
}

function warmup(options: WarmupOptions): Curve {
  checkOptions<WarmupOptions>('schedules.warmup', options, { steps: required(is.integer(1)), from: is.number(0, 1) });
  const { steps, from = 1 / steps } = options;
  return straight(steps, from, 1);
}

const straight =
  (steps: number, from: number, to: number): Curve =>
  (t, base) =>
    base * (from + ((to - from) * Math.min(t, steps)) / steps);

function oneCycle(options: OneCycleOptions): Curve {
  checkOptions<OneCycleOptions>('schedules.oneCycle', options, {
    maxLr: required(is.between(0)),
    steps: required(is.integer(1)),
    warm: is.number(0, 1),
    divFactor: isFactor,
    finalDivFactor: isFactor,
    anneal: is.oneOf('cos', 'linear'),
  });
  const { maxLr, steps, warm = 0.3, divFactor = 25, finalDivFactor = 1e4, anneal = 'cos' } = options;
  const first = maxLr / divFactor;
  const last = first / finalDivFactor;
  // PyTorch's two phases end at these steps, counted from 0.
  const top = warm * steps - 1;
  const end = steps - 1;
  const between = (from: number, to: number, share: number) =>
    anneal === 'cos' ? to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2 : from + (to - from) * share;
  return (t) => {
    if (t >= end) return last;
    return t < top ? between(first, maxLr, t / top) : between(maxLr, last, (t - top) / (end - top));
  };
}

export const curves = { step, multiStep, exponential, cosine, linear, warmup, oneCycle };
