// batches(): ragged samples become padded tensors with lengths, in an order that is random, reproducible and complete.
import { expect, it } from 'vitest';
import { seed } from '../../src/autograd/random.js';
import { DTypeError, OptionError, ShapeError } from '../../src/errors.js';
import { batches, type SampleBatch } from '../../src/train/index.js';
import { describeBackends } from '../helpers/backends.js';

const reviews = [
  { x: [5, 6, 7], y: 1 },
  { x: [8], y: 0 },
  { x: [], y: 1 },
  { x: [9, 10], y: 0 },
  { x: [11, 12, 13, 14], y: 1 },
];
const order = (list: Iterable<SampleBatch>): number[][] => [...list].map((batch) => [...batch.indices]);

describeBackends('batches', () => {
  it('tokens are padded behind their end, time first, with lengths and labels', () => {
    const list = batches(reviews, { batchSize: 3 });
    expect(list.length).toBe(2);
    const [first, second] = [...list] as [SampleBatch, SampleBatch];
    expect(first).toMatchObject({ lengths: [3, 1, 0], size: 3, tokens: 4, indices: [0, 1, 2] });
    expect([first.x.dtype, first.x.shape]).toEqual(['int32', [3, 3]]);
    expect(first.x.toArray()).toEqual([5, 8, 0, 6, 0, 0, 7, 0, 0]);
    expect([first.y?.dtype, first.y?.shape, first.y?.toArray()]).toEqual(['int32', [3], [1, 0, 1]]);
    expect(second).toMatchObject({ lengths: [2, 4], size: 2 });
  });

  it('batchFirst and padding change the layout and what stands behind the end', () => {
    const [first] = [...batches(reviews, { batchSize: 2, batchFirst: true, padding: 99 })] as [SampleBatch];
    expect(first.x.toArray()).toEqual([5, 6, 7, 8, 99, 99]);
  });

  it('series are [T,B,F], per-step labels are padded with the ignored target', () => {
    const samples = [
      {
        x: [
          [1, 2],
          [3, 4],
        ],
        y: [0, 1],
      },
      { x: [new Float32Array([5, 6])], y: new Int32Array([2]) },
    ];
    const [batch] = [...batches(samples, { x: 'series', y: 'tokens' })] as [SampleBatch];
    expect([batch.x.shape, batch.x.toArray()]).toEqual([
      [2, 2, 2],
      [1, 2, 5, 6, 3, 4, 0, 0],
    ]);
    expect([batch.y?.shape, batch.y?.toArray()]).toEqual([
      [2, 2],
      [0, 2, 1, -100],
    ]);
  });

  it('vectors, values and samples without y', () => {
    const [pairs] = [
      ...batches(
        [
          [[1, 2], 0.5],
          [[3, 4], 1.5],
        ],
        { x: 'vector', y: 'value' },
      ),
    ] as [SampleBatch];
    expect([pairs.x.shape, pairs.x.dtype, pairs.lengths]).toEqual([[2, 2], 'float32', undefined]);
    expect([pairs.y?.dtype, pairs.y?.toArray()]).toEqual(['float32', [0.5, 1.5]]);
    const [alone] = [...batches([{ x: [1] }])] as [SampleBatch];
    expect(alone.y).toBeUndefined();
  });

  it('a shuffled order is complete, differs from pass to pass, and comes again with its seed', () => {
    const list = batches(reviews, { batchSize: 2, shuffle: true, seed: 3 });
    const passes = [order(list), order(list), order(list)];
    for (const pass of passes) expect(pass.flat().sort()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(passes.map(String)).size).toBeGreaterThan(1);
    expect(order(batches(reviews, { batchSize: 2, shuffle: true, seed: 3 }))).toEqual(passes[0]);
    seed(11);
    const once = order(batches(reviews, { shuffle: true, batchSize: 1 }));
    seed(11);
    expect(order(batches(reviews, { shuffle: true, batchSize: 1 }))).toEqual(once);
  });

  it('buckets hold sequences of like length: little padding, and still every sample once', () => {
    const many = Array.from({ length: 200 }, (_, k) => ({ x: new Array<number>((k * 37) % 50).fill(1), y: 0 }));
    const padded = (list: Iterable<SampleBatch>) =>
      [...list].reduce((sum, batch) => sum + batch.x.size - batch.tokens, 0);
    const bucketed = batches(many, { batchSize: 10, shuffle: true, bucket: true, seed: 1 });
    expect(padded(bucketed)).toBeLessThan(padded(batches(many, { batchSize: 10, shuffle: true, seed: 1 })) / 5);
    expect(
      order(bucketed)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(many.map((_, k) => k));
    const lengths = [...bucketed].map((batch) => batch.x.shape[0]);
    expect(lengths).not.toEqual([...lengths].sort((a, b) => (a as number) - (b as number)));
  });

  it('dropLast leaves out the batch that is not full', () => {
    const list = batches(reviews, { batchSize: 2, dropLast: true });
    expect([list.length, order(list)]).toEqual([
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ]);
  });

  it('a sample that is no list is not an empty sequence', () => {
    expect(() => [...batches([{ x: 5, y: 1 }])]).toThrow(/x \('tokens'\) of sample 0 must be a list, got 5/);
    expect(() => [...batches([null as never])]).toThrow(/a sample must be/);
  });

  it('a sample that is not of its kind is named', () => {
    const first = (samples: never[], options = {}) => [...batches(samples, options)];
    expect(() => first([{ x: [1, 2.5], y: 0 }] as never)).toThrow(DTypeError);
    expect(() =>
      first([
        { x: [1], y: 0 },
        { x: ['a'], y: 0 },
      ] as never),
    ).toThrow(/x \('tokens'\) of sample 1 must be integers, got "a"/);
    expect(() => first([{ x: [1], y: [1] }] as never)).toThrow(/y \('label'\) of sample 0/);
    expect(() =>
      first(
        [
          { x: [1, 2], y: 0 },
          { x: [1], y: 0 },
        ] as never,
        { x: 'vector' },
      ),
    ).toThrow(ShapeError);
    expect(() => first([{ x: [[1, 2], [3]], y: 0 }] as never, { x: 'series' })).toThrow(/must be 2 numbers a step/);
    expect(() => first([{ x: [1], y: 0 }, { x: [1] }] as never)).toThrow(/all samples have y or none/);
    expect(() => first([{ y: 0 }] as never)).toThrow(OptionError);
    expect(() => batches('text' as never)).toThrow(/samples must be an array, got "text"/);
    expect(() => batches(reviews, { batchsize: 3 } as never)).toThrow(/did you mean "batchSize"/);
  });
});
