// The same kernel call over and over, as streaming makes it. Checking thirty arguments and finding their addresses takes a
// third of a microsecond, which counts where the kernel itself takes one: a backend may offer to do it once.
import { argumentsOf, type KernelName } from './generated/abi.js';
import type { Backend, Floats, Storage } from './types.js';

/** Arguments of a kernel in the order of native/abi.h, its scratch as the number of floats to lend it for each call. */
export type RepeatedArguments = readonly (Storage | number | null)[];

/** A call with all checks. */
export type CheckedCall = (scratch: Floats) => void;

/**
 * A function that calls `kernel` with these arguments, whose storages are all persistent. It throws what the kernel's own
 * method would: also when one of them was freed or its buffer transferred in the meantime.
 */
export function repeatable(backend: Backend, kernel: KernelName, args: RepeatedArguments): () => void {
  const { memory, kernels } = backend;
  const slot = argumentsOf(kernel).findIndex((arg) => arg.kind === 'buffer' && arg.role === 'scratch');
  const floats = args[slot] as number;
  const values = [...args];
  const method = kernels[kernel] as (...values: readonly unknown[]) => void;
  const checked: CheckedCall = (scratch) => {
    values[slot] = scratch;
    method(...values);
  };
  const storages = args.filter((value): value is Storage => typeof value === 'object' && value !== null);
  return backend.repeat?.({ kernel, storages, checked, floats }) ?? (() => memory.withScratch(floats, checked));
}

/** What `Backend.repeat` gets to know. */
export interface Repetition {
  readonly kernel: KernelName;
  readonly storages: readonly Storage[];
  readonly checked: CheckedCall;
  /** Of scratch. */
  readonly floats: number;
}
