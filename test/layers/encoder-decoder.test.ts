// EncoderDecoder: one call with the target given is the same as step after step; what each option changes.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';

const [S, Ts, Tt, B] = [9, 5, 4, 3];
const source = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7];
const before = [2, 2, 2, 4, 5, 6, 7, 4, 5, 6, 7, 4];
const lengths = [5, 2, 4];
const ids = (numbers: number[], rows: number) => u.tensor(Int32Array.from(numbers), [rows, B]);

const cases = [
  { cell: 'gru', attention: 'general', bidirectional: true },
  { cell: 'lstm', attention: 'additive', bidirectional: true, numLayers: 2 },
  { cell: 'rnn', attention: 'dot' },
  { cell: 'lstm', attention: 'none' },
  { cell: 'gru', attention: 'general', tied: true, embeddingSize: 6 },
] as const;
const make = (options: object) => {
  u.seed(5);
  return new u.EncoderDecoder({ sourceTokens: S, targetTokens: 8, hiddenSize: 6, embeddingSize: 4, ...options });
};

describeBackends('EncoderDecoder', () => {
  for (const options of cases) {
    it(`${JSON.stringify(options)}: the target in one call is the target step by step`, () => {
      const model = make(options);
      const whole = model.forward(ids(source, Ts), ids(before, Tt), { lengths });
      expect(whole.shape).toEqual([Tt, B, 8]);
      const logProbs = whole.logSoftmax().toArray();
      const memory = model.encode(ids(source, Ts), { lengths });
      let { state } = memory;
      for (let t = 0; t < Tt; t++) {
        const step = model.step(before.slice(t * B, (t + 1) * B), state, memory);
        expectClose(step.logProbs.toArray(), logProbs.slice(t * B * 8, (t + 1) * B * 8), 60 * EPS32, `step ${t}`, 1);
        expect(step.weights === null).toBe(options.attention === 'none');
        state = step.state;
      }
    });
  }

  it('every parameter has a gradient, and tied scores share the vectors', () => {
    for (const options of cases) {
      const model = make(options);
      const logits = model.forward(ids(source, Ts), ids(before, Tt), { lengths });
      u.crossEntropy(logits, ids(before, Tt)).backward();
      for (const [name, parameter] of model.namedParameters()) {
        expect(
          parameter.grad?.toArray().some((value) => value !== 0),
          `${JSON.stringify(options)} ${name}`,
        ).toBe(true);
      }
    }
    const tied = make({ tied: true, embeddingSize: 6 });
    expect(tied.head.weight).toBe(tied.targetEmbedding.weight);
    const dict = tied.stateDict();
    expectSameBits(
      (dict['head.weight'] as u.Tensor).toArray(),
      (dict['targetEmbedding.weight'] as u.Tensor).toArray(),
      'tied',
    );
    const other = make({ tied: true, embeddingSize: 6 });
    expect(other.loadStateDict(dict)).toEqual({ missing: [], unexpected: [] });
  });

  it('padding of the source does not matter', () => {
    const model = make({ bidirectional: true });
    const other = source.slice();
    other[2 * B + 1] = 8;
    other[4 * B + 2] = 1;
    const run = (numbers: number[]) => model.forward(ids(numbers, Ts), ids(before, Tt), { lengths }).toArray();
    expectSameBits(run(other), run(source), 'logits');
  });

  it('scheduled sampling: share 0 is teacher forcing, share 1 feeds what the model would have written', () => {
    const model = make({});
    const forced = model.forward(ids(source, Ts), ids(before, Tt), { lengths });
    expectSameBits(
      model.forward(ids(source, Ts), ids(before, Tt), { lengths, sampling: 0 }).toArray(),
      forced.toArray(),
      'logits',
    );
    const own = before.slice();
    const scores = forced.toArray();
    for (let k = B; k < Tt * B; k++) {
      const row = scores.slice((k - B) * 8, (k - B + 1) * 8);
      own[k] = row.indexOf(Math.max(...row));
    }
    const mixed = model.forward(ids(source, Ts), ids(before, Tt), { lengths, sampling: 1 });
    expectSameBits(mixed.toArray(), model.forward(ids(source, Ts), ids(own, Tt), { lengths }).toArray(), 'logits');
    expect(own).not.toEqual(before);
  });

  it('refuses what cannot be', () => {
    expect(() => new u.EncoderDecoder({ targetTokens: 4, hiddenSize: 3 })).toThrow(/sourceTokens and sourceFeatures/);
    expect(() => make({ tied: true })).toThrow(/embeddingSize must be hiddenSize, 6, got 4/);
  });
});
