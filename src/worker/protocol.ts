// The messages between a page and its worker, and how errors cross: as what they were. Both sides import this; it is small.
import type { ReadyOptions } from '../backend/select.js';
import type { BackendInfo } from '../backend/types.js';
import * as errors from '../errors.js';

/** A call's kind: a run, of which there is one at a time, or a question that is answered between a run's updates. */
export type CallKind = 'fit' | 'train' | 'job' | 'predict' | 'diagnose' | 'load' | 'task';

/** What is needed to go on where a run was. */
export interface Restart {
  readonly isPaused: boolean;
  readonly checkpoint: Uint8Array | null;
  /** `idb:` or `opfs:` path where the worker itself keeps checkpoints. */
  readonly store: string | null;
  /** Updates between checkpoints; null: the kind's own default. */
  readonly every: number | null;
}

export type ToWorker =
  | { readonly type: 'open'; readonly options: ReadyOptions; readonly lock: string | null }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly kind: CallKind;
      readonly input: unknown;
      readonly restart: Restart;
    }
  | { readonly type: 'pause' | 'resume'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number; readonly reason: ErrorForm }
  | { readonly type: 'forget'; readonly task: number }
  | { readonly type: 'ping' };

/** What a run tells meanwhile, in order. */
export type News = readonly [kind: 'progress' | 'epoch' | 'say' | 'event', what: unknown];

export type FromWorker =
  /** It listens now: what was sent before is lost where its script awaits something first. */
  | { readonly type: 'here' }
  | { readonly type: 'opened'; readonly info: BackendInfo; readonly locked: boolean }
  | { readonly type: 'refused'; readonly error: ErrorForm }
  | { readonly type: 'news'; readonly id: number; readonly news: readonly News[] }
  | { readonly type: 'checkpoint'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorForm; readonly state: Uint8Array | null }
  | { readonly type: 'pong' };

/** An error as it crosses. Structured clones keep neither class nor own properties. */
export interface ErrorForm {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly stack: string | undefined;
  /** bytes, attempts, rule: what the class has beside its message, where it can be cloned. */
  readonly own: Readonly<Record<string, unknown>>;
}

export function errorForm(error: unknown): ErrorForm {
  if (!(error instanceof Error))
    return { name: 'Error', message: String(error), code: null, stack: undefined, own: {} };
  const { name, message, stack } = error;
  const { bytes, attempts, rule, code } = error as unknown as Record<string, unknown>;
  return {
    name,
    message,
    code: typeof code === 'string' ? code : null,
    stack,
    own: {
      ...(typeof bytes === 'number' && { bytes }),
      ...(typeof rule === 'string' && { rule }),
      ...(Array.isArray(attempts) && { attempts: JSON.parse(JSON.stringify(attempts)) }),
    },
  };
}

/** The error again, of the class it had where that is one of the library's or of the language; else with its name and code. */
export function errorOf({ name, message, code, stack, own }: ErrorForm): Error {
  const library = Object.values(errors) as (new (message: string) => errors.UnrolledError)[];
  const known = [...library, Error, TypeError, RangeError, SyntaxError, ReferenceError];
  // A class that is not known here, such as SafetensorsError, has the code of the one it is a kind of.
  const Class = known.find((one) => one.prototype.name === name) ?? library.find((one) => new one('').code === code);
  const error = new Error(message);
  // Not through the constructors: their parameters differ, and some add to the message.
  if (Class) Object.setPrototypeOf(error, Class.prototype);
  const hidden = { ...(Class?.prototype.name !== name && { name }), ...(stack && { stack }) };
  for (const [key, value] of Object.entries(hidden)) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return Object.assign(error, code === null ? {} : { code }, own);
}

/** Buffers of all typed arrays in a value, each once: what can be moved. */
export function buffersIn(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const seen = new Set<unknown>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part);
    if (Array.isArray(part) && typeof part[0] === 'number') return; // there may be millions
    const buffer = ArrayBuffer.isView(part) ? part.buffer : part;
    if (buffer instanceof ArrayBuffer) found.add(buffer);
    else if (!ArrayBuffer.isView(part)) for (const inner of Object.values(part)) visit(inner);
  };
  visit(value);
  return [...found];
}
