// Made-up gradient flows for the tests of plots, with a known rate.
import type { LayerDiagnosis } from '../../src/train/diagnose/diagnosis.js';
import type { MicroscopeReport } from '../../src/train/diagnose/microscope.js';

const GATES = { rnn_tanh: ['h'], gru: ['r', 'z', 'n'], lstm: ['i', 'f', 'g', 'o'] };

/** A layer whose gradients change by `rate` a step back. */
export function flow(cell: keyof typeof GATES, rate: number, T: number, name: string = cell): LayerDiagnosis {
  const over = (f: (back: number, t: number) => number) => Float64Array.from({ length: T }, (_, t) => f(T - 1 - t, t));
  const dc = cell === 'lstm' ? over((back) => rate ** back) : null;
  return {
    name,
    cell,
    ...{ T, B: 2, hiddenSize: 4, reverse: false, lengths: null, rows: null },
    dh: over((back) => 0.5 * rate ** back),
    dc,
    ...{ dwIh: over(() => 1), dwHh: over(() => 2), db: over(() => 3) },
    gates: GATES[cell].map((gate, k) => ({
      name: gate,
      isCandidate: 'gnh'.includes(gate),
      mean: over((_, t) => 0.5 + 0.1 * Math.sin(t / 4 + k)),
      low: over(() => 0.1),
      high: over(() => 0.2),
    })),
    rates: { dh: rate, dc: null },
    verdict: 'healthy',
    text: '',
    matrices: GATES[cell].map((gate) => ({ gate, sigmaMax: 1.1 * rate, spectralRadius: rate })),
    jacobian: {
      ...{ row: 0, exact: true, probes: 4 },
      dh: over((back) => 2 * rate ** back),
      dc: dc && over(() => 0),
      dx: over((back) => 3 * rate ** back),
      rates: { state: rate, dx: rate },
    },
  };
}

export const report = (step: number, ...layers: LayerDiagnosis[]): MicroscopeReport => ({
  step,
  loss: 1,
  gradNorm: 2,
  layers,
});
