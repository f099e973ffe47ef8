// work/onnxruntime.mjs: one workload on ONNX Runtime, node or web: a model of LSTM, GRU or RNN nodes. Inference only: its
// JavaScript packages do not train.

export const refuses = (w) =>
  w.kind === 'gemm' ? 'recurrent layers only' : w.mode === 'train' ? 'its JavaScript packages do not train' : null;

export async function prepare(ort, w, parts, sessionOptions) {
  // Only here: it needs a package that is installed with ONNX Runtime, and `refuses` is asked without either.
  const { recurrentModel } = await import('./onnx-model.mjs');
  const session = await ort.InferenceSession.create(recurrentModel(w, parts), sessionOptions);
  const floats = (data, dims) => new ort.Tensor('float32', data, dims);
  const feeds = { x: floats(parts.x, [w.T, w.B, w.I]) };
  if (w.lengths) feeds.lengths = new ort.Tensor('int32', Int32Array.from(w.lengths), [w.B]);

  let results;
  if (w.mode === 'step') {
    feeds.h = floats(parts.h, [1, w.B, w.H]);
    if (parts.c) feeds.c = floats(parts.c, [1, w.B, w.H]);
    return {
      async run() {
        results = await session.run(feeds);
        feeds.h = results.hn;
        if (parts.c) feeds.c = results.cn;
      },
      collect: () => [results.hn, results.cn].filter(Boolean).map((t) => t.data),
    };
  }
  return {
    async run() {
      results = await session.run(feeds);
    },
    collect: () => [results.y.data],
  };
}
