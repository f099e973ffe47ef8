#!/usr/bin/env node
import { OptionError, UnrolledError } from '../errors.js';
// `npx unrolled ...`: the command line. Finds the command, runs it, and turns what goes wrong into a message and an exit code:
// 2 for a mistake in the command line, 1 for a failure, 130 for Ctrl-C.
import { adviceFor } from '../options.js';
import { readArguments, UsageError } from './arguments.js';
import type { Command } from './command.js';
import { bench } from './commands/bench.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { generate } from './commands/generate.js';
import { inspect } from './commands/inspect.js';
import { predict } from './commands/predict.js';
import { train } from './commands/train.js';
import { version } from './version.js';

const COMMANDS: readonly Command[] = [train, predict, generate, evaluate, inspect, bench, doctor];

function help(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length)) + 4;
  return [
    `unrolled ${version()}: recurrent neural networks from the command line`,
    '',
    ...COMMANDS.map(({ usage, summary }) => `  ${`unrolled ${usage}`.padEnd(width + 9)}${summary}`),
    '',
    '  unrolled COMMAND --help    more about one of them',
    '',
  ].join('\n');
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    const names = COMMANDS.map((one) => one.name);
    throw new UsageError(`unknown command "${name}"${adviceFor(name, names)}`);
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`usage: unrolled ${command.usage}\n${command.summary}\n\n${command.help(rest)}\n`);
    return 0;
  }
  const { values, words } = readArguments(rest, command.flags(rest));
  return command.run(words, values);
}

/** What to tell the user: a sentence, and no stack, which is for who works on this library. */
function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof UnrolledError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return `${code}: ${message}`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nThis is a bug: please report it.`;
}

// A reader that closes the pipe early (| head) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`unrolled: ${explain(error)}\n`);
  const isUsage = error instanceof UsageError || error instanceof OptionError;
  if (error instanceof UsageError) process.stderr.write('"unrolled --help" lists the commands and what they take\n');
  process.exitCode = isUsage ? 2 : 1;
}
