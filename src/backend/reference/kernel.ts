// The types of a reference kernel's arguments, and what several kernels do with them.
//
// A kernel is a function over plain arrays with the arguments of its prototype in native/abi.h (without ctx), in that order
// and under those names; it returns a status. Presence and lengths were checked by the generated binding before it is called.
import { type KernelName, type Kernels, Status } from '../generated/abi.js';
import type { Storage } from '../types.js';

/** `float` on this backend: double precision. */
export type Floats = Float64Array;
export type Ints = Int32Array;
/** An argument that the header marks `optional`. */
export type Optional<A> = A | null;

type Plain<A> = A extends Storage<infer E> ? (E extends 'int' ? Ints : Floats) : A;
type PlainArguments<A extends unknown[]> = { [P in keyof A]: Plain<A[P]> };

/** The generated interface with arrays in place of storages and statuses in place of errors: what the compiler holds us to. */
export type ReferenceKernels = {
  readonly [K in KernelName]: (...args: PlainArguments<Parameters<Kernels[K]>>) => number;
};

/** Checked before anything is written, so that a bad index leaves no half-updated gradient behind. */
export function allWithin(index: Ints, count: number, limit: number): boolean {
  for (let k = 0; k < count; k++) if (index[k]! < 0 || index[k]! >= limit) return false;
  return true;
}

/** Hands out consecutive pieces of a buffer. */
export function taker(of: Floats): (length: number) => Floats {
  let used = 0;
  return (length) => {
    used += length;
    return of.subarray(used - length, used);
  };
}

/** Whether the lengths (null: all T) lie in 0..T and add up to rows. */
export function checkLengths(lengths: Optional<Ints>, T: number, B: number, rows: number): number {
  let sum = lengths ? 0 : T * B;
  for (let b = 0; lengths && b < B; b++) {
    if (lengths[b]! < 0 || lengths[b]! > T) return Status.lengths;
    sum += lengths[b]!;
  }
  return sum === rows ? Status.ok : Status.lengths;
}
