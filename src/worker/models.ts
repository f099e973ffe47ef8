// Models, batches and optimisers made from their descriptions (specs.ts), in the worker; and tensors on the way back.
import * as u from '../index.js';
import { RecurrentBase } from '../layers/recurrent-base.js';
import { adviceFor, show } from '../options.js';
import type { BatchSpec, DataSpec, LayerSpec, ModelSpec, OptimizerSpec, TensorData, TensorSpec } from './specs.js';

/** What the page's own worker file registers. Each makes a new model from the options that crossed. */
// biome-ignore lint/suspicious/noExplicitAny: what the page sends is between it and its worker file
export type ModelMakers = Readonly<Record<string, (options: any) => u.Module>>;

type Lengths = readonly number[] | Int32Array;

// biome-ignore lint/suspicious/noExplicitAny: each checks its options itself
const LAYERS: Readonly<Record<string, new (options: any) => u.Module>> = {
  Embedding: u.Embedding,
  RNN: u.RNN,
  LSTM: u.LSTM,
  GRU: u.GRU,
  IndRNN: u.IndRNN,
  MGU: u.MGU,
  Linear: u.Linear,
  Dropout: u.Dropout,
  LayerNorm: u.LayerNorm,
  Conv1d: u.Conv1d,
  Conv2d: u.Conv2d,
  MaxPool1d: u.MaxPool1d,
  AvgPool1d: u.AvgPool1d,
  MaxPool2d: u.MaxPool2d,
  AvgPool2d: u.AvgPool2d,
};
const BETWEEN = ['last', 'mean', 'all', 'flatten', 'relu', 'tanh', 'sigmoid'] as const;
type Between = (typeof BETWEEN)[number];
const isBetween = (name: unknown): name is Between => (BETWEEN as readonly unknown[]).includes(name);

const ACTIVATIONS = { relu: u.relu, tanh: u.tanh, sigmoid: u.sigmoid };

/** What a chain hands from one of its parts to the next. */
interface Flow {
  readonly y: u.Tensor;
  readonly lengths: Lengths | null;
  /** Of the recurrent layer directly before, and the layer. */
  readonly recurrent: { readonly layer: RecurrentBase<u.Tensor | null>; readonly state: u.RecurrentState } | null;
}

/** Layers one after the other, with what stands between them: the model of a list. */
export class Chain extends u.Module {
  readonly [index: number]: u.Module;
  readonly #parts: readonly (u.Module | Between)[];
  readonly #batchFirst: boolean;

  /** @throws OptionError  for what is no list of layers, naming the place in it */
  constructor(specs: readonly LayerSpec[]) {
    super();
    if (specs.length === 0) throw new u.OptionError('model: the list of layers is empty; give at least one');
    this.#parts = specs.map(partOf);
    const recurrent = this.#parts.filter((part) => part instanceof RecurrentBase);
    this.#batchFirst = recurrent.some(({ batchFirst }) => batchFirst);
    if (recurrent.some(({ batchFirst }) => batchFirst !== this.#batchFirst)) {
      throw new u.OptionError('model: either all recurrent layers have batchFirst, or none of them');
    }
    // By their place in the list, so that parameters have names that a reader of the list can find.
    this.#parts.forEach((part, k) => {
      if (part instanceof u.Module) Object.assign(this, { [k]: part });
    });
  }

  override forward(x: u.Tensor, { lengths = null }: { readonly lengths?: Lengths | null } = {}): u.Tensor {
    return this.#run(x, lengths, []).output;
  }

  /** The same from the state behind the steps before, for truncated BPTT. */
  unroll(x: u.Tensor, states: readonly u.RecurrentState[] | null, lengths: Lengths | null) {
    return this.#run(x, lengths, states ?? []);
  }

  #run(x: u.Tensor, lengths: Lengths | null, states: readonly u.RecurrentState[]) {
    const next: u.RecurrentState[] = [];
    let flow: Flow = { y: x, lengths, recurrent: null };
    for (const part of this.#parts) {
      if (part instanceof RecurrentBase) {
        const { output, state } = part.forward(flow.y, { state: states[next.length] ?? null, lengths: flow.lengths });
        next.push(state);
        flow = { y: output, lengths: flow.lengths, recurrent: { layer: part, state } };
      } else if (part instanceof u.Module) flow = through(part, flow);
      else flow = between(part, flow, this.#batchFirst);
    }
    return { output: flow.y, state: next };
  }
}

