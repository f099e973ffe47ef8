// Convolutions, as one matrix product: the elements under each window are gathered into a row (the kernel of embeddings does
// it: with the channels last, what stands at one place is C numbers in a row), and each row is multiplied by the weights.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, type Shape, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import type { Floats, Ints, Memory } from '../backend/types.js';
import { ShapeError } from '../errors.js';
import { checkOptions, is, type Rule } from '../options.js';
import type { RowLengths } from './padding.js';
import { type Frame, frameOf, type Layout, type PerAxis, pastLengths, sizesRule } from './windows.js';

export interface Conv2dOpOptions {
  /** Distance of the windows. Default 1 */
  readonly stride?: PerAxis;
  /** Zeros around the input, at either end; 'same': as many as keep its size, for stride 1. Default 0 */
  readonly padding?: PerAxis | 'same';
  /** Distance of the elements under a window. Default 1 */
  readonly dilation?: PerAxis;
  /** Only 1: there are no grouped convolutions. */
  readonly groups?: 1;
}

export interface Conv1dOpOptions extends Conv2dOpOptions {
  /** Default 'channels-first': x is [B,C,L]. With 'time-first' x is [T,B,C]. */
  readonly layout?: Layout;
  /** Valid steps of each row of a time-first x: what stands past them counts as zero, and so are the results there. */
  readonly lengths?: RowLengths | null;
}

const oneGroup: Rule = {
  expected: '1 (grouped convolutions are not in this library)',
  accepts: (value) => value === 1,
};

/** The rules of what a convolution over `axes` axes may be told, for ops and layers. */
export const convolutionRules = (axes: 1 | 2) => ({
  stride: sizesRule(axes, 1),
  padding: sizesRule(axes, 0, 'same'),
  dilation: sizesRule(axes, 1),
  groups: oneGroup,
});
export const layoutRule = is.oneOf('channels-first', 'time-first');

