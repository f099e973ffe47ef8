// What a kernel's arguments are, read from one line of generated/abi.ts when a message, a test or the reference asks. Such a
// line names them in turn, as native/abi.h does:
//     y[N,C] out; index[N] int; b[C] optional; N; C; scale number
// A name with dims is a buffer: of floats unless it says `int` or `double`, read unless it says another role. A name alone is a
// size (`wide`: up to 2^53 - 1), `int` and `number` are the other scalars.
import type { Element } from './types.js';

const ROLES = ['in', 'out', 'inout', 'accumulated', 'saved', 'scratch'] as const;
export type Role = (typeof ROLES)[number];
export type Argument =
  | { kind: 'buffer'; name: string; element: Element; dims: readonly string[]; role: Role; optional: boolean }
  /** A scalar that dims mention: a whole number from 0; up to 2^31 - 1, or 2^53 - 1 where `wide`. */
  | { kind: 'size'; name: string; wide: boolean }
  | { kind: 'int'; name: string }
  | { kind: 'number'; name: string };

export function readSignature(line: string): readonly Argument[] {
  return line.split('; ').map(readArgument);
}

function readArgument(text: string): Argument {
  const [head, ...words] = text.split(' ') as [string, ...string[]];
  const [name, dims] = head.split(/[[\]]/) as [string, string?];
  const has = (word: string): boolean => words.includes(word);
  if (dims !== undefined) {
    const element = (['int', 'double'] as const).find(has) ?? 'float';
    const role = ROLES.find(has) ?? 'in';
    return { kind: 'buffer', name, element, dims: dims.split(','), role, optional: has('optional') };
  }
  if (has('int')) return { kind: 'int', name };
  return has('number') ? { kind: 'number', name } : { kind: 'size', name, wide: has('wide') };
}
