// inputs.mjs: the numbers every subject of a workload works on: one file of float32, cut the same way on every side.

/** Names and lengths of the arrays in a workload's input file, in order. */
export function layoutOf(w) {
  if (w.kind === 'gemm')
    return [
      ['a', w.M * w.K],
      ['b', w.K * w.N],
    ];
  const rows = w.gates * w.H;
  return [
    ['x', w.T * w.B * w.I],
    ['dy', w.T * w.B * w.H],
    ['w_ih', rows * w.I],
    ['w_hh', rows * w.H],
    ['b_ih', rows],
    ['b_hh', rows],
  ];
}

/** Uniform numbers in +-1 for data and +-1/sqrt(H) for weights, from a small generator, so that a run can be repeated. */
export function makeInputs(w) {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  };
  const layout = layoutOf(w);
  const out = new Float32Array(layout.reduce((sum, [, length]) => sum + length, 0));
  let at = 0;
  for (const [name, length] of layout) {
    const scale = name.startsWith('w') || name.startsWith('b_') ? 1 / Math.sqrt(w.H) : 1;
    for (let k = 0; k < length; k++) out[at++] = scale * next();
  }
  return out;
}

export function splitInputs(w, file) {
  const all = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4);
  const parts = {};
  let at = 0;
  for (const [name, length] of layoutOf(w)) {
    parts[name] = all.slice(at, at + length);
    at += length;
  }
  return parts;
}

/** Mean absolute value and three elements: enough to see a swapped gate or a missing step. */
export function summarise(data) {
  let sum = 0;
  for (const v of data) sum += Math.abs(v);
  return [sum / data.length, data[0], data[data.length >> 1], data[data.length - 1]];
}
