// Streaming: layer.step inside noGrad has a way of its own. Whatever comes between two steps, it gives what forward gives.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setCurrent } from '../../src/autograd/context.js';
import type { Backend } from '../../src/backend/types.js';
import * as u from '../../src/node.js';
import { candidates, describeBackends } from '../helpers/backends.js';
import { random } from '../helpers/tensors.js';

const I = 5;
const H = 19;
const cells = {
  rnn: (numLayers: number) => new u.RNN({ inputSize: I, hiddenSize: H, numLayers }),
  lstm: (numLayers: number) => new u.LSTM({ inputSize: I, hiddenSize: H, numLayers }),
  gru: (numLayers: number) => new u.GRU({ inputSize: I, hiddenSize: H, numLayers }),
  'gru, reset before': (numLayers: number) =>
    new u.GRU({ inputSize: I, hiddenSize: H, numLayers, resetAfter: false, bias: false }),
};
type Layer = u.LSTM;
type State = u.RecurrentState<u.Tensor>;
type Numbers = { output: number[]; h: number[]; c: number[] | undefined };
const layerOf = (name: string, numLayers = 1): Layer => cells[name as 'lstm'](numLayers);

/** What a step must give: a sequence of length one. */
function expected(layer: Layer, x: u.Tensor, state: State | null): Numbers {
  return numbers(u.noGrad(() => layer.forward(x.reshape([1, ...x.shape]), { state })));
}
function numbers({ output, state }: { output: u.Tensor; state: State }): Numbers {
  return { output: output.toArray(), h: state.h.toArray(), c: state.c?.toArray() };
}
const step = (layer: Layer, x: u.Tensor, state: State | null = null) => u.noGrad(() => layer.step(x, state));
const transfer = (t: u.Tensor): void => {
  const { buffer } = t.data;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
};

