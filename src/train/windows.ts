// What one update is computed from: a whole batch, or with truncated BPTT one window of it after the other, with the state
// carried from window to window.
import { OptionError } from '../errors.js';
import type { Module } from '../layers/module.js';
import { RecurrentBase } from '../layers/recurrent-base.js';
import type { RecurrentState } from '../layers/state.js';
import { mapStates, type States } from '../layers/states.js';
import { checkOptions, is, type Rule, required, show } from '../options.js';
import { cut, cutLengths, type Extent, extentOf, joinOutputs, startsOf, type TimeAxis } from './cut.js';
import type { Batch } from './data.js';
import type { Forward } from './objective.js';

/**
 * Truncated backpropagation through time: a sequence is cut into windows, each gets a loss and an update, and only the state
 * goes from one to the next.
 *
 *   await fit(model, stream, { loss: 'crossEntropy', optimizer, tbptt: { k1: 35, stateful: true } });
 *
 * is this loop, in the memory of one window however long the sequence or the stream:
 *
 *   for (const { x, y } of windows(35)) {
 *     const { output, state: next } = model.forward(x, { state });
 *     crossEntropy(output, y).backward();
 *     optimizer.step();
 *     state = next.detach();
 *   }
 *
 * x and y have a time axis: every window needs targets. With ragged `lengths` a row that is past its end keeps its state; its
 * padding counts in the loss as without tbptt, that is not at all where the target is -100 (crossEntropy), and else as the
 * loss says, which sees the window's own lengths. Windows behind the longest row are left out; windows in which all targets
 * are -100 only carry the state on.
 *
 * Source: Williams & Peng 1990 (BPTT(h; h')); h is k2, h' is k1.
 */
export interface TbpttOptions {
  /** Steps between updates: the length of a window, and what its loss is taken over. */
  readonly k1: number;
  /**
   * Steps that gradients go back, counted from a window's end: >= k1. Above k1, the k2 - k1 steps before the window are
   * computed again with it, from the state kept there, without a loss. Default k1.
   */
  readonly k2?: number;
  /**
   * The state goes on from batch to batch: row b of a batch continues row b of the one before. Where a row begins anew, say so
   * with `batch.reset` (a boolean for each row) or `batch.starts`: it starts as a sequence without a state does, from zeros or
   * from the layer's learnt initial state, to which its gradients flow. (A forward that takes states apart, `{ h: state.h }`,
   * starts it from zeros.) An epoch starts without a state. Default false.
   */
  readonly stateful?: boolean;
  /** Which axis of x, y and starts is time; the other of the two is the batch. Default 0, or 1 for a layer with batchFirst. */
  readonly timeAxis?: TimeAxis;
}

/** One update's part of a batch. */
export interface Window {
  /** What model, loss and metrics see: x, y and lengths of these steps, and `steps: [from, to]` to cut other fields by. */
  readonly batch: Batch;
  /** Counts from 1. */
  readonly number: number;
  readonly count: number;
  /** What the loss of a function counts for in the mean of an epoch: rows, or steps where windows differ in them. */
  readonly weight: number;
  /** Runs the model; the state then stands behind the window. */
  run(model: Module): unknown;
  /** Goes past the window without computing, on the way back to a checkpoint, whose state is given to `resume` then. */
  pass(): void;
}

/** How batches are gone through. */
export interface Unrolling {
  /** An epoch begins. */
  start(): void;
  windows(batch: Batch): Iterable<Window>;
  /** What has to be kept to go on from here later; null: nothing. */
  states(): States | null;
  resume(states: States | null): void;
}

/** Without tbptt: a batch is one window. */
export class WholeBatches implements Unrolling {
  readonly #forward: Forward;

  constructor(forward: Forward) {
    this.#forward = forward;
  }

  start(): void {}

  *windows(batch: Batch): Iterable<Window> {
    yield {
      batch,
      number: 1,
      count: 1,
      weight: batch.size,
      run: (model) => this.#forward(model, batch, null),
      pass() {},
    };
  }

  states(): null {
    return null;
  }

  resume(): void {}
}

export const isTbptt: Rule = { ...is.object, expected: 'an object { k1, k2?, stateful?, timeAxis? }' };

/** How a model's batches are unrolled, by the options of fit and evaluate. */
export function makeUnrolling(
  where: string,
  model: Module,
  options: TbpttOptions | undefined,
  forward: Forward | undefined,
): Unrolling {
  if (options === undefined) return new WholeBatches(forward ?? wholeForward);
  return new TruncatedUnrolling(`${where}: tbptt`, model, options, forward);
}

