// RecurrentState: the value that carries the past.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

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
});