describeBackends('streaming', () => {
  for (const name of Object.keys(cells)) {
    for (const L of [1, 2, 3]) {
      it(`${name}, ${L} layers: each step is a forward of length one, bit for bit`, () => {
        const layer = layerOf(name, L);
        for (const B of [1, 3]) {
          let state: State | null = null;
          for (let k = 0; k < 6; k++) {
            const x = random(k, B, I);
            const want = expected(layer, x, state);
            const got = step(layer, x, state);
            expect(numbers(got)).toEqual(want);
            expect([got.output.shape, got.state.h.shape]).toEqual([
              [B, H],
              [L, B, H],
            ]);
            ({ state } = got);
          }
        }
      });
    }
  }

  it('a recorded step gives the same numbers', () => {
    const layer = layerOf('lstm', 2);
    const state = step(layer, random(1, 2, I)).state;
    expect(numbers(layer.step(random(2, 2, I), state))).toEqual(numbers(step(layer, random(2, 2, I), state)));
  });

  it('what a step returned stays as it is, whatever is computed later', () => {
    const layer = layerOf('lstm', 2);
    let state: State | null = null;
    const kept: { result: ReturnType<Layer['step']>; numbers: Numbers }[] = [];
    for (let k = 0; k < 500; k++) {
      const result = step(layer, random(k, 1, I), state);
      if (k % 50 < 2) kept.push({ result, numbers: numbers(result) });
      ({ state } = result);
    }
    for (const { result, numbers: before } of kept) expect(numbers(result)).toEqual(before);
  });

  it('output and state are memory of their own: writing to one leaves the other alone', () => {
    const layer = layerOf('lstm');
    const { output, state } = step(layer, random(1, 1, I));
    const before = state.h.toArray();
    output.data.fill(9);
    expect(state.h.toArray()).toEqual(before);
    const want = expected(layer, random(2, 1, I), state);
    expect(numbers(step(layer, random(2, 1, I), state))).toEqual(want);
  });

  it('a state changed between two steps is used as it is now', () => {
    const layer = layerOf('lstm');
    for (const part of ['h', 'c'] as const) {
      const { state } = step(layer, random(1, 1, I));
      state[part].data[3] = 0.75;
      expect(numbers(step(layer, random(2, 1, I), state))).toEqual(expected(layer, random(2, 1, I), state));
    }
    // Also through memory that was asked for before.
    const first = step(layer, random(1, 1, I));
    const data = first.state.h.data;
    data[0] = 0.25;
    expect(numbers(step(layer, random(2, 1, I), first.state))).toEqual(expected(layer, random(2, 1, I), first.state));
  });

  it('any state will do: an older one, one twice, h of one and c of another, none, one from a file', () => {
    const layer = layerOf('lstm', 2);
    const x = random(9, 1, I);
    const a = step(layer, random(1, 1, I)).state;
    const b = step(layer, random(2, 1, I), a).state;
    const mixed = new u.RecurrentState(b.h, a.c);
    const read = u.RecurrentState.fromJSON(JSON.parse(JSON.stringify(b))) as State;
    const large = new u.RecurrentState(random(4, 2, 1, H), random(5, 2, 1, H));
    const last = step(layer, x, b).state;
    for (const state of [last, b, a, a, mixed, null, read, large, b.detach(), b.select([0])]) {
      expect(numbers(step(layer, x, state))).toEqual(expected(layer, x, state));
    }
  });

  it('streams of different batch sizes take turns', () => {
    const layer = layerOf('gru');
    const states: (State | null)[] = [null, null, null];
    for (let k = 0; k < 12; k++) {
      const s = k % 3;
      const x = random(k, s + 1, I);
      const want = expected(layer, x, states[s] as State | null);
      const got = step(layer, x, states[s] as State | null);
      expect(numbers(got)).toEqual(want);
      states[s] = got.state;
    }
  });

  it('weights that changed, or were replaced, count from the next step on', () => {
    const layer = layerOf('lstm', 2);
    const x = random(3, 1, I);
    let { state } = step(layer, x);
    // A recorded step reads the weights themselves, not what was packed of them.
    const agrees = (): void => expect(numbers(step(layer, x, state))).toEqual(numbers(layer.step(x, state)));
    layer.weight_hh_l1!.data[7] = 0.5;
    agrees();
    layer.bias_ih_l0 = new u.Parameter(random(8, 4 * H));
    agrees();
    ({ state } = step(layer, x, state));
    layer.loadStateDict(layerOf('lstm', 2).stateDict());
    agrees();
  });

  it('batches too large for copies go another way to the same numbers', () => {
    const layer = layerOf('lstm');
    const x = random(1, 300, I);
    const state = step(layer, random(2, 300, I)).state;
    expect(numbers(step(layer, x, state))).toEqual(expected(layer, x, state));
  });

  it('dropout between layers drops in training and not in evaluation', () => {
    const layer = new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2, dropout: 0.5 });
    const x = random(1, 1, I);
    const draws = [step(layer, x), step(layer, x)].map(({ output }) => output.toArray());
    expect(draws[0]).not.toEqual(draws[1]);
    layer.eval();
    expect(numbers(step(layer, x))).toEqual(numbers(step(layer, x)));
  });

  it('inside scope the results belong to it', () => {
    const layer = layerOf('gru');
    const { output } = u.scope(() => step(layer, random(1, 1, I)));
    expect(() => output.toArray()).toThrow(u.StaleTensorError);
  });

  it('bad arguments are refused by name, and the stream goes on', () => {
    const layer = layerOf('lstm', 2);
    const x = random(1, 1, I);
    const { state } = step(layer, x);
    const want = expected(layer, x, state);
    const zeros = u.zeros([2, 1, H]);
    const ints = u.zeros([2, 1, H], { dtype: 'int32' });
    const h = u.zeros([2, 1, H + 1]);
    const bad: [() => unknown, string | RegExp][] = [
      [() => step(layer, [1] as never, state), 'lstm: x must be a tensor, got [1]'],
      [() => step(layer, random(1, 1, I + 1), state), 'lstm: x must be [B, 5] (batch, inputSize), got [1, 6]'],
      [() => step(layer, u.zeros([0, I]), state), 'lstm: x must hold at least one row'],
      [
        () => step(layer, u.zeros([1, I], { dtype: 'int32' }), state),
        /lstm: x must be float32 \[B, 5\].*one-hot ids.*got int32 \[1, 5\]/,
      ],
      [() => step(layer, random(1, 2, I), state), 'lstm: h must be [2, 2, 19]'],
      [() => step(layer, random(1, 2, I), step(layer, x, state).state), 'lstm: h must be [2, 2, 19]'],
      [() => step(layer, x, { h, c: zeros } as never), 'lstm: h must be [2, 1, 19]'],
      [() => step(layer, x, { h: zeros } as never), 'lstm: state must have c of shape [2, 1, 19]'],
      [() => step(layer, x, { h: ints, c: zeros } as never), 'lstm: h must be float32, got int32'],
      [() => step(layer, x, { h: zeros, c: ints } as never), 'lstm: c must be float32, got int32'],
    ];
    for (const [act, message] of bad) {
      expect(act).toThrow(message);
      expect(numbers(step(layer, x, state))).toEqual(want);
    }
  });

  it('a step that failed half-way does not spoil the next', () => {
    const layer = layerOf('lstm');
    const x = random(1, 1, I);
    const { state } = step(layer, x);
    const weight = layer.weight_hh_l0 as u.Parameter;
    layer.weight_hh_l0 = u.zeros([4 * H, H], { dtype: 'int32' }) as never;
    const elsewhere = new u.RecurrentState(random(2, 1, 1, H), random(3, 1, 1, H));
    expect(() => step(layer, x, elsewhere)).toThrow('lstm: weight must be float32');
    layer.weight_hh_l0 = weight;
    expect(numbers(step(layer, x, state))).toEqual(expected(layer, x, state));
  });

  it('a stale x or state, and a freed weight, are refused', () => {
    const layer = layerOf('lstm');
    const x = random(1, 1, I);
    const { state } = step(layer, x);
    const stale = u.scope(() => u.noGrad(() => x.mul(2)));
    expect(() => step(layer, stale, state)).toThrow(u.StaleTensorError);
    const old = u.scope(() => step(layer, x)).state;
    expect(() => step(layer, x, old)).toThrow(u.StaleTensorError);
    step(layer, x, state);
    layer.weight_hh_l0!.dispose();
    expect(() => step(layer, x, state)).toThrow(u.StaleTensorError);
    expect(() => step(layer, x, state)).toThrow(u.StaleTensorError);
  });

  it('transferred buffers are refused', () => {
    const layer = layerOf('lstm');
    const [x, given] = [random(1, 1, I), random(2, 1, I)];
    const first = step(layer, x).state;
    const state = first.clone();
    transfer(given);
    expect(() => step(layer, given, state)).toThrow(/transferred/);
    const { output } = step(layer, x, state);
    transfer(output);
    expect(() => output.toArray()).toThrow(/transferred/);
    expect(numbers(step(layer, x, state))).toEqual(expected(layer, x, state));
  });
});

