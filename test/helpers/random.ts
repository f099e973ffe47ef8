// Random test data: seeded, and exactly representable in float32 so that every backend starts from the same numbers.

export type Random = () => number;

/** mulberry32: numbers in [0, 1), the same sequence for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function uniform(random: Random, n: number, low = -1, high = 1): Float32Array {
  return Float32Array.from({ length: n }, () => low + (high - low) * random());
}

export function integers(random: Random, n: number, below: number): Int32Array {
  return Int32Array.from({ length: n }, () => Math.floor(random() * below));
}
