// diagnose against computations that share nothing with it: products of Jacobians by hand in double, central differences through
// forward alone, and nets whose rates are known by construction.
import { beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../../src/node.js';
import { stepCollector } from '../../../src/ops/diagnostics.js';
import { expectEach } from './each.js';

beforeAll(() => u.ready({ backend: 'reference' }));

/** A recurrent layer that predicts from its last state, or from every output. */
class Reader extends u.Module {
  constructor(
    readonly rnn: u.RNN | u.LSTM | u.GRU,
    readonly everyStep = false,
  ) {
    super();
  }

  forward(x: u.Tensor, options: u.ForwardOptions = {}): u.Tensor {
    const { output, state } = this.rnn.forward(x, options);
    return this.everyStep ? output : state.h;
  }
}

const sumLoss = (output: u.Tensor): u.Tensor => output.sum();

/** A parameter's numbers, to change. */
function weights(layer: u.Module, name: string): u.TensorData {
  const found = [...layer.namedParameters()].find(([own]) => own === name);
  if (!found) throw new Error(`no ${name}`);
  return found[1].data;
}

/** W_hh = factor * Q, or times the identity. */
function setRecurrent(layer: u.Module, H: number, matrix: (i: number, j: number) => number): void {
  const w = weights(layer, 'weight_hh_l0');
  for (let i = 0; i < H; i++) for (let j = 0; j < H; j++) w[i * H + j] = matrix(i, j);
}

const frobenius = (rows: readonly (readonly number[])[]): number => Math.hypot(...rows.flat());
const product = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => (b[0] as number[]).map((_, j) => row.reduce((sum, v, k) => sum + v * (b[k] as number[])[j]!, 0)));

