// RecurrentState: what a recurrent layer knows about the past, as a value that is passed in and returned.
import { noGrad } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { showShape, Tensor } from '../autograd/tensor.js';
import { FormatError, ShapeError } from '../errors.js';
import { type Indices, indexSelect } from '../ops/gather.js';
import { zeroWhere } from '../ops/shape.js';
import { show } from '../options.js';

/** A tensor of a state as JSON. */
export interface JsonTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
/** A state as JSON: `JSON.stringify(state)` and `RecurrentState.fromJSON(JSON.parse(text))`. */
export interface RecurrentStateJson {
  readonly h: JsonTensor;
  readonly c: JsonTensor | null;
}

/**
 * Hidden state h, and for an LSTM cell state c, of every layer and direction: each [numLayers * D, B, hiddenSize].
 *
 * Truncated BPTT carries `state.detach()` from window to window; streaming passes it to `step`; beam search reorders rows
 * with `select`; a server drops finished rows with `zeroRows`. Nothing is hidden in the layer.
 */
export class RecurrentState<C extends Tensor | null = Tensor | null> {
  constructor(
    readonly h: Tensor,
    readonly c: C,
  ) {}

  /** Batch size. */
  get rows(): number {
    return this.h.shape[1] as number;
  }

  /** The same numbers without history: gradients stop here, and the state outlives its step. */
  detach(): RecurrentState<C> {
    return this.#map((t) => t.detach());
  }

  /** A copy without history, for keeping while this one is used on. */
  clone(): RecurrentState<C> {
    return this.#map((t) => noGrad(() => t.clone()).detach());
  }

  /** The given rows of the batch, in the given order, repeated at will. Gradients flow through it. */
  select(rows: Indices): RecurrentState<C> {
    return this.#map((t) => indexSelect(t, rows, 1));
  }

  /** This state with zeros in the rows where `mask` is true: sequences that start anew. Gradients flow through the others. */
  zeroRows(mask: readonly boolean[]): RecurrentState<C> {
    return this.#map((t) => zeroWhere(t, mask, 1));
  }

  toJSON(): RecurrentStateJson {
    const json = (t: Tensor): JsonTensor => ({ shape: t.shape, data: t.toArray() });
    return { h: json(this.h), c: this.c && json(this.c) };
  }

  /** @throws FormatError  if `json` is not what toJSON gave */
  static fromJSON(json: RecurrentStateJson): RecurrentState {
    const read = (name: string, value: JsonTensor): Tensor => {
      if (!Array.isArray(value?.shape) || !Array.isArray(value.data)) {
        throw new FormatError(`RecurrentState.fromJSON: ${name} must be { shape, data }, got ${show(value)}`);
      }
      return tensor(value.data, value.shape);
    };
    return new RecurrentState(read('h', json?.h), json.c ? read('c', json.c) : null);
  }

  #map(change: (t: Tensor) => Tensor): RecurrentState<C> {
    return new RecurrentState(change(this.h), (this.c && change(this.c)) as C);
  }
}

/** A state as a layer takes it: what it returned, or tensors [numLayers * D, B, hiddenSize]. */
export interface StateInput {
  readonly h: Tensor;
  readonly c?: Tensor | null;
}

/** Checks a given state against what the layer needs. */
export function checkState(
  name: string,
  state: StateInput,
  hasC: boolean,
  shape: readonly [number, number, number],
): void {
  checkPart(name, 'h', state.h, shape);
  if (hasC) checkPart(name, 'c', state.c, shape);
  else if (state.c) throw new ShapeError(`${name}: state must have h only, got a c as well; was it an LSTM's state?`);
}

function checkPart(
  name: string,
  part: 'h' | 'c',
  t: Tensor | null | undefined,
  shape: readonly [number, number, number],
): void {
  if (!(t instanceof Tensor)) {
    throw new ShapeError(
      `${name}: state must have ${part} of shape ${showShape(shape)} (layers*directions, batch, hiddenSize), got ${show(t)}`,
    );
  }
  const [layers, rows, size] = shape;
  const given = t.shape;
  if (given.length !== 3 || given[0] !== layers || given[1] !== rows || given[2] !== size) {
    throw new ShapeError(
      `${name}: ${part} must be ${showShape(shape)} (layers*directions, batch, hiddenSize), got ${showShape(given)}`,
    );
  }
}
