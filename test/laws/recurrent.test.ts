// What must hold of a recurrent layer whatever its numbers are: each law on every layer and backend.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { type Layer, type LayerOptions, recurrentLayers } from '../helpers/layers.js';
import { seeded, uniform } from '../helpers/random.js';
import { leaf } from '../helpers/tensors.js';

const I = 5;
const H = 11;

const layers = recurrentLayers(I, H);

/** Other blocks and lanes for another batch: sums in another order, over up to T * B terms in the gradients of the weights. */
const sameInExactArithmetic = 32 * EPS32;

/** [T,B,n] data of the row b and its first `length` steps: [length,1,n]. */
function rowOf(data: readonly number[], [T, B, n]: readonly number[], b: number, length = T as number): number[] {
  const rows: number[] = [];
  for (let t = 0; t < length; t++)
    rows.push(...data.slice((t * (B as number) + b) * (n as number), (t * (B as number) + b + 1) * (n as number)));
  return rows;
}

const gradients = (layer: u.Module): Record<string, number[]> =>
  Object.fromEntries([...layer.namedParameters()].map(([name, p]) => [name, (p.grad as u.Tensor).toArray()]));

/** The scalar of which the laws take gradients: every output and final state with weights of its own. */
function scalarOf(outputs: readonly u.Tensor[], weights: readonly u.Tensor[]): u.Tensor {
  return outputs.map((t, k) => t.mul(weights[k] as u.Tensor).sum()).reduce((a, b) => a.add(b));
}

