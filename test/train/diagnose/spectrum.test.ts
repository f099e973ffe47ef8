// Singular value and spectral radius against matrices whose own are known by how they were made.
import { describe, expect, it } from 'vitest';
import { Generator } from '../../../src/autograd/random.js';
import { block, largestSingularValue, type Matrix, spectralRadius } from '../../../src/train/diagnose/spectrum.js';

const matrix = (rows: readonly (readonly number[])[]): Matrix => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  values: Float64Array.from(rows.flat()),
});

function randomMatrix(n: number, seed: number): number[][] {
  const values = new Float64Array(n * n);
  new Generator(seed).fillNormal(values, 0, 1);
  return Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * n, (i + 1) * n)));
}

/** Orthonormal rows by Gram-Schmidt, twice. */
function orthogonal(n: number, seed: number): number[][] {
  const rows = randomMatrix(n, seed);
  for (const [i, row] of rows.entries()) {
    for (let round = 0; round < 2; round++) {
      for (const other of rows.slice(0, i)) {
        const along = row.reduce((sum, value, k) => sum + value * (other[k] as number), 0);
        for (let k = 0; k < n; k++) row[k] = (row[k] as number) - along * (other[k] as number);
      }
      const size = Math.hypot(...row);
      for (let k = 0; k < n; k++) row[k] = (row[k] as number) / size;
    }
  }
  return rows;
}

const times = (a: number[][], b: number[][]): number[][] =>
  a.map((row) =>
    (b[0] as number[]).map((_, j) => row.reduce((sum, value, k) => sum + value * ((b[k] as number[])[j] as number), 0)),
  );
const transposed = (a: number[][]): number[][] => (a[0] as number[]).map((_, j) => a.map((row) => row[j] as number));
const diagonal = (numbers: readonly number[]): number[][] =>
  numbers.map((value, i) => numbers.map((_, j) => (i === j ? value : 0)));

/** Q D Q^T with D of 2 x 2 rotations by `angle`, each times a radius. */
function rotations(radii: readonly number[], seed: number): number[][] {
  const n = 2 * radii.length;
  const d = diagonal(new Array(n).fill(0));
  radii.forEach((radius, k) => {
    const angle = 0.3 + 2 * k;
    (d[2 * k] as number[])[2 * k] = radius * Math.cos(angle);
    (d[2 * k] as number[])[2 * k + 1] = -radius * Math.sin(angle);
    (d[2 * k + 1] as number[])[2 * k] = radius * Math.sin(angle);
    (d[2 * k + 1] as number[])[2 * k + 1] = radius * Math.cos(angle);
  });
  const q = orthogonal(n, seed);
  return times(times(q, d), transposed(q));
}

describe('largestSingularValue', () => {
  it.each([5, 40])('finds the one that a matrix of %i rows was made with', (n) => {
    const sigmas = Array.from({ length: n }, (_, k) => 3 * 0.9 ** k);
    const a = times(times(orthogonal(n, 1), diagonal(sigmas)), orthogonal(n, 2));
    expect(largestSingularValue(matrix(a))).toBeCloseTo(3, 8);
  });

  it('is 1 for an orthogonal matrix, and the length of the longest axis for a shear', () => {
    expect(largestSingularValue(matrix(orthogonal(20, 3)))).toBeCloseTo(1, 12);
    // [[1, 1], [0, 1]]: the golden ratio.
    const golden = (1 + Math.sqrt(5)) / 2;
    expect(
      largestSingularValue(
        matrix([
          [1, 1],
          [0, 1],
        ]),
      ),
    ).toBeCloseTo(golden, 8);
  });

  it('of values close together is right to 1e-3, and of a matrix that is not square', () => {
    const sigmas = Array.from({ length: 30 }, (_, k) => 2 - 0.0005 * k);
    const a = times(times(orthogonal(30, 4), diagonal(sigmas)), orthogonal(30, 5));
    expect(Math.abs(largestSingularValue(matrix(a)) / 2 - 1)).toBeLessThan(1e-3);
    expect(largestSingularValue(matrix([[3], [4]]))).toBeCloseTo(5, 12);
    expect(largestSingularValue(matrix([[3, 4]]))).toBeCloseTo(5, 12);
  });

  it('of zeros is 0, of NaN is NaN', () => {
    expect(largestSingularValue(matrix(diagonal([0, 0, 0])))).toBe(0);
    expect(largestSingularValue(matrix(diagonal([1, NaN, 0])))).toBeNaN();
  });
});

