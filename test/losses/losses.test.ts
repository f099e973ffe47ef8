// Losses: values and gradients against PyTorch 1.13 in float64, reductions, and what bad targets are told.
//   x = torch.tensor([[1.,-1.,2.],[0.,.5,-.5],[3.,0.,-1.]], dtype=torch.float64, requires_grad=True)
// Each case quotes the line that made its numbers; gradients are those of loss.sum().
import { expect, it } from 'vitest';
import { noGrad } from '../../src/autograd/context.js';
import { tensor } from '../../src/autograd/creation.js';
import type { Tensor } from '../../src/autograd/tensor.js';
import { DTypeError, IndexError, OptionError, ShapeError } from '../../src/errors.js';
import { bceWithLogits, crossEntropy, huber, mae, mse } from '../../src/losses/index.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';

const labels = (...numbers: number[]): Tensor => tensor(numbers, undefined, { dtype: 'int32' });
const scores = (): Tensor =>
  tensor(
    [
      [1, -1, 2],
      [0, 0.5, -0.5],
      [3, 0, -1],
    ],
    undefined,
    { requiresGrad: true },
  );
// tt
const probabilities = (): Tensor =>
  tensor([
    [1, 0, 0.5],
    [0, 1, 1],
    [1, 1, 0],
  ]);

interface Case {
  readonly line: string;
  readonly loss: (x: Tensor) => Tensor;
  readonly value: readonly number[];
  readonly grad: readonly number[];
}

const cases: Case[] = [
  {
    line: 'F.cross_entropy(x, torch.tensor([2, 0, -100]))',
    loss: (x) => crossEntropy(x, labels(2, 0, -100)),
    value: [0.7646409437049606],
    grad: [0.1297482302, 0.0175595135, -0.1473077437, -0.3464020571, 0.2532401955, 0.0931618616, 0, 0, 0],
  },
  {
    line: 'F.cross_entropy(x, t, weight=torch.tensor([1., 2., 3.]), label_smoothing=.2)',
    loss: (x) => crossEntropy(x, [2, 0, -100], { weight: [1, 2, 3], labelSmoothing: 0.2 }),
    value: [0.7233894529302509],
    grad: [0.1649808556, -0.0087500145, -0.1562308411, -0.124507901, 0.118610784, 0.005897117, 0, 0, 0],
  },
  {
    line: "F.cross_entropy(x, t, reduction='none')",
    loss: (x) => crossEntropy(x, labels(2, 0, -100), { reduction: 'none' }),
    value: [0.3490122167681865, 1.1802696706417346, 0],
    grad: [0.2594964603, 0.035119027, -0.2946154873, -0.6928041143, 0.5064803911, 0.1863237232, 0, 0, 0],
  },
  {
    line: 'F.binary_cross_entropy_with_logits(x, tt, weight=w, pos_weight=torch.tensor([2., 1., .5]))',
    loss: (x) => bceWithLogits(x, probabilities(), { weight: [1, 2, 3], posWeight: [2, 1, 0.5] }),
    value: [1.1182561696591045],
    grad: [
      -0.0597647603, 0.0597647603, 0.1368659362, 0.0555555556, -0.0838979264, -0.1037432219, -0.0105390829,
      -0.1111111111, 0.0896471405,
    ],
  },
  {
    line: 'F.mse_loss(x, tt)',
    loss: (x) => mse(x, probabilities()),
    value: [1.3055555555555556],
    grad: [0, -2, 3, 0, -1, -3, 4, -2, -2].map((v) => v / 9),
  },
  {
    line: 'F.l1_loss(x, tt)',
    loss: (x) => mae(x, probabilities()),
    value: [0.9444444444444444],
    grad: [0, -1, 1, 0, -1, -1, 1, -1, -1].map((v) => v / 9),
  },
  {
    line: 'F.huber_loss(x, tt, delta=.7)',
    loss: (x) => huber(x, probabilities(), { delta: 0.7 }),
    value: [0.47277777777777774],
    grad: [0, -0.7, 0.7, 0, -0.5, -0.7, 0.7, -0.7, -0.7].map((v) => v / 9),
  },
];

