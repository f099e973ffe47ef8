// One-hot input by its ids: the same as the rows of zeros and ones that they stand for, forward to the bit, gradients to
// rounding; for all cells and options, ragged, in both directions, with states recomputed.
import { describe, expect, it } from 'vitest';
import { setCurrent } from '../../src/autograd/context.js';
import * as u from '../../src/node.js';
import { candidates, describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';

const C = 19; // classes: panels of every instruction set end inside a row
const H = 7;
const T = 6;
const B = 4;
const ids = Int32Array.from({ length: T * B }, (_, k) => (k * k * 5 + 3 * k) % C);

const kinds = { RNN: u.RNN, LSTM: u.LSTM, GRU: u.GRU, MGU: u.MGU, IndRNN: u.IndRNN };
const cases: [keyof typeof kinds, object][] = [
  ['RNN', {}],
  ['LSTM', {}],
  ['GRU', {}],
  ['GRU', { resetAfter: false }],
  ['MGU', {}],
  ['IndRNN', {}],
  ['LSTM', { bidirectional: true, numLayers: 2 }],
  ['LSTM', { bias: false, coupled: true }],
  ['LSTM', { projSize: 3, peephole: true, layerNorm: true, zoneout: 0.2, goBackwards: true }],
  ['GRU', { recompute: 2, merge: 'sum', bidirectional: true }],
  ['LSTM', { recurrentDropout: 0.3 }],
];

interface Run {
  y: number[];
  h: number[];
  gradients: Record<string, number[]>;
}

function run(kind: keyof typeof kinds, options: object, x: u.Tensor, lengths: number[] | undefined, classes = C): Run {
  u.seed(3);
  const layer = new kinds[kind]({ inputSize: classes, hiddenSize: H, ...options } as never) as u.LSTM;
  u.seed(4); // the same masks
  const { output, state } = layer.forward(x, { ...(lengths && { lengths }) });
  const weights = u.tensor(
    Float32Array.from({ length: output.size }, (_, k) => Math.sin(k + 1)),
    output.shape,
  );
  output.mul(weights).sum().add(state.h.sum()).backward();
  const gradients = Object.fromEntries(
    [...layer.namedParameters()].map(([name, p]) => [name, p.grad?.toArray() ?? []]),
  );
  return { y: output.toArray(), h: state.h.toArray(), gradients };
}

describeBackends('one-hot input by ids', () => {
  for (const [kind, options] of cases) {
    for (const lengths of [undefined, [T, 0, 3, 1]]) {
      it(`${kind} ${JSON.stringify(options)}${lengths ? ', ragged' : ''} equals the rows of zeros and ones`, () => {
        const given = u.tensor(ids, [T, B]);
        const rows = run(kind, options, u.oneHot(given, C), lengths);
        const padded = Int32Array.from(ids, (id, k) =>
          lengths && Math.floor(k / B) >= (lengths[k % B] as number) ? (k % 2 ? -7 : 99) : id,
        );
        const byIds = run(kind, options, u.tensor(padded, [T, B]), lengths);
        expectSameBits(byIds.y, rows.y, 'y');
        expectSameBits(byIds.h, rows.h, 'h');
        for (const [name, gradient] of Object.entries(rows.gradients)) {
          // Sums over T*B terms in another order.
          expectClose(byIds.gradients[name] as number[], gradient, 40 * EPS32, name);
        }
      });
    }
  }

  it('each of hundreds of classes gets its own gradient', () => {
    const classes = 200; // more than are put in their place at a time
    const given = u.tensor(
      Int32Array.from({ length: classes }, (_, k) => (k * 7) % classes),
      [classes / B, B],
    );
    const rows = run('GRU', {}, u.oneHot(given, classes), undefined, classes);
    const byIds = run('GRU', {}, given, undefined, classes);
    for (const [name, gradient] of Object.entries(rows.gradients))
      expectClose(byIds.gradients[name] as number[], gradient, 40 * EPS32, name);
    const dwIh = byIds.gradients.weight_ih_l0 as number[];
    for (let id = 0; id < classes; id++) expect(dwIh[id], `class ${id}`).not.toBe(0);
  });

  it('batchFirst takes [B, T]', () => {
    u.seed(1);
    const layer = new u.GRU({ inputSize: C, hiddenSize: H, batchFirst: true });
    const turned = Int32Array.from({ length: T * B }, (_, k) => ids[(k % T) * B + Math.floor(k / T)] as number);
    const given = u.tensor(turned, [B, T]);
    expectSameBits(layer.forward(given).output.toArray(), layer.forward(u.oneHot(given, C)).output.toArray(), 'y');
  });

  it('step takes [B]', () => {
    u.seed(1);
    const layer = new u.LSTM({ inputSize: C, hiddenSize: H });
    const whole = u.noGrad(() => layer.forward(u.tensor(ids, [T, B])));
    let state: u.RecurrentState | null = null;
    const last = u.noGrad(() => {
      for (let t = 0; t < T; t++) {
        ({ state } = layer.step(u.tensor(ids.slice(t * B, (t + 1) * B), [B]), state));
      }
      return (state as u.RecurrentState).h.toArray();
    });
    expectClose(last, whole.state.h.toArray(), 8 * EPS32, 'h');
  });

  it('ids are read when forward is called: filling the tensor anew does not change the gradient', () => {
    const layer = new u.RNN({ inputSize: C, hiddenSize: H });
    const given = u.tensor(ids, [T, B]);
    const { output } = layer.forward(given);
    given.data.fill(0);
    output.sum().backward();
    const gradient = layer.weight_ih_l0?.grad?.toArray() as number[];
    const touched = (id: number) => gradient.some((value, k) => k % C === id && value !== 0);
    expect(Array.from({ length: C }, (_, id) => touched(id))).toEqual(
      Array.from({ length: C }, (_, id) => ids.includes(id)),
    );
  });

  it('diagnose and quantised weights see the rows themselves', () => {
    u.seed(2);
    class Model extends u.Module {
      rnn = new u.LSTM({ inputSize: C, hiddenSize: H });
      forward(x: u.Tensor) {
        return this.rnn.forward(x).output.sum(2);
      }
    }
    const model = new Model();
    const given = u.tensor(ids, [T, B]);
    const y = u.zeros([T, B]);
    const diagnosis = u.diagnose(model, { x: given, y }, { loss: 'mse' });
    const same = u.diagnose(model, { x: u.oneHot(given, C), y }, { loss: 'mse' });
    expect(diagnosis.toJSON()).toEqual(same.toJSON());
    u.quantize(model, { dtype: 'int8' });
    expectSameBits(u.predict(model, given).toArray(), u.predict(model, u.oneHot(given, C)).toArray(), 'y');
  });

  it('an id outside its range is named, at valid steps only', () => {
    const layer = new u.GRU({ inputSize: C, hiddenSize: H });
    const wrong = Int32Array.from(ids);
    wrong[2 * B + 1] = C;
    const given = u.tensor(wrong, [T, B]);
    expect(() => layer.forward(given)).toThrow(u.IndexError);
    expect(() => layer.forward(given)).toThrow(/\[2, 1\] must be from 0 to 18, got 19/);
    expect(() => layer.forward(given, { lengths: [T, 2, T, T] })).not.toThrow();
    wrong[0] = -1;
    expect(() => layer.forward(u.tensor(wrong, [T, B]))).toThrow(/\[0, 0\].*got -1/);
  });

  it('a tensor of another shape is refused, with what one-hot ids would be', () => {
    const layer = new u.GRU({ inputSize: C, hiddenSize: H });
    expect(() => layer.forward(u.tensor(ids, [T, B, 1]))).toThrow(/int32 without the last axis/);
  });
});

describe.each(candidates())('one-hot input on $label', ({ open }) => {
  it('the same bits for one thread and three', async () => {
    const results = [];
    for (const threads of [1, 3]) {
      const backend = await open(threads);
      setCurrent(backend);
      u.seed(5);
      const layer = new u.LSTM({ inputSize: 40, hiddenSize: 64 });
      const many = Int32Array.from({ length: 50 * 32 }, (_, k) => (k * 7919) % 40);
      const { output } = layer.forward(u.tensor(many, [50, 32]));
      output.mul(output).sum().backward();
      results.push([...output.toArray(), ...(layer.weight_ih_l0?.grad?.toArray() ?? [])]);
      backend.close();
    }
    expectSameBits(results[1] as number[], results[0] as number[], 'y and dW_ih');
  });
});
