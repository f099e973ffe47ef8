// What the benchmark counts and cuts: operations, inputs, results.
import { describe, expect, it } from 'vitest';
import { layoutOf, makeInputs, maskPadding, resultsOf, split } from '../../bench/inputs.mjs';
import { flopsOf, groupsOf, raggedLengths, stepsOf, workloads } from '../../bench/workloads.mjs';

const all = workloads();
const named = (name: string) => {
  const found = all.find((w) => w.name === name);
  if (!found) throw new Error(`no workload "${name}"`);
  return found;
};
const sum = (layout: [string, number][]) => layout.reduce((total, [, length]) => total + length, 0);

describe('workloads', () => {
  it('names are unique, and those that tables are published of are still there', () => {
    expect(new Set(all.map((w) => w.name)).size).toBe(all.length);
    for (const cell of ['lstm', 'gru', 'rnn'])
      for (const mode of ['train', 'infer']) {
        named(`${cell} I=32 H=64 T=50 B=16 ${mode}`);
        named(`${cell} I=128 H=128 T=200 B=32 ${mode}`);
        named(`${cell} I=128 H=128 T=200 B=32 ${mode} ragged`);
        named(`${cell} I=128 H=128 T=100 B=32 layers=2 bidirectional ${mode}`);
      }
  });

  it('an LSTM counts 8 operations for each weight, row and step; training counts three times as many', () => {
    const infer = flopsOf(named('lstm I=32 H=64 T=50 B=16 infer'));
    expect(infer).toBe(50 * 16 * 8 * 64 * (32 + 64));
    expect(flopsOf(named('lstm I=32 H=64 T=50 B=16 train'))).toBe(3 * infer);
    expect(flopsOf(named('gru I=32 H=64 T=50 B=16 infer'))).toBe((3 * infer) / 4);
    expect(flopsOf(named('rnn I=32 H=64 T=50 B=16 infer'))).toBe(infer / 4);
    expect(flopsOf(named('gemm M=64 N=2048 K=512'))).toBe(2 * 64 * 2048 * 512);
  });

  it('the second of two bidirectional layers reads 2H features', () => {
    const both = 100 * 32 * 2 * 8 * 128;
    expect(flopsOf(named('lstm I=128 H=128 T=100 B=32 layers=2 bidirectional infer'))).toBe(both * 256 + both * 384);
  });

  it('a ragged batch counts its valid steps only: about half', () => {
    const ragged = named('lstm I=128 H=128 T=200 B=32 train ragged');
    const full = named('lstm I=128 H=128 T=200 B=32 train');
    expect(stepsOf(ragged)).toBe(ragged.lengths?.reduce((total: number, length: number) => total + length, 0));
    expect(flopsOf(ragged) / flopsOf(full)).toBe(stepsOf(ragged) / (200 * 32));
    expect(stepsOf(ragged) / stepsOf(full)).toBeCloseTo(0.5, 1);
    expect(groupsOf([full, ragged])).toEqual([[full, ragged]]);
  });

  it.each([
    [200, 32],
    [100, 64],
  ])('ragged lengths of T=%i, B=%i are spread over 1..T and not sorted', (T, B) => {
    const lengths = raggedLengths(T, B);
    expect(new Set(lengths).size).toBe(B);
    expect(Math.min(...lengths)).toBe(1);
    expect(Math.max(...lengths)).toBe(T);
    expect(lengths).not.toEqual([...lengths].sort((a, b) => a - b));
  });
});

describe('inputs', () => {
  it('hold what the layout says, the same in every run', () => {
    const w = named('lstm I=8 H=16 T=20 B=4 train');
    const inputs = makeInputs(w);
    expect(inputs.length).toBe(sum(layoutOf(w)));
    expect(inputs).toEqual(makeInputs(w));
    const parts = split(layoutOf(w), inputs);
    expect(parts.x?.length).toBe(20 * 4 * 8);
    expect(parts.weight_hh_l0?.length).toBe(64 * 16);
    expect(Math.max(...(parts.weight_hh_l0 as Float32Array))).toBeLessThanOrEqual(1 / 4);
    expect(Math.max(...(parts.x as Float32Array))).toBeGreaterThan(0.9);
  });

  it('a step starts from a state: h, and c for an LSTM', () => {
    const names = (name: string) => layoutOf(named(name)).map(([array]) => array);
    expect(names('lstm I=16 H=32 T=1 B=1 step').slice(0, 3)).toEqual(['x', 'h', 'c']);
    expect(names('gru I=16 H=32 T=1 B=1 step').slice(0, 3)).toEqual(['x', 'h', 'weight_ih_l0']);
    expect(resultsOf(named('lstm I=16 H=32 T=1 B=1 step'))).toEqual([
      ['h', 32],
      ['c', 32],
    ]);
  });

  it('training answers with the output and every gradient', () => {
    const names = resultsOf(named('gru I=128 H=128 T=100 B=32 layers=2 bidirectional train')).map(([array]) => array);
    expect(names.slice(0, 3)).toEqual(['output', 'd_x', 'd_weight_ih_l0']);
    expect(names).toHaveLength(2 + 2 * 2 * 4);
    expect(names).toContain('d_bias_hh_l1_reverse');
  });

  it('the gradient of padding is zero, and of nothing else', () => {
    const w = named('lstm I=128 H=128 T=200 B=32 train ragged');
    const dy = split(layoutOf(w), makeInputs(w)).dy as Float32Array;
    const lengths = w.lengths as number[];
    const at = (t: number, b: number) => dy.subarray((t * 32 + b) * 128, (t * 32 + b + 1) * 128);
    for (const [b, length] of lengths.entries()) {
      expect(at(length - 1, b).some((v) => v !== 0)).toBe(true);
      if (length < 200) expect(at(length, b).every((v) => v === 0)).toBe(true);
    }
    expect(maskPadding(new Float32Array(200 * 32).fill(1), w).reduce((a: number, b: number) => a + b)).toBe(stepsOf(w));
  });

  it('a file of another length is refused', () => {
    const w = named('rnn I=16 H=32 T=1 B=1 step');
    expect(() => split(layoutOf(w), new Float32Array(3))).toThrow('a file of 3 numbers where');
  });
});
