// Weight averages: their definition, what validation and early stopping see of them, and that they survive a break.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { expectSameBits } from '../helpers/compare.js';

const folder = mkdtempSync(join(tmpdir(), 'unrolled-average-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Scale extends u.Module {
  weight = new u.Parameter(u.tensor([2, -1]));
  override forward(x: u.Tensor): u.Tensor {
    return u.mul(x, this.weight);
  }
}
const data = () => [1, 2, 3].map((k) => ({ x: u.tensor([[k, 1]]), y: u.tensor([[1, -k]]) }));
const weightOf = (dict: u.StateDict) => (dict.weight as u.Tensor).toArray();

async function train(
  options: u.WeightAverageOptions | null,
  more: Partial<u.FitOptions> = {},
  breakAfter = Number.POSITIVE_INFINITY,
) {
  const model = new Scale();
  const average = options && new u.WeightAverage(model, options);
  const updates: number[][] = [];
  const epochs: number[][] = [];
  const history = await u.fit(model, data(), {
    loss: 'mse',
    optimizer: new u.SGD(model.parameters(), { lr: 0.05, momentum: 0.5 }),
    epochs: 4,
    ...more,
    onProgress() {
      if (updates.push(model.weight.toArray()) > breakAfter) throw new Error('broken off');
    },
    callbacks: [...(average ? [average] : []), { onEpochEnd: () => void epochs.push(model.weight.toArray()) }],
  });
  return { model, average, updates, epochs, history };
}

/** By the definition: a sum over all weights with their powers of the decay. */
function exponential(weights: number[][], decay: number): number[] {
  const n = weights.length;
  return [0, 1].map((p) => {
    const sum = weights.reduce((total, w, k) => total + (1 - decay) * decay ** (n - 1 - k) * (w[p] as number), 0);
    return sum / (1 - decay ** n);
  });
}
const mean = (weights: number[][]) =>
  [0, 1].map((p) => weights.reduce((s, w) => s + (w[p] as number), 0) / weights.length);
const close = (got: number[], want: number[]) => {
  for (const [k, value] of want.entries()) expect(got[k]).toBeCloseTo(value, 6);
};

describeBackends('weight averages', (backend) => {
  it('with a decay: exponential over the updates, corrected for the beginning', async () => {
    const { average, updates, model } = await train({ decay: 0.9 });
    expect(average?.count).toBe(12);
    const own = model.weight.toArray();
    close(weightOf(average?.stateDict() as u.StateDict), exponential(updates, 0.9));
    expect(model.weight.toArray()).toEqual(own);
    average?.apply();
    close(model.weight.toArray(), exponential(updates, 0.9));
  });

  it('without: the mean of the weights after each epoch, from start on', async () => {
    const { average, epochs } = await train({ start: 1 });
    expect(average?.count).toBe(3);
    close(weightOf(average?.stateDict() as u.StateDict), mean(epochs.slice(1)));
  });

  it('by hand: one weight is its own average, none leaves the model as it is', () => {
    const model = new Scale();
    const average = new u.WeightAverage(model, { decay: 0.99 });
    average.apply();
    expect(weightOf(average.stateDict())).toEqual([2, -1]);
    average.update();
    close(weightOf(average.stateDict()), [2, -1]);
    model.weight.data.set([4, 1]);
    average.update();
    close(
      weightOf(average.stateDict()),
      exponential(
        [
          [2, -1],
          [4, 1],
        ],
        0.99,
      ),
    );
    expect(average.applied(() => model.weight.toArray())).not.toEqual([4, 1]);
    expect(() =>
      average.applied(() => {
        throw new Error('within');
      }),
    ).toThrow('within');
    expect(model.weight.toArray()).toEqual([4, 1]);
  });

  it('training does not notice it', async () => {
    const [plain, averaged] = [await train(null), await train({ decay: 0.5 }, { validation: data() })];
    expectSameBits(averaged.updates.flat(), plain.updates.flat(), 'weights');
  });

  it('validation measures the average, and early stopping keeps it', async () => {
    const options = { validation: data(), earlyStopping: { patience: 4 } };
    const { history, updates, model } = await train({ decay: 0.9 }, options);
    for (const [k, { validation }] of history.epochs.entries()) {
      const judge = new Scale();
      judge.weight.data.set(exponential(updates.slice(0, 3 * (k + 1)), 0.9));
      expect((await u.evaluate(judge, data(), { loss: 'mse' })).loss).toBeCloseTo(validation?.loss as number, 5);
    }
    close(model.weight.toArray(), exponential(updates.slice(0, 3 * (history.best?.epoch as number)), 0.9));
    // An average over epochs has the epoch in it that it is validated after.
    const swa = await train({}, options);
    const judge = new Scale();
    judge.weight.data.set(mean(swa.epochs.slice(0, 2)));
    const { loss } = await u.evaluate(judge, data(), { loss: 'mse' });
    expect(swa.history.epochs[1]?.validation?.loss).toBeCloseTo(loss, 5);
  });

  it('a run that breaks off goes on to the same average, bit for bit', async () => {
    for (const options of [{ decay: 0.7 }, { start: 1 }]) {
      const more = { validation: data(), earlyStopping: { patience: 9 } };
      const whole = await train(options, more);
      const wanted = weightOf(whole.average?.stateDict() as u.StateDict);
      for (const breakAfter of [1, 3, 7]) {
        const checkpoint = { path: join(folder, `${backend}-${Math.random()}`), every: 1 };
        await expect(train(options, { ...more, checkpoint }, breakAfter)).rejects.toThrow('broken off');
        const rest = await train(options, { ...more, checkpoint });
        expectSameBits(weightOf(rest.average?.stateDict() as u.StateDict), wanted, `broken off after ${breakAfter}`);
        expectSameBits(rest.model.weight.toArray(), whole.model.weight.toArray(), 'the best');
      }
    }
  });

  it('says what is wrong', () => {
    const average = new u.WeightAverage(new Scale());
    expect(() => new u.WeightAverage(new Scale(), { decay: 1 })).toThrow('"decay" must be');
    expect(() => new u.WeightAverage({} as never)).toThrow('must be a Module');
    for (const saved of [null, { seen: 1, sums: 'AAAA' }, { seen: 1, sums: '?' }]) {
      expect(() => average.onResume(saved)).toThrow(u.FormatError);
    }
  });
});