describeBackends('laws of recurrent layers', () => {
  for (const [name, create] of Object.entries(layers)) {
    const make = (options: LayerOptions = {}): Layer => {
      u.seed(5);
      return create(options);
    };

    it(`${name}: a ragged batch equals each sequence alone, forward and gradients, whatever is in the padding`, () => {
      const layer = make({ numLayers: 2, bidirectional: true });
      const [T, lengths] = [7, [4, 7, 0, 1, 6]];
      const B = lengths.length;
      const data = uniform(seeded(1), T * B * I);
      for (const [b, length] of lengths.entries()) {
        for (let t = length; t < T; t++) data.fill(Number.NaN, (t * B + b) * I, (t * B + b + 1) * I);
      }
      const x = u.tensor(data, [T, B, I], { requiresGrad: true });
      const wy = leaf(2, T, B, 2 * H).detach();
      const wh = leaf(3, 4, B, H).detach();
      const { output, state } = layer.forward(x, { lengths });
      scalarOf([output, state.h], [wy, wh]).backward();
      const [batchOutput, batchState, batchDx] = [output.toArray(), state.h.toArray(), (x.grad as u.Tensor).toArray()];
      const batchGradients = gradients(layer);

      layer.zeroGrad();
      for (const [b, length] of lengths.entries()) {
        const padding = (values: number[], n: number) => rowOf(values, [T, B, n], b).slice(length * n);
        expect(
          padding(batchOutput, 2 * H).every((v) => v === 0),
          'output at padding',
        ).toBe(true);
        expect(
          padding(batchDx, I).every((v) => v === 0),
          'dx at padding',
        ).toBe(true);
        if (length === 0) continue;
        const alone = u.tensor(rowOf([...data], [T, B, I], b, length), [length, 1, I], { requiresGrad: true });
        const result = layer.forward(alone);
        const weights = [
          u.tensor(rowOf(wy.toArray(), [T, B, 2 * H], b, length), [length, 1, 2 * H]),
          u.tensor(rowOf(wh.toArray(), [4, B, H], b), [4, 1, H]),
        ];
        scalarOf([result.output, result.state.h], weights).backward();
        const tolerance = sameInExactArithmetic;
        expectClose(
          rowOf(batchOutput, [T, B, 2 * H], b, length),
          result.output.toArray(),
          tolerance,
          `output of row ${b}`,
        );
        expectClose(rowOf(batchState, [4, B, H], b), result.state.h.toArray(), tolerance, `state of row ${b}`);
        expectClose(
          rowOf(batchDx, [T, B, I], b, length),
          (alone.grad as u.Tensor).toArray(),
          tolerance,
          `dx of row ${b}`,
        );
      }
      // The gradients of the single sequences added up in the parameters; the empty row adds nothing.
      const summed = gradients(layer);
      for (const [key, values] of Object.entries(batchGradients)) {
        expectClose(values, summed[key] as number[], sameInExactArithmetic, `gradient of ${key}`);
      }
    });

    it(`${name}: a row of length 0 keeps its initial state and hands its gradient straight through`, () => {
      const layer = make();
      const x = leaf(1, 3, 2, I);
      const h = leaf(2, 1, 2, H);
      const c = leaf(3, 1, 2, H);
      const isLstm = layer instanceof u.LSTM;
      const { output, state } = layer.forward(x, { state: isLstm ? { h, c } : { h }, lengths: [0, 3] });
      expectSameBits(rowOf(state.h.toArray(), [1, 2, H], 0), rowOf(h.toArray(), [1, 2, H], 0), 'h');
      if (isLstm)
        expectSameBits(rowOf((state.c as u.Tensor).toArray(), [1, 2, H], 0), rowOf(c.toArray(), [1, 2, H], 0), 'c');
      expect(rowOf(output.toArray(), [3, 2, H], 0).every((v) => v === 0)).toBe(true);
      const w = leaf(4, 1, 2, H).detach();
      scalarOf([state.h], [w]).backward();
      expectSameBits(rowOf((h.grad as u.Tensor).toArray(), [1, 2, H], 0), rowOf(w.toArray(), [1, 2, H], 0), 'dh');
    });

    it(`${name}: a reverse direction is the forward layer over the reversed sequence`, () => {
      const both = make({ bidirectional: true });
      const one = make();
      const reversed = Object.entries(both.stateDict()).filter(([key]) => key.endsWith('_reverse'));
      one.loadStateDict(Object.fromEntries(reversed.map(([key, value]) => [key.replace('_reverse', ''), value])));
      const [T, B] = [6, 3];
      const x = leaf(1, T, B, I).detach();
      const backwards = Array.from({ length: T }, (_, t) =>
        x.toArray().slice((T - 1 - t) * B * I, (T - t) * B * I),
      ).flat();
      const twoWay = both.forward(x).output.toArray();
      const oneWay = one.forward(u.tensor(backwards, [T, B, I])).output.toArray();
      for (let t = 0; t < T; t++) {
        for (let b = 0; b < B; b++) {
          const second = twoWay.slice((t * B + b) * 2 * H + H, (t * B + b + 1) * 2 * H);
          const there = ((T - 1 - t) * B + b) * H;
          expectClose(second, oneWay.slice(there, there + H), sameInExactArithmetic, `t=${t} b=${b}`);
        }
      }
    });

    it(`${name}: backward twice gives the same gradients, added up`, () => {
      const layer = make({ numLayers: 2, bidirectional: true });
      const x = leaf(1, 4, 3, I);
      const scalar = layer.forward(x, { lengths: [4, 2, 3] }).output.sum();
      scalar.backward(undefined, { retainGraph: true });
      const once = gradients(layer);
      const dx = (x.grad as u.Tensor).toArray();
      scalar.backward();
      // Doubling is exact.
      expectSameBits(
        (x.grad as u.Tensor).toArray(),
        dx.map((v) => 2 * v),
        'dx',
      );
      for (const [key, values] of Object.entries(gradients(layer))) {
        expectClose(
          values,
          (once[key] as number[]).map((v) => 2 * v),
          8 * EPS32,
          key,
        );
      }
    });

    it(`${name}: full BPTT equals windows joined by hand through the state's gradient`, () => {
      const layer = make({ numLayers: 2 });
      const [T, B, cut] = [9, 4, 4];
      const isLstm = layer instanceof u.LSTM;
      const data = leaf(1, T, B, I).toArray();
      const weights = leaf(2, T, B, H).toArray();
      const full = u.tensor(data, [T, B, I], { requiresGrad: true });
      layer
        .forward(full)
        .output.mul(u.tensor(weights, [T, B, H]))
        .sum()
        .backward();
      const want = { dx: (full.grad as u.Tensor).toArray(), ...gradients(layer) };

      layer.zeroGrad();
      const window = (values: number[], from: number, to: number, n: number) =>
        u.tensor(values.slice(from * B * n, to * B * n), [to - from, B, n], { requiresGrad: true });
      // The second window first: it yields the gradient of the state between the two.
      const before = u.noGrad(() => layer.forward(window(data, 0, cut, I)).state);
      const h = u.tensor(before.h.toArray(), before.h.shape, { requiresGrad: true });
      const c = isLstm ? u.tensor((before.c as u.Tensor).toArray(), before.h.shape, { requiresGrad: true }) : undefined;
      const second = window(data, cut, T, I);
      layer
        .forward(second, { state: c ? { h, c } : { h } })
        .output.mul(window(weights, cut, T, H).detach())
        .sum()
        .backward();
      const [dh, dc] = [h.grad as u.Tensor, c?.grad as u.Tensor].map((t) => t && u.tensor(t.toArray(), t.shape));
      const secondDx = (second.grad as u.Tensor).toArray();

      const first = window(data, 0, cut, I);
      const { output, state } = layer.forward(first);
      let scalar = output
        .mul(window(weights, 0, cut, H).detach())
        .sum()
        .add(state.h.mul(dh as u.Tensor).sum());
      if (isLstm) scalar = scalar.add((state.c as u.Tensor).mul(dc as u.Tensor).sum());
      scalar.backward();
      const got: Record<string, number[]> = {
        dx: [...(first.grad as u.Tensor).toArray(), ...secondDx],
        ...gradients(layer),
      };
      for (const [key, values] of Object.entries(want))
        expectClose(got[key] as number[], values, sameInExactArithmetic, key);
    });

    it(`${name}: step by step equals the whole sequence`, () => {
      const layer = make({ numLayers: 2 });
      const [T, B] = [6, 3];
      const x = leaf(1, T, B, I).toArray();
      u.noGrad(() => {
        const whole = layer.forward(u.tensor(x, [T, B, I]));
        let state: u.RecurrentState | undefined;
        const outputs: number[] = [];
        for (let t = 0; t < T; t++) {
          const result = layer.step(u.tensor(x.slice(t * B * I, (t + 1) * B * I), [B, I]), state);
          outputs.push(...result.output.toArray());
          state = result.state;
        }
        expectClose(outputs, whole.output.toArray(), sameInExactArithmetic, 'output');
        expectClose((state as u.RecurrentState).h.toArray(), whole.state.h.toArray(), sameInExactArithmetic, 'h');
      });
    });

    it(`${name}: batchFirst is the same layer with its first two axes swapped`, () => {
      const timeMajor = make();
      const batchMajor = make({ batchFirst: true });
      const x = leaf(1, 4, 3, I);
      const xt = leaf(1, 4, 3, I);
      const w = leaf(2, 4, 3, H).detach();
      timeMajor
        .forward(x, { lengths: [4, 1, 3] })
        .output.mul(w)
        .sum()
        .backward();
      batchMajor
        .forward(xt.transpose(0, 1), { lengths: [4, 1, 3] })
        .output.mul(w.transpose(0, 1))
        .sum()
        .backward();
      expectSameBits((xt.grad as u.Tensor).toArray(), (x.grad as u.Tensor).toArray(), 'dx');
    });
  }
});
