// Checkpoints of fit: a run that breaks off goes on to the same bits, and nothing is lost when a checkpoint does not fit.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { expectSameBits } from '../helpers/compare.js';
import { random } from '../helpers/tensors.js';

const folder = mkdtempSync(join(tmpdir(), 'unrolled-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `${++files}.safetensors`);

class Tagger extends u.Module {
  gru = new u.GRU({ inputSize: 2, hiddenSize: 3 });
  drop = new u.Dropout({ p: 0.4 });
  head = new u.Linear({ inFeatures: 3, outFeatures: 2 });

  override forward(x: u.Tensor, options: u.ForwardOptions = {}): { output: u.Tensor; state: u.RecurrentState } {
    const { output, state } = this.gru.forward(x, options);
    return { output: this.head.forward(this.drop.forward(output)), state };
  }
}

const forward = (model: Tagger, { x }: u.Batch, state: u.RecurrentState | null = null) => model.forward(x, { state });
const whole = (model: Tagger, batch: u.Batch) => forward(model, batch).output;
const weights = (model: u.Module): number[] => model.parameters().flatMap((p) => p.toArray());
const adam = (model: u.Module) => new u.Adam(model.parameters(), { lr: 0.05, amsgrad: true });
const batch = (k: number) => ({ x: random(k, 5, 2, 2), y: random(k + 50, 5, 2, 2) });
const samples = [0, 1, 2, 3, 4].map((k) => ({
  x: [0, 1, 2, 3].map((t) => [Math.sin(k + t), Math.cos(k * t)]),
  y: [0, 1, 2, 3].map((t) => [Math.sin(k * t + 1), 0.5]),
}));
const listed = (seed?: number) =>
  u.batches(samples, { batchSize: 2, shuffle: true, x: 'series', y: 'series', ...(seed !== undefined && { seed }) });

class Broken extends Error {}

/** A model trained from scratch, or from the checkpoint in `path`; it breaks off after so many updates. */
async function train(options: Partial<u.FitOptions>, data: () => u.Data, breakAfter = Number.POSITIVE_INFINITY) {
  u.seed(5);
  const model = new Tagger();
  const optimizer = adam(model);
  let updates = 0;
  const history = await u.fit(model, data(), {
    loss: 'mse',
    optimizer,
    epochs: 3,
    metrics: ['mae'],
    forward: options.tbptt ? forward : whole,
    ...options,
    onProgress() {
      updates++;
      // As a kill behind the checkpoint of the update before: this one is lost.
      if (updates > breakAfter) throw new Broken();
    },
  });
  const epochs = history.epochs.map((epoch) => ({ ...epoch, seconds: 0, tokensPerSecond: 0 }));
  return { weights: weights(model), optimizer: optimizer.stateDict(), history: { ...history, epochs, seconds: 0 } };
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const cases: Record<string, { options?: () => Partial<u.FitOptions>; data: () => u.Data }> = {
  'an array': { data: () => [1, 2, 3].map(batch) },
  'shuffled batches of the global generator, with validation': {
    data: () => listed(),
    options: () => ({ validation: listed(3), earlyStopping: { patience: 1 } }),
  },
  'shuffled batches with a seed': { data: () => listed(9) },
  'a function of the epoch': { data: () => async (epoch) => [batch(epoch), batch(epoch + 7)] },
  'truncated BPTT': { data: () => [1, 2].map(batch), options: () => ({ tbptt: { k1: 2, k2: 4 }, epochs: 2 }) },
  'truncated BPTT over batches, back into the batch before, with documents': {
    data: () => [1, 2].map((k) => ({ ...batch(k), starts: [2, 0, 1, 0, 2].map((n) => [n === k, false]) })),
    options: () => ({ tbptt: { k1: 2, k2: 7, stateful: true }, epochs: 2 }),
  },
};

describeBackends('checkpoints', (backend) => {
  for (const [name, { data, options = () => ({}) }] of Object.entries(cases)) {
    it(`after every update a run may break off, and goes on to the same bits: ${name}`, async () => {
      const want = await train(options(), data);
      const total = want.history.steps;
      expect(total).toBeGreaterThan(5);
      for (let at = 1; at < total; at++) {
        const checkpoint = { path: newPath(), every: 1 };
        await expect(train({ ...options(), checkpoint }, data, at)).rejects.toBeInstanceOf(Broken);
        // Once more, right after it went on.
        if (at + 1 < total) await expect(train({ ...options(), checkpoint }, data, 1)).rejects.toBeInstanceOf(Broken);
        const got = await train({ ...options(), checkpoint }, data);
        expectSameBits(got.weights, want.weights, `weights, broken off after update ${at} of ${total}`);
        expect(plain(got), `broken off after update ${at}`).toEqual(plain(want));
      }
    });
  }

  it('between the checkpoints of two epochs work is repeated, not lost; and more epochs go on from the last', async () => {
    const checkpoint = { path: newPath() };
    const data = () => listed(2);
    const [three, five] = [await train({}, data), await train({ epochs: 5 }, data)];
    await expect(train({ checkpoint }, data, 4)).rejects.toBeInstanceOf(Broken);
    expect((await train({ checkpoint }, data)).weights).toEqual(three.weights);
    const again = await train({ checkpoint }, data);
    expect(again).toMatchObject({ weights: three.weights, history: { steps: 9, stopped: 'completed' } });
    expect(plain(await train({ checkpoint, epochs: 5 }, data))).toEqual(plain(five));
    const anew = await train({ checkpoint: { ...checkpoint, resume: false } }, data);
    expect(anew.weights).toEqual(three.weights);
  });

  it('callbacks keep what they remember; an epoch under way does not start again', async () => {
    const checkpoint = { path: newPath(), every: 1 };
    const calls: string[] = [];
    const make = () => {
      let count = 0;
      return {
        onEpochStart: (epoch: number) => void calls.push(`start ${epoch}`),
        onBatchEnd: () => void calls.push(`update ${++count}`),
        onSave: () => ({ count, odd: [Number.NaN, -0, Number.POSITIVE_INFINITY] }),
        onResume(saved: u.io.Json) {
          const { count: was, odd } = saved as { count: number; odd: number[] };
          expect(odd).toEqual([Number.NaN, -0, Number.POSITIVE_INFINITY]);
          count = was;
        },
      };
    };
    const run = (breakAfter?: number) =>
      train({ checkpoint, epochs: 1, callbacks: make() }, () => [1, 2, 3].map(batch), breakAfter);
    await expect(run(2)).rejects.toBeInstanceOf(Broken);
    await run();
    expect(calls).toEqual(['start 1', 'update 1', 'update 2', 'update 3']);
    const bad = { onSave: () => new Map() as never };
    await expect(train({ checkpoint: { path: newPath() }, callbacks: bad }, () => [batch(1)])).rejects.toThrow(
      /what onSave returned must be JSON .*got a Map/,
    );
  });

  it('older checkpoints are kept by number, and a store of your own takes the bytes', async () => {
    const path = newPath();
    const kept: Uint8Array[] = [];
    const store = { read: () => kept.at(-1), write: async (bytes: Uint8Array) => void kept.push(bytes) };
    await train({ checkpoint: { path, every: 1, keep: 3 } }, () => [1, 2].map(batch));
    await train({ checkpoint: { path: store, every: 1 } }, () => [1, 2].map(batch));
    const own = path.slice(folder.length + 1);
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith(own))
        .sort(),
    ).toEqual([own, `${own}.1`, `${own}.2`]);
    expect(kept).toHaveLength(7); // one after each of 6 updates, and the last when training has ended
    const models = [path, `${path}.1`, `${path}.2`].map((name) => readFileSync(name));
    for (const [k, bytes] of models.entries()) {
      const model = new Tagger();
      const stored = new Tagger();
      await u.io.loadCheckpoint(bytes, { model });
      await u.io.loadCheckpoint(kept.at(-1 - k) as Uint8Array, { model: stored });
      expect(weights(model)).toEqual(weights(stored));
    }
    await expect(train({ checkpoint: { path: store, keep: 2 } }, () => [batch(1)])).rejects.toThrow(
      /keep is for files/,
    );
  });

  it('saveCheckpoint and loadCheckpoint take weights, optimizer, generator, states and extra there and back', async () => {
    const model = new Tagger();
    const optimizer = adam(model);
    model.forward(batch(1).x).output.sum().backward();
    optimizer.step();
    const state = u.noGrad(() => new u.LSTM({ inputSize: 2, hiddenSize: 2 }).forward(batch(1).x).state);
    const path = newPath();
    const states = { encoder: [state], decoder: new u.RecurrentState(state.h, null) };
    const extra = { line: 12, best: Number.POSITIVE_INFINITY };
    const bytes = await u.io.saveCheckpoint(path, { model, optimizer, states, extra });
    expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(bytes));
    const next = u.generator.word();
    u.seed(1);
    const other = new Tagger();
    const otherOptimizer = adam(other);
    const loaded = await u.io.loadCheckpoint(path, { model: other, optimizer: otherOptimizer });
    expect(u.generator.word()).toBe(next);
    expectSameBits(weights(other), weights(model), 'weights');
    expect(JSON.stringify(otherOptimizer.stateDict())).toBe(JSON.stringify(optimizer.stateDict()));
    expect(loaded.extra).toEqual(extra);
    expect(JSON.stringify(loaded.states)).toBe(JSON.stringify(states));
    await expect(u.io.loadCheckpoint(newPath(), { model })).rejects.toThrow(/there is no checkpoint at/);
    await expect(u.io.saveCheckpoint(null, { model, extra: (() => 1) as never })).rejects.toThrow(
      /extra must be JSON.*got a function/,
    );
    await expect(u.io.saveCheckpoint(null, { model: {} as never })).rejects.toThrow(/"model" must be a Module/);
  });

  it('what does not fit is refused with the reason: neither model nor file are changed', async () => {
    const path = newPath();
    const data = () => [1, 2, 3].map(batch);
    await expect(train({ checkpoint: { path, every: 1 } }, data, 2)).rejects.toBeInstanceOf(Broken);
    const good = readFileSync(path);
    const attempt = async (
      reason: RegExp,
      options: Partial<u.FitOptions> = {},
      {
        own = data() as u.Data,
        kind = u.CheckpointError as abstract new (
          ...args: never[]
        ) => Error,
        model = new Tagger() as u.Module,
      } = {},
    ) => {
      const before = weights(model);
      const optimizer = adam(model);
      const file = readFileSync(path);
      const running = u.fit(model, own, {
        loss: 'mse',
        optimizer,
        metrics: ['mae'],
        forward: whole,
        epochs: 3,
        ...options,
        checkpoint: { path },
      });
      const error = await running.then(
        () => expect.fail('it was accepted'),
        (why: Error) => why,
      );
      expect(error.message).toMatch(reason);
      expect(error).toBeInstanceOf(kind);
      expect(weights(model)).toEqual(before);
      expect(readFileSync(path).equals(file)).toBe(true);
    };

    const wide = new Tagger();
    wide.head = new u.Linear({ inFeatures: 3, outFeatures: 4 });
    await attempt(
      /of another model than this Tagger: .*head.weight is \[2, 3\], in the model \[4, 3\]; head.bias/,
      {},
      { model: wide },
    );
    await attempt(
      /of its model, weight_ih_l0 is missing;.* gru.bias_hh_l0 is not in the model;.* and 4 more. Nothing was loaded/,
      {},
      { model: new u.GRU({ inputSize: 2, hiddenSize: 3 }) },
    );
    const model = new Tagger();
    await attempt(
      /made with the optimizer Adam, got SGD/,
      { optimizer: new u.SGD(model.parameters(), { lr: 1 }) },
      { model },
    );
    const some = new Tagger();
    await attempt(
      /optimizer's state .* does not fit \(.*needs groups of \[4\] parameters, got \[6\]/,
      { optimizer: adam(some.gru) },
      { model: some },
    );
    await attempt(/made with tbptt null, got \{"k1":2\}/, { tbptt: { k1: 2 }, forward });
    await attempt(/made with the metrics \["mae"\], got \["rmse"\]/, { metrics: ['rmse'] });
    await attempt(
      /epoch 1, behind batch 2, but the data gave 1 batches/,
      {},
      { own: [batch(1)], model: await at(path) },
    );

    truncateSync(path, good.length - 3);
    await attempt(/only \d+ follow/, {}, { kind: u.FormatError });
    const text = good.toString('latin1');
    writeFileSync(path, Buffer.from(text.replace('"version":"1"', '"version":"2"'), 'latin1'));
    await attempt(/has version "2" of the format, this release of unrolled reads 1/);
    await u.io.saveSafetensors(path, new Tagger().stateDict());
    await attempt(/is a safetensors file, but no checkpoint/, {}, { kind: u.FormatError });
    await u.io.saveCheckpoint(path, { model: new Tagger() });
    await attempt(/was written by saveCheckpoint, not by fit/);
    await expect(train({ checkpoint: { path: join(folder, 'none', 'x') } }, data)).rejects.toThrow(
      /cannot read .*ENOENT/,
    );
    await expect(train({ checkpoint: { path: folder } }, data)).rejects.toThrow(/cannot read/);
    await expect(train({ checkpoint: { path: 5 as never } }, data)).rejects.toThrow(/"path" must be a path, a URL, or/);
    const metric = { name: 'own', reset() {}, update() {}, value: () => 1 };
    await expect(train({ metrics: [metric], checkpoint: { path: newPath(), every: 2 } }, data)).rejects.toThrow(
      /the metric "own" cannot be kept in the middle of an epoch; give it saveState/,
    );
    expect(
      readdirSync(folder).filter((name) => name.includes('partial')),
      backend,
    ).toEqual([]);
  });

  /** A model with the weights of a checkpoint: what applying it would not change. */
  async function at(path: string): Promise<Tagger> {
    const model = new Tagger();
    await u.io.loadCheckpoint(path, { model });
    return model;
  }

  it('a checkpoint that cannot be written ends the run, leaves the one before, and no part of a file', async () => {
    const kept: Uint8Array[] = [];
    const full = new Error('no space left');
    const store = {
      read: () => kept.at(-1) ?? null,
      write(bytes: Uint8Array) {
        if (kept.length === 2) throw full;
        kept.push(bytes);
      },
    };
    await expect(train({ checkpoint: { path: store, every: 1 } }, () => [1, 2, 3].map(batch))).rejects.toBe(full);
    expect(kept).toHaveLength(2);
    const path = newPath();
    const run = train({ checkpoint: { path, every: 1 } }, () => {
      let k = 0;
      return {
        *[Symbol.iterator]() {
          yield batch(++k);
          // A folder in the file's place: the rename fails.
          rmSync(path);
          mkdirSync(path);
          yield batch(++k);
        },
      };
    });
    await expect(run).rejects.toThrow(/cannot write .*check the path/);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    rmSync(path, { recursive: true });
  });
});
