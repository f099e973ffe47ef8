// Zoneout and recurrent dropout: what their masks do in training and what stands for them in evaluation.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { leaf, random } from '../helpers/tensors.js';

const I = 3;
const H = 5;
const kinds = { RNN: u.RNN, LSTM: u.LSTM, GRU: u.GRU };
const make = (kind: keyof typeof kinds, options: object): u.LSTM => {
  u.seed(7);
  return new kinds[kind]({ inputSize: I, hiddenSize: H, ...options }) as u.LSTM;
};

describeBackends('noise in recurrent layers', () => {
  it('zoneout keeps whole units: with rate 1 nothing moves, h and c apart', () => {
    const x = random(1, 4, 2, I);
    const state = { h: random(2, 1, 2, H), c: random(3, 1, 2, H) };
    const frozenC = make('LSTM', { zoneout: { c: 1 } }).forward(x, { state });
    expect(frozenC.state.c.toArray()).toEqual(state.c.toArray());
    expect(frozenC.state.h.toArray()).not.toEqual(state.h.toArray());
    const frozen = make('GRU', { zoneout: 1 }).forward(x, { state: { h: state.h } });
    expect(frozen.state.h.toArray()).toEqual(state.h.toArray());
  });

  it('zoneout in training keeps units with its probability, exactly as they were; in evaluation it takes the mean', () => {
    const layer = new u.GRU({ inputSize: I, hiddenSize: 400, zoneout: 0.3 });
    const h = random(2, 1, 5, 400);
    const before = h.toArray();
    const after = layer.forward(random(1, 1, 5, I), { state: { h } }).state.h.toArray();
    const kept = after.filter((value, k) => value === before[k]).length / after.length;
    // 2000 draws: four standard deviations.
    expect(Math.abs(kept - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 2000));
    const plain = new u.GRU({ inputSize: I, hiddenSize: 400 });
    plain.loadStateDict(layer.stateDict());
    const full = plain.forward(random(1, 1, 5, I), { state: { h } }).state.h.toArray();
    after.forEach((value, k) => {
      if (value !== before[k]) expect(Math.abs(value - (full[k] as number))).toBeLessThan(8 * EPS32);
    });
    layer.eval();
    const mean = layer.forward(random(1, 1, 5, I), { state: { h } }).state.h.toArray();
    const want = full.map((value, k) => 0.7 * value + 0.3 * (before[k] as number));
    expectClose(mean, want, 16 * EPS32, 'expectation');
  });

  it('recurrent dropout hides the same units at every step of a sequence, and none in evaluation', () => {
    const layer = make('RNN', { recurrentDropout: 0.5, bias: false });
    // h' = tanh(x + h): a hidden unit forgets, the others remember, at every step alike.
    layer.weight_hh_l0?.data.set(Array.from({ length: H * H }, (_, k) => (k % (H + 1) === 0 ? 0.5 : 0)));
    const x = random(1, 6, 4, I);
    const input = u.linear(x, layer.weight_ih_l0 as u.Parameter).toArray();
    const y = layer.forward(x).output.toArray();
    const seen = new Set<number>();
    for (let unit = 0; unit < 4 * H; unit++) {
      let drop: number | undefined;
      for (let t = 1; t < 6; t++) {
        const k = t * 4 * H + unit;
        const mask = (Math.atanh(y[k] as number) - (input[k] as number)) / (0.5 * (y[k - 4 * H] as number));
        drop ??= Math.round(mask);
        expect(mask).toBeCloseTo(drop, 2);
      }
      seen.add(drop as number);
    }
    expect([...seen].sort()).toEqual([0, 2]);
    layer.eval();
    expect(layer.forward(x).output.toArray()).toEqual(layer.forward(x).output.toArray());
  });

  it('the same seed draws the same masks; gradients are of what forward computed', () => {
    const layer = make('LSTM', {
      recurrentDropout: 0.4,
      zoneout: 0.3,
      numLayers: 2,
      bidirectional: true,
      projSize: 2,
    });
    const x = leaf(1, 5, 3, I);
    const run = (lengths?: number[]) => {
      u.seed(3);
      const { output, state } = layer.forward(x, { lengths });
      return [output, state.h, state.c];
    };
    expect(run()[0]?.toArray()).toEqual(run()[0]?.toArray());
    expect(u.noGrad(() => run()[0]?.toArray())).toEqual(run()[0]?.toArray());
    u.seed(4);
    expect(layer.forward(x).output.toArray()).not.toEqual(run()[0]?.toArray());
    expect(u.gradcheck(() => run([5, 2, 0]), [x, ...layer.parameters()])).toBe(true);
  });

  it('masks draw a known number of words: whoever counts can resume', () => {
    const layer = make('LSTM', { recurrentDropout: 0.4, zoneout: { h: 0.1 } });
    const before = u.generator.state().drawn;
    layer.forward(random(1, 3, 2, I));
    expect(u.generator.state().drawn - before).toBe(4);
  });
});