/**
 * Convolution (cross-correlation, as everywhere in deep learning) along one axis.
 *
 *   y[b,o,l] = bias[o] + sum over c, k of weight[o,c,k] x[b, c, l stride + k dilation - padding]
 *
 * @param x       [B, C, L], or [T, B, C] with layout 'time-first'; zero outside
 * @param weight  [O, C, K]
 * @param bias    [O], or null
 * @returns [B, O, L'] or [T', B, O], L' = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1
 * @throws ShapeError  if the shapes disagree, or the kernel does not fit into the padded input
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv1dOpOptions = {}): Tensor {
  checkOptions<Conv1dOpOptions>('conv1d', options, { ...convolutionRules(1), layout: layoutRule, lengths: is.any });
  return convolve('conv1d', x, weight, bias, 1, options);
}

/**
 * Convolution (cross-correlation, as everywhere in deep learning) over images.
 *
 *   y[b,o,i,j] = bias[o] + sum over c, k, l of weight[o,c,k,l] x[b, c, i stride + k dilation - padding, j stride + ...]
 *
 * @param x       [B, C, H, W]; zero outside
 * @param weight  [O, C, KH, KW]
 * @param bias    [O], or null
 * @returns [B, O, H', W'], H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1
 * @throws ShapeError  if the shapes disagree, or the kernel does not fit into the padded input
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: Conv2dOpOptions = {}): Tensor {
  checkOptions<Conv2dOpOptions>('conv2d', options, convolutionRules(2));
  return convolve('conv2d', x, weight, bias, 2, options);
}

function convolve(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  axes: 1 | 2,
  options: Conv1dOpOptions,
): Tensor {
  const w = floatsOf(weight, op, 'weight');
  const b = bias === null ? null : floatsOf(bias, op, 'bias');
  const from = floatsOf(x, op, 'x');
  const { stride = 1, padding = 0, dilation = 1, layout, lengths } = options;
  const kernel = weight.shape.slice(2);
  const frame = frameOf(op, x, axes, { kernel, stride, padding, dilation, layout, lengths });
  const O = weight.shape[0] as number;
  checkWeights(op, weight.shape, bias?.shape ?? null, O, frame.C, axes);
  const sizes = sizesOf(op, frame, O);
  const { N, K, C, places } = sizes;

  const recorded = recording(x, weight, bias);
  const index = indexOf(frame, sizes, recorded);
  const to = newOutput(N * O, recorded);
  const { kernels, memory } = current();
  const tableSize = (1 + places) * C;
  // Backward needs the columns and the weights of each place side by side; without it both are scratch.
  const kept = recorded ? { columns: newOutput(N * K * C, true), wk: byPlace(w, sizes, newOutput) } : null;
  const scratch = tableSize + (kept ? 0 : (N * K + K * O) * C) + N * O;
  let used = 0;
  memory.withScratch(scratch, (all) => {
    const take = (length: number): Floats => {
      used += length;
      return memory.slice(all, used - length, length);
    };
    const table = take(tableSize);
    // Row 0 is what stands outside.
    kernels.fill(memory.slice(table, 0, C), C, 0);
    channelsLast(memory.slice(table, C, places * C), from, frame);
    const columns = kept?.columns ?? take(N * K * C);
    const wk = kept?.wk ?? byPlace(w, sizes, take);
    kernels.embedding_forward(columns, table, index, N * K, 1 + places, C);
    const rows = frame.layout === 'time-first' ? to : take(N * O);
    kernels.linear_forward(rows, columns, wk, b, N, K * C, O);
    if (rows !== to) kernels.transpose(to, rows, frame.images, N / frame.images, 1, O, 1);
    clearPast(to, frame, O);
  });
  const y = new Tensor(to, frame.shape(O));
  if (kept !== null) {
    const { columns, wk } = kept;
    const inputs = bias === null ? [x, weight] : [x, weight, bias];
    // forward was: columns = table[index];  rows = columns wk^T + b;  y = rows, channels where the layout has them
    record(op, inputs, [y], ([dy], grads) => {
      if (!dy) return;
      clearPast(dy, frame, O);
      const drows = frame.layout === 'time-first' ? dy : newGradient(N * O);
      if (drows !== dy) kernels.transpose(drows, dy, frame.images, O, 1, N / frame.images, 1);
      const dcolumns = grads.wants(x) ? newGradient(N * K * C) : null;
      const dwk = grads.wants(weight) ? zeroGradient(K * C * O) : null;
      const db = grads.wants(bias) ? grads.accumulator(bias) : null;
      kernels.linear_backward(dcolumns, dwk, db, drows, columns, wk, N, K * C, O);
      if (dwk !== null) {
        const dw = newGradient(K * C * O);
        kernels.transpose(dw, dwk, O, K, 1, C, 1);
        grads.give(weight, dw);
      }
      if (dcolumns !== null) {
        const dtable = zeroGradient(tableSize);
        kernels.embedding_backward(dtable, dcolumns, index, N * K, 1 + places, C, 0);
        const dx = newGradient(x.size);
        channelsBack(dx, memory.slice(dtable, C, places * C), frame);
        grads.give(x, dx);
      }
    });
  }
  return y;
}

interface Sizes {
  /** Windows, over all images. */
  readonly N: number;
  /** Elements under a window. */
  readonly K: number;
  readonly C: number;
  readonly O: number;
  /** Places of the input, over all images. */
  readonly places: number;
}

function sizesOf(op: string, { images, h, w, C }: Frame, O: number): Sizes {
  const [N, K, places] = [images * h.out * w.out, h.kernel * w.kernel, images * h.n * w.n];
  if (N * K * C >= 2 ** 31 || N * O >= 2 ** 31) {
    throw new ShapeError(
      `${op}: ${N} windows of ${K} places with ${C} channels are more than 2^31 numbers; use a smaller batch or a larger stride`,
    );
  }
  return { N, K, C, O, places };
}

