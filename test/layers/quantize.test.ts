// quantize and dequantize through the public API, on every backend: what a model computes afterwards, what stays, what is refused.
import { describe, expect, it } from 'vitest';
import { current, setCurrent } from '../../src/autograd/context.js';
import * as u from '../../src/node.js';
import { candidates, describeBackends } from '../helpers/backends.js';
import { expectSameBits } from '../helpers/compare.js';
import { type Layer, type LayerOptions, recurrentLayers } from '../helpers/layers.js';
import { leaf } from '../helpers/tensors.js';

const I = 9;
const H = 24;

const layers = recurrentLayers(I, H);

/**
 * How far an output may be from float32's. An int8 is off by half a step at most, 1/254 of the largest of its vector; over
 * I + H products whose errors have random signs, and two layers, that comes to about a hundredth. bfloat16 is off by 1/256 of
 * a weight at most, and x and h not at all.
 */
const bounds = { int8: 0.04, bf16: 0.01 } as const;
const dtypes = ['int8', 'bf16'] as const;

const largestOf = (values: readonly number[]): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const distance = (a: u.Tensor, b: u.Tensor): number => {
  const other = b.toArray();
  return largestOf(a.toArray().map((v, k) => v - (other[k] as number)));
};

class Tagger extends u.Module {
  embedding = new u.Embedding({ numEmbeddings: 10, embeddingDim: I });
  stack = [new u.LSTM({ inputSize: I, hiddenSize: H }), new u.GRU({ inputSize: H, hiddenSize: 5 })];
  head = new u.Linear({ inFeatures: 5, outFeatures: 2 });
  forward(words: u.Tensor): u.Tensor {
    const [first, second] = this.stack as [u.LSTM, u.GRU];
    return this.head.forward(second.forward(first.forward(this.embedding.forward(words)).output).output);
  }
}