function partOf(spec: LayerSpec, k: number): u.Module | Between {
  if (!Array.isArray(spec) || typeof spec[0] !== 'string') {
    throw new u.OptionError(
      `model: layer ${k} must be [name, options], for example ['LSTM', { inputSize: 8, hiddenSize: 16 }], got ${show(spec)}`,
    );
  }
  const [name, options, ...rest] = spec as readonly [string, unknown?, ...unknown[]];
  if (isBetween(name)) {
    if (spec.length > 1) throw new u.OptionError(`model: layer ${k}: ['${name}'] takes no options`);
    return name;
  }
  if (!Object.hasOwn(LAYERS, name)) {
    throw new u.OptionError(
      `model: layer ${k}: unknown layer "${name}"${adviceFor(name, [...Object.keys(LAYERS), ...BETWEEN])}; a model that is ` +
        'more than a chain of these is registered by name in a worker file of your own: serve({ models })',
    );
  }
  if (rest.length > 0) throw new u.OptionError(`model: layer ${k} must be [name, options], got ${spec.length} parts`);
  try {
    return new (LAYERS[name] as NonNullable<(typeof LAYERS)[string]>)(options ?? {});
  } catch (error) {
    if (error instanceof u.OptionError)
      throw new u.OptionError(`model: layer ${k}: ${error.message}`, { cause: error });
    throw error;
  }
}

function through(layer: u.Module, { y, lengths }: Flow): Flow {
  const onSequences = layer instanceof u.Conv1d || layer instanceof u.MaxPool1d || layer instanceof u.AvgPool1d;
  if (!onSequences || lengths === null) {
    return { y: (layer as u.Layer).forward(y), lengths, recurrent: null };
  }
  return { y: layer.forward(y, { lengths }), lengths: layer.outputLengths(lengths), recurrent: null };
}

function between(name: Between, { y, lengths, recurrent }: Flow, batchFirst: boolean): Flow {
  const vector = (v: u.Tensor): Flow => ({ y: v, lengths: null, recurrent: null });
  switch (name) {
    case 'all':
      return { y, lengths, recurrent };
    case 'flatten':
      return vector(u.reshape(y, [y.shape[0] as number, -1]));
    case 'relu':
    case 'tanh':
    case 'sigmoid':
      return { y: ACTIVATIONS[name](y), lengths, recurrent: null };
    case 'last':
      return vector(recurrent ? finalState(recurrent) : lastStep(timeFirst(name, y, batchFirst), lengths));
    case 'mean':
      return vector(meanStep(timeFirst(name, y, batchFirst), lengths));
  }
}

function timeFirst(name: string, y: u.Tensor, batchFirst: boolean): u.Tensor {
  if (y.shape.length !== 3) {
    throw new u.ShapeError(`model: ['${name}'] must stand behind a sequence [T, B, F], got [${y.shape.join(', ')}]`);
  }
  return batchFirst ? u.transpose(y, 0, 1) : y;
}

/** Of the uppermost layer: one direction behind the other, or merged as the layer merges its outputs. */
function finalState({ layer, state }: NonNullable<Flow['recurrent']>): u.Tensor {
  if (!layer.bidirectional) return u.select(state.h, -1, 0);
  const both = u.slice(state.h, -2);
  if (layer.merge === 'concat') return u.concat([u.select(both, 0, 0), u.select(both, 1, 0)], 1);
  return layer.merge === 'sum' ? u.sum(both, 0) : u.mean(both, 0);
}

/** A row without steps gives what stands at its first. */
function lastStep(y: u.Tensor, lengths: Lengths | null): u.Tensor {
  const [T, B, F] = y.shape as [number, number, number];
  if (lengths === null) return u.select(y, T - 1, 0);
  const rows = Int32Array.from(lengths, (length, b) => Math.max(0, length - 1) * B + b);
  return u.indexSelect(u.reshape(y, [T * B, F]), rows);
}

/** A row without steps gives zeros. */
function meanStep(y: u.Tensor, lengths: Lengths | null): u.Tensor {
  if (lengths === null) return u.mean(y, 0);
  const shares = Float32Array.from(lengths, (length) => 1 / Math.max(1, length));
  return u.mul(u.sum(u.zeroPadding(y, lengths), 0), u.tensor(shares, [shares.length, 1]));
}

/**
 * The model that a description stands for: what a worker trains from it, for going on in another place.
 *
 *   const model = buildModel([['GRU', { inputSize: 4, hiddenSize: 8 }], ['last'], ['Linear', { inFeatures: 8, outFeatures: 2 }]]);
 *   model.loadStateDict(await u.io.loadSafetensors(fitted.state));
 *
 * @param makers  those registered by name, where the description is a name
 * @throws OptionError  naming the layer that is wrong
 */