function checkWeights(op: string, weight: Shape, bias: Shape | null, O: number, C: number, axes: 1 | 2): void {
  if (weight.length !== axes + 2 || weight[1] !== C || weight.includes(0)) {
    const dims = axes === 1 ? 'kernelSize' : 'kernelHeight, kernelWidth';
    throw new ShapeError(
      `${op}: weight must be [outChannels, ${C}, ${dims}] for an input of ${C} channels, got ${showShape(weight)}`,
    );
  }
  if (bias !== null && !sameShape(bias, [O])) {
    throw new ShapeError(`${op}: bias must be [${O}] (outChannels), got ${showShape(bias)}`);
  }
}

/** [O,C,K] as [O,K,C]: the order of the columns. */
function byPlace(w: Floats, { O, C, K }: Sizes, alloc: (length: number, recorded: boolean) => Floats): Floats {
  const wk = alloc(O * K * C, true);
  current().kernels.transpose(wk, w, O, C, 1, K, 1);
  return wk;
}

/** x as rows of C numbers, one for each place. */
function channelsLast(rows: Floats, x: Floats, { layout, images, h, w, C }: Frame): void {
  const { kernels } = current();
  if (layout === 'time-first') kernels.affine(rows, x, x.length, 1, 0);
  else kernels.transpose(rows, x, images, C, 1, h.n * w.n, 1);
}

/** Adjoint of channelsLast. */
function channelsBack(dx: Floats, drows: Floats, { layout, images, h, w, C }: Frame): void {
  const { kernels } = current();
  if (layout === 'time-first') kernels.affine(dx, drows, dx.length, 1, 0);
  else kernels.transpose(dx, drows, images, h.n * w.n, 1, C, 1);
}

function zeroGradient(length: number): Floats {
  const zeros = newGradient(length);
  current().kernels.fill(zeros, length, 0);
  return zeros;
}

function clearPast(rows: Floats, frame: Frame, O: number): void {
  if (frame.lengths === null) return;
  const numbers = current().memory.view(rows);
  pastLengths(frame, (row) => numbers.fill(0, row * O, (row + 1) * O));
}

/** Tables by the geometry they are for, most recently used last. They are the same in each step of a training. */
const tables = new WeakMap<Memory, Map<string, { images: number; index: Ints }>>();
const MOST_TABLES = 16;

/** The row of the table for each element under each window [N,K]: 1 + the place it comes from, 0 outside. */
function indexOf(frame: Frame, { N, K }: Sizes, recorded: boolean): Ints {
  const { memory } = current();
  if (frame.lengths !== null) {
    const index = newOutput(N * K, recorded, 'int');
    fillIndex(memory.view(index), frame);
    return index;
  }
  const known = tables.get(memory) ?? new Map<string, { images: number; index: Ints }>();
  tables.set(memory, known);
  const key = [frame.h, frame.w].map((axis) => Object.values(axis).join()).join(';');
  let entry = known.get(key);
  known.delete(key);
  if (entry === undefined || entry.images < frame.images) {
    entry = { images: frame.images, index: memory.alloc('int', N * K, 'persistent') };
    fillIndex(memory.view(entry.index), frame);
  }
  known.set(key, entry);
  const oldest = known.keys().next().value;
  if (known.size > MOST_TABLES && oldest !== undefined) known.delete(oldest);
  // The images of a smaller batch are the first ones of a larger.
  return entry.images === frame.images ? entry.index : memory.slice(entry.index, 0, N * K);
}

function fillIndex(index: Int32Array, { images, h, w, lengths }: Frame): void {
  let at = 0;
  for (let i = 0; i < h.out; i++) {
    for (let j = 0; j < w.out; j++) {
      for (let k = 0; k < h.kernel; k++) {
        const row = i * h.stride + k * h.dilation - h.before;
        for (let l = 0; l < w.kernel; l++) {
          const column = j * w.stride + l * w.dilation - w.before;
          const inside = row >= 0 && column >= 0 && column < w.n && row < (lengths?.given[column] ?? h.n);
          index[at++] = inside ? 1 + row * w.n + column : 0;
        }
      }
    }
  }
  const first = index.subarray(0, at);
  for (let image = 1; image < images; image++) {
    const shift = image * h.n * w.n;
    for (let k = 0; k < first.length; k++) {
      const place = first[k] as number;
      index[at++] = place === 0 ? 0 : place + shift;
    }
  }
}
