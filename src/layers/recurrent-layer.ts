// One of the layers that a recurrent module stacks, with both its directions: which weights it has, which kernels compute it,
// and what memory that takes.
import { current } from '../autograd/context.js';
import { oneHot, tensor } from '../autograd/creation.js';
import type { Parameter, Tensor } from '../autograd/tensor.js';
import { Feature } from '../backend/generated/abi.js';
import { QuantizedError } from '../errors.js';
import { stepCollector } from '../ops/diagnostics.js';
import { type QuantizedDType, QuantizedWeights, quantizedLayer } from '../ops/quantized.js';
import { type LayerResult, type Lengths, RecurrentPlan, recurrentLayer } from '../ops/recurrent.js';
import { GeneralPlan, generalLayer } from '../ops/recurrent-general.js';
import { drawMasks } from '../ops/recurrent-noise.js';
import { type SteppedLayer, stepped } from '../ops/recurrent-step.js';
import type { GeneralWeights, Weights } from '../ops/recurrent-weights.js';
import { mean, sum } from '../ops/reduce.js';
import { reshape } from '../ops/shape.js';
import type { DirectionNames, WeightName } from './recurrent-init.js';
import type { CellSetup } from './recurrent-options.js';

export interface LayerSizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly directions: 1 | 2;
  readonly goBackwards: boolean;
  readonly merge: 'concat' | 'sum' | 'average';
}

/** Floats that a recorded forward and its backward take, parameters and their gradients aside. */
export interface Footprint {
  /** For backward: what the kernels save, and masks. */
  readonly saved: number;
  /** Outputs and final states. */
  readonly outputs: number;
  /** Of the outputs and states. */
  readonly gradients: number;
  /** Within one call. */
  readonly scratch: number;
}

export class StackedLayer {
  readonly outputSize: number;
  /** Of h. */
  readonly stateSize: number;
  readonly #plain: RecurrentPlan;
  readonly #general: readonly GeneralPlan[];
  /** Whether rnn_forward computes all that it is, when nothing special is asked of it. */
  readonly #isPlain: boolean;
  readonly #plainNames: DirectionNames;
  #quantized: QuantizedWeights | null = null;

