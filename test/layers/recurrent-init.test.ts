// Initial weights of recurrent layers: orthogonal matrices that are orthogonal, each rule's bounds, which part gets which.
import { describe, expect, it } from 'vitest';
import { orthogonal } from '../../src/layers/orthogonal.js';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

const largest = (values: readonly number[]): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** The largest |a - I| of a square matrix. */
function distanceFromIdentity(a: u.Tensor): number {
  const n = a.shape[0] as number;
  return largest(a.toArray().map((v, k) => v - (k % (n + 1) === 0 ? 1 : 0)));
}

const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describeBackends('initial weights', (backend) => {
  describe('orthogonal', () => {
    for (const [rows, columns] of [
      [1, 1],
      [2, 2],
      [31, 31],
      [32, 32],
      [33, 33],
      [100, 100],
      [70, 40],
      [40, 70],
      [5, 1],
    ] as const) {
      it(`[${rows}, ${columns}]: columns (or rows, if they are fewer) are orthonormal to 1e-5`, () => {
        const q = orthogonal(rows, columns);
        expect(q.shape).toEqual([rows, columns]);
        const gram = rows >= columns ? q.transpose().matmul(q) : q.matmul(q.transpose());
        expect(distanceFromIdentity(gram)).toBeLessThan(1e-5);
      });
    }

    it('Haar: no direction is preferred, signs neither', () => {
      u.seed(11);
      const n = 4;
      const draws = Array.from({ length: 2000 }, () => orthogonal(n, n).toArray());
      for (let k = 0; k < n * n; k++) {
        const values = draws.map((q) => q[k] as number);
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        // Each element has mean 0, variance 1/n and fourth moment 3 / (n (n + 2)); four standard deviations of 2000 draws.
        expect(Math.abs(mean), `mean of ${k}`).toBeLessThan(4 * Math.sqrt(1 / n / 2000));
        const fourth = values.reduce((a, v) => a + v ** 4, 0) / values.length;
        expect(Math.abs(fourth - 3 / (n * (n + 2))), `fourth moment of ${k}`).toBeLessThan(0.025);
      }
      // The trace of a Haar matrix has mean 0 and variance 1: QR without the signs of R would not.
      const traces = draws.map((q) => [0, 5, 10, 15].reduce((sum, k) => sum + (q[k] as number), 0));
      expect(Math.abs(traces.reduce((a, b) => a + b, 0) / 2000)).toBeLessThan(4 / Math.sqrt(2000));
      expect(Math.abs(deviation(traces) - 1)).toBeLessThan(0.08);
    });

    it.runIf(backend === 'native avx2')('four gates of 512 units take milliseconds', () => {
      orthogonal(64, 64);
      const start = performance.now();
      new u.LSTM({ inputSize: 8, hiddenSize: 512, init: 'orthogonal' });
      // About 100 ms alone; the bound leaves room for a machine that is busy with other things.
      expect(performance.now() - start).toBeLessThan(2000);
    });
  });

  const made = (init: u.Initializer | undefined, options: object = {}) => {
    u.seed(3);
    return new u.LSTM({ inputSize: 30, hiddenSize: 24, ...options, ...(init && { init }) });
  };
  const numbers = (layer: u.Module, name: string) => (layer as unknown as Record<string, u.Tensor>)[name] as u.Tensor;

  it("'uniform' is the default, PyTorch's", () => {
    const [given, none] = [made('uniform'), made(undefined)];
    for (const [name, p] of given.namedParameters()) {
      expect(p.toArray()).toEqual(numbers(none, name).toArray());
      expect(largest(p.toArray())).toBeLessThanOrEqual(1 / Math.sqrt(24));
    }
  });

  it("'orthogonal': each gate's recurrent matrix is, inputs are Glorot's, biases zero", () => {
    const layer = made('orthogonal', { numLayers: 2, bidirectional: true, forgetBias: 1 });
    for (const at of ['l0', 'l1_reverse']) {
      const gates = [0, 1, 2, 3].map((k) => numbers(layer, `weight_hh_${at}`).slice(24 * k, 24 * (k + 1)));
      for (const q of gates) expect(distanceFromIdentity(q.transpose().matmul(q))).toBeLessThan(1e-5);
      expect(gates[0]?.toArray()).not.toEqual(gates[1]?.toArray());
      const bound = Math.sqrt(6 / ((at === 'l0' ? 30 : 48) + 24));
      const input = largest(numbers(layer, `weight_ih_${at}`).toArray());
      expect(input).toBeLessThanOrEqual(bound);
      expect(input).toBeGreaterThan(0.95 * bound);
      const bias = numbers(layer, `bias_ih_${at}`)
        .add(numbers(layer, `bias_hh_${at}`))
        .toArray();
      expect(bias).toEqual(bias.map((_, k) => (k >= 24 && k < 48 ? 1 : 0)));
    }
  });

  it("'identity' with relu is the IRNN: it adds its inputs up", () => {
    u.seed(3);
    const layer = new u.RNN({ inputSize: 30, hiddenSize: 24, nonlinearity: 'relu', init: 'identity' });
    expect(distanceFromIdentity(numbers(layer, 'weight_hh_l0'))).toBe(0);
    expect(deviation(numbers(layer, 'weight_ih_l0').toArray())).toBeCloseTo(0.001, 4);
    expect(largest(numbers(layer, 'bias_hh_l0').toArray())).toBe(0);
  });

  it('parts are chosen one by one; projections and peepholes follow', () => {
    const layer = made({ input: 'normal', recurrent: 'orthogonal' }, { projSize: 10, peephole: true });
    const gate = numbers(layer, 'weight_hh_l0').slice(24, 48);
    expect(distanceFromIdentity(gate.transpose().matmul(gate))).toBeLessThan(1e-5);
    expect(deviation(numbers(layer, 'weight_hr_l0').toArray())).toBeCloseTo(0.001, 4);
    expect(largest(numbers(layer, 'weight_ch_l0').toArray())).toBe(0);
    expect(largest(numbers(layer, 'bias_ih_l0').toArray())).toBeGreaterThan(0.1);
    const glorot = made('glorot', { projSize: 10 });
    expect(largest(numbers(glorot, 'weight_hh_l0').toArray())).toBeLessThanOrEqual(Math.sqrt(6 / (10 + 24)));
    expect(largest(numbers(glorot, 'weight_hr_l0').toArray())).toBeLessThanOrEqual(Math.sqrt(6 / (10 + 24)));
  });

  it('IndRNN: recurrent weights uniform in 0..1, or all 1; gains start at 1, shifts at 0', () => {
    const sizes = { inputSize: 3, hiddenSize: 400 };
    const own = numbers(new u.IndRNN(sizes), 'weight_hh_l0').toArray();
    expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...own)).toBeLessThan(1);
    expect(deviation(own)).toBeCloseTo(1 / Math.sqrt(3), 1);
    expect(
      numbers(new u.IndRNN({ ...sizes, init: 'identity' }), 'weight_hh_l0')
        .toArray()
        .every((v) => v === 1),
    ).toBe(true);
    const layer = new u.LSTM({ ...sizes, layerNorm: true });
    expect(
      numbers(layer, 'weight_ln_hh_l0')
        .toArray()
        .every((v) => v === 1),
    ).toBe(true);
    expect(
      numbers(layer, 'bias_ln_c_l0')
        .toArray()
        .every((v) => v === 0),
    ).toBe(true);
  });
});
