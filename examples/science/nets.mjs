// The nets: a recurrent layer that reads a sequence step by step, and the two that do not: a bag of words and a convolution.
// All take [steps, sequences, features] and answer [sequences, outputs].
import { Matrix, QrDecomposition } from 'ml-matrix';
import * as u from 'unrolled';

/**
 * o_t = f(W x_t + W' o_(t-1)), y = g(W'' o_T), where the layer may as well be a GRU or an LSTM.
 */
export class Reader extends u.Module {
  constructor(layer, outputs) {
    super();
    this.layer = layer;
    this.head = new u.Linear({ inFeatures: layer.hiddenSize, outFeatures: outputs });
  }

  forward(x) {
    return this.head.forward(this.layer.forward(x).state.h.select(0));
  }
}

/** How often each word occurs, one hidden layer. Counts are whole numbers: they are the same in whatever order they add up. */
export class BagOfWords extends u.Module {
  constructor(inputSize, hiddenSize, outputs) {
    super();
    this.hidden = new u.Linear({ inFeatures: inputSize, outFeatures: hiddenSize });
    this.head = new u.Linear({ inFeatures: hiddenSize, outFeatures: outputs });
  }

  forward(x) {
    return this.head.forward(this.hidden.forward(x.sum(0)).relu());
  }
}

/** A window of `width` words slides over the sentence; relu; each feature's mean over all places. */
export class Convolution extends u.Module {
  constructor(inputSize, hiddenSize, outputs, width) {
    super();
    this.width = width;
    this.window = new u.Linear({ inFeatures: inputSize * width, outFeatures: hiddenSize });
    this.head = new u.Linear({ inFeatures: hiddenSize, outFeatures: outputs });
  }

  forward(x) {
    const places = x.shape[0] - this.width + 1;
    const shifted = Array.from({ length: this.width }, (_, k) => x.slice(k, k + places));
    return this.head.forward(this.window.forward(u.concat(shifted, -1)).relu().mean(0));
  }
}

/**
 * A net by its kind.
 *
 * @param {{ kind: string, hiddenSize: number, width?: number, sigma?: number, forgetBias?: number }} options
 *   width: of the convolution's window; sigma: an RNN's W' starts with all singular values at this; forgetBias: of an LSTM
 * @param {{ inputSize: number, outputs: number }} task
 */
export function makeNet({ kind, hiddenSize, width, sigma, forgetBias }, { inputSize, outputs }) {
  const sizes = { inputSize, hiddenSize };
  switch (kind) {
    case 'bag of words':
      return new BagOfWords(inputSize, hiddenSize, outputs);
    case 'CNN':
      return new Convolution(inputSize, hiddenSize, outputs, width);
    case 'RNN': {
      const layer = new u.RNN(sizes);
      if (sigma !== undefined) layer.weight_hh_l0.data.set(orthogonal(hiddenSize, sigma));
      return new Reader(layer, outputs);
    }
    case 'IRNN':
      return new Reader(identityRnn(sizes), outputs);
    case 'GRU':
      return new Reader(new u.GRU(sizes), outputs);
    case 'LSTM':
      return new Reader(new u.LSTM({ ...sizes, ...(forgetBias !== undefined && { forgetBias }) }), outputs);
    default:
      throw new Error(`no net is called "${kind}"`);
  }
}

/** relu with W_hh = identity, zero biases and a small W_ih: at the start it only adds up. Source: Le et al. 2015. */
function identityRnn(sizes) {
  const layer = new u.RNN({ ...sizes, nonlinearity: 'relu' });
  layer.weight_ih_l0.data.set(u.randn(layer.weight_ih_l0.shape).mul(IDENTITY_INPUT).data);
  layer.weight_hh_l0.data.fill(0);
  for (let k = 0; k < sizes.hiddenSize; k++) layer.weight_hh_l0.data[k * (sizes.hiddenSize + 1)] = 1;
  layer.bias_ih_l0.data.fill(0);
  layer.bias_hh_l0.data.fill(0);
  return layer;
}
const IDENTITY_INPUT = 0.1;

/** A random n x n matrix, row-major, all of whose singular values are sigma. */
export function orthogonal(n, sigma = 1) {
  const random = Matrix.from1DArray(n, n, u.randn([n, n]).toArray());
  return new QrDecomposition(random).orthogonalMatrix.mul(sigma).to1DArray();
}
