// RNN, LSTM, GRU as layers: names, shapes, options, states, streaming, and what they say about bad input. That their numbers
// are PyTorch's is golden.test.ts's business; batches, windows and raggedness are laws/recurrent.test.ts's.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { random } from '../helpers/tensors.js';

const sizes = { inputSize: 3, hiddenSize: 4 };
const makers = {
  rnn: (options: object = {}) => new u.RNN({ ...sizes, ...options }),
  lstm: (options: object = {}) => new u.LSTM({ ...sizes, ...options }),
  gru: (options: object = {}) => new u.GRU({ ...sizes, ...options }),
};
const gates = { rnn: 1, lstm: 4, gru: 3 };

describeBackends('recurrent layers', () => {
  for (const [name, make] of Object.entries(makers) as ['lstm', (typeof makers)['lstm']][]) {
    it(`${name}: parameters have PyTorch's names, order and shapes`, () => {
      const rows = gates[name] * 4;
      const shapes = (options: object) =>
        Array.from(make(options).namedParameters(), ([key, p]) => [key, p.shape] as const);
      expect(shapes({})).toEqual([
        ['weight_ih_l0', [rows, 3]],
        ['weight_hh_l0', [rows, 4]],
        ['bias_ih_l0', [rows]],
        ['bias_hh_l0', [rows]],
      ]);
      expect(shapes({ numLayers: 2, bidirectional: true, bias: false })).toEqual([
        ['weight_ih_l0', [rows, 3]],
        ['weight_hh_l0', [rows, 4]],
        ['weight_ih_l0_reverse', [rows, 3]],
        ['weight_hh_l0_reverse', [rows, 4]],
        ['weight_ih_l1', [rows, 8]],
        ['weight_hh_l1', [rows, 4]],
        ['weight_ih_l1_reverse', [rows, 8]],
        ['weight_hh_l1_reverse', [rows, 4]],
      ]);
    });

    it(`${name}: weights start uniform within 1 / sqrt(hiddenSize), from the seed`, () => {
      u.seed(3);
      const layer = new (make({}).constructor as typeof u.LSTM)({ inputSize: 30, hiddenSize: 25 });
      for (const p of layer.parameters()) {
        const values = p.toArray();
        expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.2);
        expect(Math.max(...values)).toBeGreaterThan(0.15);
        expect(Math.min(...values)).toBeLessThan(-0.15);
      }
    });

    it(`${name}: outputs and states have the documented shapes`, () => {
      const layer = make({ numLayers: 2, bidirectional: true });
      const { output, state } = layer.forward(random(1, 5, 2, 3));
      expect([output.shape, state.h.shape]).toEqual([
        [5, 2, 8],
        [4, 2, 4],
      ]);
      expect(state.c?.shape ?? null).toEqual(name === 'lstm' ? [4, 2, 4] : null);
    });

    it(`${name}: batchFirst changes the layout of x and output, nothing else`, () => {
      const [layer, first] = [make({ numLayers: 2 }), make({ numLayers: 2, batchFirst: true })];
      first.loadStateDict(layer.stateDict());
      const x = random(2, 5, 2, 3);
      const a = layer.forward(x, { lengths: [5, 3] });
      const b = first.forward(x.transpose(0, 1), { lengths: [5, 3] });
      expect(b.output.shape).toEqual([2, 5, 4]);
      expect(b.output.transpose(0, 1).toArray()).toEqual(a.output.toArray());
      expect(b.state.h.toArray()).toEqual(a.state.h.toArray());
    });

    it(`${name}: gradients by gradcheck: stacked, both directions, ragged, with states`, () => {
      const layer = make({ numLayers: 2, bidirectional: true });
      const h = random(4, 4, 3, 4);
      const c = name === 'lstm' ? random(5, 4, 3, 4) : null;
      const x = random(3, 4, 3, 3);
      const inputs = [x, h, c].filter((t) => t !== null);
      for (const t of inputs) t.requiresGrad = true;
      const few = [layer.weight_hh_l0, layer.weight_ih_l1_reverse, layer.bias_hh_l1, layer.bias_ih_l0_reverse];
      const run = () => {
        const { output, state } = layer.forward(x, { state: c ? { h, c } : { h }, lengths: [4, 0, 2] });
        return [output, state.h, ...(state.c ? [state.c] : [])];
      };
      expect(u.gradcheck(run, [...inputs, ...few] as u.Tensor[])).toBe(true);
    });

    it(`${name}: streaming steps equal the whole sequence, recorded or not, one layer or two`, () => {
      for (const numLayers of [1, 2]) {
        const layer = make({ numLayers });
        const x = random(6, 5, 2, 3);
        const whole = layer.forward(x).output.toArray();
        for (const wrap of [u.noGrad, (fn: () => void) => fn()]) {
          wrap(() => {
            let state: u.StateInput | undefined;
            for (let t = 0; t < 5; t++) {
              const result = layer.step(x.select(t), state);
              state = result.state;
              expect(result.output.shape).toEqual([2, 4]);
              expectClose(result.output.toArray(), whole.slice(t * 8, t * 8 + 8), 16 * EPS32, `step ${t}`);
            }
          });
        }
      }
    });

    it(`${name}: gradients flow through recorded steps`, () => {
      const layer = make();
      const x = random(7, 3, 2, 3);
      const gradient = (run: () => u.Tensor): number[] => {
        layer.zeroGrad();
        run().sum().backward();
        return layer.weight_hh_l0?.grad?.toArray() as number[];
      };
      const byStep = gradient(() => {
        let result: { output: u.Tensor; state: u.RecurrentState } | undefined;
        for (let t = 0; t < 3; t++) result = layer.step(x.select(t), result?.state);
        return result?.output as u.Tensor;
      });
      expectClose(
        byStep,
        gradient(() => layer.forward(x).output.select(-1)),
        32 * EPS32,
        'gradient',
      );
    });

    it(`${name}: the packed weights of inference follow every change of a weight`, () => {
      const layer = make();
      const x = random(8, 3, 2, 3);
      const both = (): [number[], number[]] => [
        u.noGrad(() => layer.forward(x).output.toArray()),
        layer.forward(x).output.toArray(),
      ];
      const agree = (what: string) => {
        const [packed, recorded] = both();
        expectClose(packed, recorded, 8 * EPS32, what);
        return packed;
      };
      const start = agree('at first');
      (layer.weight_hh_l0 as u.Parameter).data[1] = 2;
      const changed = agree('after writing through data');
      expect(changed).not.toEqual(start);
      layer.loadStateDict(make().stateDict());
      const loaded = agree('after loadStateDict');
      const { version } = layer.weight_ih_l0 as u.Parameter;
      const replacement = new u.Parameter(layer.weight_ih_l0?.mul(2) as u.Tensor);
      // Of the same age as the old one, so that only its identity tells them apart.
      while (replacement.version < version) replacement.touch();
      layer.weight_ih_l0 = replacement;
      expect(agree('after replacing a parameter')).not.toEqual(loaded);
      const optimizer = new u.SGD(layer.parameters(), { lr: 1 });
      layer.forward(x).output.sum().backward();
      optimizer.step();
      agree('after an optimiser step');
    });

    it(`${name}: a sequence of one step in both directions is the same recorded and not`, () => {
      const layer = make({ bidirectional: true });
      const numbers = () => {
        const { output, state } = layer.forward(random(9, 1, 2, 3));
        return [output, state.h, ...(state.c ? [state.c] : [])].flatMap((t) => t.toArray());
      };
      expectClose(u.noGrad(numbers), numbers(), 8 * EPS32, 'output and states');
    });

    it(`${name}: T = 0 gives the state back and an empty output`, () => {
      const layer = make({ numLayers: 2 });
      const h = random(9, 2, 3, 4);
      const state = name === 'lstm' ? { h, c: random(10, 2, 3, 4) } : { h };
      for (const given of [undefined, [0, 0, 0]]) {
        const result = layer.forward(u.zeros([0, 3, 3]), { state, lengths: given });
        expect(result.output.shape).toEqual([0, 3, 4]);
        expect(result.state.h.toArray()).toEqual(h.toArray());
        expect(result.state.c?.toArray()).toEqual(state.c?.toArray());
      }
    });

    it(`${name}: lengths as array, Int32Array and tensor are the same; all T is no lengths`, () => {
      const layer = make();
      const x = random(11, 4, 2, 3);
      const outputs = [[3, 4], new Int32Array([3, 4]), u.tensor([3, 4], [2], { dtype: 'int32' })].map((lengths) =>
        layer.forward(x, { lengths }).output.toArray(),
      );
      expect(outputs[1]).toEqual(outputs[0]);
      expect(outputs[2]).toEqual(outputs[0]);
      expect(layer.forward(x, { lengths: [4, 4] }).output.toArray()).toEqual(layer.forward(x).output.toArray());
    });

    it(`${name}: backward sees the lengths that forward saw, though the caller fills the tensor again`, () => {
      const layer = make();
      const x = random(11, 4, 2, 3);
      x.requiresGrad = true;
      const gradient = (then: (lengths: u.Tensor) => void): number[] => {
        const lengths = u.tensor([3, 1], [2], { dtype: 'int32' });
        const { output } = layer.forward(x, { lengths });
        then(lengths);
        x.zeroGrad();
        output.sum().backward();
        return x.grad?.toArray() as number[];
      };
      expect(gradient((lengths) => lengths.data.fill(4))).toEqual(gradient(() => {}));
    });

    it(`${name}: shape errors say what is expected`, () => {
      const layer = make({ numLayers: 2 });
      const x = random(12, 5, 2, 3);
      const message = (run: () => unknown): string => {
        try {
          run();
        } catch (error) {
          expect(error).toBeInstanceOf(u.ShapeError);
          return (error as Error).message;
        }
        return 'no error';
      };
      expect(message(() => layer.forward(random(1, 5, 3)))).toBe(
        `${name}: x must be [T, B, 3] (time, batch, inputSize), got [5, 3]`,
      );
      expect(message(() => make({ batchFirst: true }).forward(random(1, 5, 2, 4)))).toBe(
        `${name}: x must be [B, T, 3] (batch, time, inputSize), got [5, 2, 4]`,
      );
      const state = { h: random(1, 1, 2, 4), ...(name === 'lstm' && { c: random(1, 2, 2, 4) }) };
      expect(message(() => layer.forward(x, { state }))).toBe(
        `${name}: h must be [2, 2, 4] (layers*directions, batch, hiddenSize), got [1, 2, 4]`,
      );
      expect(message(() => layer.forward(u.zeros([5, 0, 3])))).toMatch(/at least one row, got an empty batch/);
      expect(message(() => layer.step(x))).toBe(`${name}: x must be [B, 3] (batch, inputSize), got [5, 2, 3]`);
      expect(() => layer.forward(u.zeros([5, 2, 3], { dtype: 'int32' }))).toThrow(u.DTypeError);
      expect(() => layer.forward([1] as never)).toThrow(u.DTypeError);
    });

    it(`${name}: lengths outside 0..T, of another number, or broken are refused`, () => {
      const layer = make();
      const x = random(13, 5, 2, 3);
      const refused = (lengths: number[]) => expect(() => layer.forward(x, { lengths }));
      refused([5, 6]).toThrow(
        new u.LengthsError(`${name}: lengths[1] must be a whole number from 0 to 5 (time steps), got 6`),
      );
      refused([-1, 2]).toThrow(u.LengthsError);
      refused([1.5, 2]).toThrow(u.LengthsError);
      refused([Number.NaN, 2]).toThrow(u.LengthsError);
      refused([3]).toThrow(
        new u.LengthsError(`${name}: lengths must have 2 entries, one for each row of the batch, got 1`),
      );
    });

    it(`${name}: constructor options are checked, with advice`, () => {
      const type = name === 'lstm' ? 'LSTM' : name === ('gru' as never) ? 'GRU' : 'RNN';
      expect(() => make({ hiddensize: 3 })).toThrow(
        new u.OptionError(`${type}: unknown option "hiddensize"; did you mean "hiddenSize"?`),
      );
      expect(() => make({ hiddenSize: 0 })).toThrow(
        /"hiddenSize" must be an integer >= 1, or a list of them, one for each layer, got 0/,
      );
      expect(() => make({ inputSize: undefined })).toThrow(/"inputSize" is missing/);
      expect(() => make({ dropout: 1.5 })).toThrow(u.OptionError);
      expect(() => make({ bidirectional: 1 })).toThrow(u.OptionError);
      expect(() => make().forward(random(1, 1, 1, 3), { length: [1] } as never)).toThrow(/did you mean "lengths"\?/);
    });

    it(`${name}: step refuses a bidirectional layer and says why`, () => {
      expect(() => make({ bidirectional: true }).step(u.zeros([1, 3]))).toThrow(
        /step needs a layer with bidirectional: false/,
      );
    });
  }

  it('dropout acts between layers, in training only', () => {
    const x = random(14, 4, 2, 3);
    const layer = new u.LSTM({ ...sizes, numLayers: 2, dropout: 0.5 });
    const run = () => layer.forward(x).output.toArray();
    expect(run()).not.toEqual(run());
    layer.eval();
    expect(run()).toEqual(run());
    const single = new u.LSTM({ ...sizes, dropout: 0.9 });
    expect(single.forward(x).output.toArray()).toEqual(single.forward(x).output.toArray());
  });

  it('forgetBias sets the sum of both forget biases', () => {
    const layer = new u.LSTM({ ...sizes, forgetBias: 1, numLayers: 2 });
    for (const l of [0, 1]) {
      const sum = layer[`bias_ih_l${l}`]?.add(layer[`bias_hh_l${l}`] as u.Parameter).slice(4, 8);
      expect(sum?.toArray()).toEqual([1, 1, 1, 1]);
    }
    expect(() => new u.LSTM({ ...sizes, forgetBias: 1, bias: false })).toThrow(u.OptionError);
  });

  it('options that are off leave the layer as it is', () => {
    const off = { projSize: 0, peephole: false, layerNorm: false, coupled: false, zoneout: 0, recurrentDropout: 0 };
    u.seed(1);
    const explicit = new u.LSTM({ ...sizes, ...off }).stateDict();
    u.seed(1);
    const without = new u.LSTM(sizes).stateDict();
    expect(Object.entries(explicit).map(([name, t]) => [name, t.toArray()])).toEqual(
      Object.entries(without).map(([name, t]) => [name, t.toArray()]),
    );
  });

  it('an LSTM needs c, a GRU refuses it', () => {
    const h = u.zeros([1, 2, 4]);
    const x = random(15, 3, 2, 3);
    expect(() => new u.LSTM(sizes).forward(x, { state: { h } })).toThrow(
      /lstm: state must have c of shape \[1, 2, 4\]/,
    );
    expect(() => new u.GRU(sizes).forward(x, { state: { h, c: h } })).toThrow(/gru: state must have h only/);
    new u.GRU(sizes).forward(x, { state: { h, c: null } });
  });

  it('a frozen weight gets no gradient, the others do', () => {
    const layer = new u.LSTM(sizes);
    (layer.weight_hh_l0 as u.Parameter).requiresGrad = false;
    layer
      .forward(random(16, 3, 2, 3))
      .output.sum()
      .backward();
    expect(layer.weight_hh_l0?.grad).toBeNull();
    expect(layer.weight_ih_l0?.grad?.size).toBe(48);
  });
});
