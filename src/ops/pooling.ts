// Pooling: the largest or the mean of each window. One pass over the input in either direction; max keeps where each came from.
import { current } from '../autograd/context.js';
import { newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, Tensor } from '../autograd/tensor.js';
import type { FloatArray } from '../backend/types.js';
import { OptionError } from '../errors.js';
import { checkOptions, is, required } from '../options.js';
import { layoutRule } from './convolution.js';
import type { RowLengths } from './padding.js';
import { type Axis, type Frame, frameOf, type Layout, type PerAxis, sizesRule } from './windows.js';

export interface MaxPool2dOptions {
  /** Size of the windows; 'global': all there is, one window. */
  readonly kernelSize: PerAxis | 'global';
  /** Distance of the windows. Default kernelSize */
  readonly stride?: PerAxis;
  /** Places around the input that count for nothing, at most half of the kernel. Default 0 */
  readonly padding?: PerAxis;
}
export interface AvgPool2dOptions extends MaxPool2dOptions {
  /** Whether places of the padding count as zeros. Default true */
  readonly countIncludePad?: boolean;
}
interface SequenceOptions {
  /** Default 'channels-first': x is [B,C,L]. With 'time-first' x is [T,B,C]. */
  readonly layout?: Layout;
  /** Valid steps of each row of a time-first x: what stands past them is never looked at, and results there are zero. */
  readonly lengths?: RowLengths | null;
}
export interface MaxPool1dOptions extends MaxPool2dOptions, SequenceOptions {}
export interface AvgPool1dOptions extends AvgPool2dOptions, SequenceOptions {}

/** The rules of what pooling over `axes` axes may be told, for ops and layers. */
export const poolingRules = (axes: 1 | 2) => ({
  kernelSize: required(sizesRule(axes, 1, 'global')),
  stride: sizesRule(axes, 1),
  padding: sizesRule(axes, 0),
});
const sequenceRules = { layout: layoutRule, lengths: is.any };

/**
 * The largest element under each window: y[b,c,l] = max over k of x[b, c, l stride + k - padding]. The first of equals gets the
 * gradient; NaN wins, as in PyTorch.
 *
 * @param x  [B, C, L], or [T, B, C] with layout 'time-first'
 * @returns [B, C, L'] or [T', B, C], L' = floor((L + 2 padding - kernelSize) / stride) + 1
 * @throws ShapeError  if the kernel does not fit into the padded input
 */
export function maxPool1d(x: Tensor, options: MaxPool1dOptions): Tensor {
  checkOptions<MaxPool1dOptions>('maxPool1d', options, { ...poolingRules(1), ...sequenceRules });
  return largest('maxPool1d', x, poolFrame('maxPool1d', x, 1, options));
}

/** The largest element under each window of images [B, C, H, W]; as maxPool1d. */
export function maxPool2d(x: Tensor, options: MaxPool2dOptions): Tensor {
  checkOptions<MaxPool2dOptions>('maxPool2d', options, poolingRules(2));
  return largest('maxPool2d', x, poolFrame('maxPool2d', x, 2, options));
}

/**
 * The mean under each window: y[b,c,l] = sum over k of x[b, c, l stride + k - padding] / count, where count is the size of the
 * kernel, or with countIncludePad: false the number of places inside the input.
 *
 * @param x  [B, C, L], or [T, B, C] with layout 'time-first'
 * @returns [B, C, L'] or [T', B, C], L' = floor((L + 2 padding - kernelSize) / stride) + 1
 * @throws ShapeError  if the kernel does not fit into the padded input
 */
export function avgPool1d(x: Tensor, options: AvgPool1dOptions): Tensor {
  checkOptions<AvgPool1dOptions>('avgPool1d', options, {
    ...poolingRules(1),
    ...sequenceRules,
    countIncludePad: is.boolean,
  });
  return average('avgPool1d', x, poolFrame('avgPool1d', x, 1, options), options);
}

/** The mean under each window of images [B, C, H, W]; as avgPool1d. */
export function avgPool2d(x: Tensor, options: AvgPool2dOptions): Tensor {
  checkOptions<AvgPool2dOptions>('avgPool2d', options, { ...poolingRules(2), countIncludePad: is.boolean });
  return average('avgPool2d', x, poolFrame('avgPool2d', x, 2, options), options);
}

