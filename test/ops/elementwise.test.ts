// add, sub, mul, div with NumPy's broadcasting, and functions of one number: values and gradients.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { seeded, uniform } from '../helpers/random.js';

const random = (seed: number, shape: number[], low = -1, high = 1): u.Tensor =>
  u.tensor(
    uniform(
      seeded(seed),
      shape.reduce((a, b) => a * b, 1),
      low,
      high,
    ),
    shape,
    { requiresGrad: true },
  );

const { add, sub, mul, div, tanh, sigmoid, relu, exp, log, sqrt, abs, neg } = u;
const functions = { add, sub, mul, div, tanh, sigmoid, relu, exp, log, sqrt, abs, neg };

const binaries: Record<'add' | 'sub' | 'mul' | 'div', (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};
const unaries: Record<'tanh' | 'sigmoid' | 'relu' | 'exp' | 'log' | 'sqrt' | 'abs' | 'neg', (x: number) => number> = {
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  relu: (x) => Math.max(x, 0),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  abs: Math.abs,
  neg: (x) => -x,
};

/** Element of a tensor of `shape` that stands at `position` of the shape it broadcasts to. */
function broadcastAt(data: readonly number[], shape: readonly number[], position: readonly number[]): number {
  const own = position.slice(position.length - shape.length);
  return data[shape.reduce((at, dim, k) => at * dim + (dim === 1 ? 0 : (own[k] as number)), 0)] as number;
}

const shapes: [a: number[], b: number[], result: number[]][] = [
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3], [2, 3]],
  [[3], [2, 3], [2, 3]],
  [
    [2, 1],
    [1, 3],
    [2, 3],
  ],
  [
    [4, 1, 3],
    [2, 1],
    [4, 2, 3],
  ],
  [
    [1, 5, 1, 2],
    [3, 1, 4, 1],
    [3, 5, 4, 2],
  ],
  [[2, 3], [], [2, 3]],
  [[1, 1], [1], [1, 1]],
  [[0, 3], [3], [0, 3]],
];

describeBackends('elementwise ops', () => {
  for (const [name, f] of Object.entries(binaries) as [keyof typeof binaries, (a: number, b: number) => number][]) {
    it(`${name}: broadcasts as NumPy, values and gradients`, () => {
      for (const [shapeA, shapeB, shape] of shapes) {
        const [a, b] = [random(1, shapeA), random(2, shapeB, 0.5, 2)];
        const y = a[name](b);
        expect(y.shape).toEqual(shape);
        const [as, bs] = [a.toArray(), b.toArray()];
        const expected = Array.from({ length: y.size }, (_, k) => {
          const position = shape.map(
            (dim, axis) => Math.floor(k / shape.slice(axis + 1).reduce((p, d) => p * d, 1)) % dim,
          );
          return f(broadcastAt(as, shapeA, position), broadcastAt(bs, shapeB, position));
        });
        expectClose(y.toArray(), expected, EPS32, `${name} ${shapeA} and ${shapeB}`);
        u.gradcheck((p, q) => p[name](q), [a, b]);
      }
    });

    it(`${name}: takes a number on either side`, () => {
      const x = random(3, [5], 0.5, 2);
      const values = x.toArray();
      expectClose(
        x[name](3).toArray(),
        values.map((v) => f(v, 3)),
        2 * EPS32,
        `${name} on the right`,
      );
      expectClose(
        functions[name](3, x).toArray(),
        values.map((v) => f(3, v)),
        2 * EPS32,
        `${name} on the left`,
      );
      u.gradcheck((t) => [t[name](3), functions[name](3, t)], [x]);
      expect(() => functions[name](1, 2)).toThrow(u.DTypeError);
    });
  }

  for (const [name, f] of Object.entries(unaries) as [keyof typeof unaries, (x: number) => number][]) {
    it(`${name}: values and gradients`, () => {
      // Away from 0, where relu and abs have no derivative and log's difference quotient is useless.
      const x = random(4, [3, 7], 0.3, 2);
      if (name !== 'log' && name !== 'sqrt') x.data[2] = -0.7;
      expectClose(x[name]().toArray(), x.toArray().map(f), 4 * EPS32, name);
      expectClose(functions[name](x).toArray(), x[name]().toArray(), 0, `${name} as function and method`);
      u.gradcheck((t) => t[name](), [x]);
    });
  }

  it('say which shapes do not broadcast', () => {
    expect(() => u.zeros([2, 3]).add(u.zeros([2]))).toThrow(
      new u.ShapeError('add: shapes must broadcast, got [2, 3] and [2]: 3 and 2 at axis -1; dims must be equal or 1'),
    );
  });

  it('refuse int32 and what is no tensor, by name', () => {
    expect(() => u.zeros([2]).mul(u.zeros([2], { dtype: 'int32' }))).toThrow(
      new u.DTypeError('mul: b must be float32, got int32; convert it with u.tensor(t.toArray(), t.shape)'),
    );
    expect(() => u.tanh([1] as never)).toThrow(u.DTypeError);
  });

  it('expand repeats and its gradient sums', () => {
    const x = random(5, [2, 1, 3]);
    expect(x.expand([4, 2, 5, 3]).shape).toEqual([4, 2, 5, 3]);
    u.gradcheck((t) => t.expand([4, 2, 5, 3]), [x]);
    u.gradcheck((t) => t.expand([2, 1, 3]).mul(t), [x]);
    expect(() => x.expand([2, 3])).toThrow(u.ShapeError);
  });
});
