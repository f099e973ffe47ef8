// Optimisers, gradient clipping, learning rate schedules.
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { type ClipGradNormOptions, clipGradNorm, clipGradValue, gradNorm } from './clip.js';
export {
  type BaseOptions,
  type Group,
  type GroupInput,
  Optimizer,
  type OptimizerState,
  type ParametersInput,
} from './optimizer.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export * as schedules from './schedules.js';
export { SGD, type SGDOptions } from './sgd.js';