function poolFrame(op: string, x: Tensor, axes: 1 | 2, options: MaxPool1dOptions): Frame {
  const { kernelSize: kernel, padding = 0, layout, lengths } = options;
  checkPadding(op, kernel, padding, axes);
  return frameOf(op, x, axes, { kernel, stride: strideOf(options), padding, dilation: 1, layout, lengths });
}

export const strideOf = ({ stride, kernelSize }: MaxPool2dOptions): PerAxis =>
  stride ?? (kernelSize === 'global' ? 1 : kernelSize);

/** @throws OptionError  if a window could lie in the padding alone, which has neither a largest element nor a mean */
export function checkPadding(op: string, kernelSize: PerAxis | 'global', padding: PerAxis, axes: 1 | 2): void {
  const at = (size: PerAxis, k: number): number => (typeof size === 'number' ? size : (size[k] as number));
  for (let k = 0; k < axes; k++) {
    const most = kernelSize === 'global' ? 0 : Math.floor(at(kernelSize, k) / 2);
    if (at(padding, k) <= most) continue;
    throw new OptionError(
      `${op}: option "padding" must be at most half of kernelSize (${most}), got ${at(padding, k)}`,
    );
  }
}

function largest(op: string, x: Tensor, frame: Frame): Tensor {
  return frame.layout === 'time-first' ? largestSteps(op, x, frame) : largestInPlanes(op, x, frame);
}

function largestInPlanes(op: string, x: Tensor, frame: Frame): Tensor {
  const { images, C, h, w } = frame;
  const from = floatsOf(x, op, 'x');
  const recorded = recording(x);
  const to = newOutput(sizeOfResult(frame), recorded);
  const winners = newOutput(to.length, recorded, 'int');
  const { kernels } = current();
  const planes = images * C;
  kernels.max_pool_forward(
    ...([to, winners, from, planes, h.n, w.n, h.out, w.out] as const),
    ...([h.kernel, w.kernel, h.stride, w.stride, h.before, w.before] as const),
  );
  const result = new Tensor(to, frame.shape(C));
  if (recorded) {
    // forward was, in each plane: y[k] = x[winners[k]]
    record(op, [x], [result], ([dy], grads) => {
      if (dy) kernels.gather_backward(grads.accumulator(x), dy, winners, planes, h.n * w.n, h.out * w.out, 1);
    });
  }
  return result;
}

/** Of sequences, each row of them up to its own length. */
function largestSteps(op: string, x: Tensor, frame: Frame): Tensor {
  const from = floatsOf(x, op, 'x');
  const recorded = recording(x);
  const to = newOutput(sizeOfResult(frame), recorded);
  // Where each result came from; -1 where there is none.
  const winners = recorded ? newOutput(to.length, true, 'int') : null;
  const { memory } = current();
  // Views come after all memory is taken: growth would detach them.
  const y = memory.view(to);
  const values = memory.view(from);
  const winner = winners && memory.view(winners);
  y.fill(0);
  winner?.fill(-1);
  eachPlane(frame, (plane) => largestOf(plane, y, values, winner));
  const result = new Tensor(to, frame.shape(frame.C));
  if (winners) {
    // forward was: y[k] = x[winners[k]]
    record(op, [x], [result], ([dy], grads) => {
      if (!dy) return;
      const sums = grads.accumulator(x);
      const [dx, gradient, source] = [memory.view(sums), memory.view(dy), memory.view(winners)];
      for (let k = 0; k < source.length; k++) {
        const place = source[k] as number;
        if (place >= 0) (dx[place] as number) += gradient[k] as number;
      }
    });
  }
  return result;
}

function average(op: string, x: Tensor, frame: Frame, options: AvgPool2dOptions): Tensor {
  const from = floatsOf(x, op, 'x');
  const recorded = recording(x);
  const to = newOutput(sizeOfResult(frame), recorded);
  const { memory } = current();
  const y = memory.view(to);
  const values = memory.view(from);
  // A global window is as large as its row is long.
  const ofKernel = (options.countIncludePad ?? true) && options.kernelSize !== 'global';
  const full = ofKernel ? frame.h.kernel * frame.w.kernel : null;
  y.fill(0);
  eachPlane(frame, (plane) => meansOf(plane, y, values, full));
  const result = new Tensor(to, frame.shape(frame.C));
  if (recorded) {
    // forward was: y[k] = sum of x under window k / count.  Each of them gets dy / count.
    record(op, [x], [result], ([dy], grads) => {
      if (!dy) return;
      const sums = grads.accumulator(x);
      const [dx, gradient] = [memory.view(sums), memory.view(dy)] as [FloatArray, FloatArray];
      eachPlane(frame, (plane) => spreadMeans(plane, dx, gradient, full));
    });
  }
  return result;
}

