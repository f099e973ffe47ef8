// RecurrentState: what a recurrent layer knows about the past, as a value that is passed in and returned.
import { noGrad } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { showShape, Tensor } from '../autograd/tensor.js';
import { OptionError, ShapeError } from '../errors.js';
import { type Indices, indexSelect } from '../ops/gather.js';
import { concat, zeroWhere } from '../ops/shape.js';
import { show } from '../options.js';
import {
  type RecurrentStateJson,
  readPlainState,
  stateFromBytes,
  stateToBytes,
  type TransferableState,
  toJsonTensor,
  toTransferableTensor,
} from './state-forms.js';

/** Found by structuredClone before anything else of a state: its error quotes the description. */
const CLONE_ADVICE = Symbol(
  'a RecurrentState: send state.toTransferable() and make it a state again with RecurrentState.fromTransferable(); as it is, it',
);

/**
 * Hidden state h, and for an LSTM cell state c, of every layer and direction: each [numLayers * D, B, hiddenSize]. The batch
 * is axis 1, whatever the others are.
 *
 * Truncated BPTT carries `state.detach()` from window to window; streaming passes it to `step`; beam search reorders rows
 * with `select`; a stream's rows begin anew with `restartRows`; a server drops finished rows with `zeroRows` and joins those of
 * its clients with `concat`. Nothing is hidden in the layer.
 */
export class RecurrentState<C extends Tensor | null = Tensor | null> {
  /** structuredClone and postMessage take only own properties, this one first, and cannot take a symbol. @internal */
  readonly cloneAdvice = CLONE_ADVICE;
  readonly h: Tensor;
  readonly c: C;
  /** Rows that the layer which is given this state starts anew; null: none. @internal */
  readonly restarts: readonly boolean[] | null = null;

  constructor(h: Tensor, c: C) {
    this.h = h;
    this.c = c;
  }

  /** Batch size. */
  get rows(): number {
    return this.h.shape[1] as number;
  }

  /** The same numbers without history: gradients stop here, and the state outlives its step. */
  detach(): RecurrentState<C> {
    return this.#map((t) => t.detach()).#marked(this.restarts);
  }

  /** A copy without history, for keeping while this one is used on. */
  clone(): RecurrentState<C> {
    return this.#map((t) => noGrad(() => t.clone()).detach()).#marked(this.restarts);
  }

  /** The given rows of the batch, in the given order, repeated at will. Gradients flow through it. */
  select(rows: Indices): RecurrentState<C> {
    const chosen = this.#map((t) => indexSelect(t, rows, 1));
    const { restarts } = this;
    if (restarts === null) return chosen;
    const marks = noGrad(() => indexSelect(tensor(restarts.map(Number)), rows, 0));
    return chosen.#marked(marks.toArray().map(Boolean));
  }

  /** This state with zeros in the rows where `mask` is true. Gradients flow through the others. */
  zeroRows(mask: readonly boolean[]): RecurrentState<C> {
    return this.#cleared('zeroRows', mask).#marked(this.restarts?.map((own, row) => own && !mask[row]) ?? null);
  }

  /**
   * This state for sequences that start anew in the rows where `mask` is true: the layer that is given it starts those rows as it
   * does without a state, from zeros or from its learnt initial state (learnInitialState), which then gets their gradients.
   * Gradients flow through the other rows as before.
   *
   * h and c of this state show zeros in these rows, for the state knows no layer; what is made of them (JSON, bytes,
   * `{ h: state.h }`) starts from zeros in any layer.
   */
  restartRows(mask: readonly boolean[]): RecurrentState<C> {
    return this.#cleared('restartRows', mask).#marked(mask.map((own, row) => own || (this.restarts?.[row] ?? false)));
  }

