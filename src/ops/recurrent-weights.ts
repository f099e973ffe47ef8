// What a recurrent layer keeps between calls and how it knows that it still holds: its weights in the form that kernels want,
// and what they need for the last size of the problem. Both belong to one backend.
import { current } from '../autograd/context.js';
import type { GradSink } from '../autograd/tape.js';
import { floatsOf, type Tensor } from '../autograd/tensor.js';
import type { Floats, Memory } from '../backend/types.js';

/** w_ih, w_hh, b_ih, b_hh, and the same of the reverse direction; null where there is none. */
export type Weights = readonly [
  wIh: Tensor,
  wHh: Tensor,
  bIh: Tensor | null,
  bHh: Tensor | null,
  wIhReverse: Tensor | null,
  wHhReverse: Tensor | null,
  bIhReverse: Tensor | null,
  bHhReverse: Tensor | null,
];

/** One direction's weights, with all that a layer of rnn_general_* may have; null where there is none. */
export type GeneralWeights = readonly [
  wIh: Tensor,
  wHh: Tensor | null,
  bIh: Tensor | null,
  bHh: Tensor | null,
  wHr: Tensor | null,
  wUnit: Tensor | null,
  lnIh: Tensor | null,
  lnHh: Tensor | null,
  lnC: Tensor | null,
  lnCBias: Tensor | null,
];

export type WeightList = readonly (Tensor | null)[];
export type StoragesOf<W extends WeightList> = {
  -readonly [K in keyof W]: W[K] extends Tensor ? Floats : Floats | null;
};
export type GradientsOf<W extends WeightList> = { -readonly [K in keyof W]: Floats | null };

/** The weights as kernels take them, checked: float32 tensors. `name`: the layer's, for errors. */
export function storagesOf<W extends WeightList>(weights: W, name: string): StoragesOf<W> {
  return weights.map((weight) => weight && floatsOf(weight, name, 'weight')) as unknown as StoragesOf<W>;
}

/** Where gradients of the weights add up; null for those that nobody wants. */
export function accumulatorsOf<W extends WeightList>(weights: W, grads: GradSink): GradientsOf<W> {
  return weights.map((weight) => (grads.wants(weight) ? grads.accumulator(weight) : null)) as unknown as GradientsOf<W>;
}

/** A layer's weights, and what was made of them. */
export interface PackedWeights<W extends WeightList> {
  readonly storages: StoragesOf<W>;
  readonly packed: Floats;
}

/** Another form of a layer's weights, made again when a weight was replaced or has changed, or the backend did. */
export class DerivedWeights<W extends WeightList> {
  #memory: Memory | null = null;
  #packed: Floats | null = null;
  #result: PackedWeights<W> | null = null;
  #from: readonly (Tensor | null)[] = [];
  #versions = -1;

  /** @param make  writes the other form */
  constructor(
    private readonly name: string,
    private readonly make: (packed: Floats, storages: StoragesOf<W>) => void,
  ) {}

  /** The same object again as long as it holds. `length`: of the other form, in floats. */
  get(weights: W, length: number): PackedWeights<W> {
    const { memory } = current();
    const kept = this.#memory === memory && this.#packed?.alive === true && this.#packed.length === length;
    let same = kept;
    // Versions only grow: their sum tells whether any changed.
    let versions = 0;
    for (let k = 0; k < weights.length; k++) {
      const weight = weights[k] as Tensor | null;
      if (weight !== this.#from[k]) same = false;
      if (weight !== null) versions += weight.version;
    }
    if (same && versions === this.#versions) return this.#result as PackedWeights<W>;
    const storages = storagesOf(weights, this.name);
    if (!kept) {
      this.free();
      this.#packed = memory.alloc('float', length, 'persistent');
      this.#memory = memory;
    }
    const packed = this.#packed as Floats;
    this.make(packed, storages);
    this.#from = [...weights];
    this.#versions = versions;
    this.#result = { storages, packed };
    return this.#result;
  }

  /** Gives the memory back now; what another backend holds goes when it is collected. */
  free(): void {
    if (this.#packed !== null && this.#memory === current().memory) this.#memory.free(this.#packed);
    this.#packed = null;
    this.#from = [];
  }
}

/** What kernels need for a problem, asked again for another one, and of another backend or instruction set. */
export class SizesOf<S, K extends readonly number[]> {
  #memory: Memory | null = null;
  #key: readonly number[] = [];
  #sizes: S | null = null;

  constructor(private readonly ask: (...problem: K) => S) {}

  get(...problem: K): S {
    const { memory } = current();
    let same = memory === this.#memory;
    for (let k = 0; same && k < problem.length; k++) same = problem[k] === this.#key[k];
    if (same) return this.#sizes as S;
    this.#sizes = this.ask(...problem);
    this.#key = problem;
    this.#memory = memory;
    return this.#sizes;
  }
}
