// The net behind `forecast`: a recurrent layer over the window, then every step of the horizon at once, each with what is known
// of it, as quantiles.
import type { Tensor } from '../../autograd/tensor.js';
import { Dropout } from '../../layers/dropout.js';
import { Linear } from '../../layers/linear.js';
import { Module } from '../../layers/module.js';
import { add, tanh } from '../../ops/elementwise.js';
import { concat, reshape, select, slice } from '../../ops/shape.js';
import type { Settings } from '../definition.js';
import { type Recurrent, recurrent } from '../recurrent.js';
import { type ForecastBatch, type ForecastPrep, featuresOf } from './series.js';

/**
 *   h = what the recurrent layer knows at the end of the window
 *   m_k = tanh(A_k h + a_k + C f_k)                 k = 1..horizon; f_k what is known of step k
 *   quantiles_k = O m_k + o  (+ the plain forecast of step k)
 *
 * Direct: no forecast is fed back, so that errors do not add up over the horizon.
 */
export class Forecaster extends Module {
  readonly layer: Recurrent;
  readonly dropout: Dropout;
  readonly context: Linear;
  readonly future: Linear | null;
  readonly head: Linear;
  readonly #horizon: number;
  readonly #targets: number;
  readonly #quantiles: number;

  constructor(prep: ForecastPrep, settings: Settings, horizon: number, quantiles: number) {
    super();
    const F = featuresOf(prep);
    const { hidden, bidirectional } = settings;
    this.#horizon = horizon;
    this.#targets = prep.targets.length;
    this.#quantiles = quantiles;
    this.layer = recurrent(settings, prep.columns.length + F);
    this.dropout = new Dropout({ p: settings.dropout });
    this.context = new Linear({ inFeatures: hidden * (bidirectional ? 2 : 1), outFeatures: horizon * hidden });
    this.future = F === 0 ? null : new Linear({ inFeatures: F, outFeatures: hidden, bias: false });
    this.head = new Linear({ inFeatures: hidden, outFeatures: this.#targets * quantiles });
  }

  /** [B, horizon, targets, quantiles] */
  forward({ x, future, base, size: B }: Pick<ForecastBatch, 'x' | 'future' | 'base' | 'size'>): Tensor {
    const { output } = this.layer.forward(x);
    const H = this.layer.hiddenSize as number;
    const end = select(output, -1, 0);
    // Backwards, the last state is that of the first step.
    const h = this.layer.bidirectional
      ? concat([slice(end, 0, H, 1), slice(select(output, 0, 0), H, 2 * H, 1)], 1)
      : end;
    const context = reshape(this.context.forward(this.dropout.forward(h)), [B * this.#horizon, H]);
    const mixed = tanh(this.future && future ? add(context, this.future.forward(future)) : context);
    const out = reshape(this.head.forward(mixed), [B, this.#horizon, this.#targets, this.#quantiles]);
    return base ? add(out, reshape(base, [...base.shape, 1])) : out;
  }
}
