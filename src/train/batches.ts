// Ragged samples as batches of tensors: padding, lengths, shuffling, bucketing by length.
import { tensor } from '../autograd/creation.js';
import { Generator, type GeneratorState, generator } from '../autograd/random.js';
import type { Tensor } from '../autograd/tensor.js';
import { DTypeError, OptionError, ShapeError } from '../errors.js';
import { checkOptions, is, type Rule, show } from '../options.js';
import type { Batch } from './data.js';

/** Numbers of one sample: a number, a list, or a list of lists. */
export type SampleValue = number | ArrayLike<number> | readonly ArrayLike<number>[];
export type Sample = { readonly x: SampleValue; readonly y?: SampleValue } | readonly [x: SampleValue, y: SampleValue];

/**
 * What a sample's x or y is, and what a batch of it becomes:
 *
 *   tokens   class numbers, one a step     int32 [T,B]        padded with `padding` (y: with -100, which losses ignore)
 *   series   F numbers a step              float32 [T,B,F]    padded with 0
 *   vector   F numbers                     float32 [B,F]
 *   label    a class number                int32 [B]
 *   value    a number                      float32 [B]
 */
export type SampleKind = 'tokens' | 'series' | 'vector' | 'label' | 'value';

export interface BatchesOptions {
  /** Rows of a batch; the last one may have fewer. Default 32. */
  readonly batchSize?: number;
  /** A new order every time the batches are gone through. Default false. */
  readonly shuffle?: boolean;
  /** Seed of that order. Default: the global generator, which `u.seed` restarts. */
  readonly seed?: number;
  /**
   * Puts sequences of like length together, so that there is little padding; with shuffle still random. Default false.
   */
  readonly bucket?: boolean;
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean;
  /** Default 'tokens'. */
  readonly x?: SampleKind;
  /** Default 'label'. Samples without y give batches without y. */
  readonly y?: SampleKind;
  /** [B,T] and [B,T,F] instead of time first. Default false. */
  readonly batchFirst?: boolean;
  /** The token that stands behind the end of a sequence. Default 0. */
  readonly padding?: number;
}

export interface SampleBatch extends Batch {
  readonly x: Tensor;
  readonly y?: Tensor;
  /** Where x is tokens or series. */
  readonly lengths?: readonly number[];
  /** Which samples these are. */
  readonly indices: readonly number[];
}

/** Batches that can be gone through again and again: data for fit, and for `for (const batch of ...)`. */
export interface BatchList extends Iterable<SampleBatch> {
  /** Number of batches. */
  readonly length: number;
  /** For checkpoints: where the order's own generator stands; null without a seed. */
  saveState(): GeneratorJson | null;
  restoreState(saved: unknown): void;
}

type GeneratorJson = { readonly [name in keyof GeneratorState]: number };

/** Buckets are sorted within this many batches: enough to find neighbours of like length, few enough to stay random. @internal */
export const BUCKET_BATCHES = 50;

const KINDS = ['tokens', 'series', 'vector', 'label', 'value'] as const;

/** @internal */
export const batchRules: { readonly [K in keyof BatchesOptions]-?: Rule } = {
  batchSize: is.integer(1),
  shuffle: is.boolean,
  seed: is.integer(0),
  bucket: is.boolean,
  dropLast: is.boolean,
  x: is.oneOf(...KINDS),
  y: is.oneOf(...KINDS),
  batchFirst: is.boolean,
  padding: is.integer(-(2 ** 31), 2 ** 31 - 1),
};

/**
 * Batches of samples in memory. Tensors are made when their batch is reached.
 *
 *   // reviews: { x: number[], y: 0 | 1 }[]
 *   const train = batches(reviews, { batchSize: 32, shuffle: true, bucket: true });
 *   await fit(model, train, { ... });
 *
 * @throws OptionError  for a wrong option;  ShapeError or DTypeError, naming the sample, when a sample is not of its
 *   kind
 */
export function batches(samples: readonly Sample[], options: BatchesOptions = {}): BatchList {
  checkOptions<BatchesOptions>('batches', options, batchRules);
  if (!Array.isArray(samples)) throw new OptionError(`batches: samples must be an array, got ${show(samples)}`);
  const { batchSize = 32, dropLast = false, seed } = options;
  const random = seed === undefined ? generator : new Generator(seed);
  return {
    length: dropLast ? Math.floor(samples.length / batchSize) : Math.ceil(samples.length / batchSize),
    saveState: () => (seed === undefined ? null : random.state()),
    restoreState(saved) {
      if (seed !== undefined) random.restore((saved ?? {}) as GeneratorState);
    },
    *[Symbol.iterator]() {
      for (const indices of arrange(samples, options, batchSize, random)) {
        if (indices.length === batchSize || !dropLast)
          yield collate(
            indices.map((index) => samples[index] as Sample),
            indices,
            options,
          );
      }
    },
  };
}

/** The samples of each batch. */
function arrange(
  samples: readonly Sample[],
  options: BatchesOptions,
  batchSize: number,
  random: Generator,
): number[][] {
  const { shuffle = false, bucket = false } = options;
  let order: number[] = shuffle ? Array.from(random.permutation(samples.length)) : samples.map((_, index) => index);
  if (bucket) {
    const lengths = samples.map((sample) => lengthOf(fieldsOf(sample).x));
    const window = shuffle ? batchSize * BUCKET_BATCHES : samples.length;
    order = chunks(order, window).flatMap((part) =>
      part.sort((a, b) => (lengths[a] as number) - (lengths[b] as number)),
    );
  }
  const arranged = chunks(order, batchSize);
  if (!(shuffle && bucket)) return arranged;
  return Array.from(random.permutation(arranged.length), (k) => arranged[k] as number[]);
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < list.length; start += size) parts.push(list.slice(start, start + size));
  return parts;
}

