// Metrics, evaluate and predict: figures that are exact over batches of any size, and a model that is left as it was.
import { expect, it } from 'vitest';
import { current } from '../../src/autograd/context.js';
import { tensor } from '../../src/autograd/creation.js';
import type { Tensor } from '../../src/autograd/tensor.js';
import { IndexError, OptionError, ShapeError } from '../../src/errors.js';
import { Linear } from '../../src/layers/linear.js';
import { Module } from '../../src/layers/module.js';
import { mse } from '../../src/losses/index.js';
import {
  accuracy,
  type Batch,
  evaluate,
  type Metric,
  meanAbsoluteError,
  meanSquaredError,
  perplexity,
  predict,
  rootMeanSquaredError,
  topK,
} from '../../src/train/index.js';
import { describeBackends } from '../helpers/backends.js';

const int = (numbers: number[], shape?: number[]): Tensor => tensor(numbers, shape, { dtype: 'int32' });

/** The metric's value after batches of outputs and targets. */
function after(metric: Metric, ...batches: [Tensor, unknown][]): number {
  metric.reset();
  for (const [output, target] of batches) metric.update(output, target, { x: null, size: 1, tokens: 1 } as Batch);
  return metric.value();
}

class Shift extends Module {
  head = new Linear({ inFeatures: 1, outFeatures: 1 });
  modes: boolean[] = [];

  override forward(x: Tensor): Tensor {
    this.modes.push(this.training);
    return this.head.forward(x);
  }
}

function shift(): Shift {
  const model = new Shift();
  model.loadStateDict({ 'head.weight': tensor([[1]]), 'head.bias': tensor([1]) });
  return model;
}

