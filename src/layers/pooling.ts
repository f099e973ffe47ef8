// Pooling as layers: MaxPool1d, MaxPool2d, AvgPool1d, AvgPool2d.
import type { Tensor } from '../autograd/tensor.js';
import { layoutRule } from '../ops/convolution.js';
import type { RowLengths } from '../ops/padding.js';
import {
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  avgPool1d,
  avgPool2d,
  checkPadding,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
  poolingRules,
  strideOf,
} from '../ops/pooling.js';
import { windowsOf } from '../ops/windows.js';
import { checkOptions, is } from '../options.js';
import { Module } from './module.js';

export type MaxPool1dLayerOptions = Omit<MaxPool1dOptions, 'lengths'>;
export type AvgPool1dLayerOptions = Omit<AvgPool1dOptions, 'lengths'>;

interface Ragged {
  /** Of a time-first x: valid steps of each row. Default: all of them */
  readonly lengths?: RowLengths | null;
}

/** What the layers over sequences share. */
abstract class Pool1d<Options extends MaxPool1dLayerOptions> extends Module {
  protected readonly options: Options;

  constructor(name: string, options: Options) {
    super();
    checkPadding(name, options.kernelSize, options.padding ?? 0, 1);
    this.options = { ...options };
  }

  /** Valid steps of the result for inputs of these lengths. */
  outputLengths(lengths: RowLengths): number[] {
    const { kernelSize: kernel, padding = 0 } = this.options;
    return windowsOf(lengths, { kernel, stride: strideOf(this.options), padding, dilation: 1 });
  }
}

/**
 * The largest element under each window of a sequence; maxPool1d says more.
 *
 *   new MaxPool1d({ kernelSize: 2 }).forward(x)   // [B,C,L] -> [B,C,L/2]
 *   new MaxPool1d({ kernelSize: 'global', layout: 'time-first' }).forward(x, { lengths })   // [T,B,C] -> [1,B,C]
 */
export class MaxPool1d extends Pool1d<MaxPool1dLayerOptions> {
  constructor(options: MaxPool1dLayerOptions) {
    checkOptions<MaxPool1dLayerOptions>('MaxPool1d', options, { ...poolingRules(1), layout: layoutRule });
    super('MaxPool1d', options);
  }

  /** [B,C,L] -> [B,C,L'], or [T,B,C] -> [T',B,C], zero past outputLengths(lengths). */
  forward(x: Tensor, { lengths = null }: Ragged = {}): Tensor {
    return maxPool1d(x, { ...this.options, lengths });
  }
}

/**
 * The mean under each window of a sequence; avgPool1d says more.
 *
 *   new AvgPool1d({ kernelSize: 2 }).forward(x)   // [B,C,L] -> [B,C,L/2]
 */
export class AvgPool1d extends Pool1d<AvgPool1dLayerOptions> {
  constructor(options: AvgPool1dLayerOptions) {
    checkOptions<AvgPool1dLayerOptions>('AvgPool1d', options, {
      ...poolingRules(1),
      layout: layoutRule,
      countIncludePad: is.boolean,
    });
    super('AvgPool1d', options);
  }

  /** [B,C,L] -> [B,C,L'], or [T,B,C] -> [T',B,C], zero past outputLengths(lengths). */
  forward(x: Tensor, { lengths = null }: Ragged = {}): Tensor {
    return avgPool1d(x, { ...this.options, lengths });
  }
}

/**
 * The largest element under each window of an image; maxPool2d says more.
 *
 *   new MaxPool2d({ kernelSize: 2 }).forward(x)   // [B,C,H,W] -> [B,C,H/2,W/2]
 */
export class MaxPool2d extends Module {
  readonly #options: MaxPool2dOptions;

  constructor(options: MaxPool2dOptions) {
    super();
    checkOptions<MaxPool2dOptions>('MaxPool2d', options, poolingRules(2));
    checkPadding('MaxPool2d', options.kernelSize, options.padding ?? 0, 2);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.#options);
  }
}

/**
 * The mean under each window of an image; avgPool2d says more.
 *
 *   new AvgPool2d({ kernelSize: 'global' }).forward(x)   // [B,C,H,W] -> [B,C,1,1]
 */
export class AvgPool2d extends Module {
  readonly #options: AvgPool2dOptions;

  constructor(options: AvgPool2dOptions) {
    super();
    checkOptions<AvgPool2dOptions>('AvgPool2d', options, { ...poolingRules(2), countIncludePad: is.boolean });
    checkPadding('AvgPool2d', options.kernelSize, options.padding ?? 0, 2);
    this.#options = { ...options };
  }

  forward(x: Tensor): Tensor {
    return avgPool2d(x, this.#options);
  }
}