describe('spectralRadius', () => {
  it('of complex pairs, which plain power iteration goes round with', () => {
    expect(spectralRadius(matrix(rotations([0.9, 0.7, 0.2], 6)))).toBeCloseTo(0.9, 6);
    expect(spectralRadius(matrix(orthogonal(33, 7)))).toBeCloseTo(1, 4);
  });

  it('is not the singular value: a shear stretches, yet its eigenvalues are 1; a nilpotent matrix has none but 0', () => {
    const shear = [
      [1, 5],
      [0, 1],
    ];
    expect(Math.abs(spectralRadius(matrix(shear)) - 1)).toBeLessThan(1e-4);
    expect(largestSingularValue(matrix(shear))).toBeGreaterThan(5);
    const shift = Array.from({ length: 10 }, (_, i) => Array.from({ length: 10 }, (_, j) => (j === i + 1 ? 3 : 0)));
    expect(spectralRadius(matrix(shift))).toBe(0);
  });

  it('of a matrix that is neither symmetric nor normal: P D P^-1 with P = I + strictly upper', () => {
    // Upper triangular: the eigenvalues stand on the diagonal.
    const a = randomMatrix(50, 8).map((row, i) =>
      row.map((value, j) => (j > i ? 0.1 * value : j === i ? 0.8 - i / 100 : 0)),
    );
    const q = orthogonal(50, 9);
    expect(Math.abs(spectralRadius(matrix(times(times(q, a), transposed(q)))) / 0.8 - 1)).toBeLessThan(1e-3);
  });

  it('of 200 rows by Arnoldi: pairs of known radius, one of them the largest', () => {
    const radii = Array.from({ length: 100 }, (_, k) => 1.3 * 0.97 ** k);
    expect(Math.abs(spectralRadius(matrix(rotations(radii, 10))) / 1.3 - 1)).toBeLessThan(1e-3);
    // A low rank: the Krylov space ends early.
    const low = diagonal(Array.from({ length: 100 }, (_, k) => (k < 3 ? 2 - k / 2 : 0)));
    expect(spectralRadius(matrix(low))).toBeCloseTo(2, 5);
    expect(spectralRadius(matrix(diagonal(new Array(100).fill(0))))).toBe(0);
  });

  it('of initial weights, uniform and of 150 rows, agrees with squaring the whole matrix', () => {
    const n = 150;
    let power = randomMatrix(n, 11).map((row) => row.map((value) => value / Math.sqrt(n)));
    const radius = spectralRadius(matrix(power));
    let logarithm = 0;
    for (let k = 0; k <= 12; k++) {
      const size = Math.hypot(...power.flat());
      power = power.map((row) => row.map((value) => value / size));
      logarithm += Math.log(size) / 2 ** k;
      if (k < 12) power = times(power, power);
    }
    expect(Math.abs(radius / Math.exp(logarithm) - 1)).toBeLessThan(5e-3);
  });

  it('of NaN is NaN', () => {
    expect(spectralRadius(matrix(diagonal([1, NaN])))).toBeNaN();
  });
});

describe('block', () => {
  it('copies rows out of a larger matrix', () => {
    expect(block([1, 2, 3, 4, 5, 6], 1, 2, 2)).toEqual(
      matrix([
        [3, 4],
        [5, 6],
      ]),
    );
  });
});