describe('a plain RNN by hand', () => {
  const [T, B, I, H] = [7, 3, 2, 4];

  /** States, dL/dh_t and per-step gradients of h' = tanh(W x + b + V h + d), in plain loops. L = sum of all outputs or of h_T. */
  function byHand(layer: u.RNN, x: u.Tensor, everyStep: boolean) {
    const [w, v] = [weights(layer, 'weight_ih_l0'), weights(layer, 'weight_hh_l0')].map((m) => Array.from(m));
    const [b, d] = [weights(layer, 'bias_ih_l0'), weights(layer, 'bias_hh_l0')].map((m) => Array.from(m));
    const xs = x.toArray();
    const h: number[][][] = [Array.from({ length: B }, () => new Array(H).fill(0))];
    for (let t = 0; t < T; t++) {
      h.push(
        Array.from({ length: B }, (_, row) =>
          Array.from({ length: H }, (_, i) => {
            let a = b![i]! + d![i]!;
            for (let k = 0; k < I; k++) a += w![i * I + k]! * xs[(t * B + row) * I + k]!;
            for (let k = 0; k < H; k++) a += v![i * H + k]! * h[t]![row]![k]!;
            return Math.tanh(a);
          }),
        ),
      );
    }
    const dh: number[][][] = [];
    const added = { dwIh: [] as number[], dwHh: [] as number[], db: [] as number[] };
    let next: number[][] = Array.from({ length: B }, () => new Array(H).fill(0));
    for (let t = T - 1; t >= 0; t--) {
      const dy = everyStep || t === T - 1 ? 1 : 0;
      const now = next.map((row) => row.map((value) => value + dy));
      dh[t] = now;
      const da = now.map((row, r) => row.map((value, i) => value * (1 - h[t + 1]![r]![i]! ** 2)));
      const outer = (other: (r: number, k: number) => number, n: number): number =>
        Math.hypot(
          ...Array.from({ length: H * n }, (_, at) => {
            const [i, k] = [Math.floor(at / n), at % n];
            return da.reduce((sum, row, r) => sum + row[i]! * other(r, k), 0);
          }),
        );
      added.dwIh[t] = outer((r, k) => xs[(t * B + r) * I + k]!, I);
      added.dwHh[t] = outer((r, k) => h[t]![r]![k]!, H);
      added.db[t] = outer(() => 1, 1);
      next = da.map((row) =>
        Array.from({ length: H }, (_, j) => row.reduce((sum, value, i) => sum + value * v![i * H + j]!, 0)),
      );
    }
    /** dh_T/dh_t and dh_T/dx_t of a row. */
    const jacobians = (row: number) => {
      let j: number[][] = Array.from({ length: H }, (_, i) => Array.from({ length: H }, (_, k) => (i === k ? 1 : 0)));
      const found = { dh: [] as number[], dx: [] as number[] };
      for (let t = T - 1; t >= 0; t--) {
        found.dh[t] = frobenius(j);
        const slope = (i: number) => 1 - h[t + 1]![row]![i]! ** 2;
        const through = (m: number[], n: number) =>
          product(
            j,
            Array.from({ length: H }, (_, i) => Array.from({ length: n }, (_, k) => slope(i) * m[i * n + k]!)),
          );
        found.dx[t] = frobenius(through(w!, I));
        j = through(v!, H);
      }
      return found;
    };
    return {
      dh: dh.map((rows) => frobenius(rows)),
      rows: dh.flat().map((row) => Math.hypot(...row)),
      added,
      jacobians,
      h,
    };
  }

  it.each([true, false])(
    'has the same norms of dL/dh_t, of what each step adds, and of the Jacobians (loss at every step: %s)',
    (everyStep) => {
      u.seed(3);
      const model = new Reader(new u.RNN({ inputSize: I, hiddenSize: H }), everyStep);
      const x = u.randn([T, B, I]);
      const hand = byHand(model.rnn as u.RNN, x, everyStep);
      const diagnosis = u.diagnose(model, { x, y: null }, { loss: sumLoss, rows: true, jacobian: { row: 1 } });
      const layer = diagnosis.layers[0] as u.LayerDiagnosis;
      expect(layer).toMatchObject({ name: 'rnn', cell: 'rnn_tanh', T, B, hiddenSize: H, reverse: false, dc: null });
      expectEach(layer.dh, hand.dh, 1e-12);
      expectEach(layer.rows?.dh as Float64Array, hand.rows, 1e-12);
      expectEach(layer.dwIh as Float64Array, hand.added.dwIh, 1e-12);
      expectEach(layer.dwHh as Float64Array, hand.added.dwHh, 1e-12);
      expectEach(layer.db as Float64Array, hand.added.db, 1e-12);
      const jacobian = layer.jacobian as u.Jacobian;
      expect(jacobian).toMatchObject({ row: 1, exact: true, probes: H, dc: null });
      const expected = hand.jacobians(1);
      expectEach(jacobian.dh, expected.dh, 1e-12);
      expectEach(jacobian.dx, expected.dx, 1e-12);
      // The gate of a plain RNN is its h: mean, and the shares beyond +-0.9.
      const values = hand.h[T]!.flat();
      const gate = layer.gates[0] as u.GateFlow;
      expect(gate).toMatchObject({ name: 'h', isCandidate: true });
      expectEach([gate.mean[T - 1]!], [values.reduce((a, b) => a + b) / values.length], 1e-10);
      expect(gate.high[T - 1]).toBe(values.filter((value) => value > 0.9).length / values.length);
    },
  );

  it('stays below the bound sigma_max^(T-t), and sigma_max is that of W_hh', () => {
    for (let seed = 0; seed < 20; seed++) {
      u.seed(seed);
      const model = new Reader(new u.RNN({ inputSize: I, hiddenSize: H, nonlinearity: seed % 2 ? 'tanh' : 'relu' }));
      const { layers } = u.diagnose(model, { x: u.randn([T, B, I]), y: null }, { loss: sumLoss });
      const { jacobian, matrices } = layers[0] as u.LayerDiagnosis;
      const sigma = matrices[0]!.sigmaMax;
      expect(matrices[0]!.spectralRadius).toBeLessThanOrEqual(sigma * (1 + 1e-4));
      jacobian!.dh.forEach((norm, t) => {
        expect(norm / Math.sqrt(H)).toBeLessThanOrEqual(sigma ** (T - 1 - t) * (1 + 1e-6));
      });
    }
  });
});

