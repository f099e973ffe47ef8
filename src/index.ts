// The public surface of the library, the same in Node and in browsers. Hands on and does nothing, so that bundlers need not
// look into what is not asked for: Tensor's methods are added by the entry points.
import type {} from './ops/methods.js';

export { noGrad, scope } from './autograd/context.js';
export {
  arange,
  full,
  type NestedNumbers,
  type NumericTypedArray,
  oneHot,
  ones,
  randn,
  type TensorOptions,
  tensor,
  uniform,
  zeros,
} from './autograd/creation.js';
export { type GradcheckOptions, gradcheck } from './autograd/gradcheck.js';
export { Generator, type GeneratorState, generator, seed } from './autograd/random.js';
export { ready } from './autograd/ready.js';
export { type BackwardOptions, type DType, Parameter, type Shape, Tensor, type TensorData } from './autograd/tensor.js';
export { backendInfo, type ReadyOptions } from './backend/select.js';
export type { Attempt, BackendInfo, BackendName, Simd } from './backend/types.js';
export {
  AbortError,
  BackendError,
  CheckpointError,
  DataError,
  DTypeError,
  type FailedAttempt,
  FormatError,
  IndexError,
  LengthsError,
  NumericError,
  OptionError,
  OutOfMemoryError,
  QuantizedError,
  ShapeError,
  StaleTensorError,
  UnrolledError,
} from './errors.js';
export * as io from './io/index.js';
export { Attention, type AttentionInputs, type AttentionOptions, type AttentionResult } from './layers/attention.js';
export { Conv1d, type Conv1dOptions, Conv2d, type Conv2dOptions } from './layers/conv.js';
export { Dropout, type DropoutOptions } from './layers/dropout.js';
export { Embedding, type EmbeddingOptions } from './layers/embedding.js';
export { EncoderDecoder, type EncoderDecoderOptions, type Memory, repeatMemory } from './layers/encoder-decoder.js';
export { LayerNorm, type LayerNormLayerOptions } from './layers/layer-norm.js';
export { Linear, type LinearOptions } from './layers/linear.js';
export { type LayerMemoryPlan, type MemoryPlan, type MemoryPlanOptions, planMemory } from './layers/memory-plan.js';
export { type Layer, type LoadReport, Module, Sequential, type StateDict } from './layers/module.js';
export {
  AvgPool1d,
  type AvgPool1dLayerOptions,
  AvgPool2d,
  MaxPool1d,
  type MaxPool1dLayerOptions,
  MaxPool2d,
} from './layers/pooling.js';
export { dequantize, type QuantizedLayerReport, type QuantizeOptions, quantize } from './layers/quantize.js';
export { GRU, IndRNN, LSTM, MGU, RNN } from './layers/recurrent.js';
export type { ActivationName, ActivationOption, CellActivations } from './layers/recurrent-activations.js';
export type { ForwardOptions, ForwardResult } from './layers/recurrent-base.js';
export type { Initializer, InitializerParts } from './layers/recurrent-init.js';
export type {
  GRUOptions,
  IndRNNOptions,
  LSTMOptions,
  MGUOptions,
  RecurrentOptions,
  RNNOptions,
} from './layers/recurrent-options.js';
export { RecurrentState, type StateInput } from './layers/state.js';
export type { JsonTensor, RecurrentStateJson, TransferableState, TransferableTensor } from './layers/state-forms.js';
export * from './losses/index.js';
export { expand } from './ops/broadcast.js';
export { type Conv1dOpOptions, type Conv2dOpOptions, conv1d, conv2d } from './ops/convolution.js';
export { abs, add, div, exp, log, mul, neg, type Operand, relu, sigmoid, sqrt, sub, tanh } from './ops/elementwise.js';
export { embedding, gather, type Indices, indexSelect } from './ops/gather.js';
export { linear, matmul } from './ops/matmul.js';
export { type RowLengths, zeroPadding } from './ops/padding.js';
export {
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  avgPool1d,
  avgPool2d,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
} from './ops/pooling.js';
export type { QuantizedDType } from './ops/quantized.js';
export { type Axes, argmax, max, mean, sum } from './ops/reduce.js';
export { dropout, type LayerNormOptions, layerNorm, logSoftmax, softmax } from './ops/rows.js';
export { concat, permute, reshape, select, slice, stack, transpose } from './ops/shape.js';
export type { Layout, PerAxis } from './ops/windows.js';
export * from './optim/index.js';
export * from './train/index.js';
