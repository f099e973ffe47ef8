// What a command of the command line is, and what several of them do alike.
import { setCurrent } from '../autograd/context.js';
import { backendInfo, type ReadyOptions, selectBackend } from '../backend/select.js';
import { nodePlatform } from '../platform/node.js';
import { setPlatform } from '../platform/types.js';
import { type Flags, UsageError } from './arguments.js';

export interface Command {
  readonly name: string;
  /** Behind "unrolled ". */
  readonly usage: string;
  readonly summary: string;
  /** By the rest of the command line: a task has flags of its own. */
  flags(args: readonly string[]): Flags;
  help(args: readonly string[]): string;
  /** @returns the exit code */
  run(words: readonly string[], values: Readonly<Record<string, unknown>>): Promise<number>;
}

export const BACKEND_FLAGS: Flags = {
  backend: {
    type: 'string',
    oneOf: ['auto', 'native', 'wasm', 'reference'],
    help: 'auto, native, wasm or reference',
    default: 'auto',
  },
  threads: { type: 'number', help: 'processor cores to use; default: all' },
};

/** Starts the backend that the flags ask for. */
export async function start({ backend, threads }: Readonly<Record<string, unknown>>): Promise<void> {
  if (threads !== undefined && !(Number.isInteger(threads) && (threads as number) >= 1)) {
    throw new UsageError(`--threads must be a whole number of at least 1, got ${threads}`);
  }
  setPlatform(nodePlatform);
  const options = { ...(backend !== undefined && { backend }), ...(threads !== undefined && { threads }) };
  setCurrent(await selectBackend(options as ReadyOptions));
}

/** A line for each backend that is faster than the one in use and could not be started; none where it was asked for by name. */
export function fasterRefused(): string[] {
  return backendInfo()
    .tried.filter(({ ok }) => !ok)
    .map(
      ({ backend, reason, remedy }) =>
        `the ${backend} backend is faster, but cannot be used: ${reason}${remedy ? `; ${remedy}` : ''}`,
    );
}

/** Exactly the words that the usage names. */
export function takeWords(command: Command, words: readonly string[], least: number, most = least): void {
  if (words.length >= least && words.length <= most) return;
  const problem = words.length < least ? 'something is missing' : `too much: "${words.slice(most).join('", "')}"`;
  throw new UsageError(`${problem}; usage: unrolled ${command.usage}`);
}
