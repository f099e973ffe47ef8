// inputs.mjs: the numbers every subject of a workload works on, and the numbers it answers with: files of float32, cut the
// same way on every side.
import { inputsOf } from './workloads.mjs';

/**
 * Names and lengths of the arrays in a workload's input file, in order. Weights have PyTorch's shapes and order of gates.
 * @returns {[string, number][]}
 */
export function layoutOf(w) {
  if (w.kind === 'gemm')
    return [
      ['a', w.M * w.K],
      ['b', w.K * w.N],
    ];
  const out = w.directions * w.H;
  const layout = [['x', w.T * w.B * w.I]];
  if (w.mode === 'train') layout.push(['dy', w.T * w.B * out]);
  if (w.mode === 'step') layout.push(['h', w.B * w.H]);
  if (w.mode === 'step' && w.cell === 'lstm') layout.push(['c', w.B * w.H]);
  for (const weights of weightsOf(w)) layout.push(...weights);
  return layout;
}

/** [name, length] of the four weights of each layer and direction. */
function weightsOf(w) {
  const rows = w.gates * w.H;
  const all = [];
  for (let k = 0; k < w.layers; k++)
    for (const suffix of ['', '_reverse'].slice(0, w.directions))
      all.push([
        [`weight_ih_l${k}${suffix}`, rows * inputsOf(w, k)],
        [`weight_hh_l${k}${suffix}`, rows * w.H],
        [`bias_ih_l${k}${suffix}`, rows],
        [`bias_hh_l${k}${suffix}`, rows],
      ]);
  return all;
}

/**
 * Names and lengths of the arrays a subject answers with. `train`: the output and all gradients; `step`: the new state;
 * outputs and gradients of padding are zero.
 * @returns {[string, number][]}
 */
export function resultsOf(w) {
  if (w.kind === 'gemm') return [['product', w.M * w.N]];
  if (w.mode === 'step') {
    const h = [['h', w.B * w.H]];
    return w.cell === 'lstm' ? [...h, ['c', w.B * w.H]] : h;
  }
  const results = [['output', w.T * w.B * w.directions * w.H]];
  if (w.mode !== 'train') return results;
  results.push(['d_x', w.T * w.B * w.I]);
  for (const weights of weightsOf(w)) results.push(...weights.map(([name, length]) => [`d_${name}`, length]));
  return results;
}

const total = (layout) => layout.reduce((sum, [, length]) => sum + length, 0);

/** Zero where a row of a [T, B, width] array is past its length. */
export function maskPadding(data, w) {
  const width = data.length / (w.T * w.B);
  (w.lengths ?? []).forEach((length, b) => {
    for (let t = length; t < w.T; t++) data.fill(0, (t * w.B + b) * width, (t * w.B + b + 1) * width);
  });
  return data;
}

/**
 * Uniform numbers in +-1 for data and +-1/sqrt(H) for weights, from a small generator, so that a run can be repeated. The
 * gradient of a padded output is zero: a system without lengths, which computes the padding too, gets the same gradients.
 */
export function makeInputs(w) {
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  };
  const layout = layoutOf(w);
  const out = new Float32Array(total(layout));
  let at = 0;
  for (const [name, length] of layout) {
    const scale = /^(weight|bias)/.test(name) ? 1 / Math.sqrt(w.H) : 1;
    const part = out.subarray(at, at + length);
    for (let k = 0; k < length; k++) part[k] = scale * next();
    if (name === 'dy') maskPadding(part, w);
    at += length;
  }
  return out;
}

/**
 * The arrays of a file by name, as views of it.
 * @returns {Record<string, Float32Array>}
 */
export function split(layout, all) {
  if (all.length !== total(layout))
    throw new Error(`a file of ${all.length} numbers where ${total(layout)} were expected (${layout.map(([n]) => n)})`);
  const parts = {};
  let at = 0;
  for (const [name, length] of layout) {
    parts[name] = all.subarray(at, at + length);
    at += length;
  }
  return parts;
}
