// JSON that gives numbers back bit for bit: NaN, infinities and -0, for which JSON has no words, too. And a check that a
// value is JSON at all: stringify would silently leave functions out and turn objects of classes into something else.
import { OptionError } from '../errors.js';
import { show } from '../options.js';

/** What can be kept as JSON; numbers may be NaN or infinite. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const KEY = '$number';
const SPECIAL = new Map<string, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

export function toExactJson(value: Json): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'number' || (Number.isFinite(part) && !Object.is(part, -0))) return part;
    return { [KEY]: Object.is(part, -0) ? '-0' : String(part) };
  });
}

/** @throws SyntaxError  if `text` is not JSON */
export function fromExactJson(text: string): unknown {
  return JSON.parse(text, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || !(KEY in part)) return part;
    const named = (part as Record<string, unknown>)[KEY];
    const isSpecial = Object.keys(part).length === 1 && typeof named === 'string' && SPECIAL.has(named);
    return isSpecial ? SPECIAL.get(named) : part;
  });
}

/** @throws OptionError  naming the first part of `value` that JSON cannot hold */
export function checkJson(where: string, value: unknown): asserts value is Json {
  const open = new Set<unknown>();
  const visit = (part: unknown, path: string): void => {
    if (part === null || ['boolean', 'number', 'string'].includes(typeof part)) return;
    const prototype = typeof part === 'object' ? Object.getPrototypeOf(part) : undefined;
    const isPlain = Array.isArray(part) || prototype === Object.prototype || prototype === null;
    if (!isPlain || open.has(part)) {
      const got = open.has(part) ? 'an object that contains itself' : show(part);
      throw new OptionError(
        `${where}${path} must be JSON (null, booleans, numbers, strings, lists, records), got ${got}`,
      );
    }
    open.add(part);
    for (const [key, inner] of Object.entries(part as object)) {
      if (inner !== undefined || Array.isArray(part))
        visit(inner, Array.isArray(part) ? `${path}[${key}]` : `${path}.${key}`);
    }
    open.delete(part);
  };
  visit(value, '');
}
