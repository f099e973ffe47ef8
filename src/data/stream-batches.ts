// Batches of samples that come one after the other, from a file too large for memory: shuffled and bucketed in a bounded buffer.
import { type GeneratorState, generator, Generator as Random } from '../autograd/random.js';
import { OptionError } from '../errors.js';
import type { Json } from '../io/exact-json.js';
import { checkOptions, is, show } from '../options.js';
import {
  type BatchesOptions,
  BUCKET_BATCHES,
  batchRules,
  collate,
  fieldsOf,
  lengthOf,
  type Sample,
  type SampleBatch,
} from '../train/batches.js';

export interface StreamBatchesOptions extends Omit<BatchesOptions, 'shuffle'> {
  /** Samples that are held back to draw the next one from. Default 0: in the order of the stream. */
  readonly shuffleBuffer?: number;
}

/** Batches of a stream that can be opened again and again: data for fit. */
export interface BatchStream extends AsyncIterable<SampleBatch> {
  /** For checkpoints: where the order's own generator stands; null without a seed. */
  saveState(): Json;
  restoreState(saved: unknown): void;
}

interface Numbered {
  readonly sample: Sample;
  readonly index: number;
}

/**
 * Batches of a stream of samples, in memory for `shuffleBuffer` samples and, with `bucket`, for those of 50 batches: never for all.
 *
 *   const samples = async function* () {
 *     for await (const { fields } of readRows('reviews.jsonl', { format: 'jsonl' })) yield { x: encode(fields.text), y: fields.label };
 *   };
 *   await fit(model, streamBatches(samples, { batchSize: 32, shuffleBuffer: 10_000, bucket: true }), { ... });
 *
 * Shuffling: the buffer is filled; then each sample that comes takes the place of a random one, which goes. So a sample may come
 * arbitrarily late, but at most shuffleBuffer places early: a file sorted by label should be shuffled as a whole before.
 * Checkpoints of fit go on to the same bits, reading the samples done before once more.
 *
 * @param open  opens the stream at its beginning: called once an epoch
 * @throws OptionError  for a wrong option;  ShapeError or DTypeError, naming the sample, when one is not of its kind
 */
export function streamBatches(
  open: () => AsyncIterable<Sample> | Iterable<Sample>,
  options: StreamBatchesOptions = {},
): BatchStream {
  const { shuffle: _, ...shared } = batchRules;
  checkOptions<StreamBatchesOptions>('streamBatches', options, { ...shared, shuffleBuffer: is.integer(0) });
  if (typeof open !== 'function') {
    throw new OptionError(
      `streamBatches: the first argument must be a function that opens the stream, got ${show(open)}; an epoch begins at ` +
        'its beginning: () => readSamples()',
    );
  }
  const { seed, shuffleBuffer = 0 } = options;
  const own = seed === undefined ? null : new Random(seed);
  return {
    saveState: () => own && { ...own.state() },
    restoreState: (saved) => own?.restore((saved ?? {}) as GeneratorState),
    async *[Symbol.asyncIterator]() {
      // Forked from the common generator where the epoch begins: what the model draws meanwhile does not change the order.
      const random = own ?? new Random(generator.word());
      const samples = numbered(open());
      const ordered = shuffleBuffer > 1 ? shuffled(samples, shuffleBuffer, random) : samples;
      yield* inBatches(ordered, options, shuffleBuffer > 1 ? random : null);
    },
  };
}

async function* numbered(samples: AsyncIterable<Sample> | Iterable<Sample>): AsyncGenerator<Numbered> {
  let index = 0;
  for await (const sample of samples) yield { sample, index: index++ };
}

async function* shuffled(samples: AsyncIterable<Numbered>, size: number, random: Random): AsyncGenerator<Numbered> {
  const buffer: Numbered[] = [];
  for await (const sample of samples) {
    if (buffer.length < size) {
      buffer.push(sample);
      continue;
    }
    const at = random.integer(size);
    yield buffer[at] as Numbered;
    buffer[at] = sample;
  }
  for (const at of random.permutation(buffer.length)) yield buffer[at] as Numbered;
}

/** @param random  for the order of buckets; null: as they come */
async function* inBatches(
  samples: AsyncIterable<Numbered>,
  options: StreamBatchesOptions,
  random: Random | null,
): AsyncGenerator<SampleBatch> {
  const { batchSize = 32, bucket = false, dropLast = false } = options;
  const pool = bucket ? batchSize * BUCKET_BATCHES : batchSize;
  let waiting: Numbered[] = [];
  const batches = function* (): Generator<SampleBatch> {
    if (bucket) {
      const lengths = new Map(waiting.map((one) => [one, lengthOf(fieldsOf(one.sample).x)]));
      waiting.sort((a, b) => (lengths.get(a) as number) - (lengths.get(b) as number));
    }
    const count = Math.ceil(waiting.length / batchSize);
    const order = bucket && random ? random.permutation(count) : Array.from({ length: count }, (_, k) => k);
    for (const k of order) {
      const own = waiting.slice(k * batchSize, (k + 1) * batchSize);
      if (dropLast && own.length < batchSize) continue;
      yield collate(
        own.map(({ sample }) => sample),
        own.map(({ index }) => index),
        options,
      );
    }
    waiting = [];
  };
  for await (const one of samples) {
    waiting.push(one);
    if (waiting.length === pool) yield* batches();
  }
  yield* batches();
}
