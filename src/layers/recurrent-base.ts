// What all recurrent layers have in common: layers stacked over layers and directions, sequences and steps, states.
import { current, isRecording, resultLifetime } from '../autograd/context.js';
import { oneHot, tensor } from '../autograd/creation.js';
import { type Parameter, showShape, Tensor } from '../autograd/tensor.js';
import { Feature } from '../backend/generated/abi.js';
import type { Ints } from '../backend/types.js';
import { DTypeError, LengthsError, OptionError, ShapeError } from '../errors.js';
import { expand } from '../ops/broadcast.js';
import { add } from '../ops/elementwise.js';
import type { QuantizedDType } from '../ops/quantized.js';
import type { Lengths } from '../ops/recurrent.js';
import { RecurrentStep } from '../ops/recurrent-step.js';
import { dropout } from '../ops/rows.js';
import { reshape, transpose, zeroWhere } from '../ops/shape.js';
import { checkOptions, is, show } from '../options.js';
import { zeroParameter } from './init.js';
import { Module } from './module.js';
import { type DirectionNames, initialWeights, weightNames } from './recurrent-init.js';
import { StackedLayer } from './recurrent-layer.js';
import { keepFor, type StackFootprint, stackFootprint } from './recurrent-memory.js';
import type { CellSetup, RecurrentOptions } from './recurrent-options.js';
import { StateLayout } from './recurrent-state.js';
import { RecurrentState, type StateInput } from './state.js';

export interface ForwardOptions {
  /** Where the sequence starts from. Default: zeros, or the learnt initial state */
  readonly state?: StateInput | null;
  /** Valid steps of each row, 0..T, in any order. Default: all T */
  readonly lengths?: readonly number[] | Int32Array | Tensor | null;
}

export interface ForwardResult<C extends Tensor | null> {
  readonly output: Tensor;
  readonly state: RecurrentState<C>;
}

/** What all recurrent layers have in common. Weights are properties by PyTorch's names: `weight_ih_l0`, `bias_hh_l1_reverse`. */
export abstract class RecurrentBase<C extends Tensor | null> extends Module {
  [weight: `weight_${string}`]: Parameter;
  [bias: `bias_${string}`]: Parameter;
  /** The learnt initial state, [numLayers * D, 1, size] or [D, 1, sum of sizes]; only with learnInitialState. */
  declare h0?: Parameter;
  declare c0?: Parameter;

  readonly inputSize: number;
  /** Units of the uppermost layer. */
  readonly hiddenSize: number;
  /** Units of each layer. */
  readonly hiddenSizes: readonly number[];
  /** Features of the output. */
  readonly outputSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly merge: 'concat' | 'sum' | 'average';
  readonly goBackwards: boolean;
  readonly recompute: 'sqrt' | number | undefined;
  readonly memoryLimit: number | undefined;
  /** As errors say it: "lstm". */
  readonly #name: string;
  readonly #setup: CellSetup;
  readonly #hasC: boolean;
  readonly #layers: readonly StackedLayer[];
  readonly #states: StateLayout;
  readonly #step: RecurrentStep;
  /** Layers whose states do not stand one behind the other in memory once there is a second row. */
  readonly #sideBySide: boolean;
  #isQuantized = false;

  protected constructor(name: string, setup: CellSetup, options: RecurrentOptions) {
    super();
    const { hiddenSize } = options;
    const sizes =
      typeof hiddenSize === 'number' ? new Array<number>(options.numLayers ?? 1).fill(hiddenSize) : [...hiddenSize];
    this.inputSize = options.inputSize;
    this.hiddenSizes = sizes;
    this.hiddenSize = sizes.at(-1) as number;
    this.numLayers = sizes.length;
    this.bias = options.bias ?? true;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = options.dropout ?? 0;
    this.bidirectional = options.bidirectional ?? false;
    this.merge = options.merge ?? 'concat';
    this.goBackwards = options.goBackwards ?? false;
    this.recompute = options.recompute;
    this.memoryLimit = options.memoryLimit;
    this.#name = name;
    this.#setup = setup;
    this.#hasC = setup.cell.states.includes('c');
    const directions = this.bidirectional ? 2 : 1;
    const { merge, goBackwards } = this;
    const layers: StackedLayer[] = [];
    for (const [layer, H] of sizes.entries()) {
      const inputSize = layers.at(-1)?.outputSize ?? this.inputSize;
      const names = [`${layer}`, `${layer}_reverse`]
        .slice(0, directions)
        .map((ending) => weightNames(setup, this.bias, ending));
      for (const own of names) this.#adopt(own, initialWeights(setup, own, inputSize, H, options.init));
      const sizesOf = { inputSize, hiddenSize: H, directions, goBackwards, merge } as const;
      layers.push(new StackedLayer(setup, sizesOf, this, layer, names, (key) => this[key] as Parameter));
    }
    this.#layers = layers;
    this.outputSize = (layers.at(-1) as StackedLayer).outputSize;
    this.#sideBySide = typeof hiddenSize !== 'number';
    const stateSizes = { h: layers.map(({ stateSize }) => stateSize), c: this.#hasC ? sizes : null };
    this.#states = new StateLayout(name, stateSizes, directions, this.#sideBySide);
    this.#step = new RecurrentStep(
      layers.map((layer) => layer.stepped()),
      this.#states.shapes,
    );
    if (options.learnInitialState) {
      const { h, c } = this.#states.shapes(1);
      this.h0 = zeroParameter(h);
      if (c !== null) this.c0 = zeroParameter(c);
    }
  }