  #cleared(method: string, mask: readonly boolean[]): RecurrentState<C> {
    if (!Array.isArray(mask)) {
      throw new OptionError(
        `RecurrentState.${method}: mask must be a list of ${this.rows} booleans, got ${show(mask)}`,
      );
    }
    return this.#map((t) => zeroWhere(t, mask, 1));
  }

  /**
   * The rows of several states of one layer, one after the other. Gradients flow through it.
   *
   *   const batch = RecurrentState.concat(clients.map((client) => client.state));   // and back: batch.select([k])
   *
   * @throws ShapeError  if they are states of different layers
   */
  static concat<C extends Tensor | null>(states: readonly RecurrentState<C>[]): RecurrentState<C> {
    const where = 'RecurrentState.concat';
    const first = Array.isArray(states) ? states[0] : undefined;
    if (first === undefined) {
      throw new OptionError(`${where}: states must be a list of at least one state, got ${show(states)}`);
    }
    states.forEach((state, k) => {
      if (!(state instanceof RecurrentState)) {
        throw new OptionError(`${where}: state ${k} must be a RecurrentState, got ${show(state)}`);
      }
      checkAlike(where, k, 'h', state.h, first.h);
      checkAlike(where, k, 'c', state.c, first.c);
    });
    const joined = (part: 'h' | 'c') =>
      concat(
        states.map((state) => state[part] as Tensor),
        1,
      );
    const restarts = states.flatMap(({ restarts: own, rows }) => own ?? new Array<boolean>(rows).fill(false));
    return new RecurrentState(joined('h'), (first.c && joined('c')) as C).#marked(restarts);
  }

  /** For `JSON.stringify(state)`. JSON has neither NaN nor infinities nor -0: `toBytes` keeps those too. */
  toJSON(): RecurrentStateJson {
    return { h: toJsonTensor(this.h), c: this.c && toJsonTensor(this.c) };
  }

  /** @throws FormatError  if `json` is not what toJSON gave */
  static fromJSON(json: RecurrentStateJson): RecurrentState {
    const { h, c } = readPlainState('RecurrentState.fromJSON', json);
    return new RecurrentState(h, c);
  }

  /** The bytes of a safetensors file, to keep anywhere: exact, whatever the numbers. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return stateToBytes(this);
  }

  /** @throws FormatError  if `bytes` are not what toBytes gave, naming the rule they break */
  static fromBytes(bytes: Uint8Array): RecurrentState {
    const { h, c } = stateFromBytes('RecurrentState.fromBytes', bytes);
    return new RecurrentState(h, c);
  }

  /**
   * A copy as plain objects and typed arrays, which structuredClone, postMessage and IndexedDB take. (Given the state itself,
   * they throw and say so: they would lose its class and its memory.)
   *
   *   const sent = state.toTransferable();
   *   worker.postMessage(sent, [sent.h.data.buffer]);   // moved, not copied
   *   onmessage = ({ data }) => lstm.step(x, RecurrentState.fromTransferable(data));
   */
  toTransferable(): TransferableState {
    return { h: toTransferableTensor(this.h), c: this.c && toTransferableTensor(this.c) };
  }

  /** @throws FormatError  if `plain` is not what toTransferable gave, or its buffers were transferred elsewhere */
  static fromTransferable(plain: TransferableState): RecurrentState {
    const { h, c } = readPlainState('RecurrentState.fromTransferable', plain);
    return new RecurrentState(h, c);
  }

  toString(): string {
    return `RecurrentState { h: ${this.h}, c: ${this.c} }`;
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #marked(restarts: readonly boolean[] | null): RecurrentState<C> {
    return Object.assign(this, { restarts: restarts?.some(Boolean) ? restarts : null });
  }

  #map(change: (t: Tensor) => Tensor): RecurrentState<C> {
    return new RecurrentState(change(this.h), (this.c && change(this.c)) as C);
  }
}

function checkAlike(where: string, k: number, part: 'h' | 'c', own: Tensor | null, first: Tensor | null): void {
  const sizes = (t: Tensor | null) => t && [t.shape[0], t.shape[2]].join();
  if (sizes(own) === sizes(first)) return;
  const shape = (t: Tensor | null) => (t === null ? 'none' : showShape(t.shape));
  throw new ShapeError(
    `${where}: all states must be of the same layer, [layers*directions, batch, hiddenSize] alike but for the batch; ` +
      `the first one's ${part} is ${shape(first)}, that of state ${k} is ${shape(own)}`,
  );
}

/** A state as a layer takes it: what it returned, or tensors [numLayers * D, B, hiddenSize]. */
export interface StateInput {
  readonly h: Tensor;
  readonly c?: Tensor | null;
}

type StateShape = readonly [number, number, number];

/** Checks a given state against what the layer needs: h of `shape`, and c of `shapeOfC` where it has one. */
export function checkState(
  name: string,
  state: StateInput,
  hasC: boolean,
  shape: StateShape,
  shapeOfC: StateShape = shape,
): void {
  checkPart(name, 'h', state.h, shape);
  if (hasC) checkPart(name, 'c', state.c, shapeOfC);
  else if (state.c) throw new ShapeError(`${name}: state must have h only, got a c as well; was it an LSTM's state?`);
}

function checkPart(name: string, part: 'h' | 'c', t: Tensor | null | undefined, shape: StateShape): void {
  if (!(t instanceof Tensor)) {
    const isPlain = typeof t === 'object' && t !== null && 'shape' in t;
    throw new ShapeError(
      `${name}: state must have ${part} of shape ${showShape(shape)} (layers*directions, batch, hiddenSize), got ${show(t)}` +
        (isPlain ? '; make it a state with RecurrentState.fromJSON() or fromTransferable()' : ''),
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
