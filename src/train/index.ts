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
export { type BeamSearchOptions, beamSearch, type Hypothesis } from './beam-search.js';
export type { CheckpointOptions, Resumable } from './checkpointing.js';
export {
  areaUnderCurve,
  areaUnderRoc,
  type ClassScores,
  classScores,
  confusionMatrix,
  macroF1,
  macroF1Of,
} from './class-metrics.js';
export { type CtcBeamOptions, type CtcDecodeOptions, type CtcHypothesis, ctcBeam, ctcGreedy } from './ctc-decode.js';
export type { Batch, Batches, BatchFields, BatchInput, Data } from './data.js';
export type { Advice } from './diagnose/advice.js';
export { Diagnosis, type DiagnosisJson, type LayerDiagnosis, type RecurrentMatrix } from './diagnose/diagnosis.js';
export type { GateFlow, LayerFlow } from './diagnose/flow.js';
export type { Jacobian } from './diagnose/jacobian.js';
export { Microscope, type MicroscopeOptions, type MicroscopeReport, microscope } from './diagnose/microscope.js';
export type { Verdict } from './diagnose/rates.js';
export { type DiagnoseOptions, diagnose, type JacobianOptions } from './diagnose.js';
export type { BestEpoch, EarlyStoppingOptions } from './early-stopping.js';
export { type EvaluateOptions, type Evaluation, evaluate, predict } from './evaluate.js';
export { fit } from './fit.js';
export type {
  CallbackResult,
  Callbacks,
  EpochRecord,
  FitOptions,
  History,
  Progress,
  StepContext,
  StepResult,
} from './fit-options.js';
export {
  accuracy,
  bitsPerChar,
  type Metric,
  type MetricFunction,
  type MetricName,
  type MetricSpec,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  perplexity,
  rootMeanSquaredError,
  symmetricPercentageError,
  topK,
} from './metrics.js';
export type { Forward, LossFunction, LossName, LossSpec } from './objective.js';
export { type SampleOptions, sampleToken } from './sampling.js';
export {
  bleu,
  charErrorRate,
  editDistance,
  exactMatch,
  type WordOverlap,
  type Written,
  wordErrorRate,
  wordF1,
  wordOverlap,
} from './text-metrics.js';
export { WeightAverage, type WeightAverageOptions } from './weight-average.js';
export type { TbpttOptions } from './windows.js';
