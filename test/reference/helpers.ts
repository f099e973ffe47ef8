// Calls kernels of the reference backend by name, with plain arrays: the generated table says what each argument is.
import { expect } from 'vitest';
import { argumentsOf, type KernelName } from '../../src/backend/generated/abi.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import type { Argument } from '../../src/backend/signature.js';
import type { Storage } from '../../src/backend/types.js';

export type Values = Record<string, number | readonly number[]>;
type Buffer = Argument & { kind: 'buffer' };

const { kernels, memory } = createReferenceBackend();

/**
 * Calls a kernel and returns what every buffer holds afterwards. Buffers are given as arrays; one that is not given is null if
 * it is optional and not in `want`, otherwise new.
 */
export function call(kernel: KernelName, given: Values, want: readonly string[] = []): Record<string, number[]> {
  const storages = new Map<string, Storage>();
  const values = argumentsOf(kernel).map((argument) => {
    const { name } = argument;
    const value = given[name];
    if (argument.kind !== 'buffer') {
      if (typeof value !== 'number') throw new Error(`${kernel}: the test gives no ${name}`);
      return value;
    }
    if (value === undefined && argument.optional && !want.includes(name)) return null;
    const length = Array.isArray(value) ? value.length : lengthOf(argument, given);
    const storage = memory.alloc(argument.element, length, 'host');
    // What a kernel must overwrite starts as NaN, so that an element left out shows.
    const overwritten = argument.role !== 'accumulated' && argument.role !== 'inout';
    if (Array.isArray(value)) memory.view(storage).set(value);
    else if (overwritten) memory.view(storage).fill(Number.NaN);
    storages.set(name, storage);
    return storage;
  });
  (kernels[kernel] as (...values: unknown[]) => void)(...values);
  return Object.fromEntries([...storages].map(([name, storage]) => [name, Array.from(memory.view(storage))]));
}

/** Elements of a buffer under the sizes in `given`. */
export function lengthOf({ dims }: Buffer, given: Values): number {
  const factor = (word: string) => (given[word] as number | undefined) ?? Number(word);
  const term = (product: string) => product.split('*').reduce((value, word) => value * factor(word), 1);
  return dims.reduce((value, dim) => value * dim.split('+').reduce((sum, product) => sum + term(product), 0), 1);
}

export function buffers(kernel: KernelName): Buffer[] {
  return argumentsOf(kernel).filter((argument): argument is Buffer => argument.kind === 'buffer');
}

/** Numbers without pattern that Python gives as well: [math.sin(phase + k) for k in range(n)]. */
export function wave(n: number, phase: number): number[] {
  return Array.from({ length: n }, (_, k) => Math.sin(phase + k));
}

/** Sizes of a recurrent layer's workspaces, under the names of rnn_forward and rnn_backward. */
export function recurrentSizes(sizes: Values): {
  nsaved: number;
  training: number;
  inference: number;
  backward: number;
} {
  const [, nsaved, training, inference, backward] = call('rnn_sizes', sizes).sizes as number[];
  return { nsaved: nsaved!, training: training!, inference: inference!, backward: backward! };
}

/** Each number to 10 decimals: the literals from PyTorch have 12 digits. */
export function expectClose(actual: readonly number[] | undefined, expected: readonly number[], what = ''): void {
  expect(actual?.length, what).toBe(expected.length);
  for (const [k, value] of expected.entries()) expect(actual?.[k], `${what}[${k}]`).toBeCloseTo(value, 10);
}
