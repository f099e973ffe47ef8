// work/unrolled.mjs: one workload on this library, through its public API. Runs in Node and in a browser.
// Each file of this folder exports `prepare(library, workload, parts, options)`, which returns
//   run()      the timed work; a promise if the system has no other way
//   collect()  what the last run computed, in the order of inputs.mjs, resultsOf

/** @param options.weights  'int8' or 'bf16': inference on quantised weights */
export function prepare(u, w, parts, { weights = null } = {}) {
  if (w.kind === 'gemm') return product(u, w, parts);
  const { I, H, T, B, layers, directions, cell, mode, lengths } = w;
  const layer = new { rnn: u.RNN, lstm: u.LSTM, gru: u.GRU }[cell]({
    inputSize: I,
    hiddenSize: H,
    numLayers: layers,
    bidirectional: directions === 2,
  });
  for (const [name, parameter] of layer.namedParameters()) parameter.data.set(parts[name]);
  if (weights) u.quantize(layer, { dtype: weights });

  if (mode === 'step') {
    const x = u.tensor(parts.x, [B, I]);
    let state = { h: u.tensor(parts.h, [1, B, H]), c: parts.c && u.tensor(parts.c, [1, B, H]) };
    const step = () => layer.step(x, state);
    return {
      run() {
        state = u.noGrad(step).state;
      },
      collect: () => [state.h, state.c].filter(Boolean).map((t) => t.data),
    };
  }

  const options = { lengths };
  if (mode === 'infer') {
    const x = u.tensor(parts.x, [T, B, I]);
    const forward = () => layer.forward(x, options).output;
    // As a loop of predictions is written: what they computed is read inside, and its memory used again, as oneDNN's is here.
    const predict = () => {
      u.noGrad(forward);
    };
    return {
      run() {
        u.scope(predict);
      },
      collect: () => [u.noGrad(forward).data],
    };
  }

  const x = u.tensor(parts.x, [T, B, I], { requiresGrad: true });
  const dy = u.tensor(parts.dy, [T, B, directions * H]);
  const parameters = layer.parameters();
  let output;
  return {
    run() {
      x.grad = null;
      for (const p of parameters) p.grad = null;
      ({ output } = layer.forward(x, options));
      output.backward(dy);
    },
    collect: () => [output, x.grad, ...parameters.map((p) => p.grad)].map((t) => t.data),
  };
}

function product(u, { M, N, K }, parts) {
  const a = u.tensor(parts.a, [M, K]);
  const b = u.tensor(parts.b, [K, N]);
  const multiply = () => a.matmul(b);
  let c;
  return {
    run() {
      c = u.noGrad(multiply);
    },
    collect: () => [c.data],
  };
}
