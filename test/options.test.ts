// How options are checked, and the words of the complaints.
import { describe, expect, it } from 'vitest';
import * as errors from '../src/errors.js';
import { checkOptions, is, required, show } from '../src/options.js';

interface Options {
  size: number;
  rate?: number;
  kind?: 'a' | 'b';
  bias?: boolean;
}
const check = (options: unknown): void =>
  checkOptions<Options>('Thing', options as Options, {
    size: required(is.integer(1, 9)),
    rate: is.between(0, 1),
    kind: is.oneOf('a', 'b'),
    bias: is.boolean,
  });

describe('checkOptions', () => {
  it('accepts what fits; undefined counts as not given', () => {
    check({ size: 1 });
    check({ size: 9, rate: 0.5, kind: 'b', bias: false });
    check({ size: 2, rate: undefined, kind: undefined });
  });

  it.each([
    [undefined, 'Thing: option "size" is missing; it must be an integer from 1 to 9'],
    [{ size: 10 }, 'Thing: option "size" must be an integer from 1 to 9, got 10'],
    [{ size: 1.5 }, 'Thing: option "size" must be an integer from 1 to 9, got 1.5'],
    [{ size: '3' }, 'Thing: option "size" must be an integer from 1 to 9, got "3"'],
    [{ size: null }, 'Thing: option "size" must be an integer from 1 to 9, got null'],
    [{ size: 1, rate: 1 }, 'Thing: option "rate" must be a finite number above 0 and below 1, got 1'],
    [{ size: 1, rate: Number.NaN }, 'Thing: option "rate" must be a finite number above 0 and below 1, got NaN'],
    [{ size: 1, kind: 'c' }, 'Thing: option "kind" must be one of "a", "b", got "c"'],
    [{ size: 1, bias: 1 }, 'Thing: option "bias" must be true or false, got 1'],
    [{ siez: 1 }, 'Thing: unknown option "siez"; did you mean "size"?'],
    [{ Bias: true, size: 1 }, 'Thing: unknown option "Bias"; did you mean "bias"?'],
    [{ size: 1, zzzzzzz: 0 }, 'Thing: unknown option "zzzzzzz"; known: size, rate, kind, bias'],
    [[1], 'Thing: options must be an object, got [1]'],
    [7, 'Thing: options must be an object, got 7'],
  ])('refuses %j', (options, message) => {
    expect(() => check(options)).toThrow(new errors.OptionError(message));
  });

  it('shows values shortly and without throwing', () => {
    expect([show('x'.repeat(99)), show([1, [2]]), show(new Array(99)), show(3n), show(() => 1)].map(String)).toEqual([
      `"${'x'.repeat(57)}"...`,
      '[1, [2]]',
      'an array of 99',
      '3n',
      'a function',
    ]);
    expect([show(Object.create(null)), show(new Map()), show(undefined), show(Symbol('s'))]).toEqual([
      'an object',
      'a Map',
      'undefined',
      'Symbol(s)',
    ]);
  });
});

describe('errors', () => {
  it('have names that do not come from their constructors, which minifiers rename', () => {
    class Renamed extends errors.ShapeError {}
    expect(new Renamed('why').name).toBe('ShapeError');
    expect(new errors.OptionError('why').stack).toMatch(/^OptionError: why/);
  });

  it('are UnrolledErrors with a name and a stable code', () => {
    const codes = Object.entries(errors).map(([name, type]) => {
      const error = new (type as new (...args: unknown[]) => errors.UnrolledError)('why');
      expect(error).toBeInstanceOf(errors.UnrolledError);
      expect([error.name, error.message]).toEqual([name, 'why']);
      return error.code;
    });
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('of backends list every attempt with its remedy', () => {
    const attempts = [
      { backend: 'native', reason: 'no binary', remedy: 'run "npm run build:native"' },
      { backend: 'wasm', reason: 'no SIMD' },
    ];
    const error = new errors.BackendError('no backend could be started', attempts);
    expect(error.message).toBe(
      'no backend could be started\n  native: no binary; run "npm run build:native"\n  wasm: no SIMD',
    );
    expect(error.attempts).toBe(attempts);
  });
});
