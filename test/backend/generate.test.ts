// The generator reads native/abi.h completely or not at all: whatever it cannot bind is an error that names the line.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAbi } from '../../native/generate.mjs';

const header = (prototype: string): string => `
#define UNROLLED_ABI_VERSION 3
enum u_status { U_OK = 0, U_ERR_SIZE = 1 /* too large */ };
#ifdef U_KERNEL
${prototype}
#endif /* U_KERNEL */
`;
const kernel = (args: string): string => header(`/* y = x */\nU_KERNEL(copy)(u_ctx* ctx,\n${args});`);

describe('parseAbi', () => {
  it('reads dims, roles and scalars', () => {
    const { version, enums, kernels } = parseAbi(
      kernel(`  float* y,      // [T+1,D*H] accumulated optional: prose, of any kind
              const int32_t* x, // [n]
              int32_t T, int32_t D, int32_t H, double n, int32_t kind, double alpha`),
    );
    expect(version).toBe(3);
    expect(enums).toEqual([{ name: 'Status', values: { ok: 0, size: 1 } }]);
    expect(kernels[0]).toMatchObject({ name: 'copy', doc: 'y = x' });
    expect(kernels[0]?.args).toMatchObject([
      { name: 'y', element: 'float', dims: ['T+1', 'D*H'], role: 'accumulated', access: 'w', optional: true },
      { name: 'x', element: 'int', dims: ['n'], role: 'in', access: 'r', optional: false },
      ...['T', 'D', 'H'].map((name) => ({ name, kind: 'size' })),
      { name: 'n', kind: 'size', wide: true },
      { name: 'kind', kind: 'int' },
      { name: 'alpha', kind: 'number' },
    ]);
  });

  it.each([
    ['an unknown role', kernel('float* y, // [n] result\nint32_t n'), 'unknown role "result"'],
    ['two roles', kernel('float* y, // [n] out inout\nint32_t n'), 'two roles'],
    ['a const output', kernel('const float* y, // [n] out\nint32_t n'), 'const but its role is "out"'],
    ['a dim that is no argument', kernel('float* y, // [m]\nint32_t n'), 'the dim "m"'],
    ['a dim that is no sum or product', kernel('float* y, // [n-1]\nint32_t n'), '"n-1"'],
    ['a pointer without dims', kernel('float* y,\nint32_t n'), 'cannot read "float* y,"'],
    ['an element type it does not know', kernel('int64_t* y, // [n]\nint32_t n'), 'int64_t*'],
    ['a scalar type it does not know', kernel('float* y, // [n]\nint32_t n, float alpha'), '"float alpha"'],
    ['two arguments of one name', kernel('float* n, // [n]\nint32_t n'), 'the same name'],
    ['a kernel without a comment', header('U_KERNEL(copy)(u_ctx* ctx,\nint32_t n);'), 'say in a comment'],
    ['a kernel without ctx', header('/* y */\nU_KERNEL(copy)(\nint32_t n);'), 'the first line must be'],
    ['something that is no prototype', header('/* y */\nint copy(int n);'), 'got "int copy(int n);"'],
    ['no kernel at all', header(''), 'no kernel found'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseAbi(text)).toThrow(message);
    expect(() => parseAbi(text)).toThrow(/^native\/abi\.h:\d+: /);
  });

  it('binds every prototype of the real header', () => {
    const text = readFileSync(new URL('../../native/abi.h', import.meta.url), 'utf8');
    const prototypes = [...text.matchAll(/^U_KERNEL\((\w+)\)/gm)].map((match) => match[1]);
    expect(parseAbi(text).kernels.map(({ name }) => name)).toEqual(prototypes);
  });
});
