// gather, indexSelect, embedding: values, gradients, and what they say about an index out of range.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

const leaf = (data: u.NestedNumbers): u.Tensor => u.tensor(data, undefined, { requiresGrad: true });
const matrix = () =>
  leaf([
    [1, 2, 3],
    [4, 5, 6],
  ]);

describeBackends('ops by index', () => {
  it('gather picks each element by its own index along an axis', () => {
    const x = matrix();
    expect(
      u
        .gather(x, 1, [
          [2, 0],
          [1, 1],
        ])
        .toArray(),
    ).toEqual([3, 1, 5, 5]);
    expect(x.gather(0, [[1, 0, 1]]).toArray()).toEqual([4, 2, 6]);
    // As in PyTorch, the index may be shorter along the other axes.
    expect(x.gather(1, [[2]]).toArray()).toEqual([3]);
    u.gradcheck(
      (t) => [
        t.gather(1, [
          [2, 2],
          [1, 0],
        ]),
        t.gather(1, [[2]]),
        t.gather(0, [[1, 0, 1]]),
      ],
      [x],
    );
    expect(() => x.gather(1, [0, 1])).toThrow(u.ShapeError);
    expect(() => x.gather(1, [[0], [0], [0]])).toThrow(/at most 2 along axis 0/);
  });

  it('indexSelect takes slices along any axis, repeated at will', () => {
    const x = matrix();
    expect(x.indexSelect([1, 1, 0]).toArray()).toEqual([4, 5, 6, 4, 5, 6, 1, 2, 3]);
    expect(x.indexSelect([2, 0], 1).toArray()).toEqual([3, 1, 6, 4]);
    u.gradcheck((t) => [t.indexSelect([1, 1, 0]), t.indexSelect([2, 0, 2], -1)], [x]);
    expect(() => x.indexSelect([3], 1)).toThrow(
      new u.IndexError('indexSelect: index at [0] must be from 0 to 2, got 3'),
    );
  });

  it('embedding looks rows up; the padding row gets no gradient', () => {
    const w = leaf([
      [0, 0],
      [1, 2],
      [3, 4],
    ]);
    const y = u.embedding(
      w,
      [
        [2, 0],
        [1, 1],
      ],
      0,
    );
    expect([y.shape, y.toArray()]).toEqual([
      [2, 2, 2],
      [3, 4, 0, 0, 1, 2, 1, 2],
    ]);
    y.sum().backward();
    expect(w.grad?.toArray()).toEqual([0, 0, 2, 2, 1, 1]);
    w.zeroGrad();
    u.gradcheck((t) => u.embedding(t, [2, 0, 2]), [w]);
  });

  it('backward sees the ids that forward saw, though the caller fills the tensor again', () => {
    const w = leaf([[1], [2]]);
    const ids = u.tensor([0], undefined, { dtype: 'int32' });
    const y = u.embedding(w, ids);
    ids.data[0] = 1;
    y.backward();
    expect(w.grad?.toArray()).toEqual([1, 0]);
  });

  it('name the first index out of range, its position and the valid range', () => {
    const w = u.zeros([3, 2]);
    expect(() =>
      u.embedding(w, [
        [0, 2],
        [1, 7],
      ]),
    ).toThrow(new u.IndexError('embedding: index at [1, 1] must be from 0 to 2, got 7'));
    expect(() => u.embedding(w, [-1])).toThrow(new u.IndexError('embedding: index at [0] must be from 0 to 2, got -1'));
    expect(() => matrix().gather(1, [[0], [3]])).toThrow(
      new u.IndexError('gather: index at [1, 0] must be from 0 to 2, got 3'),
    );
    expect(() => u.embedding(w, u.tensor([0.5]))).toThrow(/embedding: index must be int32, got float32/);
    expect(() => u.embedding(w, [0.5])).toThrow(u.DTypeError);
  });
});
