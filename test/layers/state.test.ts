// RecurrentState: the value that carries the past.
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { expectClose, expectSameBits } from '../helpers/compare.js';

const sizes = { inputSize: 3, hiddenSize: 2 };

describeBackends('RecurrentState', () => {
  it('detach cuts the history and outlives the step', () => {
    const layer = new u.LSTM(sizes);
    const x = u.randn([4, 2, 3]);
    const { output, state } = layer.forward(x);
    const kept = state.detach();
    const before = kept.h.toArray();
    output.sum().backward();
    // Truncated BPTT: the next window starts from the detached state.
    layer.forward(x, { state: kept }).output.sum().backward();
    expect(kept.h.toArray()).toEqual(before);
    expect(() => layer.forward(x, { state })).toThrow(/belongs to a step that is over.*detach\(\)/s);
  });

  it('select reorders rows, and gradients find their way back', () => {
    const h = u.tensor(
      [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      undefined,
      { requiresGrad: true },
    );
    const state = new u.RecurrentState(h, null).select([2, 0, 2]);
    expect(state.h.toArray()).toEqual([5, 6, 1, 2, 5, 6]);
    state.h.sum().backward();
    expect(h.grad?.toArray()).toEqual([1, 1, 0, 0, 2, 2]);
    expect(() => new u.RecurrentState(u.zeros([1, 3, 2]), null).select([3])).toThrow(u.IndexError);
  });

  it('zeroRows clears rows, NaN included, and lets the others through', () => {
    const h = u.tensor(
      [
        [
          [1, 2],
          [Number.NaN, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
      undefined,
      { requiresGrad: true },
    );
    const state = new u.RecurrentState(h, h).zeroRows([false, true]);
    expect(state.c?.toArray()).toEqual([1, 2, 0, 0, 5, 6, 0, 0]);
    state.h.sum().backward();
    expect(h.grad?.toArray()).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);
    expect(() => state.zeroRows([true])).toThrow(/mask must have 2 entries/);
  });

  it('restartRows starts rows as without a state, in forward and in step, however the state was passed around', () => {
    for (const options of [
      { ...sizes, numLayers: 2, learnInitialState: true },
      { ...sizes, hiddenSize: [2, 3], learnInitialState: true },
      sizes,
    ]) {
      const lstm = new u.LSTM(options);
      for (const own of [lstm.h0, lstm.c0]) own?.data.set(u.randn(own.shape).data);
      const [x, before] = [u.randn([2, 3, 3]), u.randn([4, 3, 3])];
      const { state } = u.noGrad(() => lstm.forward(before));
      const row = (t: u.Tensor, k: number) => u.indexSelect(t, [k], t.shape.length - 2).toArray();
      const goneOn = u.noGrad(() => lstm.forward(x, { state }).output);
      const anew = u.noGrad(() => lstm.forward(x).output);
      const once = state.restartRows([false, true, false]);
      const forms: [string, u.RecurrentState, boolean[]][] = [
        ['as it is', once, [false, true, false]],
        ['twice', once.restartRows([true, false, false]), [true, true, false]],
        ['detached', once.detach(), [false, true, false]],
        ['cloned', once.clone(), [false, true, false]],
        ['taken apart', u.RecurrentState.concat([once.select([0]), once.select([1, 2])]), [false, true, false]],
        ['selected', once.select(Int32Array.of(0, 1, 2)), [false, true, false]],
      ];
      for (const [name, given, mask] of forms) {
        const output = lstm.forward(x, { state: given }).output;
        const stepped = u.noGrad(() => lstm.step(x.select(0), given).output);
        for (const [k, isAnew] of mask.entries()) {
          const wanted = isAnew ? anew : goneOn;
          expectClose(row(output, k), row(wanted, k), 1e-6, `${name}: row ${k}`);
          expectClose(row(stepped, k), row(wanted.select(0), k), 1e-6, `${name}: row ${k} of a step`);
        }
      }
      // Zeros that were asked for are zeros.
      const zeros = new u.RecurrentState(u.zeros(state.h.shape), u.zeros(state.c.shape));
      expectClose(
        row(lstm.forward(x, { state: once.zeroRows([false, true, false]) }).output, 1),
        row(lstm.forward(x, { state: zeros }).output, 1),
        1e-6,
        'zeroRows',
      );
      expect(once.h.toArray()).toEqual(state.zeroRows([false, true, false]).h.toArray());
      expect(() => lstm.step(x.select(0).slice(0, 2), once)).toThrow(/h must be/);
    }
    expect(() => new u.RecurrentState(u.zeros([1, 2, 3]), null).restartRows([true])).toThrow(
      /mask must have 2 entries/,
    );
    expect(() => new u.RecurrentState(u.zeros([1, 2, 3]), null).restartRows(1 as never)).toThrow(
      /RecurrentState.restartRows: mask must be a list of 2 booleans, got 1/,
    );
  });

  it('clone is independent of the original', () => {
    const h = u.zeros([1, 1, 2]);
    const copy = new u.RecurrentState(h, null).clone();
    h.data[0] = 5;
    expect(copy.h.toArray()).toEqual([0, 0]);
  });

  it('goes through JSON and back', () => {
    const { state } = u.noGrad(() => new u.LSTM({ ...sizes, numLayers: 2 }).forward(u.randn([4, 2, 3])));
    const again = u.RecurrentState.fromJSON(JSON.parse(JSON.stringify(state)));
    expect([again.h.shape, again.h.toArray(), again.c?.toArray()]).toEqual([
      state.h.shape,
      state.h.toArray(),
      state.c.toArray(),
    ]);
    expect(() => u.RecurrentState.fromJSON({} as never)).toThrow(u.FormatError);
  });

  it('concat joins rows, takes them apart again with select, and lets gradients through', () => {
    const part = (rows: number, from: number) =>
      u.tensor(
        Float32Array.from({ length: 2 * rows * 2 }, (_, k) => from + k),
        [2, rows, 2],
        { requiresGrad: true },
      );
    const [a, b] = [part(1, 0), part(2, 10)];
    const all = u.RecurrentState.concat([new u.RecurrentState(a, a), new u.RecurrentState(b, b)]);
    expect(all.h.shape).toEqual([2, 3, 2]);
    expect(all.c.toArray()).toEqual([0, 1, 10, 11, 12, 13, 2, 3, 14, 15, 16, 17]);
    expect(all.select([1, 2]).h.toArray()).toEqual(b.toArray());
    all.select([2, 2, 0]).h.sum().backward();
    expect([a.grad?.toArray(), b.grad?.toArray()]).toEqual([
      [1, 1, 1, 1],
      [0, 0, 2, 2, 0, 0, 2, 2],
    ]);
  });

  it('concat and zeroRows refuse what does not fit, and say what', () => {
    const state = (shape: number[], c = false) => new u.RecurrentState(u.zeros(shape), c ? u.zeros(shape) : null);
    const { concat } = u.RecurrentState;
    expect(() => concat([])).toThrow(/states must be a list of at least one state, got \[\]/);
    expect(() => concat([state([1, 2, 3]), state([1, 2, 4])])).toThrow(
      /first one's h is \[1, 2, 3\], that of state 1 is \[1, 2, 4\]/,
    );
    expect(() => concat([state([1, 2, 3], true), state([1, 2, 3])] as never)).toThrow(/c is .*that of state 1 is none/);
    expect(() => concat([state([1, 2, 3]), u.zeros([1, 2, 3])] as never)).toThrow(
      /state 1 must be a RecurrentState, got a Tensor/,
    );
    expect(() => state([1, 2, 3]).zeroRows(true as never)).toThrow(/mask must be a list of 2 booleans, got true/);
  });

  it('goes through bytes and typed arrays and back exactly, NaN, infinities and -0 too', () => {
    const numbers = [0.1, Number.NaN, Number.POSITIVE_INFINITY, -0];
    const lstm = new u.RecurrentState(u.tensor(numbers, [1, 2, 2]), u.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3]));
    for (const state of [lstm, new u.RecurrentState(lstm.h, null)]) {
      for (const again of [
        u.RecurrentState.fromBytes(state.toBytes()),
        u.RecurrentState.fromBytes(Buffer.concat([Buffer.from('..'), state.toBytes()]).subarray(2)),
        u.RecurrentState.fromTransferable(structuredClone(state.toTransferable())),
      ]) {
        expect([again.h.shape, again.c?.shape]).toEqual([state.h.shape, state.c?.shape]);
        expectSameBits(again.h.toArray(), state.h.toArray(), 'h');
        expectSameBits(again.c?.toArray() ?? [], state.c?.toArray() ?? [], 'c');
      }
    }
    expect(u.RecurrentState.fromJSON({ h: { shape: [1, 1, 1], data: [2] } } as never).c).toBeNull();
  });

  it('a state goes to another thread and comes back, with buffers that move', async () => {
    const { state } = u.noGrad(() => new u.GRU(sizes).forward(u.randn([4, 2, 3])));
    const { port1, port2 } = new MessageChannel();
    const sent = state.toTransferable();
    const arrived = new Promise<u.TransferableState>((resolve) => port2.on('message', resolve));
    port1.postMessage(sent, [sent.h.data.buffer]);
    expect(u.RecurrentState.fromTransferable(await arrived).h.toArray()).toEqual(state.h.toArray());
    port1.close();
    expect(() => u.RecurrentState.fromTransferable(sent)).toThrow(
      /h of shape \[1, 2, 2\] needs 4 numbers, got 0; was its/,
    );
  });

  it('structuredClone of the state itself says what to do instead', () => {
    const layer = new u.LSTM(sizes);
    const { state } = layer.forward(u.randn([4, 2, 3]));
    for (const own of [state, state.detach(), u.RecurrentState.fromJSON(state.toJSON())]) {
      expect(() => structuredClone({ deep: [own] })).toThrow(/send state\.toTransferable\(\).*fromTransferable\(\)/);
    }
    // Who brought it through another way is told when the layer gets it.
    expect(() => layer.forward(u.randn([4, 2, 3]), { state: state.toTransferable() as never })).toThrow(
      /must have h of shape \[1, 2, 2\].*got an object; make it a state with RecurrentState.fromJSON\(\)/,
    );
  });

  it("a state of another layer, another batch or a finished step is refused where it's used", () => {
    const [lstm, gru] = [new u.LSTM(sizes), new u.GRU(sizes)];
    const x = u.randn([4, 2, 3]);
    const { output, state } = lstm.forward(x);
    expect(() => gru.forward(x, { state })).toThrow(/must have h only, got a c as well; was it an LSTM's state/);
    expect(() => lstm.forward(u.randn([4, 3, 3]), { state })).toThrow(/h must be \[1, 3, 2\].*got \[1, 2, 2\]/);
    expect(() => lstm.forward(x, { state: gru.forward(x).state })).toThrow(/must have c of shape/);
    output.sum().backward();
    lstm.forward(x);
    for (const use of [
      () => state.toJSON(),
      () => state.toBytes(),
      () => state.toTransferable(),
      () => state.select([0]),
      () => u.RecurrentState.concat([state, state]),
      () => lstm.forward(x, { state }),
    ]) {
      expect(use).toThrow(u.StaleTensorError);
    }
  });
});
