// Losses: each one node on the tape, through one fused kernel; quantileLoss is composed of ops.
export { type BceWithLogitsOptions, bceWithLogits } from './bce.js';
export type { Numbers, ReductionName } from './common.js';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { type CtcLengths, type CtcLossOptions, ctcLoss } from './ctc.js';
export { type QuantileLossOptions, quantileLoss } from './quantile.js';
export { type HuberOptions, huber, mae, mse, type RegressionOptions } from './regression.js';
