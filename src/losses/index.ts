// Losses: each one node on the tape, through one fused kernel.
export { type BceWithLogitsOptions, bceWithLogits } from './bce.js';
export type { Numbers, ReductionName } from './common.js';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { type HuberOptions, huber, mae, mse, type RegressionOptions } from './regression.js';