describeBackends('losses', (backend) => {
  // The literals have ten digits; float32 has exp and log at 2 ulp each.
  const rtol = backend === 'reference' ? 1e-9 : 8 * EPS32;

  for (const { line, loss, value, grad } of cases) {
    it(`${line}: value and gradient are PyTorch's`, () => {
      const x = scores();
      const y = loss(x);
      expectClose(y.toArray(), value, rtol, 'value');
      y.backward(tensor(new Float32Array(y.size).fill(1), y.shape));
      expectClose(x.grad?.toArray() ?? [], grad, rtol, 'gradient');
    });
  }

  it('a sequence [T,B,C] with targets [T,B] is the same rows one after the other', () => {
    const flat = tensor(
      [
        [1, 2],
        [3, -1],
        [0, 0.5],
        [2, 2],
      ],
      undefined,
      { requiresGrad: true },
    );
    const sequence = tensor(
      [
        [
          [1, 2],
          [3, -1],
        ],
        [
          [0, 0.5],
          [2, 2],
        ],
      ],
      undefined,
      { requiresGrad: true },
    );
    const ofRows = crossEntropy(flat, [0, 1, -100, 1]);
    ofRows.backward();
    const value = ofRows.item();
    const ofSequence = crossEntropy(
      sequence,
      tensor(
        [
          [0, 1],
          [-100, 1],
        ],
        undefined,
        { dtype: 'int32' },
      ),
    );
    ofSequence.backward();
    expect(ofSequence.item()).toBe(value);
    expect(sequence.grad?.toArray()).toEqual(flat.grad?.toArray());
    expect(
      crossEntropy(
        sequence,
        [
          [0, 1],
          [0, 1],
        ],
        { reduction: 'none' },
      ).shape,
    ).toEqual([2, 2]);
  });

  it("reduction 'sum' is the sum of 'none', and a mean over ignored targets alone is NaN, as in PyTorch", () => {
    const target = labels(2, 0, 1);
    const sum = crossEntropy(scores(), target, { reduction: 'sum' }).item();
    const parts = crossEntropy(scores(), target, { reduction: 'none' }).toArray();
    expectClose([sum], [parts.reduce((a, b) => a + b)], rtol, 'sum');
    expect(crossEntropy(scores(), labels(-100, -100, -100)).item()).toBeNaN();
  });

  it('regression losses give a gradient to both sides', () => {
    const x = scores();
    const t = tensor(probabilities().toArray(), [3, 3], { requiresGrad: true });
    mse(x, t).backward();
    expect(t.grad?.toArray()).toEqual(x.grad?.toArray().map((v) => (v === 0 ? t.grad?.toArray()[0] : -v)));
  });

  it('logits of 1000 overflow nowhere', () => {
    const x = tensor([1000, -1000], undefined, { requiresGrad: true });
    const loss = bceWithLogits(x, [0, 1], { reduction: 'sum' });
    loss.backward();
    expect(loss.item()).toBe(2000);
    expect(x.grad?.toArray()).toEqual([1, -1]);
    expect(crossEntropy(tensor([[1000, -1000]]), [1]).item()).toBe(2000);
  });

  it('inside noGrad nothing is recorded', () => {
    const loss = noGrad(() => crossEntropy(scores(), labels(2, 0, 1)));
    expect(loss.requiresGrad).toBe(false);
  });

  it('a target outside its range is named with its place and the range', () => {
    expect(() => crossEntropy(scores(), labels(2, 3, 1))).toThrow(IndexError);
    expect(() => crossEntropy(scores(), labels(2, 3, 1))).toThrow(/target at \[1\] must be from 0 to 2, got 3/);
    const sequence = tensor(new Float32Array(8), [2, 2, 2]);
    expect(() =>
      crossEntropy(sequence, [
        [0, 1],
        [-1, 1],
      ]),
    ).toThrow(/target at \[1, 0\] must be from 0 to 1, got -1/);
    expect(() => crossEntropy(scores(), labels(2, -100, 1), { ignoreIndex: 0 })).toThrow(/got -100/);
  });

  it('shapes and types that disagree are refused with both of them', () => {
    expect(() => crossEntropy(scores(), labels(0, 1))).toThrow(ShapeError);
    expect(() => crossEntropy(scores(), labels(0, 1))).toThrow(/target must be \[3\].*\[3, 3\], got \[2\]/);
    expect(() => crossEntropy(scores(), tensor([0, 1, 2]))).toThrow(DTypeError);
    expect(() => crossEntropy(scores(), [0, 1, 1.5])).toThrow(DTypeError);
    expect(() => crossEntropy(scores(), [0, 1, 1], { weight: [1, 2] })).toThrow(/weight must be \[3\]/);
    expect(() => crossEntropy(tensor(new Float32Array(0), [0, 3]), [])).toThrow(/at least one target/);
    expect(() => mse(scores(), tensor([1, 2, 3], [3, 1]))).toThrow(
      /target must have the shape.*\[3, 3\], got \[3, 1\]/,
    );
    expect(() => bceWithLogits(scores(), probabilities(), { weight: [1, 2] })).toThrow(/weight must have the shape/);
  });

  it('options are checked by name and range', () => {
    expect(() => crossEntropy(scores(), [0, 1, 1], { labelSmooting: 0.1 } as never)).toThrow(
      /did you mean "labelSmoothing"/,
    );
    expect(() => crossEntropy(scores(), [0, 1, 1], { labelSmoothing: 1.5 })).toThrow(OptionError);
    expect(() => huber(scores(), probabilities(), { delta: 0 })).toThrow(OptionError);
    expect(() => mse(scores(), probabilities(), { reduction: 'average' as never })).toThrow(/"mean", "sum", "none"/);
  });
});
