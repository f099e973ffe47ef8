// Sizes and tolerances that the case tables share.
import type { KernelName } from '../../../src/backend/generated/abi.js';
import type { KernelCase } from '../harness.js';

/** The cases of one kernel, and why their `rtol` is what it is. */
export interface KernelCases {
  readonly why: string;
  readonly cases: readonly KernelCase[];
}
export type CaseTable = Partial<Record<KernelName, KernelCases>>;

/** Every tail of the widest vector (16 lanes) twice over, and sizes beyond: blocks, unrolled loops, threads. */
export const tails = [...Array.from({ length: 35 }, (_, k) => k + 1), 63, 64, 65, 127, 129, 257, 1000, 4099];
/** For sizes that come in threes and fours: around each vector width. */
export const fewTails = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 35, 67];

/** For kernels that copy or choose: the same number, rounded to float32. */
export const exact = 0;

/** The size of a sum of K products of numbers in [-1, 1): where it cancels, its error is still of this scale. */
export const dotScale = (K: number): number => Math.sqrt(K) / 3;

export function elementwise(scalars: Record<string, number>, more: Omit<KernelCase, 'scalars'>): KernelCase[] {
  return tails.map((n) => ({ scalars: { n, ...scalars }, ...more }));
}

/** Every combination of the values, one of each list. */
export function product<K extends string>(lists: Record<K, readonly number[]>): Record<K, number>[] {
  return (Object.entries(lists) as [K, readonly number[]][]).reduce(
    (rows, [name, values]) => rows.flatMap((row) => values.map((x) => ({ ...row, [name]: x }))),
    [{} as Record<K, number>],
  );
}

/** Each size at every one of `values` while the others stay at `base`, then all of them at each value together. */
export function sweep<K extends string>(base: Record<K, number>, values: readonly number[]): Record<K, number>[] {
  const names = Object.keys(base) as K[];
  const together = (x: number) => Object.fromEntries(names.map((name) => [name, x])) as Record<K, number>;
  return [
    ...names.flatMap((name) => values.map((x) => ({ ...base, [name]: x }))),
    ...values.filter((x) => x <= 35).map(together),
  ];
}

/** The same case once with each of these lists of optional buffers left out. */
export function leavingOut(lists: readonly (readonly string[])[], spec: KernelCase): KernelCase[] {
  return lists.map((without) => ({ ...spec, without }));
}
