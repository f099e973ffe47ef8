// Truncated BPTT in fit: the windows are those of the loop by hand, and joined they are full BPTT.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { distance, expectClose, expectSameBits } from '../helpers/compare.js';
import { random } from '../helpers/tensors.js';

const [I, H, F] = [2, 3, 2];

class Tagger extends u.Module {
  lstm = new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2 });
  head = new u.Linear({ inFeatures: H, outFeatures: F });

  override forward(x: u.Tensor, options: u.ForwardOptions = {}): { output: u.Tensor; state: u.RecurrentState } {
    const { output, state } = this.lstm.forward(x, options);
    return { output: this.head.forward(output), state };
  }
}

function tagger(): Tagger {
  u.seed(3);
  return new Tagger();
}

const weights = (model: u.Module): number[] => model.parameters().flatMap((p) => p.toArray());
const gradients = (model: u.Module): number[] =>
  model.parameters().flatMap((p) => p.grad?.toArray() ?? new Array(p.size).fill(0));
const sgd = (model: u.Module, lr = 0.5) => new u.SGD(model.parameters(), { lr });
const labels = (numbers: number[][]): u.Tensor => u.tensor(numbers, { dtype: 'int32' });
/** Full BPTT, as fit without tbptt takes this model. */
const whole = (model: Tagger, { x, lengths }: u.Batch) => model.forward(x, lengths && { lengths }).output;

/** Gradients of every update, times `weight`, added up. */
function summing(model: u.Module, weight = (_: u.Progress) => 1) {
  const sum = new Array<number>(weights(model).length).fill(0);
  const onBatchEnd = (progress: u.Progress) => {
    for (const [k, value] of gradients(model).entries()) sum[k] = (sum[k] as number) + value * weight(progress);
  };
  return { sum, callbacks: { onBatchEnd } };
}