const sizeOfResult = ({ images, C, h, w }: Frame): number => images * C * h.out * w.out;

/** One channel of one image, or of one row of a batch of sequences: where it stands in x and in y. */
interface Plane {
  readonly x: number;
  readonly xRow: number;
  readonly y: number;
  readonly yRow: number;
  /** First element and end of each window, along the rows and along the columns. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

function eachPlane({ layout, images, C, h, w, lengths }: Frame, visit: (plane: Plane) => void): void {
  if (layout === 'time-first') {
    const columns = Int32Array.of(0, 1);
    for (let b = 0; b < w.n; b++) {
      const rows = bounds(h, lengths?.given[b] ?? h.n, lengths?.out[b] ?? h.out);
      for (let c = 0; c < C; c++) visit({ x: b * C + c, xRow: w.n * C, y: b * C + c, yRow: w.n * C, rows, columns });
    }
    return;
  }
  const [rows, columns] = [bounds(h, h.n, h.out), bounds(w, w.n, w.out)];
  for (let plane = 0; plane < images * C; plane++) {
    visit({ x: plane * h.n * w.n, xRow: w.n, y: plane * h.out * w.out, yRow: w.out, rows, columns });
  }
}

/** What the first `out` windows of an axis cover of `n` elements. */
function bounds({ stride, before, kernel }: Axis, n: number, out: number): Int32Array {
  const list = new Int32Array(2 * out);
  for (let o = 0; o < out; o++) {
    const start = o * stride - before;
    list[2 * o] = Math.max(0, start);
    list[2 * o + 1] = Math.min(n, start + kernel);
  }
  return list;
}

function largestOf(plane: Plane, y: FloatArray, x: FloatArray, winner: Int32Array | null): void {
  const { rows, columns, xRow } = plane;
  for (let i = 0; 2 * i < rows.length; i++) {
    const [top, bottom] = [rows[2 * i] as number, rows[2 * i + 1] as number];
    for (let j = 0; 2 * j < columns.length; j++) {
      const [left, right] = [columns[2 * j] as number, columns[2 * j + 1] as number];
      let best = plane.x + top * xRow + left;
      let most = x[best] as number;
      for (let row = top; row < bottom; row++) {
        const start = plane.x + row * xRow;
        for (let k = start + left; k < start + right; k++) {
          const value = x[k] as number;
          // Written so that the first NaN wins.
          if (value <= most || Number.isNaN(most)) continue;
          most = value;
          best = k;
        }
      }
      const at = plane.y + i * plane.yRow + j;
      y[at] = most;
      if (winner !== null) winner[at] = best;
    }
  }
}

/** `full`: what to divide by; null: as many as there are. */
function meansOf(plane: Plane, y: FloatArray, x: FloatArray, full: number | null): void {
  const { rows, columns, xRow } = plane;
  for (let i = 0; 2 * i < rows.length; i++) {
    const [top, bottom] = [rows[2 * i] as number, rows[2 * i + 1] as number];
    for (let j = 0; 2 * j < columns.length; j++) {
      const [left, right] = [columns[2 * j] as number, columns[2 * j + 1] as number];
      let sum = 0;
      for (let row = top; row < bottom; row++) {
        const start = plane.x + row * xRow;
        for (let k = start + left; k < start + right; k++) sum += x[k] as number;
      }
      y[plane.y + i * plane.yRow + j] = sum / (full ?? (bottom - top) * (right - left));
    }
  }
}

// forward was: y = sum of x / count
function spreadMeans(plane: Plane, dx: FloatArray, dy: FloatArray, full: number | null): void {
  const { rows, columns, xRow } = plane;
  for (let i = 0; 2 * i < rows.length; i++) {
    const [top, bottom] = [rows[2 * i] as number, rows[2 * i + 1] as number];
    for (let j = 0; 2 * j < columns.length; j++) {
      const [left, right] = [columns[2 * j] as number, columns[2 * j + 1] as number];
      const share = (dy[plane.y + i * plane.yRow + j] as number) / (full ?? (bottom - top) * (right - left));
      for (let row = top; row < bottom; row++) {
        const start = plane.x + row * xRow;
        for (let k = start + left; k < start + right; k++) (dx[k] as number) += share;
      }
    }
  }
}