  /**
   * @param module   whose layer it is, and `layer`: its number in the stack
   * @param names    of its weights, one list a direction
   * @param weightOf looks a weight up by name at each call, so that it can be replaced or shared by assigning the property
   */
  constructor(
    private readonly setup: CellSetup,
    readonly sizes: LayerSizes,
    module: object,
    layer: number,
    private readonly names: readonly DirectionNames[],
    private readonly weightOf: (name: WeightName) => Parameter,
  ) {
    const { cell, features, numbers: options } = setup;
    const { inputSize, hiddenSize, directions, goBackwards, merge } = sizes;
    this.stateSize = setup.projSize || hiddenSize;
    this.outputSize = (merge === 'concat' ? directions : 1) * this.stateSize;
    this.#isPlain = cell.multiplies && features === 0 && !goBackwards;
    this.#plain = new RecurrentPlan(cell, inputSize, hiddenSize, directions);
    this.#general = names.map((_, k) => {
      const direction = k === 0 ? 0 : 1;
      const kind = { inputSize, hiddenSize, outputSize: this.stateSize, reverse: goBackwards || direction === 1 };
      return new GeneralPlan({ ...kind, cell, features, options }, { module, layer, direction });
    });
    const [forward = [], reverse = []] = names;
    this.#plainNames = Array.from({ length: 8 }, (_, k) => (k < 4 ? forward[k] : reverse[k - 4]) ?? null);
  }

  /** Whether masks are drawn in training. */
  get isNoisy(): boolean {
    const { drop, zoneH, zoneC } = this.setup;
    return drop + zoneH + zoneC > 0;
  }

  /** @param keep  0, or every how many steps a recorded forward saves the states */
  run(
    x: Tensor,
    h0: Tensor | null,
    c0: Tensor | null,
    lengths: Lengths | null,
    training: boolean,
    keep: number,
  ): LayerResult {
    const result = this.#compute(x, h0, c0, lengths, training && this.isNoisy, keep);
    const { directions, merge } = this.sizes;
    if (directions === 1 || merge === 'concat') return result;
    const [T, B] = x.shape as [number, number];
    const both = reshape(result.y, [T, B, directions, this.stateSize]);
    return { ...result, y: merge === 'sum' ? sum(both, 2) : mean(both, 2) };
  }

  #compute(
    given: Tensor,
    h0: Tensor | null,
    c0: Tensor | null,
    lengths: Lengths | null,
    noisy: boolean,
    keep: number,
  ): LayerResult {
    // Ids of one-hot rows have a path of their own; rounded weights, and who looks into a step, want the rows themselves.
    const isOneHot = given.dtype === 'int32';
    const isLookedInto = stepCollector() !== null;
    const x =
      isOneHot && (this.#quantized !== null || isLookedInto) ? oneHotRows(given, this.sizes.inputSize, lengths) : given;
    if (this.#quantized !== null) {
      if (noisy) {
        throw new QuantizedError(
          `${this.setup.cell.name}: a quantised layer has no recurrent dropout; call model.eval() before predicting`,
        );
      }
      return quantizedLayer(this.#quantized, x, this.#plainWeights(), h0, c0, lengths);
    }
    if (this.#isPlain && !noisy && keep === 0 && !isLookedInto && !isOneHot) {
      return recurrentLayer(this.#plain, x, this.#plainWeights(), h0, c0, lengths);
    }
    const [T, B] = x.shape as [number, number];
    const weights = this.names.map((_, direction) => this.#generalWeights(direction));
    const { stateSize: R } = this;
    const masks = (_direction: number, recorded: boolean) =>
      drawMasks(this.setup, T, B, R, this.sizes.hiddenSize, recorded);
    return generalLayer(this.#general, x, weights, h0, c0, { lengths, keep, ...(noisy && { masks }) });
  }

  /** As streaming wants it; it never draws masks. */
  stepped(): SteppedLayer {
    if (this.#isPlain) return stepped(this.#plain, () => this.#plainWeights());
    return stepped(this.#general[0] as GeneralPlan, () => this.#generalWeights(0));
  }

  footprint(T: number, B: number, rows: number, keep: number, training: boolean): Footprint {
    const { stateSize: R, setup } = this;
    const { hiddenSize: H, directions: D, merge } = this.sizes;
    const noisy = training && this.isNoisy;
    const features = setup.features + (noisy && setup.drop > 0 ? Feature.drop : 0);
    const all =
      this.#isPlain && !noisy && keep === 0
        ? [this.#plain.sizes(T, B, rows)]
        : this.#general.map((plan) => plan.sizes(T, B, rows, keep, features));
    const add = (...floats: readonly number[]): number => floats.reduce((a, b) => a + b, 0);
    const zone = (rate: number, size: number): number => (rate > 0 ? T * B * size : 0);
    const masks = (setup.drop > 0 ? B * R : 0) + zone(setup.zoneH, R) + zone(setup.zoneC, H);
    const states = D * B * (R + (setup.cell.states.includes('c') ? H : 0));
    const outputs = T * B * D * R + (D === 2 && merge !== 'concat' ? T * B * R : 0);
    return {
      saved: add(...all.map((sizes) => sizes.saved)) + (noisy ? D * masks : 0),
      outputs: outputs + states,
      // Of the final states and of the initial ones.
      gradients: outputs + 2 * states,
      scratch: Math.max(...all.flatMap((sizes) => [sizes.trainingScratch, sizes.backwardScratch])),
    };
  }

  /**
   * From now on computes from weights rounded to `dtype`, or with null from the parameters again. Returns the largest error of
   * a weight.
   */
  setQuantization(dtype: QuantizedDType | null): number {
    this.#quantized?.free();
    this.#quantized = null;
    if (dtype === null) return 0;
    const { inputSize, hiddenSize, directions } = this.sizes;
    this.#quantized = new QuantizedWeights(dtype, this.setup.cell, inputSize, hiddenSize, directions);
    return this.#quantized.error(this.#plainWeights());
  }

  #plainWeights(): Weights {
    return this.#lookUp(this.#plainNames) as unknown as Weights;
  }

  #generalWeights(direction: number): GeneralWeights {
    return this.#lookUp(this.names[direction] as DirectionNames) as unknown as GeneralWeights;
  }

  #lookUp(names: DirectionNames): (Parameter | null)[] {
    // Not by map: streaming comes here at every step.
    const weights: (Parameter | null)[] = new Array(names.length).fill(null);
    for (let k = 0; k < names.length; k++) {
      const name = names[k] as WeightName | null;
      if (name !== null) weights[k] = this.weightOf(name);
    }
    return weights;
  }
}

/** [T, B, classes] of ids [T, B]; what stands at padding does not matter. */
function oneHotRows(ids: Tensor, classes: number, lengths: Lengths | null): Tensor {
  if (lengths === null) return oneHot(ids, classes);
  const B = ids.shape[1] as number;
  const steps = current().memory.view(lengths.storage);
  const valid = Int32Array.from(ids.data, (id, k) => (Math.floor(k / B) < (steps[k % B] as number) ? id : 0));
  return oneHot(tensor(valid, ids.shape), classes);
}
