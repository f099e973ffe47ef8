// Checks of option objects: unknown names get advice, values are tested for type and range. Used by every constructor and
// function that takes options, so that all of them complain in the same words.
import { OptionError } from './errors.js';

/** What one option accepts. `expected` completes the sentence "must be ...". */
export interface Rule {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly required?: boolean;
}

const range = (low: number, high: number, open: boolean): string => {
  if (low === -Infinity && high === Infinity) return '';
  if (high === Infinity) return open ? ` above ${low}` : ` >= ${low}`;
  return open ? ` above ${low} and below ${high}` : ` from ${low} to ${high}`;
};

/** The rules that options are made of: `{ hiddenSize: required(is.integer(1)), dropout: is.number(0, 1) }`. */
export const is = {
  integer: (low = -Infinity, high = Infinity): Rule => ({
    expected: `an integer${range(low, high, false)}`,
    accepts: (v) => Number.isSafeInteger(v) && (v as number) >= low && (v as number) <= high,
  }),
  /** A finite number, bounds included. */
  number: (low = -Infinity, high = Infinity): Rule => ({
    expected: `a finite number${range(low, high, false)}`,
    accepts: (v) => Number.isFinite(v) && (v as number) >= low && (v as number) <= high,
  }),
  /** A finite number, bounds excluded. */
  between: (low: number, high = Infinity): Rule => ({
    expected: `a finite number${range(low, high, true)}`,
    accepts: (v) => Number.isFinite(v) && (v as number) > low && (v as number) < high,
  }),
  boolean: { expected: 'true or false', accepts: (v) => typeof v === 'boolean' } as Rule,
  string: { expected: 'a string', accepts: (v) => typeof v === 'string' } as Rule,
  url: { expected: 'a URL', accepts: (v) => typeof v === 'string' || v instanceof URL } as Rule,
  function: { expected: 'a function', accepts: (v) => typeof v === 'function' } as Rule,
  object: { expected: 'an object', accepts: (v) => typeof v === 'object' && v !== null } as Rule,
  any: { expected: 'anything', accepts: () => true } as Rule,
  oneOf: (...values: readonly (string | number | boolean | null)[]): Rule => ({
    expected: `one of ${values.map((v) => JSON.stringify(v)).join(', ')}`,
    accepts: (v) => values.includes(v as string),
  }),
  instance: (type: abstract new (...args: never[]) => unknown): Rule => ({
    expected: `a ${type.name}`,
    accepts: (v) => v instanceof type,
  }),
};

export const required = (rule: Rule): Rule => ({ ...rule, required: true });

/**
 * Throws OptionError unless `options` fits `rules`. An option set to undefined counts as not given.
 *
 * @param where  who asks, as the user knows it: "LSTM", "fit"
 */
export function checkOptions<T extends object>(
  where: string,
  options: T | undefined,
  rules: { readonly [K in keyof T]-?: Rule },
): void {
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) {
    throw new OptionError(`${where}: options must be an object, got ${show(options)}`);
  }
  const names = Object.keys(rules);
  for (const name of Object.keys(options ?? {})) {
    if (Object.hasOwn(rules, name)) continue;
    // A tensor or a state in the place of options: its properties are not misspelt options.
    if (isInstance(options)) {
      throw new OptionError(`${where}: options must be an object { ${names.join(', ')} }, got ${show(options)}`);
    }
    throw new OptionError(`${where}: unknown option "${name}"${adviceFor(name, names)}`);
  }
  for (const name of names) {
    const rule = rules[name as keyof T];
    const value = (options as Record<string, unknown> | undefined)?.[name];
    if (value === undefined) {
      if (rule.required) throw new OptionError(`${where}: option "${name}" is missing; it must be ${rule.expected}`);
    } else if (!rule.accepts(value)) {
      throw new OptionError(`${where}: option "${name}" must be ${rule.expected}, got ${show(value)}`);
    }
  }
}

function isInstance(value: unknown): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype !== null && prototype.constructor?.name !== 'Object';
}

/** A value as it appears in a message: short, and never throwing. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}...` : JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.length > 8 ? `an array of ${value.length}` : `[${value.map(show).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    return name && name !== 'Object' ? `a ${name}` : 'an object';
  }
  return String(value);
}

/** What to say behind an unknown name: the nearest known one, else all of them. */
export function adviceFor(name: string, names: readonly string[]): string {
  let best = '';
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase().replaceAll('_', ''), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ? `; did you mean "${best}"?` : `; known: ${names.join(', ')}`;
}

/** Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
