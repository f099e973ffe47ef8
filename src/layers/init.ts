// Initial weights, by PyTorch's rules, from the global generator.
import { full, randn, uniform, zeros } from '../autograd/creation.js';
import { Parameter, type Shape } from '../autograd/tensor.js';

/** Uniform between -bound and bound. */
export const uniformParameter = (shape: Shape, bound: number): Parameter =>
  new Parameter(uniform(shape, -bound, bound));
export const normalParameter = (shape: Shape): Parameter => new Parameter(randn(shape));
export const zeroParameter = (shape: Shape): Parameter => new Parameter(zeros(shape));
export const oneParameter = (shape: Shape): Parameter => new Parameter(full(shape, 1));

/** Initial weights times a factor below 1: where those of PyTorch are noise that a small set cannot undo. */
export function shrink({ data }: Parameter, factor: number): void {
  for (let k = 0; k < data.length; k++) data[k] = factor * (data[k] as number);
}
