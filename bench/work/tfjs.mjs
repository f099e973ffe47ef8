// work/tfjs.mjs: one workload on TensorFlow.js: its recurrent layers, and its gradients without an optimizer.
export function refuses(w) {
  if (w.kind === 'gemm') return 'recurrent layers only';
  if (w.cell === 'gru') return 'its GRU has no reset after the product, so it computes something else';
  if (w.mode === 'step') return 'timed on whole sequences only';
  if (w.lengths) return 'it computes the padding too: the row of the full batch says how long that takes';
  if (w.layers > 1 || w.directions > 1) return 'timed on single layers only';
  return null;
}

const LAYERS = { lstm: 'lstm', rnn: 'simpleRNN' };

/** Its layers want [B, T, F] and weights the other way round, one bias for two. */
export function prepare(tf, w, parts) {
  const { I, H, T, B, gates } = w;
  const layer = tf.layers[LAYERS[w.cell]]({
    units: H,
    returnSequences: true,
    recurrentActivation: 'sigmoid',
    // Weights are set right below; its orthogonal initialiser takes 20 s at H = 512.
    kernelInitializer: 'zeros',
    recurrentInitializer: 'zeros',
    unitForgetBias: false,
  });
  tf.tidy(() => layer.apply(tf.zeros([1, 1, I]))); // makes the weights
  const transposed = (data, inputs) => tf.tidy(() => tf.tensor2d(data, [gates * H, inputs]).transpose());
  const bias = parts.bias_ih_l0.map((v, k) => v + parts.bias_hh_l0[k]);
  layer.setWeights([transposed(parts.weight_ih_l0, I), transposed(parts.weight_hh_l0, H), tf.tensor1d(bias)]);

  const swapped = (data, width) => tf.tidy(() => tf.tensor3d(data, [T, B, width]).transpose([1, 0, 2]));
  const timeMajor = (t) => tf.tidy(() => t.transpose([1, 0, 2]).dataSync().slice());
  const x = swapped(parts.x, I);
  if (w.mode === 'infer') {
    let y = null;
    return {
      run() {
        y?.dispose();
        y = tf.tidy(() => layer.apply(x));
        y.dataSync();
      },
      collect: () => [timeMajor(y)],
    };
  }

  const dy = swapped(parts.dy, H);
  const given = [x, ...layer.trainableWeights.map((weight) => weight.read())];
  let output = null;
  let grads = [];
  // The loss is sum(y * dy): its gradients are those of y with dy coming from above. Weights are read by the layer itself.
  const backward = tf.grads((input) => {
    output = tf.keep(layer.apply(input));
    return output.mul(dy).sum();
  });
  return {
    run() {
      output?.dispose();
      for (const g of grads) g.dispose();
      grads = tf.tidy(() => backward(given));
      for (const g of grads) g.dataSync();
    },
    collect() {
      const [dx, dIh, dHh, dBias] = grads;
      const back = (t) => tf.tidy(() => t.transpose().dataSync().slice());
      const both = dBias.dataSync();
      return [timeMajor(output), timeMajor(dx), back(dIh), back(dHh), both, both];
    },
  };
}
