// What crosses to a worker in place of models, batches and optimisers, which cannot be cloned: the same as plain data. Types
// alone, so that a page's side carries nothing of the library.
import type { ReadyOptions } from '../backend/select.js';
import type { CheckpointStore } from '../io/checkpoint.js';
import type { Conv1dOptions, Conv2dOptions } from '../layers/conv.js';
import type { DropoutOptions } from '../layers/dropout.js';
import type { EmbeddingOptions } from '../layers/embedding.js';
import type { LayerNormLayerOptions } from '../layers/layer-norm.js';
import type { LinearOptions } from '../layers/linear.js';
import type { AvgPool1dLayerOptions, MaxPool1dLayerOptions } from '../layers/pooling.js';
import type { GRUOptions, IndRNNOptions, LSTMOptions, MGUOptions, RNNOptions } from '../layers/recurrent-options.js';
import type { AvgPool2dOptions, MaxPool2dOptions } from '../ops/pooling.js';
import type { AdagradOptions } from '../optim/adagrad.js';
import type { AdamOptions } from '../optim/adam.js';
import type { RMSpropOptions } from '../optim/rmsprop.js';
import type { SGDOptions } from '../optim/sgd.js';
import type { BatchesOptions, Sample } from '../train/batches.js';
import type { DiagnoseOptions } from '../train/diagnose.js';
import type { EarlyStoppingOptions } from '../train/early-stopping.js';
import type { EpochRecord, History, Progress } from '../train/fit-options.js';
import type { MetricName } from '../train/metrics.js';
import type { LossName } from '../train/objective.js';
import type { TbpttOptions } from '../train/windows.js';

/**
 * A layer by the name of its class, with its options; or what stands between layers:
 *
 *   ['last']     [T,B,F] -> [B,F]: each row's output at its last valid step. Directly behind a recurrent layer that layer's final
 *                state, in which the reverse direction's is that of the first step
 *   ['mean']     [T,B,F] -> [B,F]: over each row's valid steps
 *   ['all']      every step goes on: what there is without it, said aloud
 *   ['flatten']  [B, ...] -> [B, F]
 *   ['relu'], ['tanh'], ['sigmoid']  elementwise
 */
export type LayerSpec =
  | readonly ['Embedding', EmbeddingOptions]
  | readonly ['RNN', RNNOptions]
  | readonly ['LSTM', LSTMOptions]
  | readonly ['GRU', GRUOptions]
  | readonly ['IndRNN', IndRNNOptions]
  | readonly ['MGU', MGUOptions]
  | readonly ['Linear', LinearOptions]
  | readonly ['Dropout', DropoutOptions?]
  | readonly ['LayerNorm', LayerNormLayerOptions]
  | readonly ['Conv1d', Conv1dOptions]
  | readonly ['Conv2d', Conv2dOptions]
  | readonly ['MaxPool1d', MaxPool1dLayerOptions]
  | readonly ['AvgPool1d', AvgPool1dLayerOptions]
  | readonly ['MaxPool2d', MaxPool2dOptions]
  | readonly ['AvgPool2d', AvgPool2dOptions]
  | readonly ['last' | 'mean' | 'all' | 'flatten' | 'relu' | 'tanh' | 'sigmoid'];

/**
 * A model as data: layers one after the other,
 *
 *   [['Embedding', { numEmbeddings: 500, embeddingDim: 16 }], ['LSTM', { inputSize: 16, hiddenSize: 32 }], ['last'],
 *    ['Linear', { inFeatures: 32, outFeatures: 2 }]]
 *
 * or the name of one that the page's own worker file gave to `serve({ models })`, with its options. Parameters of a list are
 * called by their layer's place in it: `0.weight`, `1.weight_ih_l0`, `3.bias`.
 */
export type ModelSpec = readonly LayerSpec[] | string | { readonly name: string; readonly options?: unknown };

/** Numbers that become a tensor: a typed array with its shape, or nested lists. dtype: int32 for an Int32Array, else float32. */
export type TensorSpec =
  | {
      readonly data: ArrayLike<number>;
      readonly shape?: readonly number[];
      readonly dtype?: 'float32' | 'int32';
    }
  | readonly NestedNumbers[];
type NestedNumbers = number | readonly NestedNumbers[];

/** A batch as fit takes it, with plain numbers for tensors. Fields of your own cross as they are. */
export interface BatchSpec {
  readonly x: TensorSpec;
  readonly y?: TensorSpec;
  readonly lengths?: readonly number[] | Int32Array;
  readonly [extra: string]: unknown;
}

