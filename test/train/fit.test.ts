// fit: the same updates as a loop by hand, and everything around them: validation, stopping, callbacks, abort, errors.
import { expect, it } from 'vitest';
import { current } from '../../src/autograd/context.js';
import { tensor } from '../../src/autograd/creation.js';
import { seed } from '../../src/autograd/random.js';
import type { Tensor } from '../../src/autograd/tensor.js';
import { NumericError, OptionError } from '../../src/errors.js';
import { Dropout } from '../../src/layers/dropout.js';
import { Linear } from '../../src/layers/linear.js';
import { Module } from '../../src/layers/module.js';
import { crossEntropy, mse } from '../../src/losses/index.js';
import * as u from '../../src/node.js';
import { Adam, clipGradNorm, SGD } from '../../src/optim/index.js';
import type { Batch, EpochRecord, Progress } from '../../src/train/index.js';
import { describeBackends } from '../helpers/backends.js';
import { expectClose } from '../helpers/compare.js';

class Model extends Module {
  head = new Linear({ inFeatures: 2, outFeatures: 3 });
  dropout = new Dropout({ p: 0.5 });
  /** `training` at each forward. */
  modes: boolean[] = [];

  override forward(x: Tensor): Tensor {
    this.modes.push(this.training);
    return this.head.forward(x);
  }
}

function model(): Model {
  seed(7);
  return new Model();
}

const int = (...numbers: number[]): Tensor => tensor(numbers, undefined, { dtype: 'int32' });
/** Three batches, the last one smaller. */
const data = (): [Tensor, Tensor][] => [
  [
    tensor([
      [1, 2],
      [3, -1],
      [0, 1],
      [2, 2],
    ]),
    int(0, 1, 2, 0),
  ],
  [
    tensor([
      [-1, 0.5],
      [1, 1],
      [0.5, -2],
      [-1, -1],
    ]),
    int(2, 0, 1, 1),
  ],
  [tensor([[2, -2]]), int(1)],
];
const weights = (m: Module): number[] => m.parameters().flatMap((p) => p.toArray());

