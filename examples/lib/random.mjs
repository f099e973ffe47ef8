// Random numbers for splitting and shuffling data: the same on every machine and backend for the same seed.

/** A generator of numbers in [0, 1) from a seed (SplitMix32: Steele, Lea & Flood 2014, cut to 32 bits). */
export function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

/**
 * A shuffled copy (Fisher-Yates).
 *
 * @template T
 * @param {T[]} items
 * @param {() => number} random
 */
export function shuffled(items, random) {
  const out = items.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}
