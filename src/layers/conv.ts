// Conv1d and Conv2d as layers.
import type { Parameter, Tensor } from '../autograd/tensor.js';
import { OptionError } from '../errors.js';
import { conv1d, conv2d, convolutionRules, layoutRule } from '../ops/convolution.js';
import type { RowLengths } from '../ops/padding.js';
import { type Layout, type PerAxis, sizesRule, windowsOf } from '../ops/windows.js';
import { checkOptions, is, required } from '../options.js';
import { uniformParameter } from './init.js';
import { Module } from './module.js';

export interface Conv2dOptions {
  readonly inChannels: number;
  readonly outChannels: number;
  /** A number for all axes, or one for each. */
  readonly kernelSize: PerAxis;
  /** Distance of the windows. Default 1 */
  readonly stride?: PerAxis;
  /** Zeros around the input, at either end; 'same': as many as keep its size, for stride 1. Default 0 */
  readonly padding?: PerAxis | 'same';
  /** Distance of the elements under a window. Default 1 */
  readonly dilation?: PerAxis;
  /** Only 1: there are no grouped convolutions. */
  readonly groups?: 1;
  /** Default true */
  readonly bias?: boolean;
}

export interface Conv1dOptions extends Conv2dOptions {
  /** 'channels-first': [B,C,L], as PyTorch. 'time-first': [T,B,C], as recurrent layers take and give. Default 'channels-first' */
  readonly layout?: Layout;
}

const layerRules = (axes: 1 | 2) => ({
  inChannels: required(is.integer(1)),
  outChannels: required(is.integer(1)),
  kernelSize: required(sizesRule(axes, 1)),
  ...convolutionRules(axes),
  bias: is.boolean,
});

/** What the two layers share: their parameters. */
abstract class Convolution extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly stride: PerAxis;
  readonly padding: PerAxis | 'same';
  readonly dilation: PerAxis;

  constructor(name: string, { inChannels, outChannels, kernelSize, ...options }: Conv2dOptions, axes: 1 | 2) {
    super();
    const { stride = 1, padding = 0, dilation = 1, bias = true } = options;
    const strides = typeof stride === 'number' ? [stride] : stride;
    if (padding === 'same' && strides.some((step) => step !== 1)) {
      throw new OptionError(`${name}: padding "same" needs stride 1, got ${strides.join(', ')}; give it as a number`);
    }
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    const kernel = typeof kernelSize === 'number' ? new Array<number>(axes).fill(kernelSize) : kernelSize;
    // As Linear: Kaiming-uniform with a = sqrt(5) over the elements under a window.
    const bound = 1 / Math.sqrt(kernel.reduce((product, size) => product * size, inChannels));
    this.weight = uniformParameter([outChannels, inChannels, ...kernel], bound);
    this.bias = bias ? uniformParameter([outChannels], bound) : null;
  }
}

/**
 * Convolution along one axis: y[b,o,l] = bias[o] + sum over c, k of weight[o,c,k] x[b, c, l stride + k dilation - padding]
 *
 *   new Conv1d({ inChannels: 40, outChannels: 64, kernelSize: 5, padding: 'same' }).forward(x)   // [B,40,L] -> [B,64,L]
 *
 * Before a recurrent layer, on sequences of any length:
 *
 *   const conv = new Conv1d({ inChannels: 40, outChannels: 64, kernelSize: 3, stride: 2, layout: 'time-first' });
 *   lstm.forward(conv.forward(x, { lengths }), { lengths: conv.outputLengths(lengths) });
 *
 * `weight` [outChannels, inChannels, kernelSize] and `bias` [outChannels] start uniform within
 * 1 / sqrt(inChannels kernelSize), as in PyTorch.
 */
export class Conv1d extends Convolution {
  readonly layout: Layout;

  constructor(options: Conv1dOptions) {
    checkOptions<Conv1dOptions>('Conv1d', options, { ...layerRules(1), layout: layoutRule });
    super('Conv1d', options, 1);
    this.layout = options.layout ?? 'channels-first';
  }

  /**
   * @param x        [B, inChannels, L], or [T, B, inChannels] with layout 'time-first'
   * @param lengths  time-first only: valid steps of each row. What stands past them counts as zero; results past
   *   outputLengths(lengths) are zero. Default: all of them
   * @returns [B, outChannels, L'] or [T', B, outChannels], L' = floor((L + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1
   * @throws ShapeError    if x has another number of channels, or is shorter than the kernel
   * @throws LengthsError  if there is not one length in 0..T for each row
   */
  forward(x: Tensor, { lengths = null }: { readonly lengths?: RowLengths | null } = {}): Tensor {
    const { stride, padding, dilation, layout } = this;
    return conv1d(x, this.weight, this.bias, { stride, padding, dilation, layout, lengths });
  }

  /** Valid steps of the result for inputs of these lengths. 0 where not one window fits. */
  outputLengths(lengths: RowLengths): number[] {
    const { stride, padding, dilation } = this;
    return windowsOf(lengths, { kernel: this.weight.shape[2] as number, stride, padding, dilation });
  }
}

/**
 * Convolution over images: y[b,o,i,j] = bias[o] + sum over c, k, l of weight[o,c,k,l] x[b, c, i stride + k dilation - padding, ...]
 *
 *   new Conv2d({ inChannels: 3, outChannels: 16, kernelSize: 3, padding: 'same' }).forward(x)   // [B,3,H,W] -> [B,16,H,W]
 *
 * `weight` [outChannels, inChannels, ...kernelSize] and `bias` [outChannels] start uniform within
 * 1 / sqrt(inChannels kernelHeight kernelWidth), as in PyTorch.
 */
export class Conv2d extends Convolution {
  constructor(options: Conv2dOptions) {
    checkOptions<Conv2dOptions>('Conv2d', options, layerRules(2));
    super('Conv2d', options, 2);
  }

  /**
   * @param x  [B, inChannels, H, W]
   * @returns [B, outChannels, H', W'], H' = floor((H + 2 padding - dilation (kernelHeight - 1) - 1) / stride) + 1
   * @throws ShapeError  if x has another number of channels, or is smaller than the kernel
   */
  forward(x: Tensor): Tensor {
    const { stride, padding, dilation } = this;
    return conv2d(x, this.weight, this.bias, { stride, padding, dilation });
  }
}
