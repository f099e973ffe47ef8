// Tensors from user data: shapes inferred, numbers copied, everything odd refused by name.
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Generator, generator } from '../../src/autograd/random.js';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

describeBackends('creation of tensors', () => {
  it('infers the shape of nested arrays', () => {
    const t = u.tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([t.shape, t.dtype, t.size]).toEqual([[2, 3], 'float32', 6]);
    expect(t.toArray()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(u.tensor(7).shape).toEqual([]);
    expect(u.tensor([]).shape).toEqual([0]);
    expect(u.tensor([[], []]).shape).toEqual([2, 0]);
  });

  it('takes typed arrays of every width and int32 as int32', () => {
    expect(u.tensor(new Uint8Array([1, 255]), [2, 1]).toArray()).toEqual([1, 255]);
    expect(u.tensor(new Float64Array([0.5, -2])).dtype).toBe('float32');
    expect(u.tensor(new Int32Array([3, -4])).dtype).toBe('int32');
    expect(u.tensor(new Int32Array([3]), undefined, { dtype: 'float32' }).dtype).toBe('float32');
    expect(u.tensor([3, 1], undefined, { dtype: 'int32' }).data).toEqual(new Int32Array([3, 1]));
  });

  it('takes options in the place of a shape', () => {
    expect(u.tensor([3, 1], { dtype: 'int32' }).data).toEqual(new Int32Array([3, 1]));
    expect(() => u.tensor([1], { requireGrad: true } as never)).toThrow(/did you mean "requiresGrad"/);
  });

  it('shows shape, type and the first numbers, and never throws doing so', () => {
    expect(
      String(
        u.tensor([
          [1, 0.1],
          [3, 4],
        ]),
      ),
    ).toBe('Tensor [2, 2] float32: 1, 0.1, 3, 4');
    expect(inspect(u.arange(9))).toBe('Tensor [9] int32: 0, 1, 2, 3, 4, 5, 6, 7, ...');
    const p = new u.Parameter(u.ones([1]));
    expect(String(p)).toBe('Parameter [1] float32: 1');
    p.dispose();
    expect(String(p)).toMatch(/freed/);
    expect(JSON.stringify(u.tensor([1, 2]))).toBe('{"shape":[2],"dtype":"float32","data":[1,2]}');
  });

  it('refuses an array that contains itself', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(() => u.tensor(endless as never)).toThrow(/does it contain itself/);
  });

  it('copies: later changes of the source change nothing', () => {
    const source = new Float32Array([1, 2]);
    const t = u.tensor(source);
    source[0] = 9;
    expect(t.toArray()).toEqual([1, 2]);
  });

  it('keeps NaN and infinities', () => {
    expect(u.tensor([Number.NaN, Infinity, -Infinity]).toArray()).toEqual([Number.NaN, Infinity, -Infinity]);
  });

  it('refuses ragged arrays, saying where', () => {
    expect(() => u.tensor([[1, 2], [3]])).toThrow(
      new u.ShapeError('tensor: data[1] must have 2 elements as its neighbours have, got 1'),
    );
    expect(() => u.tensor([[1], 2])).toThrow(u.ShapeError);
    expect(() => u.tensor([1, [2]])).toThrow('data[1] is an array where its neighbours are numbers');
  });

  it('refuses what is not a number', () => {
    expect(() => u.tensor([1, '2' as never])).toThrow(new u.DTypeError('tensor: data[1] must be a number, got "2"'));
    expect(() => u.tensor(null as never)).toThrow(u.DTypeError);
    expect(() => u.tensor(new BigInt64Array(2) as never)).toThrow(/got BigInt64Array/);
    expect(() => u.tensor([1.5], undefined, { dtype: 'int32' })).toThrow(/element 0 must be an integer.*got 1.5/);
    expect(() => u.tensor([2 ** 31], undefined, { dtype: 'int32' })).toThrow(u.DTypeError);
  });

  it('refuses a shape that does not hold the numbers, and bad shapes', () => {
    expect(() => u.tensor([1, 2, 3], [2, 2])).toThrow(new u.ShapeError('tensor: shape [2, 2] needs 4 numbers, got 3'));
    expect(() => u.zeros([-1])).toThrow(u.ShapeError);
    expect(() => u.zeros([1.5])).toThrow(u.ShapeError);
    expect(() => u.zeros(3 as never)).toThrow(u.ShapeError);
  });

  it('refuses unknown options with advice', () => {
    expect(() => u.tensor([1], [1], { requiresgrad: true } as never)).toThrow(
      new u.OptionError('tensor: unknown option "requiresgrad"; did you mean "requiresGrad"?'),
    );
    expect(() => u.tensor([1], undefined, { dtype: 'int32', requiresGrad: true })).toThrow(u.DTypeError);
  });

  it('refuses detached buffers by name', () => {
    const data = new Float32Array([1, 2]);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => u.tensor(data)).toThrow(/Float32Array is detached/);
  });

  it('copies from shared memory', () => {
    const data = new Float32Array(new SharedArrayBuffer(8));
    data.set([1, 2]);
    expect(u.tensor(data).toArray()).toEqual([1, 2]);
  });

  it('makes zeros, ones, constants, ranges and one-hot rows', () => {
    expect(u.zeros([2, 2]).toArray()).toEqual([0, 0, 0, 0]);
    expect(u.ones([2], { dtype: 'int32' }).data).toEqual(new Int32Array([1, 1]));
    expect(u.full([2], 0.5).toArray()).toEqual([0.5, 0.5]);
    expect(u.arange(3).toArray()).toEqual([0, 1, 2]);
    expect(u.arange(1, 2, 0.25).toArray()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(() => u.arange(0, 1, 0)).toThrow(u.ShapeError);
    expect(u.oneHot([1, 0], 3).toArray()).toEqual([0, 1, 0, 1, 0, 0]);
    expect(() => u.oneHot([[0], [3]], 3)).toThrow(
      new u.IndexError('oneHot: class at [1, 0] must be from 0 to 2, got 3'),
    );
  });

  it('draws the same numbers for the same seed, on every backend', () => {
    u.seed(42);
    const first = [u.randn([5]).toArray(), u.uniform([3], -1, 1).toArray()];
    u.seed(42);
    expect([u.randn([5]).toArray(), u.uniform([3], -1, 1).toArray()]).toEqual(first);
    // Pinned: a change of these numbers changes every published result.
    u.seed(0);
    const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
    expect(u.uniform([4]).toArray()).toEqual(words.map((word) => (word >>> 8) / 2 ** 24));
  });

  it('rounds twice before it rounds to float32: a fused multiply-add would come to the number beside it', () => {
    for (const [low, high, want] of [
      [-0.2099621615294086, 0.4915842046391933, 0.06998740136623383],
      [-0.5300784742429467, 1.2410721311629023, 0.17669284343719482],
      [-0.3720567117050997, 0.8710959189328118, 0.12401889264583588],
    ] as const) {
      u.seed(0);
      expect(u.uniform([1], low, high).item()).toBe(want);
    }
  });

  it('draws uniform numbers in a kernel as the generator itself would, and goes on where that would stand', () => {
    for (const [seed, drawn] of [
      [0, 0],
      [7, 3],
      [2 ** 53 - 1, 2 ** 34 + 1],
    ] as const) {
      const alone = new Generator();
      alone.restore({ seed, drawn });
      generator.restore({ seed, drawn });
      const want = new Float32Array(101);
      alone.fillUniform(want, -0.1, 1 / 3);
      expect(u.uniform([101], -0.1, 1 / 3).toArray()).toEqual([...want]);
      expect(generator.state()).toEqual(alone.state());
      expect(generator.word()).toBe(alone.word());
    }
  });
});
