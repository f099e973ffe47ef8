// Gradient accumulation: n batches make the update that one batch of all their rows makes, whatever their sizes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';

const folder = mkdtempSync(join(tmpdir(), 'unrolled-accumulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

class Tagger extends u.Module {
  gru = new u.GRU({ inputSize: 2, hiddenSize: 4 });
  drop = new u.Dropout({ p: 0 });
  head = new u.Linear({ inFeatures: 4, outFeatures: 3 });

  override forward(x: u.Tensor, options: u.ForwardOptions = {}): u.Tensor {
    return this.head.forward(this.drop.forward(this.gru.forward(x, options).output));
  }
}

/** Rows of unequal length; labels of some steps are ignored, so that no two batches have as many terms a row. */
const rows = Array.from({ length: 11 }, (_, k) => {
  const T = 1 + (k % 5);
  const steps = Array.from({ length: T }, (_, t) => t);
  return {
    x: steps.map((t) => [Math.sin(k + t), Math.cos(2 * k - t)]),
    y: steps.map((t) => (k < 6 && (k + t) % 2 ? -100 : (k * t + k) % 3)),
  };
});
const numbers = rows.map(({ x, y }) => ({ x, y: y.map((label, t) => [label === -100 ? 0 : label, t]) }));
const kinds = { x: 'series', y: 'tokens' } as const;

async function train(batchSize: number, options: Partial<u.FitOptions> = {}, dropout = 0) {
  u.seed(3);
  const model = new Tagger();
  model.drop = new u.Dropout({ p: dropout });
  const isMean = options.loss !== undefined && options.loss !== 'crossEntropy';
  if (isMean) model.head = new u.Linear({ inFeatures: 4, outFeatures: 2 });
  const data = isMean
    ? u.batches(numbers, { batchSize, x: 'series', y: 'series' })
    : u.batches(rows, { batchSize, ...kinds });
  const steps: number[] = [];
  const history = await u.fit(model, data, {
    loss: 'crossEntropy',
    optimizer: new u.SGD(model.parameters(), { lr: 0.3, momentum: 0.9 }),
    epochs: 2,
    metrics: isMean ? ['mae'] : ['accuracy'],
    clipNorm: 0.4,
    onProgress: ({ batch }) => void steps.push(batch),
    ...options,
  });
  return { weights: model.parameters().flatMap((p) => p.toArray()), history, steps };
}

describeBackends('accumulate', (backend) => {
  const rtol = backend === 'reference' ? 1e-10 : 256 * EPS32;

  it('three batches of two are one of six, also for what is left at the end of an epoch', async () => {
    const [large, small] = [await train(6), await train(2, { accumulate: 3 })];
    expect(small.steps).toEqual([3, 6, 3, 6]);
    expect(small.history.steps).toBe(large.history.steps);
    expectClose(small.weights, large.weights, rtol, 'weights', 1);
    for (const [k, epoch] of small.history.epochs.entries()) {
      expect(epoch.loss).toBeCloseTo(large.history.epochs[k]?.loss as number, 5);
      expect(epoch.metrics).toEqual(large.history.epochs[k]?.metrics);
      expect(epoch).toMatchObject({ batches: 6, samples: 11, tokens: large.history.epochs[k]?.tokens });
    }
  });

  it('a last update of a single batch, and an epoch of less than one update', async () => {
    expectClose((await train(5, { accumulate: 2 })).weights, (await train(10)).weights, rtol, 'weights', 1);
    expectClose((await train(2, { accumulate: 100 })).weights, (await train(11)).weights, rtol, 'weights', 1);
  });

  it('losses that are functions count by rows', async () => {
    // Of rows that all have the same length: a mean over elements is then one over rows.
    const pairs = Array.from({ length: 7 }, (_, k) => ({ x: [[k, 1]], y: [[1 - k, k]] }));
    const run = async (batchSize: number, options: Partial<u.FitOptions>) => {
      u.seed(1);
      const model = new u.Linear({ inFeatures: 2, outFeatures: 2 });
      await u.fit(model, u.batches(pairs, { batchSize, x: 'series', y: 'series' }), {
        optimizer: new u.SGD(model.parameters(), { lr: 0.01 }),
        epochs: 2,
        forward: (net, { x }) => net.forward(x),
        loss: (output, y) => u.mse(output, y),
        ...options,
      });
      return model.parameters().flatMap((p) => p.toArray());
    };
    expectClose(await run(3, { accumulate: 3 }), await run(7, {}), rtol, 'weights', 1);
    expectClose(await run(3, { accumulate: 3, loss: 'mse' }), await run(7, { loss: 'mse' }), rtol, 'weights', 1);
  });

  it('a batch whose targets are all ignored takes no part in its update', async () => {
    const batch = (k: number, labels: number[]) => ({
      x: u.tensor([k, 1, -k, 2], [2, 2]),
      y: u.tensor(labels, undefined, { dtype: 'int32' }),
    });
    const run = async (data: u.BatchInput[], accumulate: number) => {
      u.seed(1);
      const model = new u.Linear({ inFeatures: 2, outFeatures: 3 });
      await u.fit(model, data, {
        loss: 'crossEntropy',
        optimizer: new u.SGD(model.parameters(), { lr: 0.1 }),
        accumulate,
      });
      return model.parameters().flatMap((p) => p.toArray());
    };
    const [first, empty] = [batch(1, [0, 2]), batch(2, [-100, -100])];
    expectClose(await run([empty, first], 2), await run([first], 1), rtol, 'weights', 1);
    await expect(run([empty, empty], 2)).rejects.toThrow('every target of this batch is ignored');
  });

  it('one batch an update is what fit does without it, bit for bit', async () => {
    expectSameBits((await train(2, { accumulate: 1 }, 0.3)).weights, (await train(2, {}, 0.3)).weights, 'weights');
  });

  it('a run that breaks off goes on to the same bits', async () => {
    const whole = await train(2, { accumulate: 4 }, 0.3);
    expect(whole.history.steps).toBe(4);
    for (const breakAfter of [1, 2, 3]) {
      const checkpoint = { path: join(folder, `${backend}-${Math.random()}`), every: 1 };
      let updates = 0;
      const onProgress = () => {
        if (++updates > breakAfter) throw new Error('broken off');
      };
      await expect(train(2, { accumulate: 4, checkpoint, onProgress }, 0.3)).rejects.toThrow('broken off');
      const rest = await train(2, { accumulate: 4, checkpoint }, 0.3);
      expectSameBits(rest.weights, whole.weights, `broken off after update ${breakAfter}`);
      expect(rest.history.epochs.map(({ loss, metrics }) => [loss, metrics])).toEqual(
        whole.history.epochs.map(({ loss, metrics }) => [loss, metrics]),
      );
    }
  });

  it('is wrapped as one update, and refused with tbptt', async () => {
    const wrapped: number[] = [];
    const callbacks: u.Callbacks = {
      aroundStep(run, { step }) {
        wrapped.push(step);
        return run();
      },
    };
    await train(2, { accumulate: 3, callbacks });
    expect(wrapped).toEqual([1, 2, 3, 4]);
    await expect(train(2, { accumulate: 2, tbptt: { k1: 2 } })).rejects.toThrow(
      'accumulate and tbptt exclude each other',
    );
    await expect(train(2, { accumulate: 0 })).rejects.toThrow('"accumulate" must be an integer >= 1');
  });
});
