// Random numbers of the library: one global generator, the same numbers on every backend and for every thread count.
import { OptionError, ShapeError } from '../errors.js';
import { show } from '../options.js';
import { philox4x32 } from '../philox.js';

/** Where a generator stands: with the same state it continues with the same numbers. */
export interface GeneratorState {
  readonly seed: number;
  /** 32-bit words drawn so far. */
  readonly drawn: number;
}

/** A stream of random numbers from Philox4x32-10: block k of the stream is a function of the seed and k alone. */
export class Generator {
  #seed = 0;
  #drawn = 0;
  readonly #key = new Uint32Array(2);
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);

  constructor(seed = 0) {
    this.seed(seed);
  }

  /** Starts the stream that belongs to `seed`, an integer from 0 to 2^53 - 1. */
  seed(seed: number): void {
    this.restore({ seed, drawn: 0 });
  }

  /** For exact resumption of a training run; see `restore`. */
  state(): GeneratorState {
    return { seed: this.#seed, drawn: this.#drawn };
  }

  restore({ seed, drawn }: GeneratorState): void {
    for (const [name, value] of Object.entries({ seed, drawn })) {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw new OptionError(`${name} must be an integer from 0 to 2^53 - 1, got ${show(value)}`);
      }
    }
    this.#seed = seed;
    this.#drawn = drawn;
    this.#key[0] = seed % 2 ** 32;
    this.#key[1] = Math.floor(seed / 2 ** 32);
    if (drawn % 4 !== 0) this.#fillBlock();
  }

  #fillBlock(): void {
    const index = Math.floor(this.#drawn / 4);
    this.#counter[0] = index % 2 ** 32;
    this.#counter[1] = Math.floor(index / 2 ** 32);
    philox4x32(this.#counter, this.#key, this.#block);
  }

  /** The next 32 random bits, as an unsigned integer. */
  word(): number {
    const lane = this.#drawn % 4;
    if (lane === 0) this.#fillBlock();
    this.#drawn++;
    return this.#block[lane] as number;
  }

  /** Leaves out `count` words: those that a kernel draws in the generator's place, from `state()` on. */
  skip(count: number): void {
    this.restore({ seed: this.#seed, drawn: this.#drawn + count });
  }

  /** A number in [0, 1) with 24 random bits: exact in float32. */
  uniform(): number {
    return (this.word() >>> 8) / 2 ** 24;
  }

  /** An integer in 0..below-1, each equally likely. */
  integer(below: number): number {
    if (!Number.isSafeInteger(below) || below < 1 || below > 2 ** 32) {
      throw new ShapeError(`integer: below must be an integer from 1 to 2^32, got ${show(below)}`);
    }
    // Words above the last whole multiple of `below` would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % below);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % below;
  }

  /** 0..n-1 in random order (Fisher-Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, k) => k);
    for (let k = n - 1; k > 0; k--) {
      const other = this.integer(k + 1);
      const value = order[k] as number;
      order[k] = order[other] as number;
      order[other] = value;
    }
    return order;
  }

  /** Fills `out` with numbers from [low, high), rounded to float32 on every backend. */
  fillUniform(out: Float32Array | Float64Array, low: number, high: number): void {
    for (let k = 0; k < out.length; k++) out[k] = Math.fround(low + (high - low) * this.uniform());
  }

  /** Fills `out` with normally distributed numbers, rounded to float32 on every backend (Box-Muller). */
  fillNormal(out: Float32Array | Float64Array, mean: number, std: number): void {
    for (let k = 0; k < out.length; k += 2) {
      const radius = std * Math.sqrt(-2 * Math.log((this.word() + 1) / 2 ** 32));
      const angle = 2 * Math.PI * (this.word() / 2 ** 32);
      out[k] = Math.fround(mean + radius * Math.cos(angle));
      if (k + 1 < out.length) out[k + 1] = Math.fround(mean + radius * Math.sin(angle));
    }
  }
}

/** The generator of initial weights, dropout masks, `u.randn`, `u.uniform` and shuffling. Starts from seed 0. */
export const generator = new Generator();

/**
 * Restarts the global generator: the same seed gives the same weights, masks and order on every backend.
 *
 * @param n  an integer from 0 to 2^53 - 1
 */
export function seed(n: number): void {
  generator.seed(n);
}
