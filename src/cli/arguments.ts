// The command line, read and checked: what is misspelt gets advice, and costs nothing but exit code 2.
import { parseArgs } from 'node:util';
import { adviceFor } from '../options.js';

/** A mistake in the command line: exit code 2, with how to see the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** `--name VALUE`, or a switch `--name` (and `--no-name`). */
export interface Flag {
  readonly type: 'number' | 'string' | 'boolean';
  readonly help: string;
  /** What stands for the value in --help: FILE, N, NAME. */
  readonly value?: string;
  readonly default?: unknown;
  readonly oneOf?: readonly string[];
}

export type Flags = Readonly<Record<string, Flag>>;

/**
 * @param flags  by name as in the API, camelCase: `minCount` is --min-count
 * @returns values by those names, undefined where not given; and what is no flag
 */
export function readArguments(
  args: readonly string[],
  flags: Flags,
): { values: Record<string, unknown>; words: string[] } {
  const known = Object.fromEntries(Object.keys(flags).map((name) => [kebab(name), name]));
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type }]) => [
      kebab(name),
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const), multiple: false },
    ]),
  );
  for (const argument of args) {
    if (argument === '--') break;
    const given = /^--(?:no-)?([^=]+)/.exec(argument)?.[1];
    if (given === undefined || Object.hasOwn(known, given)) continue;
    throw new UsageError(
      `unknown option --${given}${adviceFor(given, Object.keys(known)).replace(/"([^"]+)"/g, '--$1')}`,
    );
  }
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true } as Parameters<
      typeof parseArgs
    >[0]) as typeof parsed;
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify.*$/s, ''));
  }
  const values: Record<string, unknown> = {};
  for (const [given, value] of Object.entries(parsed.values)) {
    const name = known[given] as string;
    values[name] = readValue(given, value, flags[name] as Flag);
  }
  return { values, words: parsed.positionals };
}

function readValue(name: string, value: string | boolean | undefined, { type, oneOf }: Flag): unknown {
  if (type === 'number') {
    const number = Number(value);
    if (value === '' || Number.isNaN(number)) throw new UsageError(`--${name} must be a number, got "${value}"`);
    return number;
  }
  if (oneOf && !oneOf.includes(value as string)) {
    throw new UsageError(`--${name} must be one of ${oneOf.join(', ')}, got "${value}"`);
  }
  return value;
}

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Flags as lines of a help text. */
export function describeFlags(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const value = flag.type === 'boolean' ? '' : ` ${flag.value ?? (flag.type === 'number' ? 'N' : 'NAME')}`;
    const fallback = flag.default === undefined || flag.default === false ? '' : ` (default ${String(flag.default)})`;
    return [`  --${kebab(name)}${value}`, `${flag.help}${fallback}`] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `${left.padEnd(width)}${right}`).join('\n');
}
