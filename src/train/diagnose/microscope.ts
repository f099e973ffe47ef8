// The gradient microscope as a callback of fit: looks into the backward passes that training makes anyway.
import { OptionError } from '../../errors.js';
import type { Module } from '../../layers/module.js';
import { collectSteps, type LayerSteps } from '../../ops/diagnostics.js';
import { checkOptions, is } from '../../options.js';
import type { Callbacks, StepContext, StepResult } from '../fit-options.js';
import { plain } from './diagnosis.js';
import { flowOf, inForwardOrder, type LayerFlow, namer } from './flow.js';

export interface MicroscopeOptions {
  /** Look at every how many updates. Default 20. */
  readonly every?: number;
  /**
   * Also measure what each step adds to the gradients of the weights (dwIh, dwHh, db). It takes products of its own: with them an
   * update that is looked at takes an eighth to two thirds longer, the most in small nets. At `every: 20` training as a whole takes
   * 1 to 4 % more, and up to 8 % where an update takes less than a tenth of a millisecond.
   * Default true.
   */
  readonly contributions?: boolean;
  /** Called with what each update that was looked at showed. */
  readonly onReport?: (report: MicroscopeReport) => void;
  /**
   * The most reports to keep. When there are more, every second one goes and from then on half as many are taken: the history
   * always spans the whole training. Default 200.
   */
  readonly keep?: number;
}

/** Gradient flow in one update. */
export interface MicroscopeReport {
  /** Updates since fit began, this one included. */
  readonly step: number;
  readonly loss: number;
  /** Norm of all gradients before clipping; NaN where the update failed. */
  readonly gradNorm: number;
  /** In the order of the forward pass. */
  readonly layers: readonly LayerFlow[];
}

/** A callback of fit, and the history that it has gathered. */
export class Microscope implements Callbacks {
  readonly #onReport: ((report: MicroscopeReport) => void) | undefined;
  readonly #keep: number;
  readonly #contributions: boolean;
  #every: number;
  #reports: MicroscopeReport[] = [];

  constructor(options: MicroscopeOptions = {}) {
    checkOptions<MicroscopeOptions>('microscope', options, {
      every: is.integer(1),
      contributions: is.boolean,
      onReport: is.function,
      keep: is.integer(2),
    });
    this.#every = options.every ?? 20;
    this.#keep = options.keep ?? 200;
    this.#contributions = options.contributions ?? true;
    this.#onReport = options.onReport;
  }

  /** What was seen so far, oldest first. */
  get reports(): readonly MicroscopeReport[] {
    return this.#reports;
  }

  /**
   * The median of the gradients' norms: Pascanu et al. 2013 found any clipNorm from half to ten times the mean norm to work.
   *
   * @throws OptionError  before the first report
   */
  get typicalGradNorm(): number {
    const norms = this.#reports.map(({ gradNorm }) => gradNorm).filter(Number.isFinite);
    if (norms.length === 0)
      throw new OptionError('microscope: there is no report yet; pass it to fit as a callback first');
    norms.sort((a, b) => a - b);
    return norms[Math.floor(norms.length / 2)] as number;
  }

  /** Called by fit: `run` makes update number `step`. */
  aroundStep<R extends StepResult>(run: () => R, { step, model }: StepContext): R {
    if ((step - 1) % this.#every !== 0) return run();
    const seen: LayerSteps[] = [];
    let update: R | null = null;
    try {
      update = collectSteps((steps) => seen.push(steps), run, { contributions: this.#contributions });
      return update;
    } finally {
      // Also where the update failed: that is the one to look at.
      if (seen.length > 0) this.#report(step, seen, update, model);
    }
  }

  #report(step: number, seen: LayerSteps[], update: StepResult | null, model: Module): void {
    const nameOf = namer(model);
    const layers = inForwardOrder(seen, ({ direction }) => direction).map((steps) =>
      flowOf(steps, nameOf(steps), false),
    );
    const report = { step, loss: update?.loss ?? NaN, gradNorm: update?.norm ?? NaN, layers };
    this.#reports.push(report);
    if (this.#reports.length > this.#keep) {
      this.#every *= 2;
      this.#reports = this.#reports.filter((kept) => (kept.step - 1) % this.#every === 0 || kept === report);
    }
    this.#onReport?.(report);
  }

  /** The history as plain lists; see Diagnosis.toJSON. */
  toJSON(): unknown {
    return { format: 'unrolled microscope 1', reports: plain(this.#reports) };
  }
}

/**
 * A callback of fit that watches the gradients of recurrent layers: no pass is made for it, the kernels measure in the backward
 * pass that training makes anyway.
 *
 *   const scope = microscope({ every: 20 });
 *   await fit(model, batches, { loss, optimizer, callbacks: scope });
 *   scope.reports.at(-1)?.layers[0]?.dh;       // |dL/dh_t| for each t; heatMap(scope.reports) of unrolled/plot draws them all
 */
export function microscope(options: MicroscopeOptions = {}): Microscope {
  return new Microscope(options);
}
