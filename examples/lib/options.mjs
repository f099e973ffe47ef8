// Command-line options of an example: read, checked, explained.
import { parseArgs } from 'node:util';

/**
 * Reads the command line. `--help` prints the help and ends the program; a mistake is named, and ends it with code 2.
 *
 * @param {object} program
 * @param {string} program.help
 * @param {Record<string, { type: 'string' | 'boolean', default?: any, oneOf?: string[], atLeast?: number }>} program.options
 *   `atLeast` makes an option a whole number of at least that
 * @param {string[]} [argv]
 * @returns {{ values: Record<string, any>, words: string[] }} options by name, and what is not an option
 */
export function readOptions({ help, options }, argv = process.argv.slice(2)) {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        ...Object.fromEntries(
          Object.entries(options).map(([name, { type, default: preset }]) => [name, { type, default: preset }]),
        ),
      },
    });
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    for (const [name, rule] of Object.entries(options)) values[name] = checked(name, values[name], rule);
    return { values, words: positionals };
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(2);
  }
}

function checked(name, value, { oneOf, atLeast }) {
  if (value === undefined) return undefined;
  if (oneOf && !oneOf.includes(value)) throw new Error(`--${name} must be one of ${oneOf.join(', ')}, got "${value}"`);
  if (atLeast === undefined) return value;
  const number = Number(value);
  if (!Number.isInteger(number) || number < atLeast) {
    throw new Error(`--${name} must be a whole number of at least ${atLeast}, got "${value}"`);
  }
  return number;
}
