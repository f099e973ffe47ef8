// Gradient clipping, between backward() and step().
import { current } from '../autograd/context.js';
import { checkTensor, floatsOf, type Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { NumericError, OptionError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';

export interface ClipGradNormOptions {
  /**
   * Throw NumericError when the norm is NaN or infinite, before any gradient is changed. Default false, as in PyTorch.
   */
  readonly errorIfNonfinite?: boolean;
}

/** Euclidean norm of all gradients together, as one vector; parameters without a gradient count for nothing. */
export function gradNorm(params: Iterable<Tensor>): number {
  const { kernels, memory } = current();
  const squares = memory.alloc('double', 1, 'host');
  let total = 0;
  for (const grad of gradients('gradNorm', params)) {
    kernels.sum_squares(squares, grad, grad.length);
    total += memory.view(squares)[0] as number;
  }
  return Math.sqrt(total);
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), so that their common norm is at most maxNorm; the direction
 * stays.
 *
 * @returns the norm before clipping
 * @throws OptionError  unless maxNorm is a number >= 0
 * @throws NumericError  if the norm is not finite and `errorIfNonfinite` is set
 * Source: Pascanu et al. 2013.
 */
export function clipGradNorm(params: Iterable<Tensor>, maxNorm: number, options: ClipGradNormOptions = {}): number {
  if (!(typeof maxNorm === 'number' && maxNorm >= 0))
    throw new OptionError(`clipGradNorm: maxNorm must be a number >= 0, got ${show(maxNorm)}`);
  checkOptions<ClipGradNormOptions>('clipGradNorm', options, { errorIfNonfinite: is.boolean });
  const list = [...listOf('clipGradNorm', params)];
  const norm = gradNorm(list);
  if (options.errorIfNonfinite && !Number.isFinite(norm)) {
    throw new NumericError(
      `clipGradNorm: the norm of the gradients is ${norm}; nothing was clipped. Lower the learning rate, or look for ` +
        'NaN in the input',
    );
  }
  scaleToNorm(list, norm, maxNorm);
  return norm;
}

/** The second half of clipGradNorm, for who knows the norm already. */
export function scaleToNorm(params: Iterable<Tensor>, norm: number, maxNorm: number): void {
  const scale = maxNorm / (norm + 1e-6);
  if (scale < 1) scaleGradients(params, scale);
}

/** Multiplies every gradient by `factor`. @internal */
export function scaleGradients(params: Iterable<Tensor>, factor: number): void {
  const { kernels } = current();
  for (const grad of gradients('clipGradNorm', params)) kernels.affine(grad, grad, grad.length, factor, 0);
}

/** Limits every element of every gradient to -clipValue..clipValue. */
export function clipGradValue(params: Iterable<Tensor>, clipValue: number): void {
  if (!(typeof clipValue === 'number' && clipValue >= 0))
    throw new OptionError(`clipGradValue: clipValue must be a number >= 0, got ${show(clipValue)}`);
  const { kernels } = current();
  for (const grad of gradients('clipGradValue', params)) kernels.clamp(grad, grad, grad.length, -clipValue, clipValue);
}

function* gradients(op: string, params: Iterable<Tensor>): Generator<Floats> {
  for (const parameter of listOf(op, params)) {
    checkTensor(parameter, op, 'a parameter');
    if (parameter.grad !== null) yield floatsOf(parameter.grad, op, 'a gradient');
  }
}

function listOf(op: string, params: Iterable<Tensor>): Iterable<Tensor> {
  if (typeof params === 'object' && params !== null && Symbol.iterator in params) return params;
  throw new OptionError(`${op}: params must be a list of parameters, got ${show(params)}; pass model.parameters()`);
}
