// Where the windows of a convolution or of pooling stand, and the two layouts they work on.
//
// Both see their input as images of rows and columns, [images, H, W]. [B,C,H,W] is that as it is; [B,C,L] has one row; a
// sequence [T,B,C] is one image whose rows are the time steps and whose columns are the batch, with windows one column wide.
import { checkTensor, type Shape, showShape, Tensor } from '../autograd/tensor.js';
import { OptionError, ShapeError } from '../errors.js';
import type { Rule } from '../options.js';
import { checkLengths, type RowLengths } from './padding.js';

/** 'channels-first': [B,C,L] or [B,C,H,W], as PyTorch. 'time-first': [T,B,C], as recurrent layers take and give. */
export type Layout = 'channels-first' | 'time-first';

/** One number for all axes, or one for each. */
export type PerAxis = number | readonly number[];

/** The windows along one axis: the k-th element of window o stands at o * stride + k * dilation - before. */
export interface Axis {
  readonly n: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  /** Number of windows. */
  readonly out: number;
}

/** How an op sees its input and its windows. */
export interface Frame {
  readonly layout: Layout;
  readonly B: number;
  readonly C: number;
  readonly images: number;
  readonly h: Axis;
  readonly w: Axis;
  /** Of each column of a sequence, valid rows before and after; null: all. */
  readonly lengths: { readonly given: readonly number[]; readonly out: readonly number[] } | null;
  /** Shape of the result with `channels` in place of C. */
  shape(channels: number): number[];
}

export interface WindowOptions {
  readonly kernel: PerAxis | 'global';
  readonly stride: PerAxis;
  readonly padding: PerAxis | 'same';
  readonly dilation: PerAxis;
  readonly layout?: Layout | undefined;
  readonly lengths?: RowLengths | null | undefined;
}

/** Sizes of an option: a whole number, or `axes` of them, each at least `low`. `word` may stand for them. */
export function sizesRule(axes: number, low: number, word?: string): Rule {
  const fits = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= low;
  const list = axes === 1 ? 'an array of one' : `an array of ${axes} of them`;
  return {
    expected: `an integer >= ${low}, or ${list}${word ? `, or "${word}"` : ''}`,
    accepts: (value) =>
      fits(value) ||
      (word !== undefined && value === word) ||
      (Array.isArray(value) && value.length === axes && value.every(fits)),
  };
}

/** @throws ShapeError, LengthsError, OptionError  naming `op` */
export function frameOf(op: string, x: Tensor, axes: 1 | 2, options: WindowOptions): Frame {
  checkTensor(x, op, 'x');
  const layout = options.layout ?? 'channels-first';
  const dims = layout === 'time-first' ? '[T, B, C]' : axes === 1 ? '[B, C, L]' : '[B, C, H, W]';
  if (x.shape.length !== axes + 2) throw new ShapeError(`${op}: x must be ${dims}, got ${showShape(x.shape)}`);
  if (x.size === 0) throw new ShapeError(`${op}: x must hold at least one element, got ${showShape(x.shape)}`);
  if (layout === 'time-first') return sequenceFrame(op, x.shape, options);
  if (options.lengths != null) {
    throw new OptionError(`${op}: lengths need layout: 'time-first', where x is [T, B, C]`);
  }
  const [B, C, ...space] = x.shape as [number, number, ...number[]];
  const along = space.map((n, k) => axisOf(op, n, options, k, space));
  const [h, w] = axes === 1 ? [whole(1), along[0] as Axis] : (along as [Axis, Axis]);
  const out = along.map((axis) => axis.out);
  return { layout, B, C, images: B, h, w, lengths: null, shape: (channels) => [B, channels, ...out] };
}

function sequenceFrame(op: string, shape: Shape, options: WindowOptions): Frame {
  const [T, B, C] = shape as [number, number, number];
  const h = axisOf(op, T, options, 0, [T]);
  const given = options.lengths == null ? null : checkLengths(op, options.lengths, T, B);
  const lengths =
    given === null || given.every((length) => length === T) ? null : { given, out: windowsOf(given, options) };
  return { layout: 'time-first', B, C, images: 1, h, w: whole(B), lengths, shape: (channels) => [h.out, B, channels] };
}

/** An axis with a window at each place and nothing around it. */
const whole = (n: number): Axis => ({ n, kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, out: n });

function axisOf(op: string, n: number, options: WindowOptions, k: number, space: Shape): Axis {
  if (options.kernel === 'global') {
    return { n, kernel: n, stride: 1, dilation: 1, before: 0, after: 0, out: 1 };
  }
  const spec = padded(options, k);
  if (options.padding === 'same' && spec.stride !== 1) {
    throw new OptionError(`${op}: padding "same" needs stride 1, got ${spec.stride}; give the padding as a number`);
  }
  const out = windowsIn(n, spec);
  if (out < 1) {
    const { before, after, span } = spec;
    throw new ShapeError(
      `${op}: the kernel covers ${span} elements and must fit into the input of ${showShape(space)} padded by ${before}; ` +
        `axis ${k} has ${n + before + after}`,
    );
  }
  return { n, ...spec, out };
}

type Spec = Omit<Axis, 'n' | 'out'> & { readonly span: number };

/** What the options say of axis k. */
function padded({ kernel, stride, dilation, padding }: WindowOptions, k: number): Spec {
  const at = (size: PerAxis): number => (typeof size === 'number' ? size : (size[k] as number));
  const span = at(dilation) * (at(kernel as PerAxis) - 1) + 1;
  // Where the padding of 'same' is odd, the longer half comes after, as in PyTorch.
  const before = padding === 'same' ? Math.floor((span - 1) / 2) : at(padding);
  const after = padding === 'same' ? span - 1 - before : before;
  return { kernel: at(kernel as PerAxis), stride: at(stride), dilation: at(dilation), before, after, span };
}

/** How many windows `n` elements have. */
const windowsIn = (n: number, { span, stride, before, after }: Spec): number =>
  Math.max(0, Math.floor((n + before + after - span) / stride) + 1);

/** How many windows the rows of a sequence have that are this long. */
export function windowsOf(lengths: RowLengths, options: WindowOptions): number[] {
  const list = lengths instanceof Tensor ? lengths.toArray() : Array.from(lengths);
  if (options.kernel === 'global') return list.map((n) => Math.min(n, 1));
  const spec = padded(options, 0);
  // A row without steps has nothing to look at, whatever is put around it.
  return list.map((n) => (n === 0 ? 0 : windowsIn(n, spec)));
}

/** Calls `clear` with each row of a sequence's result [h.out * B, ...] that stands past their row's length. */
export function pastLengths(frame: Frame, clear: (row: number) => void): void {
  if (frame.lengths === null) return;
  for (const [b, length] of frame.lengths.out.entries()) {
    for (let t = length; t < frame.h.out; t++) clear(t * frame.B + b);
  }
}
