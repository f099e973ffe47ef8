// The stated errors of tanh, sigmoid and exp, in units in the last place of the float32 result, over all magnitudes.
import { describe, expect, it } from 'vitest';
import { Activation } from '../../src/backend/generated/abi.js';
import type { Backend } from '../../src/backend/types.js';
import { candidates } from '../helpers/backends.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The distance between neighbouring float32 numbers around `x`. */
function ulp(x: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -126);
  return 2 ** (exponent - 23);
}

/** Numbers of both signs: densely where the functions bend, and some of each power of two from the smallest normal up. */
function samples(): Float32Array {
  const found: number[] = [0];
  for (let x = 0; x < 20; x += 1 / 1024) found.push(x + 1 / 4096);
  for (let exponent = -126; exponent < 7; exponent++) {
    for (let k = 0; k < 64; k++) found.push(2 ** exponent * (1 + k / 64 + 1 / 1000));
  }
  return Float32Array.from([...found, ...found.map((x) => -x)]);
}

function run({ memory, kernels }: Backend, kind: number, x: ArrayLike<number>): number[] {
  const input = memory.alloc('float', x.length, 'host');
  const output = memory.alloc('float', x.length, 'host');
  memory.view(input).set(x);
  kernels.activation_forward(output, input, x.length, kind);
  return Array.from(memory.view(output));
}

const MAX = 3.4028234663852886e38;
const MIN_NORMAL = 2 ** -126;

describe.each(candidates().filter(({ label }) => label !== 'reference'))('activations on $label', ({ open }) => {
  const backend = open();

  it.each([
    { name: 'tanh', kind: Activation.tanh, exactly: Math.tanh, bound: 4 },
    { name: 'sigmoid', kind: Activation.sigmoid, exactly: sigmoid, bound: 4 },
    { name: 'exp', kind: Activation.exp, exactly: Math.exp, bound: 2 },
  ])('$name is within $bound ulp', async ({ kind, exactly, bound }) => {
    const x = samples();
    const y = run(await backend, kind, x);
    let worst = 0;
    let at = 0;
    for (const [k, input] of x.entries()) {
      const want = exactly(input);
      const got = y[k] as number;
      // Below the normal numbers exp may give 0, above the finite ones it gives infinity.
      const below = kind === Activation.exp && want < MIN_NORMAL && got < 2 * MIN_NORMAL;
      const above = want > MAX && got === Number.POSITIVE_INFINITY;
      const error = below || above ? 0 : Math.abs(got - want) / ulp(want);
      if (!(error <= worst)) [worst, at] = [error, k];
    }
    expect(worst, `at ${x[at]}: got ${y[at]}`).toBeLessThanOrEqual(bound);
  });

  it('saturate at the ends and let NaN through', async () => {
    const x = [MAX, -MAX, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    expect(run(await backend, Activation.tanh, x)).toEqual([1, -1, 1, -1, Number.NaN]);
    const [high, low, highest, lowest, nan] = run(await backend, Activation.sigmoid, x);
    expect([high, highest, lowest, nan]).toEqual([1, 1, 0, Number.NaN]);
    expect(low).toBeLessThan(MIN_NORMAL);
    expect(run(await backend, Activation.exp, x)).toEqual([
      Number.POSITIVE_INFINITY,
      0,
      Number.POSITIVE_INFINITY,
      0,
      Number.NaN,
    ]);
    expect(run(await backend, Activation.relu, [-1, 0, 2, Number.NaN])).toEqual([0, 0, 2, Number.NaN]);
  });
});