export function buildModel(spec: ModelSpec, makers: ModelMakers = {}): u.Module {
  if (Array.isArray(spec)) return new Chain(spec as readonly LayerSpec[]);
  const { name, options } = (typeof spec === 'string' ? { name: spec } : (spec ?? {})) as Record<string, unknown>;
  if (typeof name !== 'string') {
    throw new u.OptionError(
      `model must be a list of layers [name, options], or the name of a registered one, got ${show(spec)}`,
    );
  }
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) {
    const names = Object.keys(makers);
    throw new u.OptionError(
      `model: no model "${name}" is registered${names.length > 0 ? adviceFor(name, names) : ''}; register it in a worker file ` +
        'of your own, serve({ models }), and pass openWorker({ create })',
    );
  }
  const model = make(options);
  if (model instanceof u.Module) return model;
  throw new u.OptionError(`model: what makes "${name}" must return a Module, got ${show(model)}`);
}

/** How fit unrolls a chain. Models of the page's own have the forward that fit's default expects. */
export const forwardOf = (model: u.Module, tbptt: boolean): { forward?: u.Forward } =>
  tbptt && model instanceof Chain
    ? { forward: (chain: Chain, { x, lengths = null }, state) => chain.unroll(x, state, lengths) }
    : {};

// biome-ignore lint/suspicious/noExplicitAny: each checks its options itself
const OPTIMIZERS: Readonly<Record<string, new (parameters: u.Parameter[], options: any) => u.Optimizer>> = {
  SGD: u.SGD,
  Adam: u.Adam,
  AdamW: u.AdamW,
  RMSprop: u.RMSprop,
  Adagrad: u.Adagrad,
};

export function buildOptimizer(spec: OptimizerSpec, model: u.Module): u.Optimizer {
  const { type, ...options } = (spec ?? {}) as { type?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(OPTIMIZERS, type)) {
    const names = Object.keys(OPTIMIZERS);
    const advice = typeof type === 'string' ? adviceFor(type, names) : `; types: ${names.join(', ')}`;
    throw new u.OptionError(`fit: optimizer must be { type: 'Adam', lr, ... }, got the type ${show(type)}${advice}`);
  }
  return new (OPTIMIZERS[type] as NonNullable<(typeof OPTIMIZERS)[string]>)(model.parameters(), options);
}

export function buildTensor(where: string, spec: TensorSpec): u.Tensor {
  if (Array.isArray(spec)) return u.tensor(spec as u.NestedNumbers);
  const { data, shape, dtype } = (spec ?? {}) as { data?: unknown; shape?: unknown; dtype?: unknown };
  if (!Array.isArray(data) && !ArrayBuffer.isView(data)) {
    throw new u.OptionError(`${where} must be { data, shape, dtype } or nested lists of numbers, got ${show(spec)}`);
  }
  return u.tensor(data as never, shape as never, dtype === undefined ? {} : { dtype: dtype as u.DType });
}

export function buildBatch(where: string, spec: BatchSpec): u.BatchFields {
  if (typeof spec !== 'object' || spec === null || spec.x === undefined) {
    throw new u.OptionError(
      `${where} must be { x, y, lengths? } with { data, shape, dtype } for tensors, got ${show(spec)}`,
    );
  }
  const { x, y, ...rest } = spec;
  const batch = { ...rest, x: buildTensor(`${where}: x`, x) };
  return (y === undefined ? batch : { ...batch, y: buildTensor(`${where}: y`, y) }) as u.BatchFields;
}

/** Tensors of batches are made when the batch is reached, as `batches` does. */
export function buildData(where: string, spec: DataSpec): u.Data {
  const { samples, ...options } = (spec ?? {}) as { samples?: unknown };
  if (samples !== undefined) return u.batches(samples as readonly u.Sample[], options);
  if (!Array.isArray(spec)) {
    throw new u.OptionError(`${where} must be a list of batches, or { samples, batchSize, ... }, got ${show(spec)}`);
  }
  const list = spec as readonly BatchSpec[];
  return {
    length: list.length,
    *[Symbol.iterator]() {
      for (const [k, batch] of list.entries()) yield buildBatch(`${where}[${k}]`, batch);
    },
  } as u.Batches;
}

/** What a model returned, as it crosses: tensors as data, in whatever they stand. `buffers` are those to move. */
export function plainOutput(value: unknown, buffers: ArrayBuffer[]): unknown {
  if (value instanceof u.Tensor) {
    const data = value.dtype === 'int32' ? Int32Array.from(value.data) : Float32Array.from(value.data);
    buffers.push(data.buffer);
    return { data, shape: [...value.shape], dtype: value.dtype } satisfies TensorData;
  }
  if (Array.isArray(value)) return value.map((part) => plainOutput(part, buffers));
  if (value instanceof u.RecurrentState) return plainOutput({ h: value.h, c: value.c }, buffers);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainOutput(part, buffers)]));
}
