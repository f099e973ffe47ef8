// What a row's sequence may be (words, numbers, sound, a picture), for the tasks that take any of them.
//
// To add a kind: an InputKind in a file here and its line in index.ts.

import type { Tensor } from '../../autograd/tensor.js';
import type { Json } from '../../io/exact-json.js';
import type { Module } from '../../layers/module.js';
import type { SampleKind, SampleValue } from '../../train/batches.js';
import type { ReadContext, Settings, TaskColumn, TaskOption } from '../definition.js';

/** Where a value stands, for messages and relative paths. */
export interface Place {
  readonly file: string;
  readonly line: number;
  /** Paths are relative to this folder or URL. */
  readonly base: string;
}

export interface PlacedValue {
  readonly value: unknown;
  readonly place: Place;
}

/**
 * @typeParam Raw  the value once read and checked: plain data
 */
export interface InputKind<Raw = unknown, Prep extends Json = Json> {
  readonly name: 'text' | 'features' | 'audio' | 'image';
  readonly column: TaskColumn;
  /** A text in the column is the path of a file, not what is read itself. */
  readonly isFile?: boolean;
  readonly options: Readonly<Record<string, TaskOption>>;
  /** Throws DataError naming the place. */
  read(value: unknown, place: Place, settings: Settings): Raw | Promise<Raw>;
  /** The same for two values that may not lie on both sides of a split. */
  key(raw: Raw): string;
  /** Settings that the first rows decide where they are not given. */
  settle?(rows: readonly PlacedValue[], context: ReadContext): Promise<Partial<Settings>>;
  prepare(raws: readonly Raw[], context: ReadContext): Prep | Promise<Prep>;
  /** Settings that what was prepared decides where they are not given. */
  defaults?(prep: Prep): Partial<Settings>;
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
