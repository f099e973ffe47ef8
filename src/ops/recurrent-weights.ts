// What a recurrent layer keeps between calls and how it knows that it still holds: its weights in the form that kernels want,
// and what they need for the last size of the problem. Both belong to one backend.
import { current } from '../autograd/context.js';
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
type MaybeFloats = Floats | null;
type SixFloats = [MaybeFloats, MaybeFloats, MaybeFloats, MaybeFloats, MaybeFloats, MaybeFloats];
export type WeightStorages = [Floats, Floats, ...SixFloats];
export type WeightGradients = [MaybeFloats, MaybeFloats, ...SixFloats];

/** The weights as kernels take them, checked: float32 tensors. `name`: the layer's, for errors. */
export function storagesOf(weights: Weights, name: string): WeightStorages {
  return weights.map((weight) => weight && floatsOf(weight, name, 'weight')) as unknown as WeightStorages;
}

/** A layer's weights, and what was made of them. */
export interface PackedWeights {
  readonly storages: WeightStorages;
  readonly packed: Floats;
}

/** Another form of a layer's weights, made again when a weight was replaced or has changed, or the backend did. */
export class DerivedWeights {
  #memory: Memory | null = null;
  #packed: Floats | null = null;
  #result: PackedWeights | null = null;
  #from: readonly (Tensor | null)[] = [];
  #versions = -1;

  /** @param make  writes the other form */
  constructor(
    private readonly name: string,
    private readonly make: (packed: Floats, storages: WeightStorages) => void,
  ) {}

  /** The same object again as long as it holds. `length`: of the other form, in floats. */
  get(weights: Weights, length: number): PackedWeights {
    const { memory } = current();
    const kept = this.#memory === memory && this.#packed?.alive === true && this.#packed.length === length;
    let same = kept;
    // Versions only grow: their sum tells whether any changed.
    let versions = 0;
    for (let k = 0; k < 8; k++) {
      const weight = weights[k] as Tensor | null;
      if (weight !== this.#from[k]) same = false;
      if (weight !== null) versions += weight.version;
    }
    if (same && versions === this.#versions) return this.#result as PackedWeights;
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

/** What kernels need for a problem, asked again for another size, and of another backend or instruction set. */
export class SizesOf<S> {
  #memory: Memory | null = null;
  #key: readonly number[] = [];
  #sizes: S | null = null;

  constructor(private readonly ask: (T: number, B: number, rows: number) => S) {}

  get(T: number, B: number, rows: number): S {
    const { memory } = current();
    const [lastT, lastB, lastRows] = this.#key;
    if (memory === this.#memory && T === lastT && B === lastB && rows === lastRows) return this.#sizes as S;
    this.#sizes = this.ask(T, B, rows);
    this.#key = [T, B, rows];
    this.#memory = memory;
    return this.#sizes;
  }
}
