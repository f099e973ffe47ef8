// Runs one kernel of the contract on one backend with random arguments. What to pass is read off the generated kernel table,
// so a case states only the scalars, how buffers are filled where it matters, and how exact the result must be.
import { expect } from 'vitest';
import { argumentsOf, type KernelName } from '../../src/backend/generated/abi.js';
import type { Argument } from '../../src/backend/signature.js';
import type { Backend, ElementArray, Lifetime, Storage } from '../../src/backend/types.js';
import { expectClose, expectSameBits } from '../helpers/compare.js';
import { integers, type Random, seeded, uniform } from '../helpers/random.js';

export type Scalars = Readonly<Record<string, number>>;
export type Fill = (random: Random, n: number, scalars: Scalars) => ArrayLike<number>;

export interface KernelCase {
  /** Values of the kernel's scalar arguments, by name. */
  readonly scalars: Scalars;
  /** Optional buffers passed as null. */
  readonly without?: readonly string[];
  /** Contents of a buffer the kernel reads; default: uniform in [-1, 1). */
  readonly fill?: Readonly<Record<string, Fill>>;
  /** Allowed distance from the reference (helpers/compare.ts); 0: the same number, rounded to float32. */
  readonly rtol: number;
  /** The size of the terms that were summed, where the result may be smaller. */
  readonly floor?: number;
}

export const positive: Fill = (random, n) => uniform(random, n, 0.25, 2);
export const below =
  (bound: string): Fill =>
  (random, n, scalars) =>
    integers(random, n, scalars[bound] as number);
export const value =
  (x: number): Fill =>
  (_random, n) =>
    new Float32Array(n).fill(x);

type BufferArgument = Extract<Argument, { kind: 'buffer' }>;

const buffersOf = (kernel: KernelName): BufferArgument[] => argumentsOf(kernel).filter((a) => a.kind === 'buffer');

/** The number of elements that a buffer's dims ask for: a product of terms like `T+1`, `D*H` or `3`. */
export function lengthOf(dims: readonly string[], scalars: Scalars): number {
  const atom = (word: string): number => (/^\d+$/.test(word) ? Number(word) : (scalars[word] as number));
  const term = (text: string): number => text.split('*').reduce((product, word) => product * atom(word), 1);
  const dim = (text: string): number => text.split('+').reduce((sum, part) => sum + term(part), 0);
  return dims.reduce((product, text) => product * dim(text), 1);
}

/** What each buffer of the case starts as. The same for every backend. */
export function contents(
  kernel: KernelName,
  { scalars, without, fill }: KernelCase,
  seed: number,
): Record<string, ArrayLike<number>> {
  const random = seeded(seed);
  const result: Record<string, ArrayLike<number>> = {};
  for (const { name, dims, role } of buffersOf(kernel)) {
    if (without?.includes(name)) continue;
    const n = lengthOf(dims, scalars);
    const overwritten = role === 'out' || role === 'scratch' || (role === 'saved' && !kernel.endsWith('_backward'));
    // An element the kernel forgets to write stays NaN.
    if (overwritten) result[name] = new Float32Array(n).fill(Number.NaN);
    else result[name] = fill?.[name]?.(random, n, scalars) ?? uniform(random, n);
  }
  return result;
}

/** What lies around a buffer: around those only read, numbers that spoil a result; else one that no kernel would write. */
function guardOf({ element, role }: BufferArgument): number {
  if (element === 'int') return 0x7fffabcd;
  return role === 'in' ? Number.NaN : 2 ** 100;
}
/** Elements before and after each buffer, counted so that buffers start at every alignment of 4 bytes. */
const guardLength = (seed: number): number => 16 + (seed % 4);
/** Now in the backend's memory, now in JavaScript's, which some backends have to copy in and out. */
const lifetimeOf = (seed: number): Lifetime => (seed % 3 === 0 ? 'host' : 'persistent');

/**
 * Calls the kernel and returns every buffer it may write, by name. Around each buffer lie guards: reading them spoils a
 * result, writing them is found; so is writing a buffer that is only to be read. Storages in `given` are passed as they are.
 */
export function runKernel(
  backend: Backend,
  kernel: KernelName,
  { scalars, without }: Pick<KernelCase, 'scalars' | 'without'>,
  start: Record<string, ArrayLike<number>>,
  seed: number,
  given: Readonly<Record<string, Storage>> = {},
): Record<string, number[]> {
  const { memory } = backend;
  const guard = guardLength(seed);
  const whole: Storage[] = [];
  const inside = new Map<string, Storage>();
  for (const argument of buffersOf(kernel)) {
    const { name, element } = argument;
    const data = start[name];
    if (!data || name in given) continue;
    const storage = memory.alloc(element, data.length + 2 * guard, lifetimeOf(seed));
    memory.view(storage).fill(guardOf(argument));
    const part = memory.slice(storage, guard, data.length);
    memory.view(part).set(data);
    whole.push(storage);
    inside.set(name, part);
  }
  try {
    const args = argumentsOf(kernel).map(({ kind, name }) => {
      if (kind !== 'buffer') return scalars[name];
      return without?.includes(name) ? null : (given[name] ?? inside.get(name));
    });
    (backend.kernels[kernel] as (...args: unknown[]) => void)(...args);

    const written: Record<string, number[]> = {};
    let k = 0;
    for (const argument of buffersOf(kernel)) {
      const { name, element, role } = argument;
      const part = inside.get(name);
      if (!part) continue;
      const all: ElementArray<typeof element> = memory.view(whole[k++] as Storage);
      const outside = [...all.subarray(0, guard), ...all.subarray(all.length - guard)];
      const untouched = guardOf(argument);
      if (!outside.every((x) => Object.is(x, untouched))) expect.fail(`${kernel}: wrote outside of ${name}`);
      const now = Array.from(memory.view(part));
      const readOnly = role === 'in' || (role === 'saved' && kernel.endsWith('_backward'));
      if (readOnly)
        expectSameBits(now, start[name] as ArrayLike<number>, `${kernel}: ${name}, which is only to be read`);
      else if (role !== 'scratch') written[name] = now;
    }
    return written;
  } finally {
    for (const storage of whole) memory.free(storage);
  }
}

/** Runs the case on both backends and compares everything written. */
export function compareWithReference(
  backend: Backend,
  reference: Backend,
  kernel: KernelName,
  spec: KernelCase,
  seed: number,
): void {
  const start = contents(kernel, spec, seed);
  const want = runKernel(reference, kernel, spec, start, seed);
  const got = runKernel(backend, kernel, spec, start, seed);
  const sizes = Object.entries(spec.scalars).map(([name, x]) => `${name}=${x}`);
  for (const [name, expected] of Object.entries(want)) {
    const what = `${kernel}(${[...sizes, ...(spec.without ?? []).map((b) => `no ${b}`)].join(', ')}): ${name}`;
    if (spec.rtol === 0) expectSameBits(got[name] as number[], expected.map(Math.fround), what);
    else expectClose(got[name] as number[], expected, spec.rtol, what, spec.floor);
  }
}
