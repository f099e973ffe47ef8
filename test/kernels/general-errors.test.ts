// What rnn_general_* refuses, on every backend: the same calls with the same error.
import { describe, expect, it } from 'vitest';
import { gru, indRnn, lstm } from '../../src/backend/cells/index.js';
import { CellActivation, Feature } from '../../src/backend/generated/abi.js';
import type { Backend } from '../../src/backend/types.js';
import { IndexError, LengthsError, OptionError, ShapeError } from '../../src/errors.js';
import { candidates } from '../helpers/backends.js';
import { absentOf, type GeneralCase, optionsOf } from '../helpers/general.js';
import { generalInputs } from './general-layer.js';
import { runKernel } from './harness.js';

const sizes = { T: 3, B: 2, I: 2, H: 4 };
const all = Object.values(Feature).reduce((sum, bit) => sum + bit, 0);

interface Change {
  readonly scalars?: Readonly<Record<string, number>>;
  /** Buffers that become null. */
  readonly without?: readonly string[];
  /** Buffers that are there though the case has no use for them. */
  readonly also?: readonly string[];
  readonly start?: Readonly<Record<string, ArrayLike<number>>>;
}

/** Calls forward or backward of a good case with a change; what is good but for the change succeeds. */
function callWith(backend: Backend, kernel: 'forward' | 'backward', spec: GeneralCase, change: Change): void {
  const { scalars, start } = generalInputs(spec, 1);
  const asked = runKernel(backend, 'rnn_general_sizes', { scalars }, { sizes: new Float64Array(5) }, 1)
    .sizes as number[];
  const [, nsaved, training, , backward] = asked as [number, number, number, number, number];
  const nscratch = kernel === 'forward' ? training : backward;
  const { also = [] } = change;
  const without = [...absentOf(spec), 'packed', ...(change.without ?? [])].filter((name) => !also.includes(name));
  const { B, H, R } = scalars as Record<'B' | 'H' | 'R', number>;
  const more: Record<string, ArrayLike<number>> = {
    hn: new Float32Array(B * R),
    saved: new Float32Array(nsaved),
    scratch: new Float32Array(nscratch),
    ...Object.fromEntries(
      ['cn', 'c0', 'dcn', 'dc0', 'zone_c', 'ln_c'].map((name) => [name, new Float32Array(B * H * 3)]),
    ),
  };
  const unused = Object.keys(more).filter((name) => without.includes(name));
  const given = { ...more, ...start, saved: more.saved as Float32Array, scratch: more.scratch as Float32Array };
  const buffers = Object.fromEntries(
    Object.entries({ ...given, ...change.start }).filter(([name]) => !unused.includes(name)),
  );
  const numbers = { ...scalars, npacked: 0, nsaved, nscratch, ...change.scalars };
  runKernel(backend, `rnn_general_${kernel}`, { scalars: numbers, without }, buffers, 1);
}

const withKind = (at: number, kind: number): Change => {
  const options = optionsOf({ cell: lstm, ...sizes });
  options[at] = kind;
  return { start: { options } };
};

const plainLstm: GeneralCase = { cell: lstm, ...sizes };
const fullLstm: GeneralCase = {
  ...plainLstm,
  R: 3,
  features: ['projection', 'unit', 'norm', 'drop', 'zoneout', 'pointwise'],
};
const fullGru: GeneralCase = { cell: gru, ...sizes, features: ['norm', 'drop', 'zoneout', 'pointwise'] };
const fullInd: GeneralCase = { cell: indRnn, ...sizes, features: ['norm', 'drop', 'zoneout'] };
const oneHot: GeneralCase = { ...plainLstm, features: ['oneHot'] };
const ragged: GeneralCase = { ...plainLstm, ragged: true };