describeBackends('metrics', () => {
  it('accuracy counts rows, not batches, and leaves ignored targets out', () => {
    const right: [Tensor, Tensor] = [
      tensor([
        [0, 1],
        [1, 0],
        [2, 3],
      ]),
      int([1, 0, -100]),
    ];
    const wrong: [Tensor, Tensor] = [tensor([[0, 1]]), int([0])];
    expect(after(accuracy(), right, wrong)).toBe(2 / 3);
    expect(after(accuracy())).toBeNaN();
  });

  it('accuracy of one logit a target looks at its sign', () => {
    expect(after(accuracy(), [tensor([2, -1, 0.5, -3]), tensor([1, 0, 0, 1])])).toBe(0.5);
    expect(after(accuracy(), [tensor([[2], [-1]]), [1, 0]])).toBe(1);
  });

  it('accuracy of a sequence [T,B,C] looks at every step', () => {
    expect(
      after(accuracy(), [
        tensor([
          [
            [0, 1],
            [1, 0],
          ],
          [
            [0, 1],
            [1, 0],
          ],
        ]),
        int([1, 0, 0, -100], [2, 2]),
      ]),
    ).toBe(2 / 3);
  });

  it('a NaN score is never right, and of equal scores the first wins', () => {
    expect(
      after(accuracy(), [
        tensor([
          [Number.NaN, 0],
          [1, 1],
          [1, 1],
        ]),
        int([0, 0, 1]),
      ]),
    ).toBe(1 / 3);
  });

  it('topK counts targets among the k best', () => {
    const scores = tensor([
      [5, 4, 3, 2],
      [5, 4, 3, 2],
    ]);
    expect(after(topK(2), [scores, int([1, 2])])).toBe(0.5);
    expect(after(topK(3), [scores, int([1, 2])])).toBe(1);
    expect(topK(3).name).toBe('top3');
    expect(() => topK(0)).toThrow(OptionError);
  });

  it('perplexity of even scores is the number of classes', () => {
    expect(
      after(perplexity(), [
        tensor([
          [7, 7, 7, 7],
          [0, 0, 0, 0],
        ]),
        int([3, 0]),
      ]),
    ).toBeCloseTo(4, 12);
  });

  it('mae, mse and rmse are means over elements', () => {
    const batches: [Tensor, unknown][] = [
      [tensor([1, 2, 3]), tensor([1, 0, 0])],
      [tensor([4]), [0]],
    ];
    expect(after(meanAbsoluteError(), ...batches)).toBe(9 / 4);
    expect(after(meanSquaredError(), ...batches)).toBe(29 / 4);
    expect(after(rootMeanSquaredError(), ...batches)).toBe(Math.sqrt(29 / 4));
  });

  it('targets that do not fit are refused', () => {
    expect(() =>
      after(accuracy(), [
        tensor([
          [0, 1],
          [1, 0],
        ]),
        int([1, 0, 1]),
      ]),
    ).toThrow(ShapeError);
    expect(() => after(accuracy(), [tensor([[0, 1, 2]]), int([3])])).toThrow(IndexError);
    expect(() => after(meanSquaredError(), [tensor([1, 2]), tensor([1])])).toThrow(/as many elements, got 2 and 1/);
    expect(() => after(accuracy(), [5 as never, int([1])])).toThrow(/output must be a tensor, got 5/);
    expect(() => after(accuracy(), [tensor([[0, 1]]), { y: 1 }])).toThrow(/target must be a tensor or a list/);
  });

  it('evaluate is exact over unequal batches, in evaluation mode, and leaves modes and gradients alone', async () => {
    const model = shift();
    model.head.eval();
    const batches: [Tensor, Tensor][] = [
      [tensor([[0], [1], [2]]), tensor([[1], [2], [6]])],
      [tensor([[0]]), tensor([[4]])],
    ];
    function firstTarget(_output: Tensor, y: Tensor): number {
      return y.toArray()[0] as number;
    }
    const result = await evaluate(model, batches, { loss: 'mse', metrics: ['mae', firstTarget] });
    expect(result).toEqual({
      loss: (0 + 0 + 9 + 9) / 4,
      metrics: { mae: 6 / 4, firstTarget: (3 * 1 + 4) / 4 },
      samples: 4,
    });
    expect(model.modes).toEqual([false, false]);
    expect([model.training, model.head.training]).toEqual([true, false]);
    expect(model.parameters().map((p) => p.grad)).toEqual([null, null]);
  });

  it('evaluate records nothing and gives its memory back after each batch', async () => {
    const model = shift();
    const { memory } = current();
    const before = memory.stats().step;
    const seen: boolean[] = [];
    const loss = (output: Tensor, y: Tensor) => {
      seen.push(output.requiresGrad, memory.stats().step > before);
      return mse(output, y);
    };
    await evaluate(model, [[tensor([[0], [1]]), tensor([[1], [2]])]], { loss });
    expect(seen).toEqual([false, true]);
    expect(memory.stats().step).toBe(before);
  });

  it('evaluate leaves a batch out whose targets are all ignored', async () => {
    const model = new Linear({ inFeatures: 1, outFeatures: 2 });
    const x = tensor([[1]]);
    const all = await evaluate(
      model,
      [
        [x, int([1])],
        [x, int([-100])],
      ],
      { loss: 'crossEntropy' },
    );
    const one = await evaluate(model, [[x, int([1])]], { loss: 'crossEntropy' });
    expect(all.loss).toBe(one.loss);
  });

  it('evaluate can be aborted, and says when there is nothing to evaluate', async () => {
    const model = shift();
    await expect(evaluate(model, [], { loss: 'mse' })).rejects.toThrow(/evaluate: data gave no batches/);
    await expect(
      evaluate(model, [[tensor([[1]]), [1]]], { loss: 'mse', signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    await expect(evaluate(model, [], { metrics: [] } as never)).rejects.toThrow(/option "loss" is missing/);
    const anonymous = [() => 1];
    await expect(evaluate(model, [], { loss: 'mse', metrics: [anonymous[0] as () => number] })).rejects.toThrow(
      /needs a name/,
    );
  });

  it('predict evaluates without recording, hands arguments on, and its results may be kept', () => {
    const model = shift();
    const first = predict(model, tensor([[1]]));
    for (let k = 0; k < 100; k++) predict(model, tensor([[k]]));
    expect(first.toArray()).toEqual([2]);
    expect(first.requiresGrad).toBe(false);
    expect(model.modes.every((training) => !training)).toBe(true);
    expect(model.training).toBe(true);
  });
});
