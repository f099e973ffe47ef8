// What is compared: recurrent layers that read a digit row by row, and two nets that see it as a whole.
import * as u from 'unrolled';

const CLASSES = 10;

/** Reads 28 rows of 28 pixels from the top; what it remembers after the last row decides. */
class RowReader extends u.Module {
  constructor(Layer, hiddenSize) {
    super();
    this.layer = new Layer({ inputSize: 28, hiddenSize });
    this.head = new u.Linear({ inFeatures: hiddenSize, outFeatures: CLASSES });
  }

  /** @param {u.Tensor} x  [28, B, 28] */
  forward(x) {
    const { state } = this.layer.forward(x);
    return this.head.forward(state.h.select(-1));
  }
}

/** One hidden layer over all 784 pixels. */
class MLP extends u.Module {
  constructor(hiddenSize = 128) {
    super();
    this.hidden = new u.Linear({ inFeatures: 784, outFeatures: hiddenSize });
    this.head = new u.Linear({ inFeatures: hiddenSize, outFeatures: CLASSES });
  }

  forward(x) {
    const whole = x.transpose(0, 1).reshape([x.shape[1], 784]);
    return this.head.forward(this.hidden.forward(whole).relu());
  }
}

/** Two convolutions, each followed by the largest of 2 x 2. */
class CNN extends u.Module {
  constructor() {
    super();
    this.conv1 = new u.Conv2d({ inChannels: 1, outChannels: 16, kernelSize: 3 });
    this.conv2 = new u.Conv2d({ inChannels: 16, outChannels: 32, kernelSize: 3 });
    this.pool = new u.MaxPool2d({ kernelSize: 2 });
    this.head = new u.Linear({ inFeatures: 32 * 5 * 5, outFeatures: CLASSES });
  }

  forward(x) {
    const image = x.transpose(0, 1).reshape([x.shape[1], 1, 28, 28]);
    const first = this.pool.forward(this.conv1.forward(image)).relu();
    const second = this.pool.forward(this.conv2.forward(first)).relu();
    return this.head.forward(second.reshape([x.shape[1], -1]));
  }
}

/** By name, as --cell takes them; `hidden` is the size of recurrent layers. */
export const models = {
  rnn: (hidden) => new RowReader(u.RNN, hidden),
  gru: (hidden) => new RowReader(u.GRU, hidden),
  lstm: (hidden) => new RowReader(u.LSTM, hidden),
  mlp: () => new MLP(),
  cnn: () => new CNN(),
};
