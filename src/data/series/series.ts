// Numbers over time, as everything here takes them, and windows onto them.
import { DataError, OptionError } from '../../errors.js';
import { checkOptions, is, required, show } from '../../options.js';

/** [time][variables], one step after the other in memory. */
export interface Series {
  readonly values: Float32Array | Float64Array;
  /** Numbers a step. Default 1. */
  readonly variables?: number;
}

/** A list of numbers is a series of one variable. */
export type SeriesInput = Series | Float32Array | Float64Array | readonly number[];

/** @throws DataError  if the numbers do not make whole steps */
export function asSeries(where: string, input: SeriesInput): Required<Series> & { readonly length: number } {
  const given = isSeries(input) ? input : { values: input };
  const values = Array.isArray(given.values) ? Float64Array.from(given.values as readonly number[]) : given.values;
  const variables = ('variables' in given ? given.variables : undefined) ?? 1;
  if (!(values instanceof Float32Array || values instanceof Float64Array)) {
    throw new DataError(
      `${where}: a series must be numbers, or { values: Float32Array or Float64Array, variables }, got ${show(input)}`,
    );
  }
  if (!Number.isSafeInteger(variables) || variables < 1 || values.length % variables !== 0) {
    throw new DataError(
      `${where}: a series of ${show(variables)} variables must have that many numbers at each step, got ` +
        `${values.length} in all; every row must have all its columns`,
    );
  }
  return { values, variables, length: values.length / variables };
}

const isSeries = (input: SeriesInput): input is Series =>
  typeof input === 'object' && input !== null && !Array.isArray(input) && !ArrayBuffer.isView(input);

export interface WindowsOptions {
  /** Steps a model looks back on. */
  readonly window: number;
  /** Steps behind the window that it predicts. Default 1. */
  readonly horizon?: number;
  /** Steps from one window to the next. Default 1. */
  readonly stride?: number;
  /**
   * Steps `from`..`to` - 1 may be predicted; what a window looks back on may lie before `from`, never behind `to`. So a test
   * part sees the training part's last steps, and the training part nothing of the test part. Default: the whole series.
   */
  readonly from?: number;
  readonly to?: number;
}

/** A window: views of the series, nothing is copied. */
export interface SeriesWindow {
  /** The step the window begins at. */
  readonly start: number;
  /** The first step that is predicted: start + window. */
  readonly origin: number;
  /** [window][variables] */
  readonly x: Float32Array | Float64Array;
  /** [horizon][variables] */
  readonly y: Float32Array | Float64Array;
}

/**
 * Windows of a series with what follows each.
 *
 *   window k:  x = steps s .. s+window-1,  y = steps s+window .. s+window+horizon-1,   s = first + k stride
 *
 *   for (const { x, y } of windows(temperatures, { window: 28, horizon: 7 })) ...
 *   windows(series, { window: 28, from: cut })     // the part behind `cut`, looking back before it
 *
 * @param series  numbers, or { values, variables }
 * @returns a list: `length`, `at(k)`, iterable
 * @throws OptionError  if there is not one whole window; it says how many steps there are and are needed
 */
export function windows(series: SeriesInput, options: WindowsOptions): Windows {
  return new Windows(series, options);
}

export class Windows implements Iterable<SeriesWindow> {
  readonly window: number;
  readonly horizon: number;
  readonly stride: number;
  readonly length: number;
  readonly #values: Float32Array | Float64Array;
  readonly #variables: number;
  readonly #first: number;

  constructor(series: SeriesInput, options: WindowsOptions) {
    const { values, variables, length } = asSeries('windows', series);
    checkOptions<WindowsOptions>('windows', options, {
      window: required(is.integer(1)),
      horizon: is.integer(1),
      stride: is.integer(1),
      from: is.integer(0),
      to: is.integer(0),
    });
    const { window, horizon = 1, stride = 1, from = 0, to = length } = options;
    if (to > length) throw new OptionError(`windows: to must be at most ${length}, the steps of the series, got ${to}`);
    this.#values = values;
    this.#variables = variables;
    this.window = window;
    this.horizon = horizon;
    this.stride = stride;
    this.#first = Math.max(0, from - window);
    const room = to - this.#first - window - horizon;
    if (room < 0) {
      throw new OptionError(
        `windows: a window of ${window} and a horizon of ${horizon} need ${window + horizon} steps, but there are ` +
          `${Math.max(0, to - this.#first)} (of ${length}); choose a shorter window or horizon, or give more rows`,
      );
    }
    this.length = Math.floor(room / stride) + 1;
  }

  at(k: number): SeriesWindow {
    if (!Number.isSafeInteger(k) || k < 0 || k >= this.length) {
      throw new OptionError(`windows: at(k): k must be from 0 to ${this.length - 1}, got ${show(k)}`);
    }
    const start = this.#first + k * this.stride;
    const origin = start + this.window;
    const V = this.#variables;
    return {
      start,
      origin,
      x: this.#values.subarray(start * V, origin * V),
      y: this.#values.subarray(origin * V, (origin + this.horizon) * V),
    };
  }

  *[Symbol.iterator](): Generator<SeriesWindow> {
    for (let k = 0; k < this.length; k++) yield this.at(k);
  }
}