describeBackends('truncated BPTT', () => {
  it('with a window as long as the sequence is plain fit, bit for bit', async () => {
    const [cut, plain] = [tagger(), tagger()];
    const y = labels([
      [0, 1, 1],
      [1, 0, -100],
      [1, -100, -100],
      [0, -100, -100],
    ]);
    const batches = [1, 2, 3].map((seed) => ({ x: random(seed, 4, 3, I), y, lengths: [4, 2, 1] }));
    const seen: u.EpochRecord[][] = [];
    for (const [model, options] of [
      [cut, { tbptt: { k1: 4 } }],
      [plain, { forward: whole }],
    ] as const) {
      const optimizer = new u.Adam(model.parameters(), { lr: 0.1 });
      const history = await u.fit(model, batches, {
        loss: 'crossEntropy',
        optimizer,
        epochs: 2,
        clipNorm: 0.3,
        metrics: ['accuracy'],
        ...options,
      });
      seen.push(history.epochs.map((epoch) => ({ ...epoch, seconds: 0, tokensPerSecond: 0 })));
    }
    expectSameBits(weights(cut), weights(plain), 'weights');
    expect(seen[0]).toEqual(seen[1]?.map((epoch) => ({ ...epoch, windows: 3 })));
  });

  it('does what the loop by hand does, bit for bit, with the state carried over batches', async () => {
    const [ours, byHand] = [tagger(), tagger()];
    const stream = [0, 1, 2].map((k) => ({ x: random(10 + k, 5, 2, I), y: random(20 + k, 5, 2, F) }));
    const options = { loss: 'mse', clipNorm: 0.2, tbptt: { k1: 2, stateful: true } } as const;
    const { steps } = await u.fit(ours, stream, { ...options, optimizer: sgd(ours) });
    expect(steps).toBe(9);
    const optimizer = sgd(byHand);
    let state: u.RecurrentState | null = null;
    for (const { x, y } of stream) {
      for (const [from, to] of [
        [0, 2],
        [2, 4],
        [4, 5],
      ]) {
        optimizer.zeroGrad();
        const result: { output: u.Tensor; state: u.RecurrentState } = byHand.forward(x.slice(from as number, to), {
          state,
        });
        state = result.state.detach();
        u.mse(result.output, y.slice(from as number, to)).backward();
        u.clipGradNorm(byHand.parameters(), 0.2);
        optimizer.step();
      }
    }
    expectSameBits(weights(ours), weights(byHand), 'weights');
  });

  it('windows whose gradients reach back to the start add up to full BPTT; shorter reach does not', async () => {
    const T = 7;
    const batch = { x: random(1, T, 2, I), y: random(2, T, 2, F) };
    const full = tagger();
    await u.fit(full, [batch], { loss: 'mse', optimizer: sgd(full, 0), forward: whole });
    for (const [k1, k2, isFull] of [
      [1, 7, true],
      [2, 8, true], // the last window has one step, so that 6 before it are computed with it
      [3, 9, true],
      [7, 7, true],
      [2, 2, false],
      [2, 5, false],
      [1, 6, false],
    ] as const) {
      const model = tagger();
      const steps = ({ window = 0 }: u.Progress) => Math.min(k1, T - (window - 1) * k1) / T;
      const { sum, callbacks } = summing(model, steps);
      await u.fit(model, [batch], { loss: 'mse', optimizer: sgd(model, 0), tbptt: { k1, k2 }, callbacks });
      if (isFull) expectClose(sum, gradients(full), 2e-5, `k1 = ${k1}, k2 = ${k2}`);
      else expect(distance(sum, gradients(full)).worst, `k1 = ${k1}, k2 = ${k2}`).toBeGreaterThan(1e-4);
    }
  });

  it('k2 steps are computed from the state kept before them, also across batches, and only the last k1 have a loss', async () => {
    const [k1, k2, T] = [2, 5, 4];
    const [ours, byHand] = [tagger(), tagger()];
    const x = random(5, 3 * T, 2, I);
    const y = random(6, 3 * T, 2, F);
    const parts = [0, 1, 2].map((k) => [x.slice(k * T, (k + 1) * T), y.slice(k * T, (k + 1) * T)] as const);
    await u.fit(ours, parts, { loss: 'mse', optimizer: sgd(ours), tbptt: { k1, k2, stateful: true } });
    const optimizer = sgd(byHand);
    const kept = new Map<number, u.RecurrentState | null>([[0, null]]);
    for (let end = k1; end <= 3 * T; end += k1) {
      optimizer.zeroGrad();
      const start = Math.max(0, end - k2);
      const next = Math.max(0, end + k1 - k2);
      let state = kept.get(start) ?? null;
      const outputs: u.Tensor[] = [];
      for (let t = start; t < end; t++) {
        if (t === next) kept.set(next, state?.detach() ?? null);
        const result = byHand.forward(x.slice(t, t + 1), { state });
        state = result.state;
        if (t >= end - k1) outputs.push(result.output);
      }
      if (next === end) kept.set(next, state);
      u.mse(u.concat(outputs), y.slice(end - k1, end)).backward();
      optimizer.step();
    }
    expectClose(weights(ours), weights(byHand), 2e-5, 'weights');
    const short = tagger();
    await u.fit(short, parts, { loss: 'mse', optimizer: sgd(short), tbptt: { k1, stateful: true } });
    expect(distance(weights(short), weights(byHand)).worst).toBeGreaterThan(1e-4);
  });

  it('documents that begin inside a window and at batches equal documents alone, and gradients cross the cut', async () => {
    // Row 0: documents of 2, 5 and 1 steps; row 1: 4 and 4; two batches of 4 steps.
    const documents = [
      [2, 5, 1],
      [4, 4],
    ];
    const x = random(1, 8, 2, I);
    const y = random(2, 8, 2, F);
    const alone = tagger();
    for (const [row, lengths] of documents.entries()) {
      let from = 0;
      for (const length of lengths) {
        const part = (t: u.Tensor) => u.indexSelect(t.slice(from, from + length), [row], 1);
        const { output } = alone.forward(part(x));
        u.mse(output, part(y), { reduction: 'sum' })
          .mul(1 / (8 * 2 * F))
          .backward();
        from += length;
      }
    }
    const starts = Array.from({ length: 8 }, (_, t) => [t === 2 || t === 7 ? 1 : 0, 0]);
    const halves = (reset: boolean[]) => [
      { x: x.slice(0, 4), y: y.slice(0, 4), starts: starts.slice(0, 4) },
      { x: x.slice(4), y: y.slice(4), starts: u.tensor(starts.slice(4), { dtype: 'int32' }), reset },
    ];
    // Gradients of whole documents: the reach is the stream.
    const run = async (tbptt: u.TbpttOptions, data: u.Data = halves([false, true])) => {
      const model = tagger();
      const { sum, callbacks } = summing(model, () => tbptt.k1 / 8);
      await u.fit(model, data, { loss: 'mse', optimizer: sgd(model, 0), tbptt, callbacks });
      return sum;
    };
    for (const k1 of [1, 2, 4]) {
      expectClose(await run({ k1, k2: 8, stateful: true }), gradients(alone), 2e-5, `k1 = ${k1}`);
    }
    const inOne = [{ x, y, starts: starts.map(([first], t) => [first, t === 4 ? 1 : 0]) }];
    expectClose(await run({ k1: 8 }, inOne), gradients(alone), 2e-5, 'one window');
    const batchFirst = [
      {
        x: u.transpose(x, 0, 1),
        y: u.transpose(y, 0, 1),
        starts: [0, 1].map((b) => (inOne[0]?.starts ?? []).map((s) => s[b])),
      },
    ];
    const model = tagger();
    const { sum, callbacks } = summing(model);
    await u.fit(model, batchFirst, {
      loss: (output: u.Tensor, target: u.Tensor) => u.mse(output, target),
      optimizer: sgd(model, 0),
      tbptt: { k1: 8, timeAxis: 1 },
      forward: (own: Tagger, batch, state) => {
        const result = own.forward(u.transpose(batch.x, 0, 1), { state });
        return { output: u.transpose(result.output, 0, 1), state: result.state };
      },
      callbacks,
    });
    expectClose(sum, gradients(alone), 2e-5, 'time as axis 1');
    expect(
      distance(await run({ k1: 4, k2: 8, stateful: true }, halves([false, false])), gradients(alone)).worst,
    ).toBeGreaterThan(1e-4);
  });

  it('documents that begin anew start from the learnt initial state, which gets their gradients, as documents alone', async () => {
    const starting = (): Tagger => {
      const model = tagger();
      model.lstm = new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2, learnInitialState: true });
      for (const [k, own] of [model.lstm.h0, model.lstm.c0].entries()) own?.data.set(random(7 + k, ...own.shape).data);
      return model;
    };
    // Row 0: documents of 2, 3 and 3 steps; row 1: 4 and 4. The second batch begins row 1 anew.
    const documents = [
      [2, 3, 3],
      [4, 4],
    ];
    const x = random(1, 8, 2, I);
    const y = random(2, 8, 2, F);
    const alone = starting();
    const expected = [0, 1].map(() => new Array<number>(8 * F).fill(0));
    for (const [row, lengths] of documents.entries()) {
      let from = 0;
      for (const length of lengths) {
        const part = (t: u.Tensor) => u.indexSelect(t.slice(from, from + length), [row], 1);
        const { output } = alone.forward(part(x));
        expected[row]?.splice(from * F, length * F, ...output.toArray());
        u.mse(output, part(y), { reduction: 'sum' })
          .mul(1 / (8 * 2 * F))
          .backward();
        from += length;
      }
    }
    const starts = Array.from({ length: 8 }, (_, t) => [t === 2 || t === 5 ? 1 : 0, 0]);
    const data = [
      { x: x.slice(0, 4), y: y.slice(0, 4), starts: starts.slice(0, 4) },
      { x: x.slice(4), y: y.slice(4), starts: starts.slice(4), reset: [false, true] },
    ];
    for (const tbptt of [
      { k1: 4, k2: 8, stateful: true },
      { k1: 2, k2: 8, stateful: true },
    ]) {
      const model = starting();
      const { sum, callbacks } = summing(model, () => tbptt.k1 / 8);
      const seen: number[][] = [[], []];
      const loss = (output: u.Tensor, target: u.Tensor) => {
        for (const row of [0, 1]) seen[row]?.push(...u.indexSelect(output.detach(), [row], 1).toArray());
        return u.mse(output, target);
      };
      await u.fit(model, data, { loss, optimizer: sgd(model, 0), tbptt, callbacks });
      expectClose(seen.flat(), expected.flat(), 2e-6, `outputs, k1 = ${tbptt.k1}`);
      expectClose(sum, gradients(alone), 2e-5, `gradients, k1 = ${tbptt.k1}`);
      expect(Math.hypot(...(model.lstm.h0?.toArray() ?? []))).toBeGreaterThan(0.1);
      expect(Math.hypot(...(alone.lstm.h0?.grad?.toArray() ?? []))).toBeGreaterThan(1e-3);
    }
  });

  it('rows past their end are frozen; windows behind the longest, or without targets, have no update', async () => {
    const model = tagger();
    const lengths = [5, 3, 0];
    const y = labels(
      Array.from({ length: 8 }, (_, t) => lengths.map((length) => (t < length && t !== 2 && t !== 3 ? t % F : -100))),
    );
    const x = random(1, 8, 3, I);
    const states: u.RecurrentState[] = [];
    const windows: unknown[] = [];
    await u.fit(model, [{ x, y, lengths }], {
      loss: 'crossEntropy',
      optimizer: sgd(model, 0),
      tbptt: { k1: 2 },
      forward: (own: Tagger, batch, state) => {
        const result = own.forward(batch.x, { state, lengths: batch.lengths as number[] });
        states.push(result.state.detach());
        windows.push([batch.steps, batch.lengths, batch.tokens]);
        return result;
      },
      onProgress: ({ window, windows: count, batch, step }) => windows.push([window, count, batch, step]),
    });
    expect(windows).toEqual([
      [[0, 2], [2, 2, 0], 4],
      [1, 3, 1, 1],
      [[2, 4], [2, 1, 0], 3],
      [[4, 6], [1, 0, 0], 1],
      [3, 3, 1, 2],
    ]);
    const whole = u.noGrad(() => model.forward(x, { lengths }).state);
    expectClose(states.at(-1)?.h.toArray() ?? [], whole.h.toArray(), 1e-6, 'h');
    expectClose(states.at(-1)?.c?.toArray() ?? [], whole.c?.toArray() ?? [], 1e-6, 'c');
  });

  it('a recurrent layer is a model itself, and states may be lists and records', async () => {
    const layer = new u.GRU({ inputSize: I, hiddenSize: F, batchFirst: true });
    const data = [{ x: random(1, 2, 6, I), y: random(2, 2, 6, F) }];
    const { steps } = await u.fit(layer, data, { loss: 'mse', optimizer: sgd(layer), tbptt: { k1: 2 } });
    expect(steps).toBe(3);

    class Two extends u.Module {
      below = new u.RNN({ inputSize: I, hiddenSize: 3 });
      above = [new u.LSTM({ inputSize: 3, hiddenSize: F })];

      override forward(x: u.Tensor, { state = null }: { state?: States | null } = {}) {
        const below = this.below.forward(x, { state: state?.below });
        const above = (this.above[0] as u.LSTM).forward(below.output, { state: state?.above[0] });
        return { output: { y: above.output }, state: { below: below.state, above: [above.state] } };
      }
    }
    type States = { below: u.RecurrentState; above: u.RecurrentState[] };
    const [two, plain] = [1, 2].map(() => {
      u.seed(1);
      return new Two();
    }) as [Two, Two];
    const batch = { x: random(3, 6, 2, I), y: random(4, 6, 2, F), starts: Array.from({ length: 6 }, () => [0, 0]) };
    const loss = (output: { y: u.Tensor }, y: u.Tensor) => u.mse(output.y, y);
    const { sum, callbacks } = summing(two, () => 1 / 3);
    await u.fit(two, [batch], { loss, optimizer: sgd(two, 0), tbptt: { k1: 2, k2: 6 }, callbacks });
    loss(plain.forward(batch.x).output, batch.y).backward();
    expectClose(sum, gradients(plain), 2e-5, 'gradients');
  });

  it('validation and evaluate go through the same windows and come to the same figures', async () => {
    const model = tagger();
    const data = [1, 2].map((seed) => ({ x: random(seed, 7, 2, I), y: random(seed + 5, 7, 2, F), lengths: [7, 5] }));
    const options = { loss: 'mse', metrics: ['mae'] } as const;
    const full = await u.evaluate(model, data, { ...options, forward: whole });
    const inWindows = await u.evaluate(model, data, { ...options, tbptt: { k1: 3, k2: 6 } });
    const history = await u.fit(model, data, {
      ...options,
      optimizer: sgd(model, 0),
      tbptt: { k1: 3, k2: 4 },
      validation: data,
    });
    expect(inWindows.samples).toBe(4);
    for (const { loss, metrics } of [inWindows, history.epochs[0]?.validation ?? full]) {
      expectClose([loss, metrics.mae as number], [full.loss, full.metrics.mae as number], 1e-6, 'figures');
    }
    expect(history.epochs[0]).toMatchObject({ batches: 2, windows: 6, samples: 4, tokens: 24 });
  });

  it('progress knows the windows of a batch, and what is left', async () => {
    const model = tagger();
    const all: u.Progress[] = [];
    const data = [4, 2].map((T) => ({ x: random(T, T, 2, I), y: random(T + 1, T, 2, F) }));
    await u.fit(model, data, {
      loss: 'mse',
      optimizer: sgd(model),
      epochs: 2,
      tbptt: { k1: 2 },
      onProgress: (p) => all.push(p),
    });
    expect(all.map(({ epoch, batch, window, windows, step }) => [epoch, batch, window, windows, step])).toEqual([
      [1, 1, 1, 2, 1],
      [1, 1, 2, 2, 2],
      [1, 2, 1, 1, 3],
      [2, 1, 1, 2, 4],
      [2, 1, 2, 2, 5],
      [2, 2, 1, 1, 6],
    ]);
    expect(all.at(-1)?.etaSeconds).toBe(0);
    expect(all.at(-2)?.etaSeconds).toBeGreaterThan(0);
  });

  it('what cannot be cut or carried is refused with the reason', async () => {
    const model = tagger();
    const x = random(1, 4, 2, I);
    const y = random(2, 4, 2, F);
    const run = (tbptt: object, batch: object = {}, options: object = {}, own: u.Module = model) =>
      u.fit(own, [{ x, y, ...batch }], {
        loss: 'mse',
        optimizer: sgd(own),
        tbptt: { k1: 2, ...tbptt },
        ...options,
      });
    await expect(run({ k1: undefined })).rejects.toThrow(/tbptt: option "k1" is missing/);
    await expect(run({ k3: 2 })).rejects.toThrow(/unknown option "k3"/);
    await expect(run({ k2: 1 })).rejects.toThrow(/k2 must be at least k1.*k1 = 2, k2 = 1/);
    await expect(run({ timeAxis: 2 })).rejects.toThrow(/option "timeAxis" must be one of 0, 1/);
    await expect(run({}, { y: u.tensor([0, 1], { dtype: 'int32' }) })).rejects.toThrow(
      /y must be \[4, 2, ...\] with time as axis 0, got \[2\]. Every window has its own loss.*last step only.*-100/,
    );
    await expect(run({}, { x: u.zeros([4]) })).rejects.toThrow(/x must be \[T, B, ...\].*got \[4\]/);
    await expect(run({}, { starts: [[1, 0]] })).rejects.toThrow(/starts must be \[4, 2, ...\]/);
    await expect(run({}, { reset: [true] })).rejects.toThrow(/reset must be a list of 2 booleans/);
    await expect(run({}, {}, { forward: () => x })).rejects.toThrow(
      /forward must return \{ output, state \}, got a Tensor/,
    );
    await expect(run({}, {}, { forward: () => ({ output: x, state: x }) })).rejects.toThrow(
      /state must be a RecurrentState.*got a Tensor; wrap it/,
    );
    const both = new u.GRU({ inputSize: I, hiddenSize: 1, bidirectional: true });
    await expect(run({}, {}, {}, both)).rejects.toThrow(/a layer with bidirectional starts at the end/);
    const first = new u.GRU({ inputSize: I, hiddenSize: F, batchFirst: true });
    await expect(run({ timeAxis: 0 }, {}, {}, first)).rejects.toThrow(/timeAxis must be 1 .*batchFirst: true, got 0/);
    const sizes = [
      { x, y },
      { x: random(1, 4, 3, I), y: random(1, 4, 3, F) },
    ];
    const stateful = { loss: 'mse', optimizer: sgd(model), tbptt: { k1: 2, stateful: true } } as const;
    await expect(u.fit(model, sizes, stateful)).rejects.toThrow(
      /every batch must have the rows.*got 3 after 2.*dropLast/,
    );
    const anew = [sizes[0] as u.BatchFields, { ...(sizes[1] as u.BatchFields), reset: [true, true, true] }];
    await expect(u.fit(model, anew, stateful)).resolves.toMatchObject({ steps: 4 });
    const ignored = { y: labels(Array.from({ length: 4 }, () => [-100, -100])) };
    await expect(run({}, ignored, { loss: 'crossEntropy' })).rejects.toThrow(/no window of tbptt had a target/);
    const bad = { x: u.full([4, 2, I], Number.NaN) };
    await expect(run({}, bad)).rejects.toThrow(/loss is NaN in epoch 1, batch 1, window 1 \(step 1\)/);
  });
});
