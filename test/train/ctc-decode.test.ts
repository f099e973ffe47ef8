// Decoding CTC: the beam against every path there is, and what greedy decoding is and misses.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { expectClose } from '../helpers/compare.js';
import { allTargets } from '../helpers/ctc.js';
import { random } from '../helpers/tensors.js';

const rowsOf = (logits: u.Tensor, b: number, steps: number): number[][] => {
  const [, B, C] = logits.shape as [number, number, number];
  const flat = logits.toArray();
  return Array.from({ length: steps }, (_, t) => flat.slice((t * B + b) * C, (t * B + b + 1) * C));
};
const name = (tokens: readonly number[]): string => tokens.join(',');

describeBackends('ctcGreedy and ctcBeam', () => {
  it('a beam wide enough finds every target, with its probability, in order', () => {
    for (const [seed, blank] of [
      [1, 0],
      [2, 1],
      [3, 2],
    ] as const) {
      const logits = random(seed, 6, 2, 3).mul(2);
      const lengths = [6, 4];
      const found = u.ctcBeam(logits, { lengths, blank, beamWidth: 1000, beams: 1000 });
      for (const [b, steps] of lengths.entries()) {
        const want = [...allTargets(rowsOf(logits, b, steps), blank)].sort((p, q) => q[1] - p[1]);
        const got = found[b] as u.CtcHypothesis[];
        expect(got.map(({ tokens }) => name(tokens))).toEqual(want.map(([target]) => target));
        expectClose(
          got.map(({ score }) => score),
          want.map(([, p]) => Math.log(p)),
          1e-12,
          'scores',
          1,
        );
      }
    }
  });

  it('a narrow beam never claims more than there is, and finds the best of most', () => {
    let right = 0;
    for (let seed = 0; seed < 40; seed++) {
      const logits = random(100 + seed, 7, 1, 3).mul(3);
      const all = allTargets(rowsOf(logits, 0, 7), 0);
      const [best] = [...all].sort((p, q) => q[1] - p[1])[0] as [string, number];
      const [first] = u.ctcBeam(logits, { beamWidth: 4 })[0] as [u.CtcHypothesis];
      expect(first.score).toBeLessThanOrEqual(Math.log(all.get(name(first.tokens)) as number) + 1e-12);
      if (name(first.tokens) === best) right++;
    }
    expect(right).toBeGreaterThanOrEqual(36);
  });

  it('finds what the likeliest path does not say', () => {
    // Two steps of .6 blank, .4 "a": nothing has .36, "a" has .64.
    const logits = u.tensor([Math.log(0.6), Math.log(0.4), Math.log(0.6), Math.log(0.4)], [2, 1, 2]);
    expect(u.ctcGreedy(logits)).toEqual([[]]);
    const [first] = u.ctcBeam(logits)[0] as [u.CtcHypothesis];
    expect(first.tokens).toEqual([1]);
    expectClose([first.score], [Math.log(0.64)], 1e-6, 'score');
  });

  it('greedy makes repetitions one, unless a blank is between them', () => {
    const path = [1, 1, 0, 1, 2, 2, 0, 0, 2];
    const logits = u.zeros([9, 2, 3]);
    for (const [t, c] of path.entries()) logits.data[t * 6 + c] = logits.data[t * 6 + 3 + c] = 1;
    expect(u.ctcGreedy(logits, { lengths: [9, 4] })).toEqual([
      [1, 1, 2, 2],
      [1, 1],
    ]);
    expect(u.ctcGreedy(logits, { lengths: [9, 0], blank: 2 })).toEqual([[1, 0, 1, 0], []]);
    const best = u.ctcBeam(logits.mul(20), { lengths: [9, 4] }).map(([first]) => first?.tokens);
    expect(best).toEqual([
      [1, 1, 2, 2],
      [1, 1],
    ]);
  });

  it('a score for each token changes what is best, and is part of its score', () => {
    const logits = random(7, 5, 1, 3);
    const plain = u.ctcBeam(logits, { beamWidth: 500, beams: 500 })[0] as u.CtcHypothesis[];
    const scored = (tokens: readonly number[]) =>
      tokens.reduce((sum, c, k) => sum + (c === tokens[k - 1] ? -2 : 1.5), 0);
    const want = plain
      .map(({ tokens, score }) => ({ tokens, score: score + scored(tokens) }))
      .sort((a, b) => b.score - a.score);
    const got = u.ctcBeam(logits, {
      beamWidth: 500,
      beams: 500,
      tokenScore: (prefix, c) => (c === prefix.at(-1) ? -2 : 1.5),
    })[0] as u.CtcHypothesis[];
    expect(got.map(({ tokens }) => name(tokens))).toEqual(want.map(({ tokens }) => name(tokens)));
    expectClose(
      got.map(({ score }) => score),
      want.map(({ score }) => score),
      1e-12,
      'scores',
      1,
    );
  });

  it('says what is wrong', () => {
    const logits = u.zeros([3, 2, 2]);
    expect(() => u.ctcBeam(u.zeros([3, 2]))).toThrow(/logits must be \[T,B,C\]/);
    expect(() => u.ctcBeam(logits, { lengths: [3, 4] })).toThrow(/lengths must be 2 numbers, each 0\.\.3/);
    expect(() => u.ctcGreedy(logits, { blank: 2 })).toThrow(/blank must be one of the 2 classes/);
    expect(() => u.ctcBeam(logits, { beamWidth: 0 })).toThrow(u.OptionError);
    expect(() => u.ctcBeam(logits, { tokenScore: () => Number.NaN })).toThrow(/tokenScore must give a number/);
    logits.data[5] = Number.NaN;
    expect(() => u.ctcGreedy(logits)).toThrow(/class 1 at step 1 of row 0 is NaN/);
    expect(() => u.ctcBeam(logits)).toThrow(u.NumericError);
  });
});
