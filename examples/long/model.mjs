// The network of the example: a stack of LSTMs over the whole sequence, and a number at every step.
import * as u from 'unrolled';

export class Averager extends u.Module {
  constructor({ hiddenSize, numLayers, recompute }) {
    super();
    const saving = recompute === undefined ? {} : { recompute };
    this.lstm = new u.LSTM({ inputSize: 1, hiddenSize, numLayers, forgetBias: 1, ...saving });
    this.head = new u.Linear({ inFeatures: hiddenSize, outFeatures: 1 });
  }

  /** @param {u.Tensor} x  [T, B, 1]; returns [T, B, 1] */
  forward(x) {
    return this.head.forward(this.lstm.forward(x).output);
  }
}

/** One update. Returns the loss before it, and the norm of the gradient before it was clipped. */
export function update(model, optimizer, { x, target }) {
  optimizer.zeroGrad();
  const loss = u.mse(model.forward(x), target);
  loss.backward();
  const norm = u.clipGradNorm(model.parameters(), 1);
  optimizer.step();
  return { loss: loss.item(), norm };
}
