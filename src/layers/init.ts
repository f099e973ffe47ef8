// Initial weights, by PyTorch's rules, from the global generator.
import { full, randn, uniform, zeros } from '../autograd/creation.js';
import { Parameter, type Shape } from '../autograd/tensor.js';

/** Uniform between -bound and bound. */
export const uniformParameter = (shape: Shape, bound: number): Parameter =>
  new Parameter(uniform(shape, -bound, bound));
export const normalParameter = (shape: Shape): Parameter => new Parameter(randn(shape));
export const zeroParameter = (shape: Shape): Parameter => new Parameter(zeros(shape));
export const oneParameter = (shape: Shape): Parameter => new Parameter(full(shape, 1));
