// Pointwise, shape and matrix kernels of the reference backend against cases small enough to compute by hand.
import { describe, expect, it } from 'vitest';
import { ABI_VERSION, Activation, Binary, Cell, type KernelName } from '../../src/backend/generated/abi.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import { DTypeError, IndexError, OptionError, ShapeError } from '../../src/errors.js';
import { call, expectClose, type Values, wave } from './helpers.js';

const { NaN: nan } = Number;
/** The first number that is not a value of the enumeration. */
const past = (kinds: object) => Object.keys(kinds).length;

describe('elementwise', () => {
  const cases: { kernel: KernelName; given: Values; output: string; expected: number[] }[] = [
    { kernel: 'fill', given: { n: 3, value: 0.1 }, output: 'y', expected: [0.1, 0.1, 0.1] },
    { kernel: 'axpy', given: { y: [1, 2], x: [10, 20], n: 2, alpha: 0.5 }, output: 'y', expected: [6, 12] },
    { kernel: 'affine', given: { x: [1, -2], n: 2, alpha: 3, beta: 1 }, output: 'y', expected: [4, -5] },
    {
      kernel: 'clamp',
      given: { x: [-5, 0.5, 5, nan], n: 4, low: -1, high: 1 },
      output: 'y',
      expected: [-1, 0.5, 1, nan],
    },
    {
      kernel: 'binary_forward',
      given: { a: [6, 1], b: [3, 0], n: 2, op: Binary.div },
      output: 'y',
      expected: [2, Infinity],
    },
    {
      kernel: 'activation_forward',
      given: { x: [-1000, 0, 1000, nan], n: 4, kind: Activation.sigmoid },
      output: 'y',
      expected: [0, 0.5, 1, nan],
    },
    {
      kernel: 'activation_forward',
      given: { x: [-2, 0, 2], n: 3, kind: Activation.relu },
      output: 'y',
      expected: [0, 0, 2],
    },
    {
      kernel: 'activation_backward',
      given: { dy: [7, 7, 7], x: [-2, 0, 2], y: [2, 0, 2], n: 3, kind: Activation.abs },
      output: 'dx',
      expected: [-7, 0, 7],
    },
    {
      kernel: 'activation_backward',
      given: { dy: [7, 7, 7], x: [-2, 0, 2], y: [0, 0, 2], n: 3, kind: Activation.relu },
      output: 'dx',
      expected: [0, 0, 7],
    },
  ];
  it.each(cases)('$kernel $given', ({ kernel, given, output, expected }) => {
    expect(call(kernel, given)[output]).toEqual(expected);
  });
});

describe('shape', () => {
  it('expand repeats, and reduce_sum is its adjoint', () => {
    const sizes = { outer: 2, mid: 3, inner: 2 };
    const { y } = call('expand', { ...sizes, x: [1, 2, 3, 4] });
    expect(y).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
    expect(call('reduce_sum', { ...sizes, x: y!, scale: 0.5 }).y).toEqual([1.5, 3, 4.5, 6]);
  });

  it('transpose swaps two axes around a middle one, and twice gives the original', () => {
    const x = wave(2 * 3 * 2 * 2 * 2, 1);
    const { y } = call('transpose', { x, outer: 2, a: 3, mid: 2, b: 2, inner: 2 });
    // y[1,0,1,2,1] = x[1,2,1,0,1]
    expect(y![1 * 24 + 0 * 12 + 1 * 6 + 2 * 2 + 1]).toBe(x[1 * 24 + 2 * 8 + 1 * 4 + 0 * 2 + 1]);
    expect(call('transpose', { x: y!, outer: 2, a: 2, mid: 2, b: 3, inner: 2 }).y).toEqual(x);
  });

  it('slice takes a part and place puts it back', () => {
    const sizes = { outer: 2, n: 3, inner: 2, start: 1, count: 2 };
    const x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const { y } = call('slice_forward', { ...sizes, x });
    expect(y).toEqual([2, 3, 4, 5, 8, 9, 10, 11]);
    expect(call('place', { ...sizes, y: new Array(12).fill(-1), x: y! }).y).toEqual([
      -1, -1, 2, 3, 4, 5, -1, -1, 8, 9, 10, 11,
    ]);
  });

  it('a slice that reaches past the end is refused', () => {
    const sizes = { outer: 1, n: 3, inner: 1, start: 2, count: 2 };
    expect(() => call('slice_forward', { ...sizes, x: [1, 2, 3] })).toThrow(IndexError);
    expect(() => call('slice_backward', { ...sizes, dx: [0, 0, 0], dy: [1, 1] })).toThrow(IndexError);
    expect(() => call('place', { ...sizes, y: [0, 0, 0], x: [1, 1] })).toThrow(IndexError);
  });

  it('gather takes along the middle axis', () => {
    const given = { x: [1, 2, 3, 4, 5, 6], index: [2, 0, 0, 1], outer: 1, n: 3, m: 2, inner: 2 };
    expect(call('gather_forward', given).y).toEqual([5, 2, 1, 4]);
  });
});