/** Batches; or samples that the worker makes batches of: see `batches`. */
export type DataSpec = readonly BatchSpec[] | ({ readonly samples: readonly Sample[] } & BatchesOptions);

export type OptimizerSpec =
  | ({ readonly type: 'Adam' | 'AdamW' } & Partial<AdamOptions>)
  | ({ readonly type: 'SGD' } & Partial<SGDOptions>)
  | ({ readonly type: 'RMSprop' } & Partial<RMSpropOptions>)
  | ({ readonly type: 'Adagrad' } & Partial<AdagradOptions>);

/** What fit takes, as data. Options that are missing here are functions: register them with `serve`, or write a job. */
export interface FitSpec {
  readonly model: ModelSpec;
  readonly data: DataSpec;
  /** A name of fit's, or one that the worker's file gave to `serve({ losses })`. */
  readonly loss: LossName | (string & {});
  readonly optimizer: OptimizerSpec;
  readonly epochs?: number;
  readonly clipNorm?: number;
  readonly accumulate?: number;
  readonly tbptt?: TbpttOptions;
  readonly validation?: DataSpec;
  readonly metrics?: readonly MetricName[];
  readonly earlyStopping?: EarlyStoppingOptions;
  /** Of initial weights, dropout and order; set before the model is made. Default 0. */
  readonly seed?: number;
  /** Weights to start from, as the bytes of a safetensors file: `state` of another run, or a file's. */
  readonly state?: Uint8Array;
}

/** What fit in a worker comes to. */
export interface Fitted {
  readonly history: History;
  /** The weights, as the bytes of a safetensors file; with early stopping those of the best epoch. */
  readonly state: Uint8Array;
}

export interface PredictSpec {
  readonly model: ModelSpec;
  readonly state: Uint8Array;
  readonly x: TensorSpec;
  readonly lengths?: readonly number[] | Int32Array;
}

export interface DiagnoseSpec extends Omit<DiagnoseOptions, 'loss' | 'forward'> {
  readonly model: ModelSpec;
  readonly state: Uint8Array;
  readonly batch: BatchSpec;
  readonly loss: LossName | (string & {});
}

/** A tensor that came from a worker. */
export interface TensorData {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** What a run tells, and how it is kept alive. */
export interface RunEvents {
  /** After every update; they come some at a time, in order. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onEpoch?: (record: EpochRecord) => void;
  /** What a job sent. */
  readonly onEvent?: (event: unknown) => void;
  /** What a task guesses, leaves out, does. */
  readonly onSay?: (message: string) => void;
  readonly signal?: AbortSignal;
  /**
   * Where checkpoints are kept beside the page's memory, so that the run goes on after a reload: `idb:/path` or `opfs:/path`, or
   * { read, write } of the page's own. What is there when the run starts is gone on from.
   */
  readonly store?: string | CheckpointStore;
  /** Updates between checkpoints. Default 25; of a task: one an epoch. */
  readonly every?: number;
  /** How often the run is taken up in a new worker when its own dies. Default 1. */
  readonly restarts?: number;
  /**
   * Moves the buffers of typed arrays to the worker in place of copying them: they are empty here afterwards. A run whose data
   * were moved cannot begin again in another worker: `restarts` must be 0. Default false. Buffers of a SharedArrayBuffer are
   * neither copied nor moved.
   */
  readonly transfer?: boolean;
}

export interface WorkerOptions extends Pick<ReadyOptions, 'backend' | 'threads' | 'simd' | 'wasmUrl'> {
  /**
   * Makes the worker, where it is not the one of this package: a module that calls `serve` of `unrolled/worker/serve`. Write
   * `() => new Worker(new URL('./my-worker.ts', import.meta.url), { type: 'module' })`, the form that bundlers look for.
   */
  readonly create?: () => Worker;
  /**
   * Where this package's scripts are, when a bundler left them behind: a folder (ending in "/") with copies of
   * `dist/worker/entry.js` and, for more threads than one, `dist/backend/wasm-worker.js`; or the URL of the first alone. Of the
   * page's own origin. In Node the first is `dist/worker/entry-node.js`. With `create` only the script of threads is taken from
   * it, as `ready({ workerUrl })` takes it. `wasmUrl` says where the .wasm files are.
   */
  readonly workerUrl?: string | URL;
  /**
   * Seconds without a sign of life, while the worker owes an answer, after which it counts as dead. Default: 60 for its start;
   * later none where Web Locks tell of its death at once, else 120. A computation without a pause gives no sign.
   */
  readonly timeout?: number;
}
