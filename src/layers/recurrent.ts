// RNN, LSTM and GRU: layers stacked over layers and directions, around one op a layer. What differs between the three is
// their cell and a few options.
import { current, isRecording, resultLifetime } from '../autograd/context.js';
import { newOutput } from '../autograd/tape.js';
import { type Parameter, showShape, Tensor } from '../autograd/tensor.js';
import { gru, gruResetBefore, lstm, type RecurrentCell, rnnRelu, rnnTanh } from '../backend/cells/index.js';
import type { Floats, Ints } from '../backend/types.js';
import { DTypeError, LengthsError, OptionError, ShapeError } from '../errors.js';
import { type QuantizedDType, QuantizedWeights, quantizedLayer } from '../ops/quantized.js';
import { type Lengths, RecurrentPlan, recurrentLayer } from '../ops/recurrent.js';
import { RecurrentStep } from '../ops/recurrent-step.js';
import type { Weights } from '../ops/recurrent-weights.js';
import { dropout } from '../ops/rows.js';
import { concat, reshape, slice, transpose } from '../ops/shape.js';
import { checkOptions, is, later, type Rule, required, show } from '../options.js';
import { uniformParameter } from './init.js';
import { Module } from './module.js';
import { checkState, RecurrentState, type StateInput } from './state.js';

/** Options that RNN, LSTM and GRU share. */
export interface RecurrentOptions {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Layers stacked: each reads the outputs of the one below. Default 1 */
  readonly numLayers?: number;
  /** Two biases for each gate, b_ih and b_hh. Default true */
  readonly bias?: boolean;
  /** x and output are [B, T, F] instead of [T, B, F]; states are not affected. Default false */
  readonly batchFirst?: boolean;
  /** Dropout on the outputs of every layer but the last, in training. Default 0 */
  readonly dropout?: number;
  /** A second set of weights reads each row from its last step to its first; outputs are concatenated. Default false */
  readonly bidirectional?: boolean;
}

export interface RNNOptions extends RecurrentOptions {
  /** Default 'tanh' */
  readonly nonlinearity?: 'tanh' | 'relu';
}

export interface LSTMOptions extends RecurrentOptions {
  /** Initial bias of the forget gate (b_ih + b_hh). Default: random like all biases, as in PyTorch */
  readonly forgetBias?: number;
  /** Not available yet. */
  readonly projSize?: 0;
  /** Not available yet. */
  readonly peephole?: false;
  /** Not available yet. */
  readonly layerNorm?: false;
  /** Not available yet. */
  readonly coupled?: false;
  /** Not available yet. */
  readonly zoneout?: 0;
  /** Not available yet. */
  readonly recurrentDropout?: 0;
}

export interface GRUOptions extends RecurrentOptions {
  /** The reset gate acts after the product W_hn h (PyTorch, cuDNN), or with false before it (Cho et al. 2014). Default true */
  readonly resetAfter?: boolean;
}

export interface ForwardOptions {
  /** Where the sequence starts from. Default: zeros */
  readonly state?: StateInput | null;
  /** Valid steps of each row, 0..T, in any order. Default: all T */
  readonly lengths?: readonly number[] | Int32Array | Tensor | null;
}

export interface ForwardResult<C extends Tensor | null> {
  readonly output: Tensor;
  readonly state: RecurrentState<C>;
}

const sharedRules: { [K in keyof RecurrentOptions]-?: Rule } = {
  inputSize: required(is.integer(1)),
  hiddenSize: required(is.integer(1)),
  // Thousands would only be an hour of filling memory: sizes that changed places.
  numLayers: is.integer(1, 1024),
  bias: is.boolean,
  batchFirst: is.boolean,
  dropout: is.number(0, 1),
  bidirectional: is.boolean,
};

type WeightName = `weight_${string}` | `bias_${string}`;
type LayerNames = readonly (WeightName | null)[];

/** What RNN, LSTM and GRU have in common. Weights are properties by PyTorch's names: `weight_ih_l0`, `bias_hh_l1_reverse`. */
export abstract class RecurrentBase<C extends Tensor | null> extends Module {
  [weight: `weight_${string}`]: Parameter;
  [bias: `bias_${string}`]: Parameter;

  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** As errors say it: "lstm". */
  readonly #name: string;
  readonly #directions: number;
  readonly #hasC: boolean;
  readonly #names: readonly LayerNames[];
  readonly #plans: readonly RecurrentPlan[];
  readonly #step: RecurrentStep;
  /** One for each layer once `quantize` was called. */
  #quantized: readonly QuantizedWeights[] | null = null;