/** The samples as one batch; `indices` are their numbers, for messages and for who wants to know. @internal */
export function collate(samples: readonly Sample[], indices: readonly number[], options: BatchesOptions): SampleBatch {
  const { x: xKind = 'tokens', y: yKind = 'label', batchFirst = false, padding = 0 } = options;
  const fields = samples.map(fieldsOf);
  const xs = new Column(
    'x',
    xKind,
    indices,
    fields.map(({ x }) => x),
  );
  const ys = fields.map(({ y }) => y).filter((y) => y !== undefined);
  if (ys.length !== 0 && ys.length !== fields.length) {
    throw new ShapeError(
      `batches: either all samples have y or none, got ${ys.length} of ${fields.length} in one batch`,
    );
  }
  const size = indices.length;
  const lengths = xs.isSequence ? xs.lengths : undefined;
  return {
    x: xs.toTensor(batchFirst, padding),
    ...(ys.length > 0 && { y: new Column('y', yKind, indices, ys).toTensor(batchFirst, -100) }),
    ...(lengths && { lengths }),
    size,
    tokens: lengths ? lengths.reduce((sum, length) => sum + length, 0) : size,
    indices,
  };
}

/** x or y of all samples of a batch. */
class Column {
  readonly #name: 'x' | 'y';
  readonly #kind: SampleKind;
  readonly #indices: readonly number[];
  readonly #values: readonly SampleValue[];
  readonly isSequence: boolean;

  constructor(name: 'x' | 'y', kind: SampleKind, indices: readonly number[], values: readonly SampleValue[]) {
    this.#name = name;
    this.#kind = kind;
    this.#indices = indices;
    this.#values = values;
    this.isSequence = kind === 'tokens' || kind === 'series';
    if (!this.isSequence && kind !== 'vector') return;
    values.forEach((value, b) => {
      if (typeof value === 'object' && typeof (value as { length?: unknown } | null)?.length === 'number') return;
      throw new DTypeError(
        `${this.#where(b)} must be a list, got ${show(value)}; choose another kind with { ${name}: ... }`,
      );
    });
  }

  get lengths(): number[] {
    return this.#values.map(lengthOf);
  }

  toTensor(batchFirst: boolean, padding: number): Tensor {
    const B = this.#values.length;
    const isInt = this.#kind === 'tokens' || this.#kind === 'label';
    const T = this.isSequence ? this.lengths.reduce((longest, length) => Math.max(longest, length), 0) : 1;
    const F = this.#width();
    const out = isInt ? new Int32Array(T * B * F) : new Float32Array(T * B * F);
    if (this.#kind === 'tokens' && padding !== 0) out.fill(padding);
    this.#values.forEach((value, b) => {
      const length = this.isSequence ? lengthOf(value) : 1;
      for (let t = 0; t < length; t++) {
        const at = (batchFirst ? b * T + t : t * B + b) * F;
        const step = this.#kind === 'series' ? (value as ArrayLike<ArrayLike<number>>)[t] : value;
        if (this.#kind === 'label' || this.#kind === 'value') out[at] = this.#checked(value, b, isInt);
        else if (this.#kind === 'tokens') out[at] = this.#checked((value as ArrayLike<number>)[t], b, isInt);
        else this.#copyVector(out, at, F, step as ArrayLike<number>, b);
      }
    });
    return tensor(out, this.#shape(T, B, F, batchFirst), { dtype: isInt ? 'int32' : 'float32' });
  }

  #shape(T: number, B: number, F: number, batchFirst: boolean): number[] {
    const rows = this.isSequence ? (batchFirst ? [B, T] : [T, B]) : [B];
    return this.#kind === 'series' || this.#kind === 'vector' ? [...rows, F] : rows;
  }

  /** Numbers a step (series) or a sample (vector); those of the first decide. */
  #width(): number {
    if (this.#kind === 'vector') return lengthOf(this.#values[0]);
    if (this.#kind !== 'series') return 1;
    const first = this.#values.find((value) => lengthOf(value) > 0) as readonly ArrayLike<number>[] | undefined;
    return lengthOf(first?.[0]);
  }

  #copyVector(out: Int32Array | Float32Array, at: number, F: number, from: ArrayLike<number>, b: number): void {
    if (lengthOf(from) !== F || typeof from !== 'object') {
      throw new ShapeError(
        `${this.#where(b)} must be ${F} numbers${this.#kind === 'series' ? ' a step' : ''}, as in the first sample of ` +
          `the batch, got ${show(from)}`,
      );
    }
    for (let f = 0; f < F; f++) out[at + f] = this.#checked(from[f], b, false);
  }

  #checked(value: unknown, b: number, isInt: boolean): number {
    if (typeof value === 'number' && (!isInt || (value | 0) === value)) return value;
    throw new DTypeError(
      `${this.#where(b)} must be ${isInt ? 'integers' : 'numbers'}, got ${show(value)}; choose another kind with ` +
        `{ ${this.#name}: ... }`,
    );
  }

  #where(b: number): string {
    return `batches: ${this.#name} ('${this.#kind}') of sample ${this.#indices[b]}`;
  }
}

/** @internal */
export function fieldsOf(sample: Sample): { x: SampleValue; y?: SampleValue } {
  const { x, y } = (Array.isArray(sample) ? { x: sample[0], y: sample[1] } : (sample ?? {})) as {
    x?: SampleValue;
    y?: SampleValue;
  };
  if (x === undefined) throw new OptionError(`batches: a sample must be { x, y } or [x, y], got ${show(sample)}`);
  return { x, y };
}

/** @internal */
export const lengthOf = (value: unknown): number => (value as ArrayLike<unknown> | null | undefined)?.length ?? 0;