// What a switch of backends does; and on native, a weight whose buffer is gone although its numbers were packed before.
describe.each(candidates().map((candidate) => [candidate.label, candidate] as const))(
  'streaming on %s',
  (label, from) => {
    let [backend, other]: (Backend | undefined)[] = [];
    beforeAll(async () => {
      [backend, other] = [await from.open(), await from.open()];
      setCurrent(backend);
    });
    afterAll(() => {
      setCurrent(null);
      backend?.close();
      other?.close();
    });

    it('tensors of another backend are refused', () => {
      const layer = layerOf('lstm');
      const x = random(1, 1, I);
      const { state } = step(layer, x);
      setCurrent(other as Backend);
      expect(() => step(layer, random(1, 1, I), state)).toThrow(u.BackendError);
      expect(() => step(layer, random(1, 1, I))).toThrow(u.BackendError);
      const theirs = layerOf('lstm');
      const foreign = step(theirs, random(1, 1, I)).state;
      expect(() => step(theirs, x, foreign)).toThrow(u.BackendError);
      expect(() => step(theirs, random(1, 1, I), state)).toThrow(u.BackendError);
      // The layer itself goes over once all of its weights have.
      const weights = [...layer.namedParameters()];
      for (const [name] of weights) Object.assign(layer, { [name]: theirs[name as 'weight_ih_l0'] });
      expect(numbers(step(layer, random(1, 1, I)))).toEqual(numbers(step(theirs, random(1, 1, I))));
      setCurrent(backend as Backend);
      Object.assign(layer, Object.fromEntries(weights));
      expect(numbers(step(layer, x, state))).toEqual(expected(layer, x, state));
    });

    it.runIf(label.startsWith('native'))('a weight that was transferred after it was packed is refused', () => {
      const layer = layerOf('lstm');
      const { buffer } = layer.weight_ih_l0!.data;
      const { state } = step(layer, random(1, 1, I));
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
      expect(() => step(layer, random(1, 1, I), state)).toThrow(/transferred/);
    });

    it('a closed backend refuses', () => {
      const layer = layerOf('lstm');
      const x = random(1, 1, I);
      const { state } = step(layer, x);
      backend?.close();
      expect(() => step(layer, x, state)).toThrow(u.UnrolledError);
    });
  },
);