describeBackends('fit', () => {
  it('does what the loop by hand does, bit for bit', async () => {
    const [ours, byHand] = [model(), model()];
    const history = await u.fit(ours, data(), {
      loss: 'crossEntropy',
      optimizer: new Adam(ours.parameters(), { lr: 0.1 }),
      epochs: 3,
      clipNorm: 0.5,
    });
    const optimizer = new Adam(byHand.parameters(), { lr: 0.1 });
    const means: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      let sum = 0;
      for (const [x, y] of data()) {
        optimizer.zeroGrad();
        const loss = crossEntropy(byHand.forward(x), y);
        loss.backward();
        sum += loss.item() * y.size;
        clipGradNorm(byHand.parameters(), 0.5);
        optimizer.step();
      }
      means.push(sum / 9);
    }
    expect(weights(ours)).toEqual(weights(byHand));
    expectClose(
      history.epochs.map((record) => record.loss),
      means,
      1e-12,
      'losses',
    );
    expect(history).toMatchObject({ stopped: 'completed', steps: 9 });
    expect(history.epochs[2]).toMatchObject({ epoch: 3, batches: 3, samples: 9, tokens: 9 });
  });

  it('takes arrays, iterables, async iterables and functions of the epoch alike', async () => {
    const results: number[][] = [];
    const epochs: number[] = [];
    const forms = [
      data(),
      new Set(data()),
      {
        async *[Symbol.asyncIterator]() {
          for (const batch of data()) yield batch;
        },
      },
      (epoch: number) => {
        epochs.push(epoch);
        return data().values();
      },
      async () => data(),
      data().map(([x, y]) => ({ x, y })),
    ];
    for (const form of forms) {
      const m = model();
      await u.fit(m, form, { loss: 'crossEntropy', optimizer: new SGD(m.parameters(), { lr: 0.1 }), epochs: 2 });
      results.push(weights(m));
    }
    for (const result of results) expect(result).toEqual(results[0]);
    expect(epochs).toEqual([1, 2]);
  });

  it('an iterator that can be read once is refused where there are more epochs', async () => {
    const m = model();
    const options = { loss: 'crossEntropy', optimizer: new SGD(m.parameters(), { lr: 0.1 }) } as const;
    await expect(u.fit(m, data().values(), { ...options, epochs: 2 })).rejects.toThrow(
      /read only once, but there are 2 epochs/,
    );
    await expect(u.fit(m, data().values(), options)).resolves.toMatchObject({ steps: 3 });
    const once = data().values();
    await expect(u.fit(m, () => once, { ...options, epochs: 2 })).rejects.toThrow(
      /gave no batches in epoch 2 \(an iterator/,
    );
  });

  it('empty or shapeless data are refused', async () => {
    const m = model();
    const options = { loss: 'crossEntropy', optimizer: new SGD(m.parameters(), { lr: 0.1 }) } as const;
    await expect(u.fit(m, [], options)).rejects.toThrow(/fit: data gave no batches in epoch 1/);
    await expect(u.fit(m, data(), { ...options, validation: [] })).rejects.toThrow(
      /fit: validation: data gave no batches/,
    );
    await expect(u.fit(m, 5 as never, options)).rejects.toThrow(/must be an array or iterable of batches.*got 5/);
    await expect(u.fit(m, () => 5 as never, options)).rejects.toThrow(/must return an array or iterable/);
    await expect(u.fit(m, [[tensor([[1, 2]])]] as never, options)).rejects.toThrow(/must be \[x, y\]/);
    await expect(u.fit(m, [{ y: 1 }] as never, options)).rejects.toThrow(/must be \{ x, y, ... \} or \[x, y\]/);
    await expect(u.fit(m, [{ x: tensor([[1, 2]]) }], options)).rejects.toThrow(/needs y in every batch/);
  });

  it('forward and loss may be functions, and see all of the batch', async () => {
    const m = model();
    const seen: Batch[] = [];
    await u.fit(m, [{ x: { features: tensor([[1, 2]]) }, y: [0.5, 0, 0], extra: 'mine' }], {
      loss: (output: Tensor, y: number[], batch) => {
        seen.push(batch);
        return mse(output, tensor([y]));
      },
      forward: (own: Model, batch) => own.forward(batch.x.features),
      optimizer: new SGD(m.parameters(), { lr: 0.1 }),
    });
    expect(seen[0]).toMatchObject({ extra: 'mine', size: 3 });
  });

  it('what a function of the user returns is checked', async () => {
    const m = model();
    const optimizer = new SGD(m.parameters(), { lr: 0.1 });
    const run = (options: object) => u.fit(m, data(), { loss: 'crossEntropy', optimizer, ...options });
    await expect(run({ loss: () => 5 })).rejects.toThrow(/loss must be a tensor of one element, got 5/);
    await expect(run({ loss: (output: Tensor) => output })).rejects.toThrow(/got shape \[4, 3\]; reduce it/);
    await expect(run({ forward: () => ({ output: 1 }) })).rejects.toThrow(
      /needs a tensor from the model, got an object; pass forward/,
    );
    await expect(run({ forward: async () => 1 })).rejects.toThrow(/forward must not be async/);
    await expect(run({ callbacks: { onBatchEnd: () => 'halt' } })).rejects.toThrow(
      /must return nothing or 'stop', got "halt"/,
    );
    expect(optimizer.stateDict().state[0]?.step ?? 1).toBe(1);
  });

  it('epochs train and validation evaluates, without gradients; every module has its own mode back', async () => {
    const m = model();
    m.dropout.eval();
    const before = weights(m);
    const history = await u.fit(m, data().slice(0, 1), {
      loss: 'crossEntropy',
      optimizer: new SGD(m.parameters(), { lr: 0 }),
      epochs: 2,
      validation: data().slice(1),
      metrics: ['accuracy'],
    });
    expect(m.modes).toEqual([true, false, false, true, false, false]);
    expect([m.training, m.dropout.training]).toEqual([true, false]);
    expect(weights(m)).toEqual(before);
    const validation = history.epochs[0]?.validation;
    const expected =
      data()
        .slice(1)
        .reduce((sum, [x, y]) => sum + crossEntropy(m.forward(x), y).item() * y.size, 0) / 5;
    expectClose([validation?.loss ?? 0], [expected], 1e-6, 'validation loss');
    expect((validation?.metrics.accuracy ?? -1) * 5).toBeCloseTo(
      Math.round((validation?.metrics.accuracy ?? -1) * 5),
      9,
    );
  });

  it('a model in evaluation mode is trained in training mode all the same', async () => {
    const m = model();
    m.eval();
    await u.fit(m, data(), { loss: 'crossEntropy', optimizer: new SGD(m.parameters(), { lr: 0.1 }) });
    expect(m.modes).toEqual([true, true, true]);
    expect(m.training).toBe(false);
  });

  it('progress counts from 1, knows what is left, and averages over the epoch so far', async () => {
    const m = model();
    const all: Progress[] = [];
    await u.fit(m, () => data().values(), {
      loss: 'crossEntropy',
      optimizer: new SGD(m.parameters(), { lr: 0.1 }),
      epochs: 2,
      metrics: ['accuracy'],
      onProgress: (progress) => all.push(progress),
    });
    expect(all.map(({ epoch, batch, step }) => [epoch, batch, step])).toEqual([
      [1, 1, 1],
      [1, 2, 2],
      [1, 3, 3],
      [2, 1, 4],
      [2, 2, 5],
      [2, 3, 6],
    ]);
    expect(all.map(({ batches }) => batches)).toEqual([undefined, undefined, undefined, 3, 3, 3]);
    expect(all[5]?.etaSeconds).toBe(0);
    expect(all[3]?.etaSeconds).toBeGreaterThan(0);
    expectClose(
      [all[1]?.loss ?? 0],
      [((all[0]?.batchLoss ?? 0) + (all[1]?.batchLoss ?? 0)) / 2],
      1e-12,
      'running loss',
    );
    expect(all[0]?.gradNorm).toBeGreaterThan(0);
    expect(all[0]?.metrics).toHaveProperty('accuracy');
  });

  it('early stopping ends training and gives back the best weights', async () => {
    const m = model();
    const perEpoch: number[][] = [];
    const history = await u.fit(m, data(), {
      loss: 'crossEntropy',
      optimizer: new SGD(m.parameters(), { lr: 0.1 }),
      epochs: 20,
      metrics: [
        function progress() {
          return -Math.abs(perEpoch.length - 3);
        },
      ],
      earlyStopping: { monitor: 'progress', mode: 'max', patience: 2 },
      callbacks: {
        onEpochEnd() {
          perEpoch.push(weights(m));
        },
      },
    });
    expect(history.stopped).toBe('earlyStopping');
    expect(history.epochs).toHaveLength(6);
    expect(history.best).toEqual({ epoch: 4, monitor: 'progress', value: 0 });
    expect(weights(m)).toEqual(perEpoch[3]);
  });

  it('minDelta and restoreBest: false do what they say, and a NaN is no improvement', async () => {
    const values = [1, 0.95, Number.NaN, 0.94];
    const m = model();
    let epoch = 0;
    const history = await u.fit(m, data(), {
      loss: 'crossEntropy',
      optimizer: new SGD(m.parameters(), { lr: 0.1 }),
      epochs: 4,
      metrics: [
        function given() {
          return values[epoch] as number;
        },
      ],
      earlyStopping: { monitor: 'given', mode: 'min', minDelta: 0.1, patience: 5, restoreBest: false },
      callbacks: {
        onEpochEnd() {
          epoch++;
        },
      },
    });
    expect(history.stopped).toBe('completed');
    expect(history.best?.epoch).toBe(1);
  });

  it('early stopping is told what it cannot monitor', async () => {
    const m = model();
    const run = (earlyStopping: object, metrics: never[] | ['accuracy'] = []) =>
      u.fit(m, data(), {
        loss: 'crossEntropy',
        optimizer: new SGD(m.parameters(), { lr: 0.1 }),
        earlyStopping,
        metrics,
      });
    await expect(run({ monitor: 'validation.loss' })).rejects.toThrow(
      /monitor must be one of loss, got "validation.loss"/,
    );
    await expect(run({ monitor: 'acuracy' }, ['accuracy'])).rejects.toThrow(/one of loss, accuracy, got "acuracy"/);
    await expect(run({ patients: 3 })).rejects.toThrow(/did you mean "patience"/);
  });

  it('callbacks come in order, may be async, and can stop after a batch or an epoch', async () => {
    const m = model();
    const calls: string[] = [];
    const run = (stopAt: string) => {
      const note = async (name: string) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        calls.push(name);
        return name === stopAt ? ('stop' as const) : undefined;
      };
      return u.fit(m, data(), {
        loss: 'crossEntropy',
        optimizer: new SGD(m.parameters(), { lr: 0.1 }),
        epochs: 2,
        validation: data(),
        callbacks: [
          {
            onEpochStart: (epoch) => note(`start ${epoch}`),
            onEpochEnd: ({ epoch }: EpochRecord) => note(`end ${epoch}`),
          },
          { onBatchEnd: ({ epoch, batch }) => note(`batch ${epoch}.${batch}`) },
        ],
      });
    };
    expect((await run('')).stopped).toBe('completed');
    expect(calls.splice(0)).toEqual([
      'start 1',
      'batch 1.1',
      'batch 1.2',
      'batch 1.3',
      'end 1',
      'start 2',
      'batch 2.1',
      'batch 2.2',
      'batch 2.3',
      'end 2',
    ]);
    const mid = await run('batch 1.2');
    expect(calls.splice(0)).toEqual(['start 1', 'batch 1.1', 'batch 1.2', 'end 1']);
    expect(mid).toMatchObject({ stopped: 'callback', steps: 2 });
    expect(mid.epochs[0]).toMatchObject({ batches: 2 });
    expect(mid.epochs[0]).not.toHaveProperty('validation');
    expect(await run('end 1')).toMatchObject({ stopped: 'callback', steps: 3 });
    expect(calls.splice(0).at(-1)).toBe('end 1');
    expect(await run('start 2')).toMatchObject({ stopped: 'callback', steps: 3 });
  });

  it('an abort rejects with its reason after the batch, leaves complete steps, and closes the data', async () => {
    const m = model();
    const optimizer = new SGD(m.parameters(), { lr: 0.1 });
    const controller = new AbortController();
    let closed = false;
    function* endless() {
      try {
        for (;;) yield* data();
      } finally {
        closed = true;
      }
    }
    const after: number[][] = [];
    const running = u.fit(m, endless(), {
      loss: 'crossEntropy',
      optimizer,
      signal: controller.signal,
      onProgress({ step }) {
        after.push(weights(m));
        if (step === 4) controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(after).toHaveLength(4);
    expect(weights(m)).toEqual(after[3]);
    expect(closed).toBe(true);
    expect(m.training).toBe(true);
    const reason = new Error('enough');
    await expect(u.fit(m, data(), { loss: 'crossEntropy', optimizer, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  it('an abort by a timer arrives, for the event loop turns', async () => {
    const m = model();
    const endless = {
      *[Symbol.iterator]() {
        for (;;) yield* data();
      },
    };
    const signal = AbortSignal.timeout(30);
    const running = u.fit(m, endless, {
      loss: 'crossEntropy',
      optimizer: new SGD(m.parameters(), { lr: 1e-3 }),
      signal,
    });
    await expect(running).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('a loss that is not finite stops before the weights change, naming the place and the remedy', async () => {
    const m = model();
    const bad = data();
    (bad[1] as [Tensor, Tensor])[0] = tensor(new Float32Array(8).fill(Number.NaN), [4, 2]);
    const optimizer = new SGD(m.parameters(), { lr: 0.1 });
    let good: number[] = [];
    const running = u.fit(m, bad, {
      loss: 'crossEntropy',
      optimizer,
      onProgress: () => {
        good = weights(m);
      },
    });
    await expect(running).rejects.toThrow(NumericError);
    await expect(
      u.fit(m, bad, {
        loss: 'crossEntropy',
        optimizer,
        onProgress: () => {
          good = weights(m);
        },
      }),
    ).rejects.toThrow(/loss is NaN in epoch 1, batch 2 \(step 2\).*learning rate.*clipNorm/);
    expect(weights(m)).toEqual(good);
    await expect(u.fit(m, [[tensor([[1, 2]]), int(-100)]], { loss: 'crossEntropy', optimizer })).rejects.toThrow(
      /every target of this batch is ignored/,
    );
  });

  it('gradients that are not finite stop before the weights change, though the loss is finite', async () => {
    const m = model();
    const before = weights(m);
    // d sqrt(x) / dx is infinite at 0.
    const loss = (output: Tensor) => output.mul(0).sum().sqrt();
    const running = u.fit(m, data(), { loss, optimizer: new SGD(m.parameters(), { lr: 0.1 }), clipNorm: 1 });
    await expect(running).rejects.toThrow(/norm of the gradients is (NaN|Infinity) in epoch 1, batch 1/);
    expect(weights(m)).toEqual(before);
  });

  it("an optimizer of another model's parameters is noticed", async () => {
    const m = model();
    const running = u.fit(m, data(), { loss: 'crossEntropy', optimizer: new SGD(model().parameters(), { lr: 0.1 }) });
    await expect(running).rejects.toThrow(/none of the optimizer's parameters; was it made for another model/);
  });

  it('options are checked by name, type and range', async () => {
    const m = model();
    const optimizer = new SGD(m.parameters(), { lr: 0.1 });
    const run = (options: object) => u.fit(m, data(), { loss: 'crossEntropy', optimizer, ...options });
    await expect(run({ tbptt: 20 })).rejects.toThrow(/fit: option "tbptt" must be an object \{ k1, k2\?/);
    await expect(run({ checkpoint: 'x' })).rejects.toThrow(/fit: option "checkpoint" must be an object \{ path/);
    await expect(run({ epoch: 3 })).rejects.toThrow(/did you mean "epochs"/);
    await expect(run({ epochs: 0 })).rejects.toThrow(OptionError);
    await expect(run({ clipNorm: -1 })).rejects.toThrow(OptionError);
    await expect(run({ loss: 'crossentropy' })).rejects.toThrow(/must be crossEntropy, bceWithLogits/);
    await expect(run({ metrics: ['acc'] })).rejects.toThrow(/unknown metric "acc"; known: accuracy/);
    await expect(run({ metrics: ['accuracy', 'accuracy'] })).rejects.toThrow(/got "accuracy" twice/);
    await expect(run({ optimizer: {} })).rejects.toThrow(/option "optimizer" must be an optimizer, got an object/);
    await expect(u.fit({} as never, data(), { loss: 'mse', optimizer })).rejects.toThrow(/model must be a Module/);
  });

  it('misspelt callbacks, a signal that is none, and counts that are none are refused', async () => {
    const m = model();
    const optimizer = new SGD(m.parameters(), { lr: 0.1 });
    const run = (options: object, batch: object = {}) =>
      u.fit(m, [{ x: tensor([[1, 2]]), y: int(1), ...batch }], { loss: 'crossEntropy', optimizer, ...options });
    await expect(run({ callbacks: { onEpochend() {} } })).rejects.toThrow(/did you mean "onEpochEnd"/);
    await expect(run({ callbacks: { onEpochEnd: 5 } })).rejects.toThrow(/onEpochEnd must be a function, got 5/);
    await expect(run({ callbacks: [null] })).rejects.toThrow(OptionError);
    await expect(run({ signal: {} })).rejects.toThrow(/must be an AbortSignal/);
    await expect(run({}, { lengths: 5 })).rejects.toThrow(/lengths of a batch must be a list/);
    await expect(run({}, { size: 'many' })).rejects.toThrow(/size of a batch must be a number/);
  });

  it('what a callback or the data throw comes out as it is, and modes are restored', async () => {
    const m = model();
    m.eval();
    const optimizer = new SGD(m.parameters(), { lr: 0.1 });
    const boom = new Error('boom');
    const throwing = () => {
      throw boom;
    };
    await expect(u.fit(m, data(), { loss: 'crossEntropy', optimizer, onProgress: throwing })).rejects.toBe(boom);
    await expect(u.fit(m, throwing as never, { loss: 'crossEntropy', optimizer })).rejects.toBe(boom);
    expect(m.training).toBe(false);
  });

  it('memory is flat over 2,000 steps with validation and metrics', async () => {
    const m = model();
    const { memory } = current();
    const held: number[] = [];
    const { persistent } = memory.stats();
    await u.fit(m, () => Array.from({ length: 100 }, (_, k) => data()[k % 3] as [Tensor, Tensor]), {
      loss: 'crossEntropy',
      optimizer: new Adam(m.parameters()),
      epochs: 20,
      validation: data(),
      metrics: ['accuracy'],
      callbacks: {
        onEpochEnd() {
          held.push(memory.stats().step + memory.stats().reserved);
        },
      },
    });
    // It may fall, when what earlier tests left is collected; it may not rise.
    expect(Math.max(...held.slice(10))).toBeLessThanOrEqual(Math.max(...held.slice(2, 10)));
    // Gradients and two moments, at most: nothing else stays.
    const own = m.parameters().reduce((sum, p) => sum + p.size, 0);
    expect(memory.stats().persistent - persistent).toBeLessThan(own * 8 * 16);
  });
});
