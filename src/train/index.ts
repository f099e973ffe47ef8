// Training, evaluation and the data for both.

export type { States } from '../layers/states.js';
export {
  type BatchesOptions,
  type BatchList,
  batches,
  type Sample,
  type SampleBatch,
  type SampleKind,
  type SampleValue,
} from './batches.js';
export type { CheckpointOptions, Resumable } from './checkpointing.js';
export type { Batch, Batches, BatchFields, BatchInput, Data } from './data.js';
export type { BestEpoch, EarlyStoppingOptions } from './early-stopping.js';
export { type EvaluateOptions, type Evaluation, evaluate, predict } from './evaluate.js';
export { fit } from './fit.js';
export type { CallbackResult, Callbacks, EpochRecord, FitOptions, History, Progress } from './fit-options.js';
export {
  accuracy,
  type Metric,
  type MetricFunction,
  type MetricName,
  type MetricSpec,
  meanAbsoluteError,
  meanSquaredError,
  perplexity,
  rootMeanSquaredError,
  topK,
} from './metrics.js';
export type { Forward, LossFunction, LossName, LossSpec } from './objective.js';
export type { TbpttOptions } from './windows.js';
