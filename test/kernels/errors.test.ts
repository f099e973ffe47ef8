// Bad arguments to kernels: each a typed error that names the kernel, and the backend goes on working.
import { describe, expect, it } from 'vitest';
import { Activation, Binary, Cell, Reduction, Regression } from '../../src/backend/generated/abi.js';
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
