// How much data there are, in what their user counts them in.
import type { Amount, TaskDefinition } from './definition.js';

export const amountOf = <Example>(task: TaskDefinition<Example>, examples: readonly Example[]): Amount =>
  task.amount?.(examples) ?? { count: examples.length, unit: 'example' };

/** "1 row", "12,000 characters" */
export const showAmount = ({ count, unit }: Amount): string => `${number(count)} ${unit}${count === 1 ? '' : 's'}`;

export const number = (value: number): string => value.toLocaleString('en');
