// Training, validation and test part. Examples that are the same never lie on both sides.
import { Generator } from '../autograd/random.js';
import { DataError } from '../errors.js';
import { amountOf, showAmount } from './amount.js';
import type { Settings, TaskDefinition } from './definition.js';

/**
 * Cuts off a share of the examples.
 *
 * @param what   the part that is cut off, for messages: "test"
 * @returns what stays, and what was cut off: at least one example each
 */
export function splitOff<Example>(
  task: TaskDefinition<Example>,
  examples: readonly Example[],
  share: number,
  what: string,
  settings: Pick<Settings, 'seed'>,
): readonly [rest: readonly Example[], part: readonly Example[]] {
  if (share === 0) return [examples, []];
  const [rest, part] =
    task.split === 'random' ? randomPart(task, examples, share, settings.seed) : lastPart(task, examples, share);
  if (rest.length === 0 || part.length === 0) {
    const amount = amountOf(task, examples);
    throw new DataError(
      `${task.name}: ${showAmount(amount)} ${amount.count === 1 ? 'is' : 'are'} too few to keep ` +
        `${Math.round(1000 * share) / 10} % of them for --${what}; give a file of its own with --${what} FILE, or more ` +
        `${amount.unit}s`,
    );
  }
  return [rest, part];
}

function lastPart<Example>(task: TaskDefinition<Example>, examples: readonly Example[], share: number) {
  if (task.cut) return task.cut(examples, share);
  const count = Math.round(examples.length * share);
  return [examples.slice(0, examples.length - count), examples.slice(examples.length - count)] as const;
}

/** Whole groups of equal examples go to one side; the order of the examples is kept. */
function randomPart<Example>(task: TaskDefinition<Example>, examples: readonly Example[], share: number, seed: number) {
  const groups = new Map<unknown, number[]>();
  for (const [index, example] of examples.entries()) {
    const key = task.key ? task.key(example) : index;
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  const list = [...groups.values()];
  const wanted = Math.max(1, Math.round(examples.length * share));
  const chosen = new Set<number>();
  // A generator of its own: the split of a seed does not hang on what else draws numbers.
  for (const k of new Generator(seed).permutation(list.length)) {
    if (chosen.size >= wanted || chosen.size + (list[k] as number[]).length >= examples.length) break;
    for (const index of list[k] as number[]) chosen.add(index);
  }
  return [examples.filter((_, k) => !chosen.has(k)), examples.filter((_, k) => chosen.has(k))] as const;
}
