// The batch contract: what fit and evaluate take as data, and what they make of it.
import { Tensor } from '../autograd/tensor.js';
import { LengthsError, OptionError } from '../errors.js';
import { show } from '../options.js';

/**
 * One batch as the user gives it: `[x, y]`, or an object with at least `x`.
 *
 * x and y are what the model and the loss take: tensors, as a rule. Whatever else the object holds reaches `forward`,
 * a loss function and metric functions untouched.
 */
export type BatchInput = readonly [x: unknown, y: unknown] | BatchFields;

export interface BatchFields {
  // biome-ignore lint/suspicious/noExplicitAny: the user knows what the model takes
  readonly x: any;
  // biome-ignore lint/suspicious/noExplicitAny: the user knows what the loss takes
  readonly y?: any;
  /** Valid steps of each row; handed to the model as `forward(x, { lengths })`. */
  readonly lengths?: readonly number[] | Int32Array | Tensor;
  /** Rows. Default: the number of lengths, else of y, else of x along their first axis. */
  readonly size?: number;
  /**
   * Steps that are not padding, for tokens per second. Default: the sum of lengths, else the steps of a sequence x,
   * else size.
   */
  readonly tokens?: number;
  /** With tbptt: rows whose state starts anew before this batch, from zeros or the layer's learnt initial state. */
  readonly reset?: readonly boolean[];
  /**
   * With tbptt: [T, B] (or as timeAxis says), truthy where a document begins: the row's state starts anew there, and no
   * gradient of it goes back further. Those of the other rows do.
   */
  readonly starts?: Tensor | readonly ArrayLike<unknown>[];
  // biome-ignore lint/suspicious/noExplicitAny: the user's own fields
  readonly [extra: string]: any;
}

/** One batch as forward, losses and metrics see it. */
export interface Batch extends BatchFields {
  readonly lengths?: readonly number[] | Int32Array;
  readonly size: number;
  readonly tokens: number;
  /** With tbptt: the steps [from, to] of the batch that this window is, to cut fields of your own by. */
  // biome-ignore lint/suspicious/noExplicitAny: without tbptt the user's own field, if there is one
  readonly steps?: any;
}

/**
 * Batches in order: an array, or anything `for await` takes. A `length`, where it has one, is the number of batches.
 */
export type Batches = Iterable<BatchInput> | AsyncIterable<BatchInput>;

/** Batches, or a function that gives those of an epoch (1, 2, ...). */
export type Data = Batches | ((epoch: number) => Batches | Promise<Batches>);

/** Refuses what cannot be data at all, and an iterator that would be used up after the first of several epochs. */
export function checkData(where: string, data: Data, epochs: number): void {
  if (typeof data === 'function') return;
  if (!isIterable(data)) {
    throw new OptionError(
      `${where} must be an array or iterable of batches, or a function that returns one, got ${show(data)}`,
    );
  }
  const once =
    typeof (data as { next?: unknown }).next === 'function' ||
    typeof (data as { getReader?: unknown }).getReader === 'function';
  if (once && epochs > 1) {
    throw new OptionError(
      `${where} is an iterator that can be read only once, but there are ${epochs} epochs; pass an array, or a function ` +
        'that returns a new iterator: () => makeBatches()',
    );
  }
}

/** The batches of an epoch, and their number where it is known. */
export async function openData(
  where: string,
  data: Data,
  epoch: number,
): Promise<{ batches: Batches; count?: number }> {
  const batches = typeof data === 'function' ? await data(epoch) : data;
  if (!isIterable(batches)) {
    throw new OptionError(`${where} must return an array or iterable of batches, got ${show(batches)}`);
  }
  const { length } = batches as { length?: unknown };
  return typeof length === 'number' ? { batches, count: length } : { batches };
}

export function toBatch(where: string, input: BatchInput): Batch {
  if (Array.isArray(input)) {
    if (input.length !== 2)
      throw new OptionError(`${where}: a batch given as an array must be [x, y], got ${show(input)}`);
    return withCounts(where, { x: input[0], y: input[1] });
  }
  const fields = input as BatchFields;
  if (typeof fields !== 'object' || fields === null || fields instanceof Tensor || fields.x === undefined) {
    throw new OptionError(`${where}: a batch must be { x, y, ... } or [x, y], got ${show(input)}`);
  }
  return withCounts(where, fields);
}

export function noBatches(where: string, epoch: number): OptionError {
  const hint =
    epoch > 1 ? ' (an iterator can be read only once: pass an array, or a function that returns a new one)' : '';
  return new OptionError(`${where} gave no batches in epoch ${epoch}${hint}`);
}

function withCounts(where: string, fields: BatchFields): Batch {
  const { lengths: given, ...rest } = fields;
  const { x, y } = rest;
  const lengths = given instanceof Tensor ? given.toArray() : given;
  if (lengths !== undefined && !Array.isArray(lengths) && !ArrayBuffer.isView(lengths)) {
    throw new LengthsError(`${where}: lengths of a batch must be a list of numbers, got ${show(lengths)}`);
  }
  const size = fields.size ?? lengths?.length ?? rowsOf(y) ?? rowsOf(x) ?? 1;
  const tokens = fields.tokens ?? countTokens(x, lengths, size);
  for (const [name, count] of Object.entries({ size, tokens })) {
    if (!Number.isFinite(count) || count < 0) {
      throw new OptionError(`${where}: ${name} of a batch must be a number >= 0, got ${show(count)}`);
    }
  }
  return { ...rest, ...(lengths && { lengths }), size, tokens };
}

function rowsOf(value: unknown): number | undefined {
  if (value instanceof Tensor) return value.shape[0];
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)
    ? (value.length as number)
    : undefined;
}

function countTokens(x: unknown, lengths: Batch['lengths'], size: number): number {
  if (lengths !== undefined) {
    let sum = 0;
    for (const length of lengths) sum += length;
    return sum;
  }
  // [T,B] ids or [T,B,F] numbers (or batch first: the product is the same) are sequences; [B,F] numbers are not.
  if (!(x instanceof Tensor)) return size;
  const isSequence = x.shape.length === 3 || (x.shape.length === 2 && x.dtype === 'int32');
  return isSequence ? (x.shape[0] as number) * (x.shape[1] as number) : size;
}

function isIterable(value: unknown): value is Batches {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}
