// Attention: against its equations in double, with gradients; what padding may hold; what it refuses.
import { describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { random } from '../helpers/tensors.js';

const [Tq, Tk, B, Q, K, V, A] = [3, 5, 4, 6, 7, 2, 5];
const lengths = [5, 0, 1, 3];

type Kind = 'dot' | 'general' | 'additive';
const make = (kind: Kind, scale = 1): u.Attention => {
  u.seed(11);
  const keySize = kind === 'dot' ? Q : K;
  return new u.Attention({ kind, querySize: Q, keySize, scale, ...(kind === 'additive' && { hiddenSize: A }) });
};

/** The equations, one number at a time, in double. */
function byHand(attention: u.Attention, q: number[], k: number[], values: number[], steps: readonly number[]) {
  const { kind, keySize, scale } = attention;
  const weights: number[] = [];
  const context: number[] = [];
  const [wk, wq, ws] = [attention.weight_key, attention.weight_query, attention.weight_score].map((p) => p?.toArray());
  for (let t = 0; t < Tq; t++) {
    for (let b = 0; b < B; b++) {
      const query = q.slice((t * B + b) * Q, (t * B + b + 1) * Q);
      const scores = Array.from({ length: steps[b] as number }, (_, s) => {
        const key = k.slice((s * B + b) * keySize, (s * B + b + 1) * keySize);
        const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
        const rows = (w: number[], x: number[]) =>
          Array.from({ length: w.length / x.length }, (_, r) => dot(w.slice(r * x.length, (r + 1) * x.length), x));
        if (kind === 'dot') return scale * dot(query, key);
        if (kind === 'general') return scale * dot(query, rows(wk as number[], key));
        const [a, c] = [rows(wq as number[], query), rows(wk as number[], key)];
        return (
          scale *
          dot(
            ws as number[],
            a.map((value, i) => Math.tanh(value + (c[i] as number))),
          )
        );
      });
      const most = Math.max(...scores);
      const parts = scores.map((score) => Math.exp(score - most));
      const sum = parts.reduce((x, y) => x + y, 0);
      const row = Array.from({ length: Tk }, (_, s) => (s < scores.length ? (parts[s] as number) / sum : 0));
      weights.push(...row);
      for (let v = 0; v < V; v++) {
        context.push(
          row.reduce((total, w, s) => total + (w === 0 ? 0 : w * (values[(s * B + b) * V + v] as number)), 0),
        );
      }
    }
  }
  return { weights, context };
}

describeBackends('attention', (backend) => {
  for (const kind of ['dot', 'general', 'additive'] as const) {
    const keySize = kind === 'dot' ? Q : K;

    it(`${kind}: the equations, ragged`, () => {
      const attention = make(kind, 0.7);
      const [q, k, values] = [random(1, Tq, B, Q), random(2, Tk, B, keySize), random(3, Tk, B, V)];
      const got = attention.forward(q, k, { values, lengths });
      const want = byHand(attention, q.toArray(), k.toArray(), values.toArray(), lengths);
      expectClose(got.weights.toArray(), want.weights, 40 * EPS32, 'weights', 0.1);
      expectClose(got.context.toArray(), want.context, 40 * EPS32, 'context', 0.1);
    });

    it(`${kind}: what stands past a length never matters, forward and backward`, () => {
      const attention = make(kind);
      const run = (filling: number) => {
        const q = random(1, Tq, B, Q);
        const k = random(2, Tk, B, keySize);
        for (let t = 0; t < Tk; t++) {
          for (let b = 0; b < B; b++) {
            if (t >= (lengths[b] as number)) k.data.fill(filling, (t * B + b) * keySize, (t * B + b + 1) * keySize);
          }
        }
        const leaf = u.tensor(k.toArray(), k.shape, { requiresGrad: true });
        attention.zeroGrad();
        const { context, weights } = attention.forward(q, leaf, { lengths });
        context
          .mul(random(4, Tq, B, keySize))
          .sum()
          .backward();
        const gradients = attention.parameters().flatMap((p) => p.grad?.toArray() ?? []);
        return {
          numbers: [...context.toArray(), ...weights.toArray()],
          gradients: [...gradients, ...(leaf.grad as u.Tensor).toArray()],
        };
      };
      const [zeros, nan] = [run(0), run(Number.NaN)];
      expectSameBits(nan.numbers, zeros.numbers, 'context and weights');
      expectSameBits(nan.gradients, zeros.gradients, 'gradients');
    });

    it(`${kind}: a step [B, Q] is a sequence of one, and without lengths all keys count`, () => {
      const attention = make(kind);
      const [q, k] = [random(1, B, Q), random(2, Tk, B, keySize)];
      const step = attention.forward(q, k);
      const whole = attention.forward(q.reshape([1, B, Q]), k, { lengths: [Tk, Tk, Tk, Tk] });
      expect(step.context.shape).toEqual([B, keySize]);
      expect(step.weights.shape).toEqual([B, Tk]);
      expectSameBits(step.context.toArray(), whole.context.toArray(), 'context');
    });

    if (backend === 'reference') {
      it(`${kind}: gradients equal differences`, () => {
        const attention = make(kind);
        const inputs = [random(1, Tq, B, Q), random(2, Tk, B, keySize), random(3, Tk, B, V), ...attention.parameters()];
        const weighting = random(5, Tq, B, V);
        const report = u.gradcheck(
          (q, k, values) =>
            attention
              .forward(q as u.Tensor, k as u.Tensor, { values: values as u.Tensor, lengths })
              .context.mul(weighting)
              .sum(),
          inputs.map((t, k) => (k < 3 ? u.tensor(t.toArray(), t.shape, { requiresGrad: true }) : t)),
        );
        expect(report).toBeTruthy();
      });
    }
  }

  it('rows without a key have context 0 and weights 0', () => {
    const { context, weights } = make('dot').forward(random(1, Tq, B, Q), random(2, Tk, B, Q), { lengths });
    for (let t = 0; t < Tq; t++) {
      expect(context.toArray().slice((t * B + 1) * Q, (t * B + 2) * Q)).toEqual(new Array(Q).fill(0));
      expect(weights.toArray().slice((t * B + 1) * Tk, (t * B + 2) * Tk)).toEqual(new Array(Tk).fill(0));
    }
  });
});

describe('attention refuses', () => {
  it('sizes that do not meet, with what would', async () => {
    await u.ready({ backend: 'reference' });
    expect(() => new u.Attention({ kind: 'dot', querySize: 4, keySize: 5 })).toThrow(
      /keySize must be querySize, 4, got 5.*general/,
    );
    const attention = new u.Attention({ kind: 'general', querySize: 4, keySize: 5 });
    expect(() => attention.forward(u.zeros([2, 3, 4]), u.zeros([6, 2, 5]))).toThrow(
      /keys must be \[6, 3, 5\].*got \[6, 2, 5\]/,
    );
    expect(() => attention.forward(u.zeros([2, 3, 5]), u.zeros([6, 3, 5]))).toThrow(/query must be/);
    expect(() => attention.forward(u.zeros([2, 3, 4]), u.zeros([6, 3, 5]), { lengths: [1, 2] })).toThrow(
      u.LengthsError,
    );
    expect(() => attention.forward(u.zeros([2, 3, 4]), u.zeros([6, 3, 5]), { lengths: [1, 2, 7] })).toThrow(
      /lengths\[2\].*0 to 6/,
    );
  });
});