  protected constructor(name: string, cell: RecurrentCell, options: RecurrentOptions) {
    super();
    this.inputSize = options.inputSize;
    this.hiddenSize = options.hiddenSize;
    this.numLayers = options.numLayers ?? 1;
    this.bias = options.bias ?? true;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = options.bidirectional ?? false;
    this.#name = name;
    this.#directions = this.bidirectional ? 2 : 1;
    this.#hasC = cell.states.includes('c');
    const H = this.hiddenSize;
    const rows = cell.gates.length * H;
    const bound = 1 / Math.sqrt(H);
    const names: LayerNames[] = [];
    const plans: RecurrentPlan[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      const I = layer === 0 ? this.inputSize : this.#directions * H;
      const own = layerNames(layer, this.bias, this.bidirectional);
      const shapes = [[rows, I], [rows, H], [rows], [rows]];
      own.forEach((name, k) => {
        if (name !== null) this[name] = uniformParameter(shapes[k % 4] as number[], bound);
      });
      names.push(own);
      plans.push(new RecurrentPlan(cell, I, H, this.#directions));
    }
    this.#names = names;
    this.#plans = plans;
    this.#step = new RecurrentStep(plans, (layer) => this.#weights(layer));
  }

  /**
   * The layer over whole sequences.
   *
   * @param x  [T, B, inputSize] float32, or [B, T, inputSize] with batchFirst. T may be 0: the state is returned as it came
   * @param options  state: where to start from; lengths: valid steps of each row
   * @returns output [T, B, D*hiddenSize], zero past each row's length; state at each row's last valid step
   * @throws ShapeError    if x or the state disagree with the sizes of the layer, or the batch is empty
   * @throws LengthsError  if there is not one length in 0..T for each row
   */
  forward(x: Tensor, options: ForwardOptions = {}): ForwardResult<C> {
    checkOptions(`${this.#name}.forward`, options, { state: is.any, lengths: is.any });
    const layout = this.batchFirst ? ['B', 'T', '(batch, time, inputSize)'] : ['T', 'B', '(time, batch, inputSize)'];
    this.#checkInput(x, 3, `[${layout[0]}, ${layout[1]}, ${this.inputSize}] ${layout[2]}`);
    const sequence = this.batchFirst ? transpose(x, 0, 1) : x;
    const [T, B] = sequence.shape as [number, number, number];
    const lengths = options.lengths == null ? null : checkLengths(this.#name, options.lengths, T, B);
    const { output, state } = this.#run(sequence, options.state ?? null, lengths);
    return { output: this.batchFirst ? transpose(output, 0, 1) : output, state };
  }

  /**
   * One step of streaming: the layer over a sequence of length 1, without its time axis. Inside `noGrad` nothing of the past
   * is kept but the state.
   *
   *   let state;
   *   for await (const x of stream) ({ output, state } = noGrad(() => lstm.step(x, state)));
   *
   * @param x      [B, inputSize]
   * @param state  of the step before; default zeros
   * @returns output [B, hiddenSize] and the state for the next step
   * @throws OptionError  if the layer is bidirectional: the reverse direction would have to know the future
   */
  step(x: Tensor, state: StateInput | null = null): ForwardResult<C> {
    if (this.bidirectional) {
      throw new OptionError(
        `${this.#name}: step needs a layer with bidirectional: false, the reverse direction starts at the end of a sequence; ` +
          'use forward',
      );
    }
    this.#checkInput(x, 2, `[B, ${this.inputSize}] (batch, inputSize)`);
    const B = x.shape[0] as number;
    if (this.#canStream(B)) return this.#stream(x, state, B);
    const result = this.#run(reshape(x, [1, B, this.inputSize]), state, null);
    return { output: reshape(result.output, [B, this.hiddenSize]), state: result.state };
  }

  /** Whether a step is neither recorded nor large, nor needs anything that only `#run` does. */
  #canStream(B: number): boolean {
    if (this.#quantized !== null) return false;
    if (isRecording() || resultLifetime(false) !== 'host') return false;
    if (this.training && this.dropout > 0 && this.numLayers > 1) return false;
    return B <= this.#step.mostRows;
  }

  #stream(x: Tensor, start: StateInput | null, B: number): ForwardResult<C> {
    const h0 = start === null ? null : start.h;
    const c0 = start === null ? null : (start.c ?? null);
    if (start !== null && !this.#step.isLast(h0, c0, B)) {
      checkState(this.#name, start, this.#hasC, [this.numLayers, B, this.hiddenSize]);
    }
    const { y, hn, cn } = this.#step.run(x, h0, c0);
    return { output: y, state: new RecurrentState(hn, cn as C) };
  }

  #run(x: Tensor, start: StateInput | null, lengths: Lengths | null): ForwardResult<C> {
    const D = this.#directions;
    const L = this.numLayers;
    if (start !== null) checkState(this.#name, start, this.#hasC, [L * D, x.shape[1] as number, this.hiddenSize]);
    let y = x;
    const hs: Tensor[] = [];
    const cs: Tensor[] = [];
    for (let layer = 0; layer < L; layer++) {
      if (layer > 0) y = dropout(y, this.dropout, this.training);
      const h0 = start && ofLayer(start.h, layer, D, L);
      const c0 = start?.c ? ofLayer(start.c, layer, D, L) : null;
      const weights = this.#weights(layer);
      const result = this.#quantized
        ? quantizedLayer(this.#quantized[layer] as QuantizedWeights, y, weights, h0, c0, lengths)
        : recurrentLayer(this.#plans[layer] as RecurrentPlan, y, weights, h0, c0, lengths);
      y = result.y;
      hs.push(result.hn);
      if (result.cn !== null) cs.push(result.cn);
    }
    const c = this.#hasC ? joined(cs) : null;
    return { output: y, state: new RecurrentState(joined(hs), c as C) };
  }

  /**
   * From now on computes from weights rounded to `dtype`, or with null from the parameters again: what `quantize(model)` and
   * `dequantize(model)` call. Returns the largest error of a weight. @internal
   */
  setQuantization(dtype: QuantizedDType | null): number {
    for (const layer of this.#quantized ?? []) layer.free();
    this.#quantized =
      dtype &&
      this.#plans.map(
        ({ cell, inputSize, hiddenSize, directions }) =>
          new QuantizedWeights(dtype, cell, inputSize, hiddenSize, directions),
      );
    const errors = this.#quantized?.map((quantized, layer) => quantized.error(this.#weights(layer))) ?? [];
    return Math.max(0, ...errors);
  }

  /** Looked up at each call, so that a weight can be replaced or shared by assigning the property. */
  #weights(layer: number): Weights {
    const names = this.#names[layer] as LayerNames;
    // Not by map: streaming comes here at every step.
    const weights: (Parameter | null)[] = [null, null, null, null, null, null, null, null];
    for (let k = 0; k < names.length; k++) {
      const name = names[k] as WeightName | null;
      if (name !== null) weights[k] = this[name] as Parameter;
    }
    return weights as unknown as Weights;
  }

  #checkInput(x: Tensor, rank: number, expected: string): void {
    if (!(x instanceof Tensor)) throw new DTypeError(`${this.#name}: x must be a tensor, got ${show(x)}`);
    const { shape } = x;
    if (shape.length !== rank || shape[rank - 1] !== this.inputSize) {
      throw new ShapeError(`${this.#name}: x must be ${expected}, got ${showShape(shape)}`);
    }
    if (shape[this.batchFirst || rank === 2 ? 0 : 1] === 0) {
      throw new ShapeError(`${this.#name}: x must hold at least one row, got an empty batch: ${showShape(shape)}`);
    }
  }
}

/** In the order of native/abi.h, null for weights this layer does not have. */
function layerNames(layer: number, bias: boolean, bidirectional: boolean): LayerNames {
  const direction = (suffix: string): LayerNames => [
    `weight_ih_l${layer}${suffix}`,
    `weight_hh_l${layer}${suffix}`,
    bias ? `bias_ih_l${layer}${suffix}` : null,
    bias ? `bias_hh_l${layer}${suffix}` : null,
  ];
  return [...direction(''), ...(bidirectional ? direction('_reverse') : [null, null, null, null])];
}

/** The part [D, B, H] of a state that belongs to one layer. */
function ofLayer(state: Tensor, layer: number, D: number, L: number): Tensor {
  if (L === 1) return state;
  if (isRecording() && state.requiresGrad) return slice(state, layer * D, (layer + 1) * D);
  const size = state.size / L;
  const shape = [D, ...state.shape.slice(1)];
  return new Tensor(current().memory.slice(state.storage, layer * size, size), shape, state.dtype);
}

/** The states [D, B, H] of all layers as one [L*D, B, H]. */
function joined(parts: readonly Tensor[]): Tensor {
  const first = parts[0] as Tensor;
  if (parts.length === 1) return first;
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

/** One whole number in 0..T for each row; null where all are T, which needs no care. */
function checkLengths(
  name: string,
  given: readonly number[] | Int32Array | Tensor,
  T: number,
  B: number,
): Lengths | null {
  const { memory } = current();
  const numbers = given instanceof Tensor ? memory.view(given.storage) : given;
  if (!Array.isArray(numbers) && !ArrayBuffer.isView(numbers)) {
    throw new LengthsError(`${name}: lengths must be a list of ${B} numbers or a tensor, got ${show(numbers)}`);
  }
  if (numbers.length !== B) {
    throw new LengthsError(
      `${name}: lengths must have ${B} entries, one for each row of the batch, got ${numbers.length}`,
    );
  }
  let rows = 0;
  for (let k = 0; k < B; k++) {
    const length = numbers[k] as number;
    if (!Number.isInteger(length) || length < 0 || length > T) {
      throw new LengthsError(
        `${name}: lengths[${k}] must be a whole number from 0 to ${T} (time steps), got ${show(length)}`,
      );
    }
    rows += length;
  }
  if (rows === T * B) return null;
  const storage: Ints = memory.alloc('int', B, 'host');
  memory.view(storage).set(given instanceof Tensor ? (memory.view(given.storage) as Int32Array) : given);
  return { storage, rows };
}

/**
 * Elman network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu in place of tanh.
 *
 *   const rnn = new RNN({ inputSize: 8, hiddenSize: 16 });
 *   const { output, state } = rnn.forward(u.randn([20, 4, 8]));   // [20, 4, 16], h [1, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     h = tanh(x.matmul(W_ih.transpose()).add(b_ih).add(h.matmul(W_hh.transpose())).add(b_hh));
 *   }
 *
 * Weights [hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize). Source: Elman 1990.
 */
export class RNN extends RecurrentBase<null> {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(options: RNNOptions) {
    checkOptions('RNN', options, { ...sharedRules, nonlinearity: is.oneOf('tanh', 'relu') });
    super('rnn', options.nonlinearity === 'relu' ? rnnRelu : rnnTanh, options);
    this.nonlinearity = options.nonlinearity ?? 'tanh';
  }
}

/**
 * Long short-term memory.
 *
 *   i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)      f, o alike;  g = tanh(...)
 *   c' = f*c + i*g          h' = o*tanh(c')
 *
 *   const lstm = new LSTM({ inputSize: 8, hiddenSize: 16, numLayers: 2 });
 *   const { output, state } = lstm.forward(x, { lengths: [20, 3, 11, 0] });   // state.h and state.c [2, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     const gates = linear(x, W_ih, b_ih).add(linear(h, W_hh, b_hh));
 *     const [i, f, g, o] = [0, 1, 2, 3].map((k) => gates.slice(k * H, (k + 1) * H, 1));
 *     c = sigmoid(f).mul(c).add(sigmoid(i).mul(tanh(g)));
 *     h = sigmoid(o).mul(tanh(c));
 *   }
 *
 * Gate order i, f, g, o (PyTorch's). Weights [4*hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize).
 * Source: Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000.
 */
export class LSTM extends RecurrentBase<Tensor> {
  constructor(options: LSTMOptions) {
    checkOptions('LSTM', options, {
      ...sharedRules,
      forgetBias: is.number(),
      projSize: later(0),
      peephole: later(false),
      layerNorm: later(false),
      coupled: later(false),
      zoneout: later(0),
      recurrentDropout: later(0),
    });
    const { forgetBias, bias = true, hiddenSize: H } = options;
    if (forgetBias !== undefined && !bias) {
      throw new OptionError('LSTM: option "forgetBias" needs biases; leave it out or leave out "bias: false"');
    }
    super('lstm', lstm, options);
    if (forgetBias === undefined) return;
    for (const [name, parameter] of this.namedParameters()) {
      // Gate f is the second of i, f, g, o. The two biases add up.
      if (name.startsWith('bias_')) parameter.data.fill(name.startsWith('bias_ih') ? forgetBias : 0, H, 2 * H);
    }
  }
}

/**
 * Gated recurrent unit.
 *
 *   r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      z alike
 *   n = tanh(W_in x + b_in + r*(W_hn h + b_hn))     with resetAfter: false   n = tanh(W_in x + b_in + W_hn (r*h) + b_hn)
 *   h' = (1 - z)*n + z*h
 *
 *   const gru = new GRU({ inputSize: 8, hiddenSize: 16, bidirectional: true });
 *   const { output, state } = gru.forward(x);   // [20, 4, 32], h [2, 4, 16]
 *
 * The equivalent loop:
 *
 *   for (const x of steps) {
 *     const [xr, xz, xn] = thirds(linear(x, W_ih, b_ih));
 *     const [hr, hz, hn] = thirds(linear(h, W_hh, b_hh));
 *     const n = tanh(xn.add(sigmoid(xr.add(hr)).mul(hn)));
 *     h = n.add(sigmoid(xz.add(hz)).mul(h.sub(n)));
 *   }
 *
 * Gate order r, z, n (PyTorch's). Weights [3*hiddenSize, ...] start uniform within 1 / sqrt(hiddenSize).
 * Source: Cho et al. 2014.
 */
export class GRU extends RecurrentBase<null> {
  readonly resetAfter: boolean;

  constructor(options: GRUOptions) {
    checkOptions('GRU', options, { ...sharedRules, resetAfter: is.boolean });
    super('gru', (options.resetAfter ?? true) ? gru : gruResetBefore, options);
    this.resetAfter = options.resetAfter ?? true;
  }
}
