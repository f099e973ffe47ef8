// Tensors of random numbers, the same for the same seed, on the backend in use.
import * as u from '../../src/node.js';
import { seeded, uniform } from './random.js';

const numbers = (seed: number, shape: readonly number[]): Float32Array =>
  uniform(
    seeded(seed),
    shape.reduce((a, b) => a * b, 1),
  );

/** Data: asks for no gradient. */
export const random = (seed: number, ...shape: number[]): u.Tensor => u.tensor(numbers(seed, shape), shape);

/** A leaf of the graph: asks for its gradient. */
export const leaf = (seed: number, ...shape: number[]): u.Tensor =>
  u.tensor(numbers(seed, shape), shape, { requiresGrad: true });
