// How much one state depends on another: derivatives of whole states, their sizes, and matrices of a wanted size.
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import * as u from 'unrolled';

/** The largest singular value of a matrix with `rows` rows, row-major: the most by which it stretches a vector. */
export function largestStretch(numbers, rows) {
  return new SingularValueDecomposition(Matrix.from1DArray(rows, numbers.length / rows, numbers)).norm2;
}

/** A square matrix times the number that makes its largest singular value sigma. */
export function scaledTo(sigma, numbers, n) {
  const now = largestStretch(numbers, n);
  return numbers.map((value) => (value * sigma) / now);
}

/**
 * dh_T/dh_0 and dh_T/dx_t for all t of one sequence. Backward gives a vector times the Jacobian; H copies of the sequence, each
 * asked for another unit of h_T, give all of it at once.
 *
 * @param {u.RNN | u.GRU | u.LSTM} layer
 * @param {u.Tensor} x  [T, 1, I]
 * @returns {{ state: number[], inputs: number[][], outputs: number[][] }} state [H, H]: row i is how unit i of h_T depends on
 *   h_0; inputs: the same for x_t, [H, I] for each t; outputs: h_t
 */
export function jacobians(layer, x) {
  const H = layer.hiddenSize;
  const [T, , I] = x.shape;
  const copies = u.tensor(u.expand(x, [T, H, I]).toArray(), [T, H, I], { requiresGrad: true });
  const h = u.zeros([1, H, H], { requiresGrad: true });
  const start = layer instanceof u.LSTM ? { h, c: u.zeros([1, H, H]) } : { h };
  const { output, state } = layer.forward(copies, { state: start });
  const reached = output.toArray();
  state.h.backward(u.oneHot(u.arange(H), H).reshape([1, H, H]));
  const gradient = copies.grad.toArray();
  return {
    state: h.grad.toArray(),
    inputs: Array.from({ length: T }, (_, t) => gradient.slice(t * H * I, (t + 1) * H * I)),
    outputs: Array.from({ length: T }, (_, t) => reached.slice(t * H * H, t * H * H + H)),
  };
}

/** Euclidean norm. */
export const norm = (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
