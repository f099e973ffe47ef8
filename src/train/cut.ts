// Parts of a batch along its time axis: what a window of truncated BPTT sees of x, y and lengths, and its outputs joined
// again. Time is axis 0 or 1, rows are the other of the two.
import { current } from '../autograd/context.js';
import { showShape, sizeOf, Tensor } from '../autograd/tensor.js';
import { DTypeError, OptionError, ShapeError } from '../errors.js';
import { concat, slice } from '../ops/shape.js';
import { show } from '../options.js';
import type { Batch } from './data.js';

export type TimeAxis = 0 | 1;

/** Steps and rows of a batch. */
export interface Extent {
  readonly steps: number;
  readonly rows: number;
}

const layout = (axis: TimeAxis): string => (axis === 0 ? '[T, B, ...]' : '[B, T, ...]');

/**
 * Steps and rows of x, which y has too.
 *
 * @throws ShapeError  if x has no time axis, or y has none: a target for the last step only has no loss in the windows before
 */
export function extentOf(where: string, batch: Batch, axis: TimeAxis): Extent {
  const extent = leafExtent(batch.x, axis);
  if (extent === null) {
    throw new ShapeError(
      `${where}: x must be ${layout(axis)} with its time axis ${axis} (option timeAxis), got ${describe(batch.x)}`,
    );
  }
  checkExtent(where, 'x', batch.x, extent, axis);
  if (batch.y !== undefined) checkExtent(where, 'y', batch.y, extent, axis);
  if (batch.starts !== undefined) checkExtent(where, 'starts', batch.starts, extent, axis);
  return extent;
}

function checkExtent(where: string, name: string, value: unknown, { steps, rows }: Extent, axis: TimeAxis): void {
  for (const leaf of leavesOf(value)) {
    const own = leafExtent(leaf, axis);
    if (own !== null && own.steps === steps && own.rows === rows) continue;
    const needed = axis === 0 ? [steps, rows] : [rows, steps];
    const reason =
      name === 'y'
        ? '. Every window has its own loss, so every step needs its target; with targets for the last step only, leave out ' +
          'tbptt, or repeat the target at each step (crossEntropy ignores -100)'
        : '';
    throw new ShapeError(
      `${where}: ${name} must be [${needed.join(', ')}, ...] with time as axis ${axis}, got ${describe(leaf)}${reason}`,
    );
  }
}

/** Lists of tensors and records are gone into; a tensor or nested numbers are a leaf. */
function leavesOf(value: unknown): unknown[] {
  if (value instanceof Tensor || !isGroup(value)) return [value];
  return Object.values(value as object).flatMap(leavesOf);
}

function isGroup(value: unknown): value is Record<string, unknown> | unknown[] {
  if (Array.isArray(value)) return value.length > 0 && value.every((part) => part instanceof Tensor || isRecord(part));
  return isRecord(value);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function leafExtent(value: unknown, axis: TimeAxis): Extent | null {
  const leaf = leavesOf(value)[0];
  const dims =
    leaf instanceof Tensor
      ? leaf.shape
      : Array.isArray(leaf) && lengthOf(leaf[0]) !== undefined
        ? [leaf.length, lengthOf(leaf[0]) as number]
        : [];
  if (dims.length < 2) return null;
  return { steps: dims[axis] as number, rows: dims[1 - axis] as number };
}

const lengthOf = (value: unknown): number | undefined =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value) ? (value.length as number) : undefined;

const describe = (value: unknown): string => (value instanceof Tensor ? showShape(value.shape) : show(value));

/** Steps from..to-1 of a value: of each tensor in it. */
export function cut<V>(value: V, axis: TimeAxis, from: number, to: number): V {
  if (value instanceof Tensor) return cutTensor(value, axis, from, to) as V;
  if (isGroup(value)) {
    if (Array.isArray(value)) return value.map((part) => cut(part, axis, from, to)) as V;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cut(part, axis, from, to)])) as V;
  }
  const rows = value as unknown as unknown[][];
  return (axis === 0 ? rows.slice(from, to) : rows.map((row) => row.slice(from, to))) as V;
}

