// What a task is to the training loop: batches by number, a validation part, a figure that says something to people, examples.
import * as u from 'unrolled';
import type { Answers, View } from '../shared/messages.js';
import type { Cell } from '../shared/settings.js';
import type { Net, NetShape } from './net.js';

/** Sequences [T, B] or [T, B, F] as plain arrays, time first: windows of steps are then neighbours in memory. */
export interface Batch {
  readonly T: number;
  readonly B: number;
  readonly x: Int32Array | Float32Array;
  /** Of each step, or with answers 'last' of each row. IGNORED: counts for nothing. */
  readonly y: Int32Array | Float32Array;
  /** Valid steps of each row; null: all T. */
  readonly lengths: Int32Array | null;
}

/** Of a target that counts for nothing, as in crossEntropy. */
export const IGNORED = -100;

/** One sequence to look at: gates and answers along it. */
export interface Example {
  /** What the steps are called: words, characters, days. */
  readonly tokens: readonly string[];
  readonly batch: Batch;
}

export interface NetOf {
  readonly cell: Cell;
  readonly net: Net;
}

export interface Problem {
  readonly shape: NetShape;
  readonly loss: 'crossEntropy' | 'mse';
  readonly metric: { readonly name: string; readonly unit: string; readonly better: 'higher' | 'lower' };
  /** What was made of the data, a sentence each. */
  readonly facts: readonly string[];
  /** The figure of who has learnt nothing, and what that would be called. */
  readonly baseline: { readonly metric: number; readonly name: string };
  /** Update number `step`, from 1, always gets the same sequences. */
  batch(step: number): Batch;
  readonly validation: readonly Batch[];
  /** The metric over a batch; `loss` is its mean loss. */
  figure(scores: u.Tensor, batch: Batch, loss: number): number;
  /** A sequence to look at; of `text` where the task is about text. Null: there is nothing in it to look at. */
  example(text: string): Example | null;
  /** What the answers after each step mean, from scores [T, outputs]. */
  explain(scores: Float32Array, T: number): Answers;
  /** What the nets do with it: written text, a forecast, symbols recalled. */
  view(nets: readonly NetOf[], options: { prompt: string; temperature: number }): View | null;
}

/** A problem that cannot be set with these settings; the message is for the visitor. */
export class ProblemError extends Error {}

/** Numbers that depend on the seed and the number of the update, and on nothing drawn before. */
export function random(seed: number, step: number): u.Generator {
  return new u.Generator(seed * 2 ** 20 + step);
}

/** Steps `from` to `to` of a batch with answers 'each', as tensors. */
export function windowOf(
  { x, y, T, B, lengths }: Batch,
  shape: NetShape,
  from = 0,
  to = T,
): { x: u.Tensor; y: u.Tensor } {
  if (lengths !== null) throw new ProblemError('rows of different lengths are not cut into windows of all rows');
  const F = shape.inputKind === 'ids' ? 1 : shape.inputs;
  const steps = to - from;
  return {
    x: u.tensor(x.slice(from * B * F, to * B * F), shape.inputKind === 'ids' ? [steps, B] : [steps, B, F]),
    y: u.tensor(y.slice(from * B, to * B), y instanceof Int32Array ? [steps, B] : [steps, B, 1]),
  };
}

export function lossOf(problem: Problem, scores: u.Tensor, y: u.Tensor): u.Tensor {
  return problem.loss === 'mse' ? u.mse(scores, y) : u.crossEntropy(scores, y);
}

/** The place of the largest of `count` scores from `from` on. */
export function best(scores: ArrayLike<number>, from: number, count: number): number {
  let found = 0;
  for (let k = 1; k < count; k++) if ((scores[from + k] as number) > (scores[from + found] as number)) found = k;
  return found;
}

/** Share of the targets that count whose class has the largest score. */
export function accuracy(scores: u.Tensor, { y }: Batch): number {
  const C = scores.shape.at(-1) as number;
  const values = scores.data;
  let [right, all] = [0, 0];
  for (let k = 0; k < y.length; k++) {
    if (y[k] === IGNORED) continue;
    all++;
    if (best(values, k * C, C) === y[k]) right++;
  }
  return right / all;
}

/** Probabilities of `count` scores from `from` on. */
export function softmax(scores: ArrayLike<number>, from: number, count: number): number[] {
  const top = scores[from + best(scores, from, count)] as number;
  const powers = Array.from({ length: count }, (_, k) => Math.exp((scores[from + k] as number) - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;
