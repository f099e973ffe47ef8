// Bad arguments to kernels: each a typed error that names the kernel, and the backend goes on working.
import { describe, expect, it } from 'vitest';
import { Activation, Binary, Cell, Precision, Reduction, Regression } from '../../src/backend/generated/abi.js';
import type { Backend, Floats, Ints } from '../../src/backend/types.js';
import { DTypeError, IndexError, LengthsError, OptionError, ShapeError, StaleTensorError } from '../../src/errors.js';
import { candidates } from '../helpers/backends.js';

/** The first number that is not a value of the enumeration. */
const past = (kinds: object): number => Object.keys(kinds).length;

function floats({ memory }: Backend, ...values: number[]): Floats {
  const storage = memory.alloc('float', values.length, 'host');
  memory.view(storage).set(values);
  return storage;
}

function ints({ memory }: Backend, ...values: number[]): Ints {
  const storage = memory.alloc('int', values.length, 'host');
  memory.view(storage).set(values);
  return storage;
}

describe.each(candidates())('bad arguments on $label', ({ open }) => {
  const opening = open();
  const zeros = (n: number): number[] => new Array(n).fill(0);

  /** `call` throws `type` with a message that matches, and a good call afterwards succeeds. */
  async function refuses(
    type: new (message: string) => Error,
    message: RegExp,
    call: (backend: Backend) => void,
  ): Promise<void> {
    const backend = await opening;
    let thrown: unknown;
    try {
      call(backend);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(type);
    expect((thrown as Error).message).toMatch(message);
    const y = floats(backend, 0, 0, 0);
    backend.kernels.affine(y, floats(backend, 1, 2, 3), 3, 2, 1);
    expect(Array.from(backend.memory.view(y))).toEqual([3, 5, 7]);
  }

  it('a buffer that is too short is named with its dims', () =>
    refuses(ShapeError, /linear_forward.*\bw\b.*\[O,I\].*6/, (b) =>
      b.kernels.linear_forward(floats(b, ...zeros(8)), floats(b, ...zeros(12)), floats(b, ...zeros(5)), null, 4, 3, 2),
    ));

  it('a required buffer that is null is named', () =>
    refuses(ShapeError, /fill.*\by\b/, (b) => b.kernels.fill(null as unknown as Floats, 3, 1)));

  it('a buffer of another element type is refused', () =>
    refuses(DTypeError, /axpy.*\bx\b/, (b) =>
      b.kernels.axpy(floats(b, 1, 2), ints(b, 1, 2) as unknown as Floats, 2, 1),
    ));

  it('a size that is negative, broken or too large is refused', async () => {
    for (const n of [-1, 1.5, 2 ** 31, Number.NaN])
      await refuses(ShapeError, /fill.*\bn\b/, (b) => b.kernels.fill(floats(b, 0), n, 1));
  });

  it('a buffer of a finished step is refused', () =>
    refuses(StaleTensorError, /step/, (b) => {
      const y = b.memory.alloc('float', 4, 'step');
      b.memory.endStep();
      b.kernels.fill(y, 4, 1);
    }));

  it('an enumerated argument outside its values is refused', async () => {
    await refuses(OptionError, /activation_forward/, (b) =>
      b.kernels.activation_forward(floats(b, 0), floats(b, 0), 1, past(Activation)),
    );
    await refuses(OptionError, /binary_forward/, (b) =>
      b.kernels.binary_forward(floats(b, 0), floats(b, 0), floats(b, 0), 1, past(Binary)),
    );
    await refuses(OptionError, /regression_loss_forward/, (b) =>
      b.kernels.regression_loss_forward(
        floats(b, 0),
        floats(b, 0),
        floats(b, 0),
        1,
        1,
        Reduction.mean,
        past(Regression),
        1,
      ),
    );
    await refuses(OptionError, /rnn_sizes/, (b) =>
      b.kernels.rnn_sizes(b.memory.alloc('double', 5, 'host'), past(Cell), 1, 1, 1, 1, 1, 1),
    );
  });

  it('quantised kernels refuse a precision, a cell, sizes and workspaces that are not theirs', async () => {
    const sizes = (b: Backend, precision: number, cell: number, I: number): readonly [number, number] => {
      const out = b.memory.alloc('double', 2, 'host');
      b.kernels.rnn_quantized_sizes(out, precision, cell, 1, 1, I, 1, 1, 1);
      return Array.from(b.memory.view(out)) as [number, number];
    };
    await refuses(OptionError, /rnn_quantized_sizes/, (b) => sizes(b, past(Precision), Cell.lstm, 1));
    await refuses(OptionError, /rnn_quantized_sizes/, (b) => sizes(b, Precision.int8, past(Cell), 1));
    // More products of 127 * 127 than 32 bits hold.
    await refuses(ShapeError, /rnn_quantized_sizes/, (b) => sizes(b, Precision.int8, Cell.rnnTanh, 131073));

    const quantize = (b: Backend, gates: number, D: number, missing: number): Floats => {
      const npacked = sizes(b, Precision.int8, Cell.rnnTanh, 1)[0] * D - missing;
      const packed = b.memory.alloc('float', npacked, 'persistent');
      const error = b.memory.alloc('double', 1, 'host');
      const [w, none] = [floats(b, 1, 1), null];
      const rest = [Precision.int8, Cell.rnnTanh, gates, 1, 1, D, npacked] as const;
      b.kernels.rnn_quantize(packed, error, w, w, none, none, none, none, none, none, ...rest);
      return packed;
    };
    await refuses(OptionError, /rnn_quantize/, (b) => quantize(b, 2, 1, 0));
    await refuses(ShapeError, /rnn_quantize.*null/, (b) => quantize(b, 1, 2, 0));
    await refuses(ShapeError, /rnn_quantize.*workspace/, (b) => quantize(b, 1, 1, 1));

    const forward = (b: Backend, missing: number, rows: number, c: boolean): void => {
      const packed = quantize(b, 1, 1, 0);
      const nscratch = sizes(b, Precision.int8, Cell.rnnTanh, 1)[1] - missing;
      const scratch = b.memory.alloc('float', nscratch, 'persistent');
      const c0 = c ? floats(b, 0) : null;
      const sizesAndRows = [1, 1, 1, 1, 1, rows, nscratch, packed.length] as const;
      const [y, hn, x] = [floats(b, 0), floats(b, 0), floats(b, 0)];
      const kind = [Precision.int8, Cell.rnnTanh, 1] as const;
      b.kernels.rnn_quantized_forward(y, hn, null, scratch, packed, x, null, c0, null, ...kind, ...sizesAndRows);
    };
    await refuses(ShapeError, /rnn_quantized_forward.*workspace/, (b) => forward(b, 1, 1, false));
    await refuses(LengthsError, /rnn_quantized_forward/, (b) => forward(b, 0, 0, false));
    await refuses(OptionError, /rnn_quantized_forward/, (b) => forward(b, 0, 1, true));
  });

  it('an index outside its table is refused, and so is a label that is no class', async () => {
    for (const index of [-1, 3]) {
      await refuses(IndexError, /embedding_forward/, (b) =>
        b.kernels.embedding_forward(floats(b, 0, 0), floats(b, 1, 2, 3), ints(b, 0, index), 2, 3, 1),
      );
      await refuses(IndexError, /gather_forward/, (b) =>
        b.kernels.gather_forward(floats(b, 0), floats(b, 1, 2, 3), ints(b, index), 1, 3, 1, 1),
      );
      await refuses(IndexError, /cross_entropy_forward/, (b) =>
        b.kernels.cross_entropy_forward(
          floats(b, 0),
          floats(b, 0, 0, 0),
          floats(b, 0),
          floats(b, 1, 2, 3),
          ints(b, index),
          null,
          1,
          3,
          1,
          -100,
          0,
          Reduction.mean,
        ),
      );
    }
  });

  it('lengths outside 0..T, or that do not add up to rows, are refused', async () => {
    const forward = (b: Backend, lengths: Ints, rows: number): void => {
      const { kernels, memory } = b;
      const sizes = memory.alloc('double', 5, 'host');
      kernels.rnn_sizes(sizes, Cell.rnnTanh, 4, 2, 1, 1, 1, Math.max(rows, 0));
      const scratch = memory.view(sizes)[3] as number;
      kernels.rnn_forward(
        floats(b, ...zeros(8)),
        floats(b, 0, 0),
        null,
        null,
        memory.alloc('float', scratch, 'host'),
        null,
        floats(b, ...zeros(8)),
        null,
        null,
        floats(b, 1),
        floats(b, 1),
        null,
        null,
        null,
        null,
        null,
        null,
        lengths,
        Cell.rnnTanh,
        1,
        4,
        2,
        1,
        1,
        1,
        rows,
        0,
        scratch,
        0,
      );
    };
    await refuses(LengthsError, /rnn_forward/, (b) => forward(b, ints(b, 2, 5), 7));
    await refuses(LengthsError, /rnn_forward/, (b) => forward(b, ints(b, -1, 3), 2));
    await refuses(LengthsError, /rnn_forward/, (b) => forward(b, ints(b, 2, 3), 6));
  });

  it('a workspace smaller than rnn_sizes says is refused before it is used', () =>
    refuses(ShapeError, /rnn_forward/, (b) =>
      b.kernels.rnn_forward(
        floats(b, ...zeros(8)),
        floats(b, 0, 0),
        null,
        null,
        floats(b),
        null,
        floats(b, ...zeros(8)),
        null,
        null,
        floats(b, 1),
        floats(b, 1),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        Cell.rnnTanh,
        1,
        4,
        2,
        1,
        1,
        1,
        8,
        0,
        0,
        0,
      ),
    ));

  it('sizes whose product overflows are refused instead of wrapped', () =>
    refuses(ShapeError, /rnn_sizes/, (b) =>
      b.kernels.rnn_sizes(
        b.memory.alloc('double', 5, 'host'),
        Cell.lstm,
        2 ** 30,
        2 ** 30,
        2 ** 30,
        2 ** 30,
        2,
        2 ** 30,
      ),
    ));

  it('nothing is a size too: empty arrays pass through', async () => {
    const b = await opening;
    b.kernels.fill(floats(b), 0, 1);
    b.kernels.activation_forward(floats(b), floats(b), 0, Activation.tanh);
    const y = floats(b, 5, 5, 5, 5);
    b.kernels.linear_forward(y, floats(b), floats(b), floats(b, 1, 2), 2, 0, 2);
    expect(Array.from(b.memory.view(y)), 'a sum of no products is the bias').toEqual([1, 2, 1, 2]);
  });
});
