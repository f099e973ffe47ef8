// workloads.mjs: what is timed. A workload is data; subjects (this library's backends, peers) all run the same list.

/** Multiply-adds count as two operations; only matrix products are counted, so every system is measured by the same ruler. */
export function flopsOf(w) {
  if (w.kind === 'gemm') return 2 * w.M * w.N * w.K;
  const forward = 2 * w.T * w.B * w.gates * w.H * (w.I + w.H);
  return w.mode === 'train' ? 3 * forward : forward;
}

const GATES = { rnn: 1, lstm: 4, gru: 3 };
const sequence = (cell, mode, I, H, T, B, quick = false) => ({
  kind: 'sequence',
  name: `${cell} I=${I} H=${H} T=${T} B=${B} ${mode}`,
  cell,
  gates: GATES[cell],
  mode,
  I,
  H,
  T,
  B,
  quick,
});
const gemm = (M, N, K, quick = false) => ({
  kind: 'gemm',
  name: `gemm M=${M} N=${N} K=${K}`,
  cell: '-',
  mode: 'product',
  M,
  N,
  K,
  quick,
});

const SHAPES = [
  [32, 64, 50, 16],
  [128, 128, 200, 32],
  [256, 256, 100, 64],
  [512, 512, 50, 64],
];

/** @returns every workload, the quick ones marked. `train` is forward and backward with the gradients of input and weights. */
export function workloads() {
  const list = [gemm(32, 1024, 256, true), gemm(6400, 1024, 256, true), gemm(64, 2048, 512), gemm(3200, 2048, 512)];
  for (const cell of ['lstm', 'gru', 'rnn'])
    for (const mode of ['train', 'infer'])
      for (const [I, H, T, B] of SHAPES) list.push(sequence(cell, mode, I, H, T, B, cell === 'lstm' && H === 128));
  return list;
}