describe('Jacobians by central differences through forward alone', () => {
  const [T, I, H] = [6, 2, 3];
  const layers = {
    LSTM: () => new u.LSTM({ inputSize: I, hiddenSize: H }),
    GRU: () => new u.GRU({ inputSize: I, hiddenSize: H }),
    RNN: () => new u.RNN({ inputSize: I, hiddenSize: H }),
  };

  it.each(Object.entries(layers))('%s: dh_T/dh_t, dh_T/dc_t and dh_T/dx_t', (_, make) => {
    u.seed(5);
    const rnn = make() as u.LSTM;
    const x = u.randn([T, 1, I]);
    const { jacobian } = u.diagnose(new Reader(rnn), { x, y: null }, { loss: sumLoss }).layers[0] as u.LayerDiagnosis;
    const hasC = jacobian!.dc !== null;
    const step = 1e-5;
    /** h_T from the state after step t, with `by` added to one number of h, c or x_(t+1). */
    const difference = (run: (by: number) => number[], n: number): number => {
      const [up, down] = [run(step), run(-step)];
      expect(up).toHaveLength(H * n);
      return Math.hypot(...up.map((value, k) => (value - down[k]!) / (2 * step)));
    };
    const last = (sequence: u.Tensor, h: number[], c: number[]): number[] =>
      u.noGrad(() => {
        const state = { h: u.tensor(h, [1, 1, H]), ...(hasC && { c: u.tensor(c, [1, 1, H]) }) };
        return rnn.forward(sequence, { state }).state.h.toArray();
      });
    let [h, c] = [new Array<number>(H).fill(0), new Array<number>(H).fill(0)];
    for (let t = 0; t < T; t++) {
      const rest = x.slice(t, T);
      const moved = (k: number, by: number): u.Tensor => {
        const numbers = rest.toArray();
        numbers[k] = numbers[k]! + by;
        return u.tensor(numbers, rest.shape);
      };
      const dx = difference((by) => Array.from({ length: I }, (_, k) => last(moved(k, by), h, c)).flat(), I);
      expectEach([jacobian!.dx[t]!], [dx], 1e-7);
      const after = u.noGrad(() => {
        const state = { h: u.tensor(h, [1, 1, H]), ...(hasC && { c: u.tensor(c, [1, 1, H]) }) };
        return rnn.forward(x.slice(t, t + 1), { state }).state;
      });
      [h, c] = [after.h.toArray(), after.c?.toArray() ?? c];
      if (t === T - 1) break;
      const later = x.slice(t + 1, T);
      const nudged = (values: number[], k: number, by: number) =>
        values.map((value, j) => (j === k ? value + by : value));
      const each = (run: (k: number) => number[]) => Array.from({ length: H }, (_, k) => run(k)).flat();
      const dh = difference((by) => each((k) => last(later, nudged(h, k, by), c)), H);
      expectEach([jacobian!.dh[t]!], [dh], 1e-7);
      if (hasC) {
        // c moves, and with it h = o tanh(c), o as it is.
        const after = (k: number, by: number) =>
          h.map((value, j) => (j === k ? (value * Math.tanh(c[k]! + by)) / Math.tanh(c[k]!) : value));
        const dc = difference((by) => each((k) => last(later, after(k, by), nudged(c, k, by))), H);
        expectEach([jacobian!.dc![t]!], [dc], 1e-7);
      }
    }
  });

  it('random directions estimate the exact norms, the same at each call', () => {
    u.seed(6);
    const model = new Reader(new u.RNN({ inputSize: 2, hiddenSize: 40 }));
    const batch = { x: u.randn([12, 1, 2]), y: null };
    const exact = u.diagnose(model, batch, { loss: sumLoss }).layers[0]!.jacobian!;
    const found = u.diagnose(model, batch, { loss: sumLoss, jacobian: { probes: 39 } }).layers[0]!.jacobian!;
    expect(found).toMatchObject({ exact: false, probes: 39 });
    // Four standard errors of 1 / sqrt(2 * 39).
    expectEach(found.dh, Array.from(exact.dh), 4 / Math.sqrt(2 * 39));
    expect(Math.abs(found.rates.state / exact.rates.state - 1)).toBeLessThan(0.02);
    const again = u.diagnose(model, batch, { loss: sumLoss, jacobian: { probes: 39 } }).layers[0]!.jacobian!;
    expect(again).toEqual(found);
  });
});

