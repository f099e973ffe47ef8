// What a row's sequence may be (words, numbers, sound, a picture), for the tasks that take any of them.
//
// To add a kind: an InputKind in a file here and its line in index.ts.

import type { Tensor } from '../../autograd/tensor.js';
import type { Json } from '../../io/exact-json.js';
import type { Module } from '../../layers/module.js';
import type { SampleKind, SampleValue } from '../../train/batches.js';
import type { Settings, TaskColumn, TaskOption } from '../definition.js';

/** Where a value stands, for messages and relative paths. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** Paths are relative to this folder or URL. */
  readonly base: string;
}

/**
 * @typeParam Raw  the value once read and checked: plain data
 */
export interface InputKind<Raw = unknown, Prep extends Json = Json> {
  readonly name: 'text' | 'features' | 'audio' | 'image';
  readonly column: TaskColumn;
  readonly options: Readonly<Record<string, TaskOption>>;
  /** Throws DataError naming the place. */
  read(value: unknown, place: Place, settings: Settings): Raw | Promise<Raw>;
  /** The same for two values that may not lie on both sides of a split. */
  key(raw: Raw): string;
  prepare(raws: readonly Raw[], settings: Settings): Prep;
  readonly sample: Extract<SampleKind, 'tokens' | 'series'>;
  encode(raw: Raw, prep: Prep): SampleValue;
  /** From a batch of samples to what a recurrent layer reads: [T,B] or [T,B,F] to [T,B,size]. */
  front(prep: Prep, settings: Settings): Front;
}

/** The first layers of a model. */
export interface Front extends Module {
  readonly size: number;
  forward(x: Tensor): Tensor;
}
