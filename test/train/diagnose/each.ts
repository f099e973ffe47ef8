// Comparison of norms that differ by many powers of ten: each by itself, where test/helpers/compare.ts goes by the array's scale.
import { expect } from 'vitest';

/** Fails unless each number is within `tolerance` of its own size. */
export function expectEach(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void {
  expect(got).toHaveLength(want.length);
  for (let k = 0; k < want.length; k++) {
    const [a, b] = [got[k] as number, want[k] as number];
    const off = Math.abs(a - b);
    expect(off <= tolerance * Math.abs(b) || off < 1e-300, `entry ${k}: got ${a}, expected ${b}`).toBe(true);
  }
}
