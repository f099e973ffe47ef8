// The small classifier of generate.py's training traces, and its 40 steps. Shared by the golden tests (every backend) and
// the browser test, so that all of them train the same network on the same batches.
import type * as unrolled from '../../src/index.js';
import { type GoldenTensor, withPrefix } from './golden.js';

export type Library = typeof unrolled;

export interface TraceCase {
  readonly name: string;
  readonly layer: 'RNN' | 'LSTM' | 'GRU';
  readonly options: { inputSize: number; hiddenSize: number };
  readonly vocabulary: number;
  readonly lr: number;
  readonly clipNorm: number;
}

export interface Trace {
  readonly losses: number[];
  /** Gradient norms before clipping. */
  readonly norms: number[];
  readonly final: Record<string, number[]>;
}

/** Trains the case's classifier for its recorded steps with `u`, which must be ready. */
export function trainTrace(u: Library, spec: TraceCase, tensors: Record<string, GoldenTensor>): Trace {
  class Classifier extends u.Module {
    embedding = new u.Embedding({ numEmbeddings: spec.vocabulary, embeddingDim: spec.options.inputSize });
    recurrent = new u[spec.layer](spec.options);
    head = new u.Linear({ inFeatures: spec.options.hiddenSize, outFeatures: 2 });

    override forward(ids: unrolled.Tensor, lengths: number[]): unrolled.Tensor {
      const { state } = this.recurrent.forward(this.embedding.forward(ids), { lengths });
      return this.head.forward(state.h.reshape([lengths.length, spec.options.hiddenSize]));
    }
  }
  const model = new Classifier();
  const start = Object.entries(withPrefix(tensors, 'start.'));
  model.loadStateDict(Object.fromEntries(start.map(([name, { data, shape }]) => [name, u.tensor(data, shape)])));
  const optimizer = new u.Adam(model.parameters(), { lr: spec.lr });

  const { ids, lengths, labels } = tensors as { [name in 'ids' | 'lengths' | 'labels']: GoldenTensor };
  const [steps, T, B] = ids.shape as [number, number, number];
  const losses: number[] = [];
  const norms: number[] = [];
  for (let k = 0; k < steps; k++) {
    const batch = u.tensor(ids.data.slice(k * T * B, (k + 1) * T * B), [T, B], { dtype: 'int32' });
    const target = u.tensor(labels.data.slice(k * B, (k + 1) * B), [B], { dtype: 'int32' });
    optimizer.zeroGrad();
    const loss = u.crossEntropy(model.forward(batch, [...lengths.data.slice(k * B, (k + 1) * B)]), target);
    loss.backward();
    losses.push(loss.item());
    norms.push(u.clipGradNorm(model.parameters(), spec.clipNorm));
    optimizer.step();
  }
  const final = Object.fromEntries(Object.entries(model.stateDict()).map(([name, tensor]) => [name, tensor.toArray()]));
  return { losses, norms, final };
}
