// Tied embeddings: a Linear whose weight is the Embedding's, as in language models.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

class Tied extends u.Module {
  embedding = new u.Embedding({ numEmbeddings: 5, embeddingDim: 3 });
  head = new u.Linear({ inFeatures: 3, outFeatures: 5 });

  constructor(isTied = true) {
    super();
    if (isTied) this.head.weight = this.embedding.weight;
  }

  forward(ids: number[]): u.Tensor {
    return this.head.forward(u.tanh(this.embedding.forward(ids)));
  }
}

const IDS = [1, 4, 1, 2];
const TARGETS = Int32Array.from([4, 1, 2, 0]);
const lossOf = (model: Tied): u.Tensor => u.crossEntropy(model.forward(IDS), u.tensor(TARGETS));

describeBackends('tied embeddings', () => {
  it('the shared weight gets the sum of the gradients of both uses', () => {
    const tied = new Tied();
    const apart = new Tied(false);
    apart.loadStateDict(tied.stateDict());
    lossOf(tied).backward();
    const both = (tied.embedding.weight.grad as u.Tensor).toArray();
    lossOf(apart).backward();
    const lookedUp = (apart.embedding.weight.grad as u.Tensor).toArray();
    const multiplied = (apart.head.weight.grad as u.Tensor).toArray();
    expect(lookedUp.some((value) => value !== 0)).toBe(true);
    for (const [k, value] of both.entries()) {
      expect(value).toBeCloseTo((lookedUp[k] as number) + (multiplied[k] as number), 6);
    }
  });

  it('an update moves the weight once and keeps it shared', () => {
    const model = new Tied();
    const before = model.embedding.weight.toArray();
    const optimizer = new u.SGD(model.parameters(), { lr: 0.5 });
    lossOf(model).backward();
    const gradient = (model.embedding.weight.grad as u.Tensor).toArray();
    optimizer.step();
    expect(model.head.weight).toBe(model.embedding.weight);
    for (const [k, value] of model.head.weight.toArray().entries()) {
      expect(value).toBeCloseTo((before[k] as number) - 0.5 * (gradient[k] as number), 6);
    }
  });

  it('is saved under both names and stays tied when it is loaded', async () => {
    const model = new Tied();
    const other = new Tied();
    const bytes = await u.io.saveSafetensors(null, model.stateDict());
    other.loadStateDict(await u.io.loadSafetensors(bytes));
    expect(Object.keys(model.stateDict())).toEqual(['embedding.weight', 'head.weight', 'head.bias']);
    expect(other.head.weight).toBe(other.embedding.weight);
    expect(other.forward(IDS).toArray()).toEqual(model.forward(IDS).toArray());
  });
});
