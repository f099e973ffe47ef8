// What the options of recurrent layers do: each against the loop of elementary ops, forward and gradients; names and shapes of
// what they add; what they say about combinations that mean nothing.
import { expect, it } from 'vitest';
import { current } from '../../src/autograd/context.js';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { distance, EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { leaf, random } from '../helpers/tensors.js';
import { type LoopOptions, unrolledLoop } from '../helpers/unrolled-loop.js';

const I = 3;
const H = 5;
const sizes = { inputSize: I, hiddenSize: H };
const kinds = { RNN: u.RNN, LSTM: u.LSTM, GRU: u.GRU, MGU: u.MGU, IndRNN: u.IndRNN };
type Kind = keyof typeof kinds;
type AnyOptions = Omit<LoopOptions, 'hiddenSize'> & Record<string, unknown>;

const make = (kind: Kind, options: object = {}): u.LSTM => {
  u.seed(7);
  const layer = new kinds[kind]({ ...sizes, ...options } as never) as u.LSTM;
  // Gains and shifts as training would leave them; peepholes as large as other weights.
  for (const [name, p] of layer.namedParameters()) {
    if (name.includes('_ln_') || name === 'h0' || name === 'c0') p.data.set(random(9, p.size).toArray());
  }
  return layer;
};

const shapesOf = (layer: u.Module) =>
  Object.fromEntries([...layer.namedParameters()].map(([name, p]) => [name, p.shape]));

/** Every option alone, and some together. Each layer of elementary ops sums in another order, through T steps. */
const loops: [Kind, AnyOptions][] = [
  ['RNN', { layerNorm: true }],
  ['RNN', { zoneout: 0.3 }],
  ['RNN', { nonlinearity: 'relu', layerNorm: true, zoneout: 0.2, goBackwards: true }],
  ...(['softsign', 'softplus', 'elu', 'leakyRelu', 'scaledTanh', 'affine'] as const).map((name): [Kind, AnyOptions] => [
    'RNN',
    { activations: { candidate: name } },
  ]),
  ['RNN', { activations: { candidate: { name: 'thresholdedRelu', alpha: 0.1 } } }],
  ['RNN', { activations: { candidate: { name: 'scaledTanh', alpha: 1.7, beta: 0.6 } } }],
  ['LSTM', { projSize: 2 }],
  ['LSTM', { peephole: true }],
  ['LSTM', { coupled: true }],
  ['LSTM', { coupled: true, peephole: true }],
  ['LSTM', { cellClip: 0.2 }],
  ['LSTM', { layerNorm: true }],
  ['LSTM', { layerNorm: true, bias: false }],
  ['LSTM', { zoneout: { h: 0.1, c: 0.4 } }],
  ['LSTM', { zoneout: 0.25 }],
  ['LSTM', { activations: { gate: 'hardSigmoid', candidate: 'softsign', output: { name: 'elu', alpha: 0.5 } } }],
  ['LSTM', { projSize: 3, peephole: true, layerNorm: true, cellClip: 0.3, zoneout: 0.2, goBackwards: true }],
  ['LSTM', { coupled: true, projSize: 2, layerNorm: true, activations: { gate: { name: 'hardSigmoid', alpha: 0.3 } } }],
  ['GRU', { layerNorm: true }],
  ['GRU', { layerNorm: true, resetAfter: false }],
  ['GRU', { zoneout: 0.3, activations: { gate: 'hardSigmoid', candidate: 'softsign' } }],
  ['GRU', { resetAfter: false, goBackwards: true, zoneout: 0.1 }],
  ['MGU', {}],
  ['MGU', { layerNorm: true, zoneout: 0.3 }],
  ['MGU', { bias: false, activations: { gate: 'hardSigmoid' } }],
  ['IndRNN', {}],
  ['IndRNN', { nonlinearity: 'tanh', layerNorm: true, zoneout: 0.2, goBackwards: true }],
];

const gradientsOf = (layer: u.Module): Record<string, number[]> =>
  Object.fromEntries([...layer.namedParameters()].map(([name, p]) => [name, p.grad?.toArray() ?? []]));

/**
 * By how much a rounding grows: a gain of layer normalisation divides by the deviation of five numbers, forward and backward. How
 * far that goes is measured, by the loop with every input and every weight off by one rounding up or down. At least 1.
 */
function growth(
  layer: u.Module,
  want: Record<string, number[]>,
  run: (off: (values: readonly number[]) => number[]) => Record<string, number[]>,
  eps: number,
): (name: string) => number {
  const most = new Map<string, number>();
  const kept = layer.parameters().map((p) => p.toArray());
  for (const seed of [1, 2]) {
    const coins = random(seed, 10_000).toArray();
    let drawn = 0;
    const off = (values: readonly number[]) =>
      values.map((v) => v * ((coins[drawn++] as number) < 0 ? 1 - eps : 1 + eps));
    layer.parameters().forEach((p, k) => {
      p.data.set(off(kept[k] as number[]));
    });
    for (const [name, values] of Object.entries(run(off))) {
      const { worst } = distance(values, want[name] as number[]);
      most.set(name, Math.max(most.get(name) ?? 1, worst / eps));
    }
  }
  layer.parameters().forEach((p, k) => {
    p.data.set(kept[k] as number[]);
  });
  return (name) => most.get(name) ?? 1;
}

describeBackends('options of recurrent layers', (backend) => {
  for (const [kind, options] of loops) {
    it(`${kind} ${JSON.stringify(options)} is the loop of elementary ops, forward and gradients`, () => {
      const layer = make(kind, options).eval();
      const [T, B] = [6, 3];
      const R = options.projSize || H;
      const weights = leaf(2, T, B, R).detach();
      const eps = backend === 'reference' ? 2 ** -52 : EPS32;
      const x0 = leaf(1, T, B, I).toArray();
      const run = (compute: (x: u.Tensor) => u.Tensor, input = x0): Record<string, number[]> => {
        layer.zeroGrad();
        const x = u.tensor(input, [T, B, I], { requiresGrad: true });
        const output = compute(x);
        const numbers = output.toArray();
        output.mul(weights).sum().backward();
        return { output: numbers, dx: x.grad?.toArray() ?? [], ...gradientsOf(layer) };
      };
      const loop = (x: u.Tensor) => unrolledLoop(layer, x, { hiddenSize: H, ...options }).output;
      const want = run(loop);
      const got = run((x) => layer.forward(x).output);
      const grown = options.layerNorm ? growth(layer, want, (off) => run(loop, off(x0)), eps) : () => 1;
      for (const [name, values] of Object.entries(want)) {
        expectClose(got[name] as number[], values, 60 * eps * grown(name), name);
      }
    });
  }

  it('options have the parameters they say, in order', () => {
    expect(shapesOf(make('LSTM', { projSize: 2, peephole: true, layerNorm: true, learnInitialState: true }))).toEqual({
      weight_ih_l0: [20, 3],
      weight_hh_l0: [20, 2],
      bias_ih_l0: [20],
      bias_hh_l0: [20],
      weight_hr_l0: [2, 5],
      weight_ch_l0: [15],
      weight_ln_ih_l0: [20],
      weight_ln_hh_l0: [20],
      weight_ln_c_l0: [5],
      bias_ln_c_l0: [5],
      h0: [1, 1, 2],
      c0: [1, 1, 5],
    });
    expect(shapesOf(make('LSTM', { coupled: true, peephole: true, bias: false, layerNorm: true }))).toEqual({
      weight_ih_l0: [15, 3],
      weight_hh_l0: [15, 5],
      weight_ch_l0: [10],
      weight_ln_ih_l0: [15],
      weight_ln_hh_l0: [15],
      weight_ln_c_l0: [5],
    });
    expect(shapesOf(make('IndRNN', { layerNorm: true, numLayers: 2, bidirectional: true, merge: 'sum' }))).toEqual({
      ...Object.fromEntries(
        ['l0', 'l0_reverse', 'l1', 'l1_reverse'].flatMap((at) => [
          [`weight_ih_${at}`, [5, at.startsWith('l0') ? 3 : 5]],
          [`bias_ih_${at}`, [5]],
          [`weight_hh_${at}`, [5]],
          [`weight_ln_ih_${at}`, [5]],
        ]),
      ),
    });
    expect(shapesOf(make('LSTM', { projSize: 2, numLayers: 2, bidirectional: true })).weight_ih_l1_reverse).toEqual([
      20, 4,
    ]);
  });

  it('merge sums or averages the directions, between layers as well', () => {
    for (const [merge, factor] of [
      ['sum', 1],
      ['average', 0.5],
    ] as const) {
      const merged = make('GRU', { bidirectional: true, numLayers: 2, merge });
      const lower = make('GRU', { bidirectional: true });
      const upper = new u.GRU({ inputSize: H, hiddenSize: H, bidirectional: true });
      const weights = Object.entries(merged.stateDict());
      for (const [layer, l] of [
        [lower, 0],
        [upper, 1],
      ] as const) {
        const own = weights.filter(([name]) => name.includes(`_l${l}`));
        layer.loadStateDict(Object.fromEntries(own.map(([name, t]) => [name.replace(`_l${l}`, '_l0'), t])));
      }
      const join = (y: u.Tensor) =>
        y
          .slice(0, H, 2)
          .add(y.slice(H, 2 * H, 2))
          .mul(factor);
      const run = (compute: (x: u.Tensor) => u.Tensor) => {
        const x = leaf(1, 6, 3, I);
        const y = compute(x);
        const numbers = y.toArray();
        y.mul(leaf(2, 6, 3, H).detach())
          .sum()
          .backward();
        return [...numbers, ...(x.grad as u.Tensor).toArray()];
      };
      const lengths = [6, 2, 0];
      const want = run((x) => join(upper.forward(join(lower.forward(x, { lengths }).output), { lengths }).output));
      expectClose(
        run((x) => merged.forward(x, { lengths }).output),
        want,
        16 * EPS32,
        merge,
      );
      expect(merged.outputSize).toBe(H);
    }
  });

  it('sizes of each layer: the same as layers apart; states stand side by side', () => {
    for (const bidirectional of [false, true]) {
      const D = bidirectional ? 2 : 1;
      const hiddenSize = [4, 7, 2];
      const stack = make('LSTM', { hiddenSize, bidirectional });
      expect([stack.numLayers, stack.hiddenSize, stack.outputSize, stack.hiddenSizes]).toEqual([
        3,
        2,
        2 * D,
        hiddenSize,
      ]);
      const apart = hiddenSize.map(
        (size, l) =>
          new u.LSTM({ inputSize: l === 0 ? I : (hiddenSize[l - 1] as number) * D, hiddenSize: size, bidirectional }),
      );
      for (const [l, layer] of apart.entries()) {
        const own = Object.entries(stack.stateDict()).filter(([name]) => name.includes(`_l${l}`));
        layer.loadStateDict(Object.fromEntries(own.map(([name, t]) => [name.replace(`_l${l}`, '_l0'), t])));
      }
      const [T, B] = [5, 3];
      const [h, c] = [leaf(3, D, B, 13), leaf(4, D, B, 13)];
      const x = leaf(1, T, B, I);
      const lengths = [5, 0, 3];
      const starts = [0, 4, 11, 13];
      const gradients = (run: () => u.Tensor[]) => {
        for (const t of [x, h, c]) t.zeroGrad();
        const outputs = run();
        const numbers = outputs.map((t) => t.toArray());
        outputs
          .map((t, k) => t.mul(leaf(20 + k, ...t.shape).detach()).sum())
          .reduce((a, b) => a.add(b))
          .backward();
        return [...numbers, ...[x, h, c].map((t) => t.grad?.toArray() as number[])];
      };
      const got = gradients(() => {
        const { output, state } = stack.forward(x, { state: { h, c }, lengths });
        expect([state.h.shape, state.c.shape]).toEqual([
          [D, B, 13],
          [D, B, 13],
        ]);
        return [output, state.h, state.c];
      });
      const want = gradients(() => {
        let y: u.Tensor = x;
        const [hs, cs]: [u.Tensor[], u.Tensor[]] = [[], []];
        for (const [l, layer] of apart.entries()) {
          const own = (t: u.Tensor) => t.slice(starts[l] as number, starts[l + 1], 2);
          const { output, state } = layer.forward(y, { state: { h: own(h), c: own(c) }, lengths });
          y = output;
          hs.push(state.h);
          cs.push(state.c);
        }
        return [y, u.concat(hs, 2), u.concat(cs, 2)];
      });
      got.forEach((values, k) => {
        expectClose(values, want[k] as number[], 8 * EPS32, `part ${k}`);
      });
      // The state is a RecurrentState like any other: its rows are axis 1.
      const { state } = stack.forward(x, { lengths });
      const swapped = stack.forward(x.detach(), { state: state.select([2, 0, 1]) });
      expect(swapped.state.h.shape).toEqual([D, B, 13]);
    }
  });

  it('a learnt initial state starts every row, gets gradients, and gives way to a given one', () => {
    for (const options of [
      { numLayers: 2, bidirectional: true },
      { hiddenSize: [2, 4] },
      { projSize: 2, zoneout: 0.1 },
    ]) {
      const layer = make('LSTM', { ...options, learnInitialState: true }).eval();
      const plain = make('LSTM', options).eval();
      const { h0, c0, ...others } = layer.stateDict() as Record<string, u.Tensor>;
      plain.loadStateDict(others);
      const x = random(1, 4, 3, I);
      const spread = (t: u.Tensor) => t.expand([t.shape[0] as number, 3, t.shape[2] as number]);
      const given = { h: spread(h0 as u.Tensor), c: spread(c0 as u.Tensor) };
      const lengths = [4, 0, 2];
      const own = layer.forward(x, { lengths });
      expectSameBits(own.output.toArray(), plain.forward(x, { state: given, lengths }).output.toArray(), 'output');
      const other = { h: random(5, ...given.h.shape), c: random(6, ...given.c.shape) };
      expectSameBits(
        layer.forward(x, { state: other }).output.toArray(),
        plain.forward(x, { state: other }).output.toArray(),
        'output from a given state',
      );
      const few = [layer.h0 as u.Parameter, layer.c0 as u.Parameter];
      expect(
        u.gradcheck(() => [layer.forward(x, { lengths }).output, layer.forward(x, { lengths }).state.c], few),
      ).toBe(true);
      expect(new u.LSTM({ ...sizes, learnInitialState: true }).h0?.toArray()).toEqual([0, 0, 0, 0, 0]);
      if (!('bidirectional' in options)) {
        const streamed = u.noGrad(() => layer.step(x.select(0)));
        expectClose(
          streamed.output.toArray(),
          u.noGrad(() => layer.forward(x).output.select(0)).toArray(),
          8 * EPS32,
          'step',
        );
      }
    }
  });

  it('every one-directional layer streams: steps equal the whole sequence, recorded or not', () => {
    const backwards = loops.map(([kind, options]) => [kind, { ...options, goBackwards: false }] as const);
    const stacks = [
      ['GRU', { numLayers: 2, layerNorm: true, learnInitialState: true }],
      ['LSTM', { hiddenSize: [4, 6, 3], peephole: true }],
      ['LSTM', { numLayers: 2, projSize: 2 }],
      ['IndRNN', { numLayers: 3 }],
    ] as const;
    for (const [kind, options] of [...backwards, ...stacks]) {
      const layer = make(kind, options).eval();
      for (const B of [1, 2]) {
        const x = random(6, 5, B, I);
        const whole = u.noGrad(() => layer.forward(x));
        for (const wrap of [u.noGrad, (fn: () => void) => fn()]) {
          wrap(() => {
            let state: u.StateInput | undefined;
            const got: number[] = [];
            for (let t = 0; t < 5; t++) {
              const result = layer.step(x.select(t), state);
              state = result.state;
              got.push(...result.output.toArray());
            }
            const name = `${kind} ${JSON.stringify(options)} B=${B}`;
            expectClose(got, whole.output.toArray(), 32 * EPS32, name);
            expectClose((state as u.StateInput).h.toArray(), whole.state.h.toArray(), 32 * EPS32, name);
          });
        }
      }
    }
  });

  it('a layer with goBackwards streams too: it wants the last step first', () => {
    const layer = make('LSTM', { peephole: true, goBackwards: true });
    const x = random(6, 4, 2, I);
    const whole = u.noGrad(() => layer.forward(x).output.toArray());
    let state: u.StateInput | undefined;
    for (let t = 3; t >= 0; t--) {
      const result = u.noGrad(() => layer.step(x.select(t), state));
      state = result.state;
      expectClose(result.output.toArray(), whole.slice(t * 10, t * 10 + 10), 16 * EPS32, `t=${t}`);
    }
  });

  it('packed weights follow every change, and so do gains and peepholes, which are not packed', () => {
    const layer = make('LSTM', { peephole: true, layerNorm: true, projSize: 2 });
    const x = random(8, 3, 2, I);
    const agree = () => {
      const packed = u.noGrad(() => layer.forward(x).output.toArray());
      const stepped = u.noGrad(() => layer.step(x.select(0)).output.toArray());
      const recorded = layer.forward(x).output.toArray();
      expectClose(packed, recorded, 16 * EPS32, 'forward');
      expectClose(stepped, recorded.slice(0, 4), 16 * EPS32, 'step');
      return packed;
    };
    let before = agree();
    for (const [name, p] of layer.namedParameters()) {
      p.data[0] = (p.data[0] as number) + 0.5;
      const after = agree();
      expect(after, name).not.toEqual(before);
      before = after;
    }
  });

  it('bad combinations are refused when the layer is made, with the reason', () => {
    const refused = (kind: Kind, options: object) => {
      try {
        make(kind, options);
      } catch (error) {
        expect(error).toBeInstanceOf(u.OptionError);
        return (error as Error).message;
      }
      return 'nothing was thrown';
    };
    expect(refused('LSTM', { projSize: 5 })).toBe('LSTM: projSize must be below hiddenSize, 5, got 5');
    expect(refused('LSTM', { projSize: 2, hiddenSize: [5, 5] })).toMatch(
      /projSize needs one hiddenSize for all layers/,
    );
    expect(refused('LSTM', { coupled: true, forgetBias: 1 })).toMatch(/coupled: true the forget gate is 1 - i/);
    expect(refused('GRU', { bidirectional: true, goBackwards: true })).toMatch(/goBackwards reads one way/);
    expect(refused('GRU', { merge: 'sum' })).toMatch(/merge "sum" needs two directions/);
    expect(refused('GRU', { hiddenSize: [2, 3], numLayers: 3 })).toMatch(/lists 2 layers, got numLayers 3/);
    expect(refused('GRU', { hiddenSize: [] })).toMatch(/"hiddenSize" must be an integer >= 1, or a list/);
    expect(refused('GRU', { hiddenSize: [2, 0] })).toMatch(/"hiddenSize" must be/);
    expect(refused('GRU', { recompute: 0 })).toMatch(/"recompute" must be "sqrt" or an integer >= 1, got 0/);
    expect(refused('GRU', { recurrentDropout: 1.1 })).toMatch(/from 0 to 1/);
    expect(refused('GRU', { peephole: true })).toMatch(/unknown option "peephole"/);
    expect(refused('GRU', { zoneout: { h: 0.1 } })).toMatch(/"zoneout" must be a finite number from 0 to 1/);
    expect(refused('LSTM', { zoneout: { h: 2 } })).toMatch(/LSTM: zoneout: option "h" must be/);
    expect(refused('LSTM', { zoneout: { g: 0.1 } })).toMatch(/unknown option "g"/);
    expect(refused('LSTM', { cellClip: -1 })).toMatch(/"cellClip" must be a finite number above 0/);
    expect(refused('RNN', { nonlinearity: 'tanh', activations: { candidate: 'relu' } })).toMatch(
      /say the same thing twice/,
    );
    expect(refused('RNN', { activations: { gate: 'sigmoid' } })).toMatch(/RNN: activations: unknown option "gate"/);
    expect(refused('LSTM', { activations: { gate: 'hardsigmoid' } })).toMatch(
      /no activation "hardsigmoid"; did you mean "hardSigmoid"/,
    );
    expect(refused('LSTM', { activations: { gate: { name: 'tanh', alpha: 2 } } })).toMatch(/tanh has no alpha, got 2/);
    expect(refused('LSTM', { activations: { gate: { name: 'elu', alpha: -1 } } })).toMatch(
      'LSTM: activations.gate: alpha of elu must be at least 0, got -1',
    );
    expect(refused('IndRNN', { init: 'orthogonal' })).toMatch(
      /recurrent weights cannot be orthogonal, they are a vector/,
    );
    expect(refused('GRU', { init: 'xavier' })).toMatch(/"init" must be one of "uniform", "glorot"/);
    expect(refused('GRU', { init: { recurrent: 'zeros' } })).toMatch(/"init" must be/);
  });

  it('quantize serves what it can and says why it refuses the rest', () => {
    const x = random(1, 4, 2, I);
    for (const options of [
      { coupled: true },
      { bidirectional: true, merge: 'sum' },
      { hiddenSize: [4, 6] },
      { learnInitialState: true },
    ]) {
      const layer = make('LSTM', options).eval();
      const want = u.noGrad(() => layer.forward(x).output.toArray());
      u.quantize(layer, { dtype: 'bf16' });
      const got = u.noGrad(() => layer.forward(x).output.toArray());
      got.forEach((value, k) => {
        expect(Math.abs(value - (want[k] as number))).toBeLessThan(0.02);
      });
    }
    const why = (kind: Kind, options: object) => {
      const layer = make(kind, options);
      const before = u.noGrad(() => layer.eval().forward(x).output.toArray());
      expect(() => u.quantize(layer, { dtype: 'int8' })).toThrow(u.OptionError);
      expect(u.noGrad(() => layer.forward(x).output.toArray())).toEqual(before);
      try {
        u.quantize(layer, { dtype: 'int8' });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(why('LSTM', { peephole: true, projSize: 2 })).toMatch(/it has projSize, peephole/);
    expect(why('GRU', { goBackwards: true, layerNorm: true })).toMatch(/it has goBackwards, layerNorm/);
    expect(why('LSTM', { cellClip: 1 })).toMatch(/activations or cellClip/);
    expect(why('IndRNN', {})).toMatch(/recurrent weights are a vector/);
    const noisy = make('GRU', { recurrentDropout: 0.5 });
    u.quantize(noisy, { dtype: 'int8' });
    expect(() => u.noGrad(() => noisy.forward(x))).toThrow(/call model.eval\(\)/);
    noisy.eval();
    u.noGrad(() => noisy.forward(x));
  });

  it('a layer made for one backend keeps its option numbers when it is asked again', () => {
    const layer = make('LSTM', { cellClip: 0.1 });
    const before = current().memory.stats().persistent;
    for (let k = 0; k < 50; k++) u.noGrad(() => layer.forward(random(k, 2, 1, I)));
    const after = current().memory.stats().persistent;
    for (let k = 0; k < 50; k++) u.noGrad(() => layer.forward(random(k, 2, 1, I)));
    expect(current().memory.stats().persistent).toBe(after);
    expect(after).toBeGreaterThanOrEqual(before);
  });
});