describe('verdicts on nets whose rates are known', () => {
  const [T, B, H] = [30, 2, 6];
  const zeros = () => ({ x: u.zeros([T, B, 1]), y: null });

  function rnnOf(matrix: (i: number, j: number) => number): Reader {
    const rnn = new u.RNN({ inputSize: 1, hiddenSize: H, bias: false });
    setRecurrent(rnn, H, matrix);
    return new Reader(rnn);
  }

  it('W_hh = 0.5 I vanishes at the rate 0.5', () => {
    const diagnosis = u.diagnose(
      rnnOf((i, j) => (i === j ? 0.5 : 0)),
      zeros(),
      { loss: sumLoss },
    );
    const [layer] = diagnosis.layers;
    expect(layer!.rates.dh).toBeCloseTo(0.5, 10);
    expect(layer!.jacobian!.rates.state).toBeCloseTo(0.5, 10);
    expect(layer!.matrices).toEqual([
      { gate: 'h', sigmaMax: expect.closeTo(0.5, 8), spectralRadius: expect.closeTo(0.5, 6) },
    ]);
    expect(diagnosis.verdict).toBe('vanishing');
    expect(layer!.text).toBe(
      'dh_T/dh_t shrinks to 0.5 of itself a step: after 29 steps 1.9e-7 % is left'.replace('1.9e-7', '2e-7'),
    );
    expect(diagnosis.advice.map(({ kind, value }) => [kind, value])).toEqual([
      ['cell', null],
      ['truncate', 7],
    ]);
  });

  it('W_hh = 2 I explodes, and the advice clips where nothing has exploded yet', () => {
    const diagnosis = u.diagnose(
      rnnOf((i, j) => (i === j ? 2 : 0)),
      zeros(),
      { loss: sumLoss },
    );
    expect(diagnosis.layers[0]!.rates.dh).toBeCloseTo(2, 10);
    expect(diagnosis.verdict).toBe('exploding');
    const clip = diagnosis.advice.find(({ kind }) => kind === 'clip')!;
    expect(clip.value).toBeGreaterThan(0);
    expect(clip.value).toBeLessThan(1000);
    expect(clip.text).toContain(`clipNorm: ${clip.value}`);
  });

  it('an orthogonal W_hh near the origin is healthy: it turns the gradient and leaves its size', () => {
    const angle = 0.7;
    const turn = [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)];
    const model = rnnOf((i, j) => (i >> 1 === j >> 1 ? turn[(i % 2) * 2 + (j % 2)]! : 0));
    const x = u.randn([T, B, 1]).mul(1e-3);
    const diagnosis = u.diagnose(model, { x, y: null }, { loss: sumLoss });
    const [layer] = diagnosis.layers;
    expect(layer!.verdict).toBe('healthy');
    expect(layer!.jacobian!.rates.state).toBeCloseTo(1, 4);
    expect(layer!.matrices[0]!.spectralRadius).toBeCloseTo(1, 4);
    expect(layer!.text).toContain('keeps its size');
    expect(diagnosis.advice).toEqual([]);
  });

  it('an LSTM with f = 1 and i = 0 carries dL/dc unchanged; with f = 1/2 it loses half a step, and the advice says the bias', () => {
    const lstm = new u.LSTM({ inputSize: 1, hiddenSize: H });
    for (const name of ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']) weights(lstm, name).fill(0);
    const bias = weights(lstm, 'bias_ih_l0');
    bias.fill(-100, 0, H);
    bias.fill(100, H, 2 * H);
    const state = new u.RecurrentState(u.zeros([1, B, H]), u.full([1, B, H], 0.3));
    const options = { loss: sumLoss, forward: (model: Reader, batch: u.Batch) => model.forward(batch.x, { state }) };
    const diagnosis = u.diagnose(new Reader(lstm), zeros(), options);
    const [layer] = diagnosis.layers;
    const dc = layer!.dc!;
    expectEach(dc, new Array(T).fill(dc[T - 1]), 1e-12);
    expect(dc[0]).toBeGreaterThan(0.1);
    expect(layer!.verdict).toBe('healthy');
    expect(layer!.jacobian!.rates.state).toBeCloseTo(1, 8);
    expect(layer!.gates.map(({ name, mean }) => [name, mean[3]])).toEqual([
      ['i', expect.closeTo(0, 12)],
      ['f', expect.closeTo(1, 12)],
      ['g', 0],
      ['o', 0.5],
    ]);
    expect(layer!.gates[0]!.low[0]).toBe(1);
    expect(layer!.gates[1]!.high[0]).toBe(1);
    expect(diagnosis.advice.map(({ text }) => text)).toEqual([expect.stringContaining('gate i is shut')]);

    bias.fill(0, H, 2 * H);
    const forgetful = u.diagnose(new Reader(lstm), zeros(), options);
    expect(forgetful.verdict).toBe('vanishing');
    expect(forgetful.layers[0]!.rates.dc).toBeCloseTo(0.5, 8);
    // 0.01^(1/29) = 0.853; its logit 1.76.
    expect(forgetful.advice.find(({ kind }) => kind === 'forgetBias')).toMatchObject({
      value: 2,
      text: expect.stringContaining('LSTM({ forgetBias: 2 })'),
    });
  });

  it('a GRU with z = 1 carries the gradient unchanged', () => {
    const gru = new u.GRU({ inputSize: 1, hiddenSize: H });
    for (const name of ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']) weights(gru, name).fill(0);
    weights(gru, 'bias_ih_l0').fill(100, H, 2 * H);
    const [layer] = u.diagnose(new Reader(gru), zeros(), { loss: sumLoss }).layers;
    expectEach(layer!.dh, new Array(T).fill(layer!.dh[T - 1]), 1e-12);
    expect(layer!.verdict).toBe('healthy');
    weights(gru, 'bias_ih_l0').fill(0, H, 2 * H);
    const forgetful = u.diagnose(new Reader(gru), zeros(), { loss: sumLoss });
    expect(forgetful.verdict).toBe('vanishing');
    expect(forgetful.advice.find(({ kind }) => kind === 'forgetBias')).toMatchObject({ value: 2 });
  });

  it('W_hh = 0 lets nothing pass; a single step says nothing', () => {
    const none = rnnOf(() => 0);
    expect(u.diagnose(none, zeros(), { loss: sumLoss }).layers[0]).toMatchObject({
      verdict: 'vanishing',
      rates: { dh: 0 },
    });
    const one = u.diagnose(none, { x: u.zeros([1, 2, 1]), y: null }, { loss: sumLoss });
    expect(one.verdict).toBe('unknown');
    expect(one.layers[0]!.text).toContain('too few steps');
  });
});

describe('layers, directions, rows', () => {
  it('stacked, bidirectional and ragged: each direction of each layer, rates along each row from its own end', () => {
    u.seed(8);
    const H = 3;
    const rnn = new u.RNN({ inputSize: 1, hiddenSize: H, numLayers: 2, bidirectional: true, bias: false });
    for (const [name, parameter] of rnn.namedParameters()) {
      if (!name.startsWith('weight_hh')) continue;
      const rate = name.endsWith('_reverse') ? 0.25 : 0.5;
      for (let k = 0; k < H * H; k++) parameter.data[k] = k % (H + 1) === 0 ? rate : 0;
    }
    class Model extends u.Module {
      encoder = { rnn };
      inner = rnn;
      forward(x: u.Tensor, options: u.ForwardOptions) {
        return this.inner.forward(x, options).state.h;
      }
    }
    const lengths = [9, 4, 0, 6];
    const x = u.zeros([9, 4, 1]);
    const diagnosis = u.diagnose(new Model(), { x, y: null, lengths }, { loss: sumLoss, rows: true });
    expect(diagnosis.layers.map(({ name, reverse }) => [name, reverse])).toEqual([
      ['inner, layer 0', false],
      ['inner, layer 0, reverse', true],
      ['inner, layer 1', false],
      ['inner, layer 1, reverse', true],
    ]);
    for (const layer of diagnosis.layers.slice(2)) {
      const rate = layer.reverse ? 0.25 : 0.5;
      expect(layer.lengths).toEqual(Int32Array.from(lengths));
      expect(layer.rates.dh).toBeCloseTo(rate, 10);
      expect(layer.jacobian).toMatchObject({ row: 0, rates: { state: expect.closeTo(rate, 10) } });
      // A row of 4 steps: 1 at its own last step in the order of reading, and nothing beyond its end.
      const row = Array.from({ length: 9 }, (_, t) => layer.rows!.dh[t * 4 + 1]!);
      const own = Array.from({ length: 4 }, (_, t) => Math.sqrt(H) * rate ** (layer.reverse ? t : 3 - t));
      expectEach(row, [...own, 0, 0, 0, 0, 0], 1e-10);
      expect(layer.gates[0]!.mean.every((mean) => mean === 0)).toBe(true);
    }
  });

  it('a layer that is called again is told apart', () => {
    const rnn = new u.RNN({ inputSize: 2, hiddenSize: 2 });
    const forward = (_: unknown, batch: u.Batch) => rnn.forward(rnn.forward(batch.x).output).state.h;
    const { layers } = u.diagnose(rnn, { x: u.randn([5, 1, 2]), y: null }, { loss: sumLoss, forward });
    expect(layers.map(({ name }) => name)).toEqual(['rnn', 'rnn, call 2']);
  });

  it('steps that no row has are NaN in the gates, and a batch of empty rows has no rate', () => {
    const model = new Reader(new u.GRU({ inputSize: 1, hiddenSize: 2 }));
    const short = u.diagnose(model, { x: u.randn([4, 1, 1]), y: null, lengths: [2] }, { loss: sumLoss }).layers[0]!;
    expect(Array.from(short.gates[0]!.mean, Number.isNaN)).toEqual([false, false, true, true]);
    expect(short.jacobian!.dh).toHaveLength(2);
    const empty = u.diagnose(model, { x: u.randn([4, 1, 1]), y: null, lengths: [0] }, { loss: sumLoss }).layers[0]!;
    expect(empty).toMatchObject({ verdict: 'unknown', jacobian: null });
  });
});

describe('what diagnose leaves behind', () => {
  it('is nothing: gradients, modes, random numbers, weights and an unfinished step are as they were', () => {
    u.seed(9);
    const model = new Reader(new u.LSTM({ inputSize: 2, hiddenSize: 3, numLayers: 2, dropout: 0.5 }));
    model.rnn.training = false;
    const batch = { x: u.tensor(u.randn([5, 2, 2]).toArray(), [5, 2, 2], { requiresGrad: true }), y: null };
    model.forward(batch.x).sum().backward();
    const [withGrad, ...others] = model.parameters() as [u.Parameter, ...u.Parameter[]];
    for (const other of others) other.zeroGrad();
    const before = {
      grad: withGrad.grad,
      numbers: withGrad.grad!.toArray(),
      x: batch.x.grad!.toArray(),
      weights: model.parameters().map((parameter) => parameter.toArray()),
      random: u.generator.state(),
    };
    // A step of the user's own, in the middle.
    const own = model.forward(batch.x).sum();
    const value = own.item();
    for (const training of [true, false]) u.diagnose(model, batch, { loss: sumLoss, training });
    expect(stepCollector()).toBe(null);
    expect(withGrad.grad).toBe(before.grad);
    expect(withGrad.grad!.toArray()).toEqual(before.numbers);
    expect(batch.x.grad!.toArray()).toEqual(before.x);
    expect(others.every(({ grad }) => grad === null)).toBe(true);
    expect(model.parameters().map((parameter) => parameter.toArray())).toEqual(before.weights);
    expect([model.training, model.rnn.training]).toEqual([true, false]);
    expect(u.generator.state()).toEqual(before.random);
    expect(own.item()).toBe(value);
    own.backward();
    expectEach(
      withGrad.grad!.toArray(),
      before.numbers.map((number) => 2 * number),
      1e-12,
    );
  });

  it('is nothing after an error either', () => {
    const model = new Reader(new u.RNN({ inputSize: 1, hiddenSize: 2 }));
    const batch = { x: u.randn([3, 1, 1]), y: null };
    const loss = () => {
      throw new Error('mine');
    };
    expect(() => u.diagnose(model, batch, { loss })).toThrow('mine');
    expect(model.training).toBe(true);
    expect(stepCollector()).toBe(null);
    expect(u.diagnose(model, batch, { loss: sumLoss }).layers).toHaveLength(1);
  });

  it('dropout is off unless asked for, and then the same at each call', () => {
    u.seed(10);
    class Dropped extends u.Module {
      rnn = new u.RNN({ inputSize: 4, hiddenSize: 4 });
      dropout = new u.Dropout({ p: 0.5 });
      forward(x: u.Tensor) {
        return this.rnn.forward(this.dropout.forward(x)).state.h;
      }
    }
    const model = new Dropped();
    const run = (training?: boolean) =>
      u.diagnose(model, { x, y: null }, { loss: sumLoss, ...(training !== undefined && { training }) }).loss;
    const x = u.randn([6, 2, 4]);
    const plain = model.eval().forward(x).sum().item();
    expect(run()).toBe(plain);
    expect(run(true)).not.toBe(plain);
    expect(run(true)).toBe(run(true));
  });
});

describe('the result', () => {
  it('survives JSON, numbers that JSON has none for included, and reads as a table', () => {
    u.seed(11);
    const rnn = new u.LSTM({ inputSize: 1, hiddenSize: 3 });
    const x = u.randn([12, 2, 1]);
    const diagnosis = u.diagnose(new Reader(rnn), { x, y: null, lengths: [11, 3] }, { loss: sumLoss, rows: true });
    const text = JSON.stringify(diagnosis);
    const again = u.Diagnosis.fromJSON(JSON.parse(text));
    expect(again).toEqual(diagnosis);
    expect(JSON.stringify(again)).toBe(text);
    expect(String(again)).toBe(String(diagnosis));
    const lines = String(diagnosis).split('\n');
    expect(lines[0]).toMatch(/^gradient flow: (vanishing|healthy); loss /);
    expect(lines[2]).toMatch(/^layer +cell +T +sigma_max +radius +dL\/dh a step +dh_T\/dh a step +verdict$/);
    expect(lines[3]).toMatch(/^rnn +lstm +12 /);
    expect(lines.some((line) => /\|dL\/dc_t\|.*[▁▂▃▄▅▆▇█]/.test(line))).toBe(true);
    expect(() => u.Diagnosis.fromJSON({ format: 'other' })).toThrow(/expected \{ format: 'unrolled diagnosis 1'/);
    expect(() => u.Diagnosis.fromJSON(null)).toThrow(u.FormatError);
  });

  it('has no Jacobian where none is wanted: the verdict is then that of dL/dh', () => {
    const rnn = new u.RNN({ inputSize: 1, hiddenSize: 2, bias: false });
    setRecurrent(rnn, 2, (i, j) => (i === j ? 0.5 : 0));
    const batch = { x: u.zeros([25, 1, 1]), y: null };
    const [layer] = u.diagnose(new Reader(rnn), batch, { loss: sumLoss, jacobian: false }).layers;
    expect(layer).toMatchObject({ jacobian: null, verdict: 'vanishing' });
    expect(layer!.text).toMatch(/^dL\/dh shrinks to 0.5/);
    // A loss at every step holds dL/dh up, although nothing comes back from afar: the Jacobian is not fooled.
    const [every] = u.diagnose(new Reader(rnn, true), batch, { loss: sumLoss }).layers;
    expect(every!.rates.dh).toBeGreaterThan(0.9);
    expect(every).toMatchObject({ verdict: 'vanishing' });
  });

  it('refuses what cannot be diagnosed, in words', () => {
    const model = new Reader(new u.RNN({ inputSize: 1, hiddenSize: 2 }));
    const batch = { x: u.randn([3, 2, 1]), y: null };
    expect(() => u.diagnose({} as never, batch, { loss: sumLoss })).toThrow(/model must be a Module/);
    expect(() => u.diagnose(model, batch, {} as never)).toThrow(/option "loss" is missing/);
    expect(() => u.diagnose(model, batch, { loss: sumLoss, jacobians: true } as never)).toThrow(
      /did you mean "jacobian"/,
    );
    expect(() => u.diagnose(model, batch, { loss: sumLoss, jacobian: { probe: 3 } as never })).toThrow(
      /did you mean "probes"/,
    );
    expect(() => u.diagnose(model, batch, { loss: sumLoss, jacobian: { row: 2 } })).toThrow(
      /row must be an integer from 0 to 1/,
    );
    expect(() => u.noGrad(() => u.diagnose(model, batch, { loss: sumLoss }))).toThrow(/inside noGrad/);
    const linear = new u.Linear({ inFeatures: 1, outFeatures: 1 });
    expect(() => u.diagnose(linear, batch, { loss: sumLoss })).toThrow(
      /no gradient passed through a recurrent layer of the Linear/,
    );
    expect(() => u.diagnose(model, batch, { loss: () => u.tensor([1]) })).toThrow(/does not depend on anything/);
  });
});
