// Random matrices with orthonormal columns (or rows), each equally likely: Haar-distributed.
//
// The QR decomposition of a matrix of Gaussian numbers gives one, once the signs of R's diagonal are made positive. What QR
// does with the Gaussian numbers beside the column at hand leaves them Gaussian, so nothing needs to be decomposed: each
// reflection is that of a fresh Gaussian vector, one shorter than the last (Stewart 1980). Reflections are applied 32 at a time
// as I - V T V^T (compact WY: Schreiber & Van Loan 1989), which makes matrix products of them.
import { current } from '../autograd/context.js';
import { generator } from '../autograd/random.js';
import { Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { transpose } from '../ops/shape.js';

const BLOCK = 32;

/** [rows, columns]: Q^T Q = I, or Q Q^T = I where there are more columns than rows. From the global generator. */
export function orthogonal(rows: number, columns: number): Tensor {
  if (rows < columns) return transpose(orthogonal(columns, rows));
  const [n, m] = [rows, columns];
  const blocks: Reflections[] = [];
  for (let first = 0; first < m; first += BLOCK) {
    blocks.push(drawReflections(n - first, Math.min(BLOCK, m - first)));
  }
  const { memory } = current();
  const q = memory.alloc('float', n * m, 'host');
  const diagonal = memory.view(q);
  blocks.forEach(({ signs }, block) => {
    signs.forEach((sign, k) => {
      diagonal[(block * BLOCK + k) * (m + 1)] = sign;
    });
  });
  for (let block = blocks.length - 1; block >= 0; block--) {
    const first = block * BLOCK;
    // Rows above `first` are not touched.
    reflect(memory.slice(q, first * m, (n - first) * m), blocks[block] as Reflections, m);
  }
  return new Tensor(q, [n, m]);
}

/** Some reflections one after the other, of vectors of length n: I - V T V^T. */
interface Reflections {
  readonly n: number;
  /** [count, n], the vectors in rows; each begins with zeros, one more than the last. */
  readonly v: Float64Array;
  /** [count, count], upper triangular */
  readonly t: Float64Array;
  /** What makes the diagonal of R positive. */
  readonly signs: Float64Array;
}

function drawReflections(n: number, count: number): Reflections {
  const v = new Float64Array(count * n);
  const t = new Float64Array(count * count);
  const signs = new Float64Array(count);
  const tau = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const x = v.subarray(k * n + k, (k + 1) * n);
    generator.fillNormal(x, 0, 1);
    const norm = Math.sqrt(dot(x, x));
    const first = x[0] as number;
    const sign = first < 0 ? -1 : 1;
    // v = x + sign |x| e: the reflection sends x to -sign |x| e.
    x[0] = first + sign * norm;
    const length = dot(x, x);
    tau[k] = length > 0 ? 2 / length : 0;
    signs[k] = -sign;
  }
  // H_1 ... H_k = I - V T V^T; with one reflection more, T gets the column -tau T V^T v, and tau below it.
  const products = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const own = v.subarray(k * n, (k + 1) * n);
    for (let j = 0; j < k; j++) products[j] = dot(v.subarray(j * n, (j + 1) * n), own);
    for (let i = 0; i < k; i++) {
      let sum = 0;
      for (let j = i; j < k; j++) sum += (t[i * count + j] as number) * (products[j] as number);
      t[i * count + k] = -(tau[k] as number) * sum;
    }
    t[k * count + k] = tau[k] as number;
  }
  return { n, v, t, signs };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** q -= V (T (V^T q)), q [n, m] */
function reflect(q: Floats, { n, v, t }: Reflections, m: number): void {
  const { memory, kernels } = current();
  const count = v.length / n;
  const floats = (length: number): Floats => memory.alloc('float', length, 'host');
  const vRows = floats(count * n);
  const vColumns = floats(n * count);
  const tFloats = floats(count * count);
  const [projected, turned, change] = [floats(count * m), floats(count * m), floats(n * m)];
  memory.view(vRows).set(v);
  memory.view(tFloats).set(t);
  kernels.transpose(vColumns, vRows, 1, count, 1, n, 1);
  kernels.matmul_forward(projected, vRows, q, 1, count, m, n);
  kernels.matmul_forward(turned, tFloats, projected, 1, count, m, count);
  kernels.matmul_forward(change, vColumns, turned, 1, n, m, count);
  kernels.axpy(q, change, n * m, -1);
}