type ErrorType = new (message: string) => Error;
/** Of forward and backward alike, unless the change is to an argument that only one has. */
const refused: [string, ErrorType, GeneralCase, Change][] = [
  ['an unknown cell', OptionError, plainLstm, { scalars: { cell: 8 } }],
  ['gates that are not the cell’s', OptionError, fullGru, { scalars: { cell: 6 } }],
  ['a number of per-unit weights that is not the cell’s', OptionError, plainLstm, { scalars: { units: 2 } }],
  ['an unknown feature', OptionError, plainLstm, { scalars: { features: 128 } }],
  ['per-unit weights of a cell that has none', OptionError, fullGru, { scalars: { features: Feature.unit } }],
  ['a projection without a cell state', OptionError, fullGru, { scalars: { features: Feature.projection } }],
  ['a cell state’s gain without a cell state', OptionError, fullGru, { also: ['ln_c'] }],
  ['zone_c without a cell state', OptionError, fullGru, { also: ['zone_c'] }],
  ['a gate activation that is none', OptionError, plainLstm, withKind(0, Object.keys(CellActivation).length)],
  ['a candidate activation that is none', OptionError, plainLstm, withKind(3, -1)],
  ['an output activation that is none', OptionError, plainLstm, withKind(6, 1.5)],
  ['another size of h without a projection', ShapeError, plainLstm, { scalars: { R: 3, width: 3 } }],
  ['columns past the width', ShapeError, plainLstm, { scalars: { column: 1 } }],
  ['a column before the first', ShapeError, plainLstm, { scalars: { column: -1 } }],
  ['a negative keep', ShapeError, plainLstm, { scalars: { keep: -1 } }],
  ['a missing w_hh', ShapeError, plainLstm, { without: ['w_hh'] }],
  ['a missing w_hr', ShapeError, fullLstm, { without: ['w_hr'] }],
  ['missing peepholes', ShapeError, fullLstm, { without: ['w_unit'] }],
  ['missing weights of IndRNN', ShapeError, fullInd, { without: ['w_unit'] }],
  ['a missing gain of W_ih x', ShapeError, fullGru, { without: ['ln_ih'] }],
  ['a missing gain of W_hh h', ShapeError, fullGru, { without: ['ln_hh'] }],
  ['a missing gain of c', ShapeError, fullLstm, { without: ['ln_c'] }],
  ['a missing mask of recurrent dropout', ShapeError, fullGru, { without: ['drop'] }],
  ['a missing x', ShapeError, plainLstm, { without: ['x'] }],
  ['missing ids', ShapeError, oneHot, { without: ['ids'] }],
  ['an id that is no class', IndexError, oneHot, { start: { ids: [0, 1, 2, 0, 1, 0] } }],
  ['a negative id', IndexError, oneHot, { start: { ids: [0, 1, 0, 0, 1, -1] } }],
  ['a length past T', LengthsError, ragged, { start: { lengths: [4, 0] }, scalars: { rows: 4 } }],
  ['a negative length', LengthsError, ragged, { start: { lengths: [-1, 3] }, scalars: { rows: 2 } }],
  ['lengths that are not the rows', LengthsError, ragged, { scalars: { rows: 5 } }],
  ['too little scratch', ShapeError, plainLstm, { scalars: { nscratch: 1 } }],
  ['too little that is saved', ShapeError, plainLstm, { scalars: { nsaved: 1 } }],
];

const refusedByOne: ['forward' | 'backward', string, ErrorType, GeneralCase, Change][] = [
  ['forward', 'c0 without a cell state', OptionError, fullGru, { also: ['c0'] }],
  ['forward', 'cn without a cell state', OptionError, fullGru, { also: ['cn'] }],
  ['backward', 'dc0 without a cell state', OptionError, fullGru, { also: ['dc0'] }],
  ['backward', 'dcn without a cell state', OptionError, fullGru, { also: ['dcn'] }],
  [
    'backward',
    'a gradient of one-hot input',
    OptionError,
    oneHot,
    { also: ['dx'], start: { dx: new Float32Array(12) } },
  ],
  [
    'backward',
    'contributions of one-hot input',
    OptionError,
    oneHot,
    { also: ['contributions'], start: { contributions: new Float64Array(9) } },
  ],
  ['backward', 'steps of another width', ShapeError, plainLstm, { scalars: { nsteps: 13 } }],
];

describe.each(candidates())('rnn_general on $label refuses', ({ open }) => {
  const opening = open();

  it('nothing that is right', async () => {
    const backend = await opening;
    for (const spec of [plainLstm, fullLstm, fullGru, fullInd, oneHot, ragged]) {
      callWith(backend, 'forward', spec, {});
      callWith(backend, 'backward', spec, {});
    }
  });

  const both = refused.flatMap((row) => (['forward', 'backward'] as const).map((kernel) => [kernel, ...row] as const));
  it.each([...both, ...refusedByOne])('%s: %s', async (kernel, _what, type, spec, change) => {
    const backend = await opening;
    expect(() => callWith(backend, kernel, spec, change)).toThrow(type);
    callWith(backend, kernel, spec, {});
  });

  it('sizes: an unknown cell or feature, a projection without c, wrong sizes', async () => {
    const backend = await opening;
    const ask = (change: Readonly<Record<string, number>>) => () => {
      const { scalars } = generalInputs(plainLstm, 1);
      runKernel(
        backend,
        'rnn_general_sizes',
        { scalars: { ...scalars, ...change } },
        { sizes: new Float64Array(5) },
        1,
      );
    };
    ask({})();
    expect(ask({ cell: 8 })).toThrow(OptionError);
    expect(ask({ features: all + 1 })).toThrow(OptionError);
    expect(ask({ cell: gru.id, features: Feature.projection })).toThrow(OptionError);
    expect(ask({ R: 3 })).toThrow(ShapeError);
    ask({ R: 5, features: Feature.projection })();
    expect(ask({ R: 0, features: Feature.projection })).toThrow(ShapeError);
    expect(ask({ keep: -1 })).toThrow(ShapeError);
    expect(ask({ rows: 7 })).toThrow(ShapeError);
    expect(ask({ T: 2 ** 31 - 1, B: 2 ** 31 - 1, H: 2 ** 31 - 1, R: 2 ** 31 - 1, rows: 0 })).toThrow(ShapeError);
  });
});