function wholeForward(model: Module, batch: Batch): unknown {
  const forward = model.forward as (...inputs: unknown[]) => unknown;
  return batch.lengths === undefined
    ? forward.call(model, batch.x)
    : forward.call(model, batch.x, { lengths: batch.lengths });
}

function stepForward(model: Module, batch: Batch, state: States | null): unknown {
  const forward = model.forward as (...inputs: unknown[]) => unknown;
  return forward.call(model, batch.x, { state, ...(batch.lengths && { lengths: batch.lengths }) });
}

/** Steps of a batch that are computed in one call of the model. */
interface Part {
  readonly source: Batch;
  readonly from: number;
  readonly to: number;
  /** Rows that start anew before these steps. */
  readonly reset: readonly boolean[] | null;
  /** Before the window: computed only for the gradients that reach back into it. */
  readonly isContext: boolean;
}

class TruncatedUnrolling implements Unrolling {
  readonly #where: string;
  readonly #forward: Forward;
  readonly #k1: number;
  /** Steps before a window that are computed with it. */
  readonly #reach: number;
  readonly #stateful: boolean;
  readonly #axis: TimeAxis;
  /** The state before `#context`, without history. */
  #state: States | null = null;
  #context: readonly Part[] = [];
  /** Rows of the batch before. */
  #rows: number | undefined;

  constructor(where: string, model: Module, options: TbpttOptions, forward: Forward | undefined) {
    checkOptions<TbpttOptions>(where, options, {
      k1: required(is.integer(1)),
      k2: is.integer(1),
      stateful: is.boolean,
      timeAxis: is.oneOf(0, 1),
    });
    const { k1, k2 = k1, stateful = false } = options;
    if (k2 < k1) {
      throw new OptionError(
        `${where}: k2 must be at least k1, for a window's gradients go back through the whole of it; got k1 = ${k1}, k2 = ${k2}`,
      );
    }
    this.#where = where;
    this.#k1 = k1;
    this.#reach = k2 - k1;
    this.#stateful = stateful;
    this.#axis = options.timeAxis ?? 0;
    this.#forward = forward ?? stepForward;
    if (forward === undefined && model instanceof RecurrentBase) {
      checkDirection(where, model);
      const axis = model.batchFirst ? 1 : 0;
      if (options.timeAxis !== undefined && options.timeAxis !== axis) {
        throw new OptionError(
          `${where}: timeAxis must be ${axis} for a layer with batchFirst: ${model.batchFirst}, got ${options.timeAxis}`,
        );
      }
      this.#axis = axis;
    }
  }

  start(): void {
    this.#restart();
  }

