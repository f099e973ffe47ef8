// How the states of stacked layers and directions stand in one tensor: [L*D, B, R], or with sizes of each layer's own
// [D, B, sum of sizes].
import { current, isRecording } from '../autograd/context.js';
import { newOutput } from '../autograd/tape.js';
import { Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { concat, slice } from '../ops/shape.js';
import { checkState, type StateInput } from './state.js';

type StateShape = readonly [number, number, number];

const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);

export class StateLayout {
  /**
   * @param name        of the layer, for errors
   * @param sizes       of h, layer by layer, and of c where there is one
   * @param sideBySide  whether layers stand side by side in the last axis, and not one after the other in the first
   */
  constructor(
    private readonly name: string,
    private readonly sizes: { readonly h: readonly number[]; readonly c: readonly number[] | null },
    private readonly directions: number,
    private readonly sideBySide: boolean,
  ) {}

  readonly shapes = (B: number): { readonly h: StateShape; readonly c: StateShape | null } => {
    const { h, c } = this.sizes;
    return { h: this.shape(h, B), c: c && this.shape(c, B) };
  };

  private shape(sizes: readonly number[], B: number): StateShape {
    const D = this.directions;
    return this.sideBySide ? [D, B, sum(sizes)] : [sizes.length * D, B, sizes[0] as number];
  }

  /** @throws ShapeError  if it is not a state of this layer and of B rows */
  check(state: StateInput, B: number): void {
    const { h, c } = this.shapes(B);
    checkState(this.name, state, c !== null, h, c ?? h);
  }

  /** The part [D, B, size] of `state` that belongs to one layer. */
  ofLayer(state: Tensor, part: 'h' | 'c', layer: number): Tensor {
    const sizes = this.sizes[part] as readonly number[];
    if (sizes.length === 1) return state;
    const D = this.directions;
    if (this.sideBySide) {
      const start = sum(sizes.slice(0, layer));
      return slice(state, start, start + (sizes[layer] as number), 2);
    }
    if (isRecording() && state.requiresGrad) return slice(state, layer * D, (layer + 1) * D);
    const size = state.size / sizes.length;
    const storage = current().memory.slice(state.storage, layer * size, size);
    return new Tensor(storage, [D, ...state.shape.slice(1)], state.dtype);
  }

  /** The states [D, B, size] of all layers as one. */
  joined(parts: readonly Tensor[]): Tensor {
    const first = parts[0] as Tensor;
    if (parts.length === 1) return first;
    if (this.sideBySide) return concat(parts, 2);
    if (isRecording() && parts.some((part) => part.requiresGrad)) return concat(parts);
    // Unrecorded: copying a few numbers is cheaper than a call into the kernels for each layer.
    const all = newOutput(first.size * parts.length, false);
    const { memory } = current();
    const to = memory.view(all);
    parts.forEach((part, layer) => {
      to.set(memory.view(part.storage as Floats), layer * first.size);
    });
    return new Tensor(all, [parts.length * (first.shape[0] as number), ...first.shape.slice(1)]);
  }
}
