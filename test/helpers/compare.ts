// How two arrays of numbers are compared, and how far apart they may be.
import { expect } from 'vitest';

/** Distance from 1 to the next float32. */
export const EPS32 = 2 ** -23;

/**
 * The largest |got - want| / max(|want|, mean |want|, floor). An element far below the array's own scale came out of sums
 * that cancel: its error is that of the terms, not of what is left of them. `floor` is the terms' size where an array is
 * too small to tell. NaN must meet NaN and an infinity its like.
 */
export function distance(got: ArrayLike<number>, want: ArrayLike<number>, floor = 0): { worst: number; at: number } {
  let scale = 0;
  let finite = 0;
  for (let k = 0; k < want.length; k++) {
    const size = Math.abs(want[k] as number);
    if (Number.isFinite(size)) {
      scale += size;
      finite++;
    }
  }
  scale = Math.max(floor, finite > 0 ? scale / finite : 0);
  let worst = 0;
  let at = -1;
  for (let k = 0; k < want.length; k++) {
    const a = got[k] as number;
    const b = want[k] as number;
    const same = Object.is(a, b) || a === b;
    const error = same ? 0 : Math.abs(a - b) / Math.max(Math.abs(b), scale, Number.MIN_VALUE);
    if (!(error <= worst)) {
      // Also where `error` is NaN: one of the two is NaN or infinite and the other is not.
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
      at = k;
    }
  }
  return { worst, at };
}

/** Fails, naming the worst element, unless `got` is `want` within `rtol` as `distance` measures it. */
export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  rtol: number,
  what: string,
  floor?: number,
): void {
  if (got.length !== want.length) expect.fail(`${what}: ${got.length} elements, expected ${want.length}`);
  const { worst, at } = distance(got, want, floor);
  if (!(worst <= rtol)) {
    const size = `off by ${worst.toExponential(2)}, allowed ${rtol.toExponential(2)}`;
    expect.fail(`${what}: element ${at} of ${want.length} is ${got[at]}, expected ${want[at]}: ${size}`);
  }
}

/** Fails unless both hold the same bits (any NaN equals any other). */
export function expectSameBits(got: ArrayLike<number>, want: ArrayLike<number>, what: string): void {
  if (got.length !== want.length) expect.fail(`${what}: ${got.length} elements, expected ${want.length}`);
  for (let k = 0; k < want.length; k++) {
    if (!Object.is(got[k], want[k])) expect.fail(`${what}: element ${k} is ${got[k]}, expected ${want[k]}`);
  }
}
