// workloads.mjs: what is timed. A workload is data; subjects (this library's backends, peers) all run the same list.
// Workloads of one group are timed in the same rounds, so that they can be compared with each other: a ragged batch with the
// full one, a long sequence with a short one.

/** Numbers a group of gates has: the rows of a weight matrix over H. */
const GATES = { rnn: 1, lstm: 4, gru: 3 };
const CELLS = Object.keys(GATES);

const SHAPES = [
  { I: 32, H: 64, T: 50, B: 16 },
  { I: 128, H: 128, T: 200, B: 32 },
  { I: 256, H: 256, T: 100, B: 64 },
  { I: 512, H: 512, T: 50, B: 64 },
];
/** Of SHAPES, those that are timed ragged too. */
const RAGGED = [128, 256];
const STACKED = { I: 128, H: 128, T: 100, B: 32, layers: 2, directions: 2 };
const BATCH_1 = { I: 256, H: 512, T: 100, B: 1 };
const STEPS = [
  { I: 16, H: 32, T: 1, B: 1 },
  { I: 40, H: 128, T: 1, B: 1 },
];
const LINEAR = [50, 200, 800, 3200].map((T) => ({ I: 128, H: 128, T, B: 8 }));
/** What is promised of browsers. */
const PAGE = { I: 128, H: 128, T: 100, B: 32 };
/** A size that brain.js, one sequence at a time and one number at a time, finishes. */
const TINY = { I: 8, H: 16, T: 20, B: 4 };

function sequence(cell, mode, shape, more = {}) {
  const { I, H, T, B, layers = 1, directions = 1 } = shape;
  const { lengths = null, ...rest } = more;
  const parts = [cell, `I=${I}`, `H=${H}`, `T=${T}`, `B=${B}`];
  if (layers > 1) parts.push(`layers=${layers}`);
  if (directions > 1) parts.push('bidirectional');
  parts.push(mode);
  if (lengths) parts.push('ragged');
  const name = parts.join(' ');
  return { kind: 'sequence', name, cell, mode, gates: GATES[cell], I, H, T, B, layers, directions, lengths, ...rest };
}

const gemm = (M, N, K, more = {}) => ({
  kind: 'gemm',
  name: `gemm M=${M} N=${N} K=${K}`,
  cell: '-',
  mode: 'product',
  M,
  N,
  K,
  ...more,
});

/** The first prediction of a process that has just started. */
export const COLD_START = sequence('lstm', 'infer', { I: 16, H: 32, T: 10, B: 1 });

/** One length for each row, uniform over 1..T, in a scattered order: row b has rank (5b mod B) when B is no multiple of 5. */
export function raggedLengths(T, B) {
  return Array.from({ length: B }, (_, b) => 1 + Math.round((((5 * b) % B) * (T - 1)) / (B - 1)));
}

/**
 * @typedef {{ name: string, kind: string, cell: string, mode: string, gates: number, I: number, H: number, T: number, B: number,
 *   layers: number, directions: number, lengths: number[] | null, quick: boolean, inPage: boolean, group: string }} Workload
 */

/**
 * Every workload, the quick ones marked, and those of the page (`inPage`). `train` is forward and backward with the gradients of input and weights.
 * @returns {Workload[]}
 */
export function workloads() {
  const list = [gemm(32, 1024, 256), gemm(6400, 1024, 256), gemm(64, 2048, 512), gemm(3200, 2048, 512)];
  for (const cell of CELLS) {
    for (const mode of ['train', 'infer']) {
      for (const shape of SHAPES) {
        const quick = cell === 'lstm' && shape.H === 128;
        const group = `${cell} ${mode} ${shape.H}`;
        list.push(sequence(cell, mode, shape, { quick, group }));
        if (!RAGGED.includes(shape.H)) continue;
        list.push(sequence(cell, mode, shape, { group, lengths: raggedLengths(shape.T, shape.B) }));
      }
      list.push(sequence(cell, mode, STACKED));
    }
    list.push(sequence(cell, 'infer', BATCH_1, { quick: cell === 'lstm', bandwidth: true }));
    for (const shape of STEPS) {
      const group = `${cell} step ${shape.H}`;
      list.push(sequence(cell, 'step', shape, { group, quick: cell === 'lstm' && shape.H === 128 }));
      // What a step costs inside a sequence, where no call is paid for: the kernel alone.
      list.push(sequence(cell, 'infer', { ...shape, T: 1000 }, { group, only: 'unrolled' }));
    }
  }
  for (const mode of ['train', 'infer'])
    for (const shape of LINEAR)
      list.push(sequence('lstm', mode, shape, { group: `linear ${mode}`, fewSubjects: true }));
  for (const mode of ['train', 'infer']) list.push(sequence('lstm', mode, PAGE, { inPage: true }));
  list.push(sequence('lstm', 'train', TINY));
  return list.map((w) => ({ quick: false, inPage: false, group: w.name, ...w }));
}

/** Workloads of the same group together, in the order of their first. */
export function groupsOf(list) {
  const groups = new Map();
  for (const w of list) groups.set(w.group, [...(groups.get(w.group) ?? []), w]);
  return [...groups.values()];
}

/** Rows that are computed: a ragged batch counts its valid steps only. */
export function stepsOf(w) {
  return w.lengths ? w.lengths.reduce((sum, length) => sum + length, 0) : w.T * w.B;
}

/** Features that layer k reads. */
export const inputsOf = (w, k) => (k === 0 ? w.I : w.directions * w.H);

/** Multiply-adds count as two operations; only matrix products are counted, so every system is measured by the same ruler. */
export function flopsOf(w) {
  if (w.kind === 'gemm') return 2 * w.M * w.N * w.K;
  let forward = 0;
  for (let k = 0; k < w.layers; k++) forward += 2 * stepsOf(w) * w.directions * w.gates * w.H * (inputsOf(w, k) + w.H);
  return w.mode === 'train' ? 3 * forward : forward;
}

const BYTES = { double: 8, fp32: 4, bf16: 2, int8: 1 };

/** Bytes of W_hh: what one step of one row has to read. */
export const recurrentBytes = (w, precision) => BYTES[precision] * w.gates * w.H * w.H;
