// Every backend sees the gradients that the double-precision reference sees.
import { expect, it } from 'vitest';
import { setCurrent } from '../../../src/autograd/context.js';
import { createReferenceBackend } from '../../../src/backend/reference/index.js';
import * as u from '../../../src/node.js';
import { describeBackends } from '../../helpers/backends.js';
import { expectEach } from './each.js';

const LAYERS = {
  RNN: () => new u.RNN({ inputSize: 3, hiddenSize: 11, bidirectional: true }),
  LSTM: () => new u.LSTM({ inputSize: 3, hiddenSize: 9, numLayers: 2, projSize: 5 }),
  GRU: () => new u.GRU({ inputSize: 3, hiddenSize: 17, goBackwards: true }),
};
type Name = keyof typeof LAYERS;

/** Rows of several lengths, the longest not the first; a loss of every output. */
function diagnosisOf(name: Name): u.Diagnosis {
  u.seed(21);
  const x = u.randn([12, 5, 3]);
  return u.diagnose(
    LAYERS[name](),
    { x, y: null, lengths: [4, 12, 0, 7, 12] },
    { loss: ({ output }) => output.mul(output).sum(), rows: true },
  );
}

const expected = new Map<Name, u.Diagnosis>();
setCurrent(createReferenceBackend());
for (const name of Object.keys(LAYERS) as Name[]) expected.set(name, diagnosisOf(name));
setCurrent(null);

/** Two typed arrays or numbers side by side, at any depth. */
function compare(got: unknown, want: unknown, path: string): void {
  if (want instanceof Float64Array) {
    try {
      // Sums of up to 17 products of float32 over 12 steps, their squares rounded once more.
      expectEach(got as Float64Array, want, 1e-4);
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`);
    }
  } else if (typeof want === 'number') {
    if (!Number.isNaN(want)) expect(Math.abs((got as number) - want), path).toBeLessThanOrEqual(1e-4 * Math.abs(want));
  } else if (typeof want === 'object' && want !== null && !(want instanceof Int32Array)) {
    for (const [key, entry] of Object.entries(want)) compare((got as never)[key], entry, `${path}.${key}`);
  } else {
    expect(got, path).toEqual(want);
  }
}

describeBackends('diagnose', () => {
  it.each(Object.keys(LAYERS) as Name[])('%s: all norms, gates, matrices and Jacobians', (name) => {
    const { loss, gradNorm, layers } = diagnosisOf(name);
    const want = expected.get(name) as u.Diagnosis;
    compare({ loss, gradNorm }, { loss: want.loss, gradNorm: want.gradNorm }, name);
    expect(layers).toHaveLength(want.layers.length);
    // Sentences round figures that differ in their last digits.
    want.layers.forEach(({ text: _, ...layer }, k) => {
      compare(layers[k], layer, `${name}[${k}]`);
    });
  });
});