  #adopt(names: DirectionNames, parameters: readonly (Parameter | null)[]): void {
    names.forEach((name, k) => {
      if (name !== null) this[name] = parameters[k] as Parameter;
    });
  }

  /**
   * The layer over whole sequences.
   *
   * @param x  [T, B, inputSize] float32, or [B, T, inputSize] with batchFirst. T may be 0: the state is returned as it came.
   *   Or int32 [T, B] ([B, T]): one-hot, the places 0..inputSize-1 of the ones. W_ih x is then a column of W_ih, read and not
   *   multiplied, and there is no gradient of x
   * @param options  state: where to start from; lengths: valid steps of each row
   * @returns output [T, B, outputSize], zero past each row's length; state at each row's last valid step (with goBackwards: at
   *   its first). outputSize is hiddenSize (LSTM: projSize if there is one), twice that of two directions side by side
   * @throws ShapeError    if x or the state disagree with the sizes of the layer, or the batch is empty
   * @throws LengthsError  if there is not one length in 0..T for each row
   * @throws IndexError    if a place of one-hot x at a valid step is outside 0..inputSize-1
   * @throws OutOfMemoryError  if the call would be recorded and take more than memoryLimit
   */
  forward(x: Tensor, options: ForwardOptions = {}): ForwardResult<C> {
    checkOptions(`${this.#name}.forward`, options, { state: is.any, lengths: is.any });
    const layout = this.batchFirst ? ['B', 'T', '(batch, time, inputSize)'] : ['T', 'B', '(time, batch, inputSize)'];
    this.#checkInput(x, 3, `[${layout[0]}, ${layout[1]}, ${this.inputSize}] ${layout[2]}`);
    const sequence = !this.batchFirst ? x : x.dtype === 'int32' ? timeFirst(x) : transpose(x, 0, 1);
    const [T, B] = sequence.shape as [number, number];
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
   * @param x      [B, inputSize], or int32 [B]: one-hot, the places of the ones. A layer with goBackwards wants the last one first
   * @param state  of the step before; default zeros, or the learnt initial state
   * @returns output [B, outputSize] and the state for the next step
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
    const row = x.dtype === 'int32' ? oneHot(x, this.inputSize) : x;
    if (this.#canStream(B)) return this.#stream(row, state, B);
    const result = this.#run(reshape(row, [1, B, this.inputSize]), state, null);
    return { output: reshape(result.output, [B, this.outputSize]), state: result.state };
  }

  /** Whether a step is neither recorded nor large, nor needs anything that only `#run` does. */
  #canStream(B: number): boolean {
    if (this.#isQuantized) return false;
    if (isRecording() || resultLifetime(false) !== 'host') return false;
    if (this.training && this.dropout > 0 && this.numLayers > 1) return false;
    if (this.training && (this.#layers[0] as StackedLayer).isNoisy) return false;
    if (B > 1 && this.#sideBySide && this.numLayers > 1) return false;
    return B <= this.#step.mostRows;
  }

  #stream(x: Tensor, given: StateInput | null, B: number): ForwardResult<C> {
    const start = this.#start(given, B);
    const h0 = start === null ? null : start.h;
    const c0 = start === null ? null : (start.c ?? null);
    if (start !== null && !this.#step.isLast(h0, c0, B)) this.#states.check(start, B);
    const { y, hn, cn } = this.#step.run(x, h0, c0);
    return { output: y, state: new RecurrentState(hn, cn as C) };
  }

  /** What the B rows start from; null: zeros. */
  #start(given: StateInput | null, B: number): StateInput | null {
    if (this.h0 === undefined) return given;
    const restarts = given instanceof RecurrentState ? given.restarts : null;
    if (given !== null && restarts === null) return given;
    const { h, c } = this.#states.shapes(B);
    const learnt = { h: expand(this.h0, h), c: this.c0 && c ? expand(this.c0, c) : null };
    if (given === null || restarts === null) return learnt;
    this.#states.check(given, B);
    // Where the rows of the one are zero, those of the other are not.
    const goesOn = restarts.map((own) => !own);
    const both = (own: Tensor, first: Tensor) => add(own, zeroWhere(first, goesOn, 1));
    return { h: both(given.h, learnt.h), c: given.c && learnt.c && both(given.c, learnt.c) };
  }

  #run(x: Tensor, given: StateInput | null, lengths: Lengths | null): ForwardResult<C> {
    const [T, B] = x.shape as [number, number];
    if (given !== null) this.#states.check(given, B);
    const start = this.#start(given, B);
    const keep = this.#savesMemory && this.#isRecorded(x, start) ? this.#keepFor(T, B, lengths?.rows ?? T * B) : 0;
    let y = x;
    const hs: Tensor[] = [];
    const cs: Tensor[] = [];
    for (const [layer, own] of this.#layers.entries()) {
      if (layer > 0) y = dropout(y, this.dropout, this.training);
      const h0 = start && this.#states.ofLayer(start.h, 'h', layer);
      const c0 = start?.c ? this.#states.ofLayer(start.c, 'c', layer) : null;
      const result = own.run(y, h0, c0, lengths, this.training, keep);
      y = result.y;
      hs.push(result.hn);
      if (result.cn !== null) cs.push(result.cn);
    }
    const c = this.#hasC ? this.#states.joined(cs) : null;
    return { output: y, state: new RecurrentState(this.#states.joined(hs), c as C) };
  }

  #isRecorded(x: Tensor, start: StateInput | null): boolean {
    if (!isRecording()) return false;
    return [x, start?.h, start?.c, ...this.parameters()].some((t) => t?.requiresGrad);
  }

  get #savesMemory(): boolean {
    return this.recompute !== undefined || this.memoryLimit !== undefined;
  }

  #keepFor(T: number, B: number, rows: number): number {
    return keepFor(this.#name, (keep) => this.#footprint(T, B, rows, keep), T, this.recompute, this.memoryLimit);
  }

  #footprint(T: number, B: number, rows: number, keep: number): StackFootprint {
    return stackFootprint(this.#layers, T, B, rows, keep, this);
  }

  /**
   * What a recorded forward over [T, B] and its backward take: for planMemory. @internal
   *
   * @param recompute  in place of the layer's own
   */
  memoryFor(T: number, B: number, recompute: 'sqrt' | number | undefined): { keep: number; footprint: StackFootprint } {
    const of = (keep: number): StackFootprint => this.#footprint(T, B, T * B, keep);
    const keep =
      recompute === undefined ? this.#keepFor(T, B, T * B) : keepFor(this.#name, of, T, recompute, undefined);
    return { keep, footprint: of(keep) };
  }

  /**
   * From now on computes from weights rounded to `dtype`, or with null from the parameters again: what `quantize(model)` and
   * `dequantize(model)` call. Returns the largest error of a weight. @internal
   */
  setQuantization(dtype: QuantizedDType | null): number {
    this.#isQuantized = dtype !== null;
    return Math.max(0, ...this.#layers.map((layer) => layer.setQuantization(dtype)));
  }

  /** Why this layer cannot compute from rounded weights; null if it can. @internal */
  whyNotQuantized(): string | null {
    const { cell, projSize, units, norm, zoneH, zoneC, features } = this.#setup;
    if (!cell.multiplies) return 'its recurrent weights are a vector, there is no product to speed up';
    const reasons = [
      ...(this.goBackwards ? ['goBackwards'] : []),
      ...(projSize > 0 ? ['projSize'] : []),
      ...(units > 0 ? ['peephole'] : []),
      ...(norm ? ['layerNorm'] : []),
      ...(zoneH + zoneC > 0 ? ['zoneout'] : []),
      ...((features & Feature.pointwise) !== 0 ? ['activations or cellClip'] : []),
    ];
    return reasons.length === 0 ? null : `it has ${reasons.join(', ')}`;
  }

  #checkInput(x: Tensor, rank: number, expected: string): void {
    if (!(x instanceof Tensor)) throw new DTypeError(`${this.#name}: x must be a tensor, got ${show(x)}`);
    const { shape } = x;
    const isIds = x.dtype === 'int32';
    const or = isIds ? ', or int32 without the last axis (one-hot ids)' : '';
    if (isIds && shape.length === rank) {
      throw new DTypeError(`${this.#name}: x must be float32 ${expected}${or}, got int32 ${showShape(shape)}`);
    }
    if (shape.length !== (isIds ? rank - 1 : rank) || (!isIds && shape[rank - 1] !== this.inputSize)) {
      throw new ShapeError(`${this.#name}: x must be ${expected}${or}, got ${showShape(shape)}`);
    }
    if (shape[this.batchFirst || rank === 2 ? 0 : 1] === 0) {
      throw new ShapeError(`${this.#name}: x must hold at least one row, got an empty batch: ${showShape(shape)}`);
    }
  }
}

/** Ids [B, T] as [T, B]. They carry no gradient. */
function timeFirst(ids: Tensor): Tensor {
  const [B, T] = ids.shape as [number, number];
  const from = ids.data;
  return tensor(
    Int32Array.from({ length: T * B }, (_, k) => from[(k % B) * T + Math.floor(k / B)] as number),
    [T, B],
  );
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