describeBackends('quantize', () => {
  for (const [name, create] of Object.entries(layers)) {
    const make = (options: LayerOptions = {}): Layer => {
      u.seed(5);
      return create(options);
    };

    it(`${name}: two layers, both directions, ragged, from a state: near the float32 layer`, () => {
      const x = leaf(1, 12, 4, I).detach();
      const h = leaf(2, 4, 4, H).detach();
      const c = leaf(3, 4, 4, H).detach();
      for (const dtype of dtypes) {
        const layer = make({ numLayers: 2, bidirectional: true });
        const state = layer instanceof u.LSTM ? { h, c } : { h };
        const options = { state, lengths: [12, 0, 7, 1] };
        const run = () => u.noGrad(() => layer.forward(x, options));
        const want = run();
        u.quantize(layer, { dtype });
        const got = run();
        const off = distance(got.output, want.output);
        expect(off).toBeGreaterThan(0);
        expect(off).toBeLessThan(bounds[dtype]);
        expect(distance(got.state.h, want.state.h)).toBeLessThan(bounds[dtype]);
        if (want.state.c) expect(distance(got.state.c as u.Tensor, want.state.c)).toBeLessThan(2 * bounds[dtype]);
        // Past a row's length nothing is computed, and a row of length 0 keeps its state.
        const output = got.output.toArray();
        for (let t = 1; t < 12; t++) {
          for (let k = 0; k < 2 * H; k++) expect(output[(t * 4 + 3) * 2 * H + k]).toBe(0);
        }
        for (let k = 0; k < H; k++) expect(got.state.h.toArray()[H + k]).toBe(h.toArray()[H + k]);
      }
    });

    it(`${name}: step by step gives the bits of the whole sequence, batchFirst too`, () => {
      for (const dtype of dtypes) {
        const layer = make({ numLayers: 2 });
        const batchFirst = make({ numLayers: 2, batchFirst: true });
        u.quantize(layer, { dtype });
        u.quantize(batchFirst, { dtype });
        const [T, B] = [6, 3];
        const x = leaf(1, T, B, I).toArray();
        u.noGrad(() => {
          const whole = layer.forward(u.tensor(x, [T, B, I]));
          const swapped = batchFirst.forward(u.tensor(x, [T, B, I]).transpose(0, 1));
          expectSameBits(swapped.output.transpose(0, 1).toArray(), whole.output.toArray(), 'batchFirst');
          let state: u.RecurrentState | undefined;
          const outputs: number[] = [];
          for (let t = 0; t < T; t++) {
            const result = layer.step(u.tensor(x.slice(t * B * I, (t + 1) * B * I), [B, I]), state);
            outputs.push(...result.output.toArray());
            state = result.state;
          }
          expectSameBits(outputs, whole.output.toArray(), 'output');
          expectSameBits((state as u.RecurrentState).h.toArray(), whole.state.h.toArray(), 'h');
        });
      }
    });

    it(`${name}: dequantize gives the bits of before, and gradients again`, () => {
      const layer = make({ bias: false });
      const x = leaf(1, 5, 2, I).detach();
      const before = u.noGrad(() => layer.forward(x).output.toArray());
      for (const dtype of dtypes) {
        u.quantize(layer, { dtype });
        expect(u.noGrad(() => layer.forward(x).output.toArray())).not.toEqual(before);
        expect(() => layer.forward(x)).toThrow(u.QuantizedError);
        expect(() => layer.forward(x)).toThrow(
          new RegExp(`computes from ${dtype} weights.* noGrad\\(\\), or call dequantize\\(model\\)`),
        );
      }
      u.dequantize(layer);
      const output = layer.forward(x).output;
      expectSameBits(output.toArray(), before, 'output');
      output.sum().backward();
      expect((layer.weight_hh_l0 as u.Parameter).grad).not.toBeNull();
    });
  }

  it('finds every recurrent layer of a model, names it as its parameters are named, and leaves the rest alone', () => {
    u.seed(1);
    const model = new Tagger();
    const before = model.stateDict();
    const report = u.quantize(model, { dtype: 'int8' });
    expect(report.map(({ name, dtype }) => [name, dtype])).toEqual([
      ['stack.0', 'int8'],
      ['stack.1', 'int8'],
    ]);
    const rows = 4 * H;
    expect(report[0]).toMatchObject({
      float32Bytes: 4 * (rows * (I + H) + 2 * rows),
      quantizedBytes: rows * (I + H) + 2 * 4 * rows + 2 * 4 * rows,
    });
    const after = model.stateDict();
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [key, tensor] of Object.entries(after)) {
      expectSameBits(tensor.toArray(), (before[key] as u.Tensor).toArray(), key);
    }
    const words = u.tensor(Int32Array.of(1, 2, 3, 4), [4, 1]);
    expect(u.noGrad(() => model.forward(words)).shape).toEqual([4, 1, 2]);
    u.dequantize(model);
    expect(model.forward(words).requiresGrad).toBe(true);
    expect(u.quantize(model, { dtype: 'bf16' })[1]).toMatchObject({
      quantizedBytes: 2 * 15 * (H + 5) + 2 * 4 * 15,
    });
    expect(u.quantize(new u.Linear({ inFeatures: 2, outFeatures: 2 }), { dtype: 'int8' })).toEqual([]);
  });

  it('reports the largest error of a weight: half a step of its row, half a last place', () => {
    u.seed(2);
    const layer = new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2 });
    const largest = largestOf([...layer.parameters()].filter((p) => p.shape.length === 2).flatMap((p) => p.toArray()));
    const [int8] = u.quantize(layer, { dtype: 'int8' });
    expect(int8?.name).toBe('');
    expect(int8?.largestError).toBeLessThanOrEqual((largest / 254) * (1 + 1e-6));
    expect(int8?.largestError).toBeGreaterThan(largest / 254 / 2);
    const [bf16] = u.quantize(layer, { dtype: 'bf16' });
    expect(bf16?.largestError).toBeLessThanOrEqual(largest / 256);
    expect(bf16?.largestError).toBeGreaterThan(largest / 2048);
  });

  it('a weight that changes is rounded anew: loaded, written to, or replaced', () => {
    const make = (seed: number): u.GRU => {
      u.seed(seed);
      return new u.GRU({ inputSize: I, hiddenSize: H });
    };
    const x = leaf(1, 5, 2, I).detach();
    const run = (layer: u.GRU) => u.noGrad(() => layer.forward(x).output.toArray());
    const other = make(2);
    u.quantize(other, { dtype: 'int8' });
    const want = run(other);

    const loaded = make(1);
    u.quantize(loaded, { dtype: 'int8' });
    expect(run(loaded)).not.toEqual(want);
    loaded.loadStateDict(other.stateDict());
    expectSameBits(run(loaded), want, 'loaded');

    (loaded.weight_hh_l0 as u.Parameter).data[3] = 1;
    expect(run(loaded)).not.toEqual(want);
    loaded.weight_hh_l0 = other.weight_hh_l0 as u.Parameter;
    expectSameBits(run(loaded), want, 'replaced');
  });

  it('quantising again and again keeps memory flat', () => {
    const layer = new u.LSTM({ inputSize: I, hiddenSize: H });
    const x = leaf(1, 3, 1, I).detach();
    const held = (): number => {
      u.quantize(layer, { dtype: 'int8' });
      u.noGrad(() => layer.forward(x));
      u.dequantize(layer);
      return current().memory.stats().persistent;
    };
    const once = held();
    for (let k = 0; k < 20; k++) expect(held()).toBe(once);
  });

  it('predict and evaluate run a quantised model, fit refuses it', async () => {
    class Net extends u.Module {
      rnn = new u.GRU({ inputSize: 2, hiddenSize: 4 });
      head = new u.Linear({ inFeatures: 4, outFeatures: 1 });
      forward(x: u.Tensor): u.Tensor {
        return this.head.forward(this.rnn.forward(x).output);
      }
    }
    const model = new Net();
    u.quantize(model, { dtype: 'bf16' });
    const [x, y] = [leaf(1, 3, 2, 2).detach(), leaf(2, 3, 2, 1).detach()];
    expect(u.predict(model, x).shape).toEqual([3, 2, 1]);
    const { loss } = await u.evaluate(model, [{ x, y }], { loss: 'mse' });
    expect(loss).toBeGreaterThan(0);
    const optimizer = new u.SGD(model.parameters(), { lr: 0.1 });
    await expect(u.fit(model, [{ x, y }], { loss: 'mse', optimizer, epochs: 1 })).rejects.toThrow(u.QuantizedError);
  });

  it('says what is wrong with its arguments', () => {
    const layer = new u.RNN({ inputSize: 2, hiddenSize: 2 });
    const quantize = u.quantize as (...args: unknown[]) => unknown;
    expect(() => quantize({}, { dtype: 'int8' })).toThrow(/^quantize: model must be a Module, got /);
    expect(() => quantize(layer, {})).toThrow(u.OptionError);
    expect(() => quantize(layer, { dtype: 'int4' })).toThrow(/quantize: option "dtype" must be .*int8.*bf16/);
    expect(() => quantize(layer, { dtype: 'int8', dtpye: 1 })).toThrow(/unknown option "dtpye"/);
    expect(() => (u.dequantize as (model: unknown) => void)(null)).toThrow(/^dequantize: model must be a Module, got /);
  });
});

describe('a quantised layer', () => {
  for (const { label, open } of candidates()) {
    it(`goes over to another backend (${label}) with its weights, and its rounding with it`, async () => {
      const [backend, other] = [await open(), await open()];
      try {
        const answer = (layer: u.LSTM): number[] => u.noGrad(() => layer.forward(leaf(3, 4, 2, I)).output).toArray();
        setCurrent(backend);
        const layer = new u.LSTM({ inputSize: I, hiddenSize: H });
        u.quantize(layer, { dtype: 'int8' });
        answer(layer);
        setCurrent(other);
        expect(() => answer(layer)).toThrow(u.BackendError);
        const theirs = new u.LSTM({ inputSize: I, hiddenSize: H });
        u.quantize(theirs, { dtype: 'int8' });
        for (const [name] of [...layer.namedParameters()]) {
          Object.assign(layer, { [name]: theirs[name as 'weight_ih_l0'] });
        }
        expectSameBits(answer(layer), answer(theirs), 'after the change');
        u.dequantize(layer);
      } finally {
        setCurrent(null);
        backend.close();
        other.close();
      }
    });
  }
});