  #restart(): void {
    this.#state = null;
    this.#context = [];
    this.#rows = undefined;
  }

  states(): States | null {
    return this.#state;
  }

  resume(states: States | null): void {
    this.#state = states;
  }

  *windows(batch: Batch): Iterable<Window> {
    const axis = this.#axis;
    const extent = extentOf(this.#where, batch, axis);
    const reset = this.#enter(batch, extent);
    const starts = batch.starts === undefined ? [] : startsOf(this.#where, batch.starts, extent, batch.lengths, axis);
    // Past the end of its longest row a batch has nothing to learn from.
    const steps = batch.lengths === undefined ? extent.steps : Math.min(extent.steps, Math.max(0, ...batch.lengths));
    const count = Math.ceil(steps / this.#k1);
    for (let number = 1; number <= count; number++) {
      const from = (number - 1) * this.#k1;
      const to = Math.min(from + this.#k1, extent.steps);
      const parts: Part[] = [];
      let last = from;
      for (let t = from; t < to; t++) {
        if (t === from || !starts[t]) continue;
        parts.push({ source: batch, from: last, to: t, reset: starts[last] ?? null, isContext: false });
        last = t;
      }
      parts.push({ source: batch, from: last, to, reset: starts[last] ?? null, isContext: false });
      if (number === 1 && reset !== null) parts[0] = { ...(parts[0] as Part), reset: either(parts[0]?.reset, reset) };
      const own = part(batch, axis, from, to, extent);
      yield {
        batch: own,
        number,
        count,
        weight: own.tokens,
        run: (model) => this.#run(model, parts),
        pass: () => this.#pass(parts),
      };
    }
  }

  /** A batch begins: the rows of the carried state that it starts anew. */
  #enter(batch: Batch, { rows }: Extent): readonly boolean[] | null {
    const { reset } = batch;
    if (reset !== undefined && !(Array.isArray(reset) && reset.length === rows)) {
      throw new OptionError(
        `${this.#where}: reset must be a list of ${rows} booleans, one for each row of the batch, got ${show(reset)}`,
      );
    }
    const all = reset?.every(Boolean);
    if (!this.#stateful || all) this.#restart();
    if (this.#rows !== undefined && this.#rows !== rows) {
      throw new OptionError(
        `${this.#where}: with stateful every batch must have the rows of the one before, which it continues, got ${rows} ` +
          `after ${this.#rows}; leave the last batch out (dropLast), or start all rows anew with reset`,
      );
    }
    this.#rows = rows;
    return all ? null : (reset?.map(Boolean) ?? null);
  }

  #run(model: Module, window: readonly Part[]): unknown {
    const { before, after } = this.#split(window);
    let state = this.#state;
    const compute = (own: Part): unknown => {
      if (state !== null && own.reset !== null) {
        const { reset } = own;
        state = mapStates(this.#where, state, (one) => one.restartRows(reset));
      }
      const result = this.#forward(model, this.#cutPart(own), state) as { output?: unknown; state?: unknown } | null;
      if (typeof result !== 'object' || result === null || result.output === undefined || result.state == null) {
        throw new OptionError(
          `${this.#where}: forward must return { output, state }, got ${show(result)}; pass ` +
            'forward: (model, batch, state) => ({ output, state }) with the state for the next window',
        );
      }
      state = mapStates(`${this.#where}: forward`, result.state, (one) => one);
      return result.output;
    };
    const outputs = before.map(compute);
    const kept = state && detached(this.#where, state);
    outputs.push(...after.map(compute));
    const parts = [...before, ...after];
    this.#state = kept;
    this.#context = after.map((own) => ({ ...own, isContext: true }));
    const own = parts.findIndex(({ isContext }) => !isContext);
    const steps = parts.slice(own).map(({ from, to }) => to - from);
    return joinOutputs(this.#where, outputs.slice(own), steps, this.#axis);
  }

  #pass(window: readonly Part[]): void {
    this.#context = this.#split(window).after.map((own) => ({ ...own, isContext: true }));
  }

  /** What is computed with this window, cut where the next window's context begins. */
  #split(window: readonly Part[]): { before: Part[]; after: Part[] } {
    const parts = [...this.#context, ...window];
    let left = parts.reduce((sum, { from, to }) => sum + to - from, 0) - this.#reach;
    const before: Part[] = [];
    const after: Part[] = [];
    for (const own of parts) {
      const at = own.from + Math.max(0, left);
      left -= own.to - own.from;
      if (at >= own.to) before.push(own);
      else if (at === own.from) after.push(own);
      else {
        before.push({ ...own, to: at });
        after.push({ ...own, from: at, reset: null });
      }
    }
    return { before, after };
  }

  #cutPart({ source, from, to }: Part): Batch {
    return part(source, this.#axis, from, to, extentOf(this.#where, source, this.#axis));
  }
}

/** A batch's steps from..to-1. */
function part(batch: Batch, axis: TimeAxis, from: number, to: number, { rows }: Extent): Batch {
  const { x, y, starts, lengths } = batch;
  const own = lengths && cutLengths(lengths, from, to);
  return {
    ...batch,
    x: cut(x, axis, from, to),
    ...(y !== undefined && { y: cut(y, axis, from, to) }),
    ...(starts !== undefined && { starts: cut(starts, axis, from, to) }),
    ...(own && { lengths: own }),
    tokens: own ? own.reduce((sum, length) => sum + length, 0) : rows * (to - from),
    size: rows,
    steps: [from, to],
  };
}

const either = (a: readonly boolean[] | null | undefined, b: readonly boolean[]): readonly boolean[] =>
  b.map((value, row) => value || (a?.[row] ?? false));

function detached(where: string, states: States): States {
  return mapStates(where, states, (state: RecurrentState) => state.detach());
}

function checkDirection(where: string, layer: Module & { bidirectional?: boolean; goBackwards?: boolean }): void {
  if (!layer.bidirectional && !layer.goBackwards) return;
  const option = layer.bidirectional ? 'bidirectional' : 'goBackwards';
  throw new OptionError(
    `${where}: a layer with ${option} starts at the end of a sequence, which the windows before it do not know; ` +
      'use it without tbptt, or pass a forward that says what to carry',
  );
}
