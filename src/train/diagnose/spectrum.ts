// Largest singular value and spectral radius of a weight matrix, in double precision: what decides whether a gradient that is
// multiplied by it again and again dies out or blows up.
import { Generator } from '../../autograd/random.js';

/** A matrix, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Rows `start` to `start + rows` of a row-major matrix with `columns` columns, as numbers of its own. */
export function block(values: ArrayLike<number>, start: number, rows: number, columns: number): Matrix {
  const own = new Float64Array(rows * columns);
  for (let k = 0; k < own.length; k++) own[k] = values[start * columns + k] as number;
  return { rows, columns, values: own };
}

/** Steps after which the power iteration stops in any case. */
const MOST_STEPS = 1000;

/**
 * sigma_max(A), the most that A stretches any vector: power iteration on A^T A.
 *
 * Each step's estimate |A v| is a lower bound, and none is smaller than the one before. It stops when twenty steps have changed
 * it by less than 1e-9 of itself. Relative error: under 1e-6 where the second singular value is at most 0.99 of the first,
 * under 1e-3 where they lie closer together (the vector is then undecided, the value is not). NaN where A holds one.
 */
export function largestSingularValue(a: Matrix): number {
  let v = randomUnit(a.columns);
  let sigma = 0;
  let before = 0;
  for (let step = 1; step <= MOST_STEPS; step++) {
    const u = times(a, v);
    sigma = norm(u);
    if (!(sigma > 0) || sigma === Infinity) return sigma;
    v = timesTransposed(a, u);
    scale(v, 1 / norm(v));
    if (step % 20 !== 0) continue;
    if (sigma - before <= 1e-9 * sigma) break;
    before = sigma;
  }
  return sigma;
}

/** Size of the matrix that stands for a larger one in spectralRadius. */
const KRYLOV = 64;
/** Squarings: the power of the matrix is then 2^20. */
const SQUARINGS = 20;

/**
 * The largest |eigenvalue| of a square matrix: what it does to a vector a step, in the long run.
 *
 * Gelfand: rho = lim |A^k|^(1/k), with k = 2^20 by squaring. Complex pairs, which make plain power iteration go round in circles,
 * and defective matrices are as good as any. Beyond 64 rows A is first projected on the Krylov space of a vector that A was
 * applied to many times (Arnoldi), whose 64 Ritz values contain the outermost eigenvalues.
 * Relative error: under 1e-4 up to 64 rows (1e-3 beyond, for matrices like those of trained and initial weights).
 */
export function spectralRadius(a: Matrix): number {
  if (a.values.some((value) => !Number.isFinite(value))) return NaN;
  return radiusBySquaring(a.rows <= KRYLOV ? a : arnoldi(a));
}

function radiusBySquaring(a: Matrix): number {
  const n = a.rows;
  let power = Float64Array.from(a.values);
  let logarithm = 0;
  for (let k = 0; k <= SQUARINGS; k++) {
    const size = norm(power);
    if (size === 0) return 0;
    scale(power, 1 / size);
    logarithm += Math.log(size) / 2 ** k;
    if (k < SQUARINGS) power = squared(power, n);
  }
  return Math.exp(logarithm);
}

/** H = Q^T A Q, upper Hessenberg: what A does within the space of v, A v, A^2 v, ...; smaller if that space is. */
function arnoldi(a: Matrix): Matrix {
  const n = a.rows;
  let v = randomUnit(n);
  // The start leans towards the eigenvectors that matter.
  for (let step = 0; step < 2 * KRYLOV; step++) {
    const next = times(a, v);
    const size = norm(next);
    if (size === 0) break;
    scale(next, 1 / size);
    v = next;
  }
  const basis = [v];
  const h = new Float64Array(KRYLOV * KRYLOV);
  for (let j = 0; j < KRYLOV; j++) {
    const w = times(a, basis[j] as Float64Array);
    const before = norm(w);
    // Twice: once leaves the rest of rounding in.
    for (let round = 0; round < 2; round++) {
      basis.forEach((q, i) => {
        const along = dot(q, w);
        h[i * KRYLOV + j] = (h[i * KRYLOV + j] as number) + along;
        for (let k = 0; k < n; k++) w[k] = (w[k] as number) - along * (q[k] as number);
      });
    }
    const size = norm(w);
    if (size <= 1e-12 * before || j === KRYLOV - 1) {
      const m = j + 1;
      const values = new Float64Array(m * m);
      for (let i = 0; i < m; i++) for (let k = 0; k < m; k++) values[i * m + k] = h[i * KRYLOV + k] as number;
      return { rows: m, columns: m, values };
    }
    h[(j + 1) * KRYLOV + j] = size;
    scale(w, 1 / size);
    basis.push(w);
  }
  throw new RangeError('unreachable: the last column returns');
}

function squared(a: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k] as number;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] as number) + factor * (a[k * n + j] as number);
    }
  }
  return out;
}

function times({ rows, columns, values }: Matrix, v: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += (values[i * columns + j] as number) * (v[j] as number);
    out[i] = sum;
  }
  return out;
}

function timesTransposed({ rows, columns, values }: Matrix, u: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    const factor = u[i] as number;
    for (let j = 0; j < columns; j++) out[j] = (out[j] as number) + (values[i * columns + j] as number) * factor;
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

const norm = (v: Float64Array): number => Math.sqrt(dot(v, v));

function scale(v: Float64Array, factor: number): void {
  for (let k = 0; k < v.length; k++) v[k] = (v[k] as number) * factor;
}

/** A direction that no matrix of weights has anything to do with, the same every time. */
function randomUnit(n: number): Float64Array<ArrayBuffer> {
  const v = new Float64Array(n);
  new Generator(1).fillNormal(v, 0, 1);
  scale(v, 1 / norm(v));
  return v;
}