describe('indices outside their range are refused before anything is written', () => {
  const cases: { kernel: KernelName; given: Values }[] = [
    { kernel: 'gather_forward', given: { x: [1, 2], index: [2], outer: 1, n: 2, m: 1, inner: 1 } },
    { kernel: 'gather_backward', given: { dx: [0, 0], dy: [1], index: [-1], outer: 1, n: 2, m: 1, inner: 1 } },
    { kernel: 'embedding_forward', given: { w: [1, 2], index: [2], N: 1, V: 2, E: 1 } },
    { kernel: 'embedding_backward', given: { dw: [0, 0], dy: [1], index: [-1], N: 1, V: 2, E: 1, padding_idx: -1 } },
  ];
  it.each(cases)('$kernel', ({ kernel, given }) => {
    expect(() => call(kernel, given)).toThrow(IndexError);
  });
});

describe('matrices and rows', () => {
  it('matmul multiplies each pair of a batch', () => {
    const given = { a: [1, 2, 3, 4, 5, 6], b: [1, 0, 2, 1, 0, 1, 1, 1, 1, 0, 0, 2], P: 2, M: 1, K: 3, N: 2 };
    expect(call('matmul_forward', given).y).toEqual([5, 5, 9, 16]);
  });

  it('a product over no inner dimension is zero, plus the bias of linear', () => {
    expect(call('matmul_forward', { a: [], b: [], P: 1, M: 1, N: 2, K: 0 }).y).toEqual([0, 0]);
    expect(call('linear_forward', { x: [], w: [], b: [7, 8], N: 1, I: 0, O: 2 }).y).toEqual([7, 8]);
  });

  it('linear is x w^T + b', () => {
    expect(call('linear_forward', { x: [1, 2], w: [3, 4, 5, 6], b: [10, 20], N: 1, I: 2, O: 2 }).y).toEqual([21, 37]);
  });

  // F.softmax(wave(6, 1).view(2, 3), -1), F.log_softmax(...), F.layer_norm(..., (3,), wave(3, 2), wave(3, 3), 1e-5),
  // with wave as in losses.test.ts; PyTorch 1.13, double.
  it('softmax, log softmax and layer norm equal PyTorch', () => {
    const x = { x: wave(6, 1), N: 2, C: 3 };
    expectClose(
      call('softmax_forward', x).y!,
      [0.389621936795, 0.416965430609, 0.193412632596, 0.291642754964, 0.238270797622, 0.470086447414],
    );
    expectClose(
      call('log_softmax_forward', x).y!,
      [-0.942578402857, -0.874751960839, -1.6429293796, -1.23222566763, -1.43434744699, -0.754838670523],
    );
    expectClose(
      call('layer_norm_forward', { ...x, gamma: wave(3, 2), beta: wave(3, 3), eps: 1e-5 }).y!,
      [0.693213649723, -0.643555605563, 0.107903493676, -0.151716535609, -0.902362881313, -1.98326576087],
    );
  });

  it('softmax of huge values does not overflow', () => {
    expect(call('softmax_forward', { x: [1e308, 1e308], N: 1, C: 2 }).y).toEqual([0.5, 0.5]);
  });

  it('the padding row of an embedding gets no gradient', () => {
    const given = { dw: [0, 0, 0], dy: [1, 2, 4], index: [1, 2, 1], N: 3, V: 3, E: 1 };
    expect(call('embedding_backward', { ...given, padding_idx: 1 }).dw).toEqual([0, 0, 2]);
    expect(call('embedding_backward', { ...given, padding_idx: -1 }).dw).toEqual([0, 5, 2]);
  });
});

describe('the backend', () => {
  it('says what it is', () => {
    const { info } = createReferenceBackend();
    expect(info).toMatchObject({ name: 'reference', simd: 'scalar', threads: 1, abi: ABI_VERSION });
  });

  it('refuses unknown kinds', () => {
    expect(() => call('binary_forward', { a: [1], b: [1], n: 1, op: past(Binary) })).toThrow(OptionError);
    expect(() => call('binary_backward', { dy: [1], a: [1], b: [1], n: 1, op: -1 })).toThrow(OptionError);
    expect(() => call('activation_forward', { x: [1], n: 1, kind: past(Activation) })).toThrow(OptionError);
    expect(() => call('rnn_sizes', { cell: past(Cell), T: 1, B: 1, I: 1, H: 1, D: 1, rows: 1 })).toThrow(OptionError);
  });

  it('names kernel, argument, expected and given length', () => {
    const { kernels, memory } = createReferenceBackend();
    const y = memory.alloc('float', 2, 'host');
    const x = memory.alloc('float', 3, 'host');
    expect(() => kernels.affine(y, x, 3, 1, 0)).toThrow(ShapeError);
    expect(() => kernels.affine(y, x, 3, 1, 0)).toThrow(/affine.*y.*3.*2/);
    expect(() => kernels.affine(y, x, -1, 1, 0)).toThrow(ShapeError);
  });

  it('refuses integers where floats belong', () => {
    const { kernels, memory } = createReferenceBackend();
    const ints = memory.alloc('int', 2, 'host') as never;
    expect(() => kernels.fill(ints, 2, 1)).toThrow(DTypeError);
  });

  it('counts the operations of the probe', () => {
    expect(call('fma_peak', { rounds: 1000 }).flops).toEqual([16_000]);
  });
});