function cutTensor(t: Tensor, axis: TimeAxis, from: number, to: number): Tensor {
  const n = t.shape[axis] as number;
  if (from === 0 && to === n) return t;
  if (t.requiresGrad) return slice(t, from, to, axis);
  const shape = t.shape.map((dim, k) => (k === axis ? to - from : dim));
  const { memory } = current();
  const inner = sizeOf(t.shape.slice(axis + 1));
  // Time first: the steps lie together, and the part shares the memory of the whole.
  if (axis === 0) return new Tensor(memory.slice(t.storage, from * inner, (to - from) * inner), shape, t.dtype);
  const out = memory.alloc(t.storage.element, sizeOf(shape), 'host');
  const [source, target] = [memory.view(t.storage), memory.view(out)];
  const width = (to - from) * inner;
  for (let b = 0; b < (t.shape[0] as number); b++) {
    const start = (b * n + from) * inner;
    (target as Float32Array).set((source as Float32Array).subarray(start, start + width), b * width);
  }
  return new Tensor(out, shape, t.dtype);
}

/** Valid steps of each row among from..to-1. */
export function cutLengths(lengths: ArrayLike<number>, from: number, to: number): number[] {
  return Array.from(lengths, (length) => Math.min(Math.max(length - from, 0), to - from));
}

/** The outputs of the parts of a window, one after the other in time; `steps` are those of each part. */
export function joinOutputs(
  where: string,
  outputs: readonly unknown[],
  steps: readonly number[],
  axis: TimeAxis,
): unknown {
  const [first] = outputs;
  if (outputs.length === 1) return first;
  if (first instanceof Tensor) {
    for (const [k, output] of outputs.entries()) {
      const shape = (output as Tensor).shape;
      if (shape[axis] === steps[k]) continue;
      throw new ShapeError(
        `${where}: output must be ${layout(axis)} of as many steps as x, because this window was computed in ` +
          `${outputs.length} parts that are joined; got ${showShape(shape)} for ${steps[k]} steps. Reshape it in the loss`,
      );
    }
    return concat(outputs as Tensor[], axis);
  }
  if (isGroup(first)) {
    const join = (key: string) =>
      joinOutputs(
        where,
        outputs.map((output) => (output as Record<string, unknown>)[key]),
        steps,
        axis,
      );
    const joined = Object.fromEntries(Object.keys(first).map((key) => [key, join(key)]));
    return Array.isArray(first) ? Object.values(joined) : joined;
  }
  throw new DTypeError(`${where}: output must be a tensor, or a list or record of tensors, got ${show(first)}`);
}

/** For each step, whether row b starts a document there; null where no row does. Steps past a row's end do not count. */
export function startsOf(
  where: string,
  starts: unknown,
  { steps, rows }: Extent,
  lengths: ArrayLike<number> | undefined,
  axis: TimeAxis,
): readonly (readonly boolean[] | null)[] {
  const at = readerOf(where, starts, axis === 0 ? rows : steps);
  return Array.from({ length: steps }, (_, t) => {
    const mask = Array.from({ length: rows }, (__, b) => {
      const isStart = Boolean(axis === 0 ? at(t, b) : at(b, t));
      return isStart && t < (lengths?.[b] ?? steps);
    });
    return mask.includes(true) ? mask : null;
  });
}

function readerOf(where: string, starts: unknown, width: number): (i: number, j: number) => unknown {
  if (starts instanceof Tensor) {
    const numbers = current().memory.view(starts.storage);
    return (i, j) => numbers[i * width + j];
  }
  if (Array.isArray(starts)) return (i, j) => (starts[i] as ArrayLike<unknown>)[j];
  throw new OptionError(`${where}: starts must be a tensor or nested lists, got ${show(starts)}`);
}
