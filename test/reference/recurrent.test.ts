// The recurrent layer of the reference backend: steps computed by hand, literals from PyTorch, and laws that hold for every cell.
// Gradients against differences are in gradients.test.ts.
import { describe, expect, it } from 'vitest';
import {
  cells,
  gru,
  gruResetBefore,
  lstm,
  type RecurrentCell,
  rnnRelu,
  rnnTanh,
} from '../../src/backend/cells/index.js';
import { Cell } from '../../src/backend/generated/abi.js';
import { LengthsError, OptionError, ShapeError } from '../../src/errors.js';
import { plainCells } from '../helpers/cells.js';
import { call, expectClose, recurrentSizes, type Values, wave } from './helpers.js';

interface Sizes {
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  readonly D: number;
}

/** All arguments but the workspaces; weights and states are given in `rest`. */
function layer(cell: RecurrentCell, sizes: Sizes, rest: Values): Values {
  const { T, B } = sizes;
  const lengths = rest.lengths as readonly number[] | undefined;
  const rows = lengths ? lengths.reduce((sum, length) => sum + length, 0) : T * B;
  return { cell: cell.id, gates: cell.gates.length, ...sizes, rows, npacked: 0, ...rest };
}

function forward(given: Values): Record<string, number[]> {
  const { nsaved, training } = recurrentSizes(given);
  const want = cells[given.cell as number]?.readout ? ['saved', 'cn'] : ['saved'];
  return call('rnn_forward', { ...given, nsaved, nscratch: training }, want);
}

function infer(given: Values): Record<string, number[]> {
  const { inference } = recurrentSizes(given);
  const want = cells[given.cell as number]?.readout ? ['cn'] : [];
  return call('rnn_forward', { ...given, nsaved: 0, nscratch: inference }, want);
}

/** Gradients of every argument, given those of y, hn, cn. */
function backward(given: Values, saved: number[], upstream: Values): Record<string, number[]> {
  const { nsaved, backward: nscratch } = recurrentSizes(given);
  const inputs = Object.keys(given).filter((name) => Array.isArray(given[name]) && name !== 'lengths');
  const want = inputs.map((name) => `d${name}`);
  return call('rnn_backward', { ...given, ...upstream, saved, nsaved, nscratch }, want);
}

/** Weights, biases and initial states that have no pattern. */
function parameters(cell: RecurrentCell, { B, I, H, D }: Sizes): Record<string, number[]> {
  const GH = cell.gates.length * H;
  return {
    w_ih: wave(GH * I, 2),
    w_hh: wave(GH * H, 3),
    b_ih: wave(GH, 4),
    b_hh: wave(GH, 5),
    ...(D === 2 && { w_ih_r: wave(GH * I, 6), w_hh_r: wave(GH * H, 7), b_ih_r: wave(GH, 8), b_hh_r: wave(GH, 9) }),
    h0: wave(D * B * H, 20),
    ...(cell.states.includes('c') && { c0: wave(D * B * H, 21) }),
  };
}

describe('one step of one unit, by hand', () => {
  const one = { T: 1, B: 1, I: 1, H: 1, D: 1 };
  const ln3 = Math.log(3);

  it('lstm', () => {
    // x = 1 and w_ih alone: i = sigmoid(0) = 1/2, f = sigmoid(ln 3) = 3/4, g = tanh(ln(3)/2) = 1/2, o = sigmoid(-ln 3) = 1/4.
    const given = layer(lstm, one, { x: [1], w_ih: [0, ln3, ln3 / 2, -ln3], w_hh: [0, 0, 0, 0], h0: [9], c0: [2] });
    const { y, hn, cn, saved } = forward(given);
    // c' = 3/4 * 2 + 1/2 * 1/2 = 1.75;  h' = 1/4 * tanh(1.75) = 1/4 * 0.9413755384972874
    expect(cn![0]).toBeCloseTo(1.75, 15);
    expect(hn![0]).toBeCloseTo(0.25 * 0.9413755384972874, 15);
    expect(y).toEqual(hn);

    // dh' = 1: dc' = 1/4 (1 - tanh(1.75)^2), and each gate's through the other factor of its product and its slope.
    const { dw_ih, dc0, dh0 } = backward(given, saved!, { dhn: [1] });
    const dc = 0.25 * (1 - 0.9413755384972874 ** 2);
    expect(dc0![0]).toBeCloseTo(0.75 * dc, 15);
    expect(dh0).toEqual([0]);
    const expected = [0.5 * dc * 0.25, 2 * dc * 0.1875, 0.5 * dc * 0.75, 0.9413755384972874 * 0.1875];
    for (const [k, value] of expected.entries()) expect(dw_ih![k]).toBeCloseTo(value, 15);
  });

  it('gru, with the reset gate after the product and before it', () => {
    // r = sigmoid(ln 3) = 3/4, z = sigmoid(-ln 3) = 1/4, W_hn = 2/3 ln 3, h = 1.
    const rest = { x: [1], w_ih: [ln3, -ln3, 0], w_hh: [0, 0, (2 / 3) * ln3], h0: [1] };
    const step = (cell: RecurrentCell, b_hn: number) => {
      return forward(layer(cell, one, { ...rest, b_hh: [0, 0, b_hn] })).y![0];
    };
    // Without a bias both give n = tanh(ln(3) / 2) = 1/2, h' = 1/2 + 1/4 (1 - 1/2) = 0.625.
    expect(step(gru, 0)).toBeCloseTo(0.625, 15);
    expect(step(gruResetBefore, 0)).toBeCloseTo(0.625, 15);
    // The gate scales the bias only where it acts after the product: n = tanh(ln(3)/2 + 3/4), tanh(ln(3)/2 + 1).
    expect(step(gru, 1)).toBeCloseTo(0.75 * ((3 * Math.exp(1.5) - 1) / (3 * Math.exp(1.5) + 1)) + 0.25, 15);
    expect(step(gruResetBefore, 1)).toBeCloseTo(0.75 * ((3 * Math.exp(2) - 1) / (3 * Math.exp(2) + 1)) + 0.25, 15);
  });

  it('rnn', () => {
    const rest = { x: [1], w_ih: [ln3], w_hh: [-ln3], b_ih: [0.25], b_hh: [-0.25], h0: [0.5] };
    expect(forward(layer(rnnTanh, one, rest)).y![0]).toBeCloseTo(0.5, 15);
    expect(forward(layer(rnnRelu, one, rest)).y![0]).toBeCloseTo(ln3 / 2, 15);
    expect(forward(layer(rnnRelu, one, { ...rest, h0: [2] })).y).toEqual([0]);
  });
});

// Two directions, ragged, PyTorch 1.13, double. Printed by
//   wave = lambda n, p, *shape: torch.tensor([math.sin(p + k) for k in range(n)]).view(*shape)
//   T, B, I, H = 3, 2, 2, 2;  m = nn.LSTM(I, H, bidirectional=True)   # or RNN, GRU
//   for k, p in enumerate(m.parameters()): p.data.copy_(wave(p.numel(), k + 2, *p.shape))
//   x = wave(12, 1, T, B, I);  h0 = wave(8, 20, 2, B, H);  c0 = wave(8, 21, 2, B, H)     # all requires_grad
//   y, hn = m(pack_padded_sequence(x, [2, 3], enforce_sorted=False), (h0, c0))           # or h0
//   y, _ = pad_packed_sequence(y, total_length=T)
//   ((y * wave(24, 30, T, B, 4)).sum() + (hn * wave(8, 31, 2, B, H)).sum() + (cn * wave(8, 32, 2, B, H)).sum()).backward()
const pytorch: Record<string, Record<string, number[]>> = {
  rnn_tanh: {
    y: [
      -0.86841774845, -0.999106146489, 0.859110070398, 0.949988265539, -0.783755807531, -0.357911618646, 0.984052754605,
      -0.413792985396, -0.963567632275, 0.699962711212, 0.641045538628, -0.904600660762, -0.674224005452,
      -0.950089540242, 0.924042199128, 0.949995138126, 0, 0, 0, 0, -0.969073520456, 0.737505412345, 0.992263788403,
      -0.913522278803,
    ],
    hn: [
      -0.963567632275, 0.699962711212, -0.969073520456, 0.737505412345, 0.859110070398, 0.949988265539, 0.984052754605,
      -0.413792985396,
    ],
    dx: [
      -0.394196704413, -0.0374412691586, -0.216538229038, -0.284910579732, -0.740928429427, -0.45500613478,
      -0.538755586931, 0.0101163914078, 0, 0, -0.324159574583, -0.485723097531,
    ],
    dh0: [
      -0.0589765156804, 0.322231225816, -0.13233993681, -0.196675149063, 0.287178116522, 0.459361662446,
      0.0324598160501, -0.0138872243418,
    ],
    db_hh: [-0.972526677394, 1.38676393354],
    dw_hh_r: [-0.443741883465, -0.105201773692, -0.110826627289, -0.304632960506],
  },
  rnn_relu: {
    y: [
      0, 0, 2.26302768896, 1.38853997483, 0, 0, 5.33769795398, 0.0911672973907, 0, 0, 0.759946654672, 0, 0, 0,
      3.69140360056, 2.06968380536, 0, 0, 0, 0, 0, 0.0329881069364, 2.7755573716, 0,
    ],
    hn: [0, 0, 0, 0.0329881069364, 2.26302768896, 1.38853997483, 5.33769795398, 0.0911672973907],
    dx: [
      -0.0263898297289, 0.0843214264761, 0.113457848713, -1.21745633597, -0.231756878338, 0.544927408144,
      -0.236760821045, -1.02648609236, 0, 0, -0.896505127061, -1.17623575789,
    ],
    dh0: [0, 0, 0, 0, 0.544927408144, 0.820607948639, -0.0261865005579, -0.0394343359935],
    db_hh: [0, 1.19931186196],
    dw_hh_r: [-10.0544557888, -3.53248591364, -2.88003206723, -0.718531204969],
  },
  lstm: {
    y: [
      0.287052676367, 0.00011588984147, 0.368321413136, 0.371177252777, 0.00445549879345, -0.366796758309,
      -0.135850995721, 0.23285913592, 0.0317403253388, 0.031019751794, -0.546718844927, 0.0537595291718,
      0.0451970293758, -0.0667447838029, 0.359441577196, 0.332685093977, 0, 0, 0, 0, 0.00666314210567, -0.181328021825,
      -0.552425900443, 0.100462037561,
    ],
    hn: [
      0.0317403253388, 0.031019751794, 0.00666314210567, -0.181328021825, 0.368321413136, 0.371177252777,
      -0.135850995721, 0.23285913592,
    ],
    cn: [
      0.440652187934, 0.142197178617, 0.120713972909, -0.627234703981, 0.535292266272, 0.496924229563, -0.160136591901,
      0.462500127165,
    ],
    dx: [
      -0.475526473354, -0.227198406637, -0.680213980214, -0.504176224546, -0.259039612487, 0.0539220474404,
      -0.128726283368, -0.450674176908, 0, 0, 0.252932522862, 0.15071143674,
    ],
    dh0: [
      -0.0846817833218, 0.0347434400456, -0.131787626838, -0.126959282093, -0.0273751768799, -0.0881021060525,
      0.00462628754709, -0.08694488189,
    ],
    dc0: [
      -0.0128795768574, 0.834240801485, 0.015033920914, -0.161878747199, 0.142059426621, -0.0138170970463,
      0.0518029180134, 0.0898332741455,
    ],
    db_hh: [
      0.0796728887889, 0.165171461011, 0.0727779226418, 0.06886518573, -0.00615456143113, 0.332648795667,
      -0.130382686589, 0.0355471334465,
    ],
    dw_hh_r: [
      0.132630735, -0.000412921231999, 0.0685562614592, 0.0843703951002, -0.0300441465681, 0.0185249016815,
      0.0333934917265, 0.0330120767051, 0.0780956580493, -0.209026987155, -0.0204965427232, 0.0594361374676,
      0.0452044919593, 0.00234624443344, -0.0546356769318, -0.00046584676593,
    ],
  },
  gru: {
    y: [
      0.765716021135, 0.807623275566, 0.383735472433, 0.215242421913, 0.6967917841, -0.802083337574, -0.192832494845,
      0.746196836919, 0.791536443369, 0.780028227125, -0.921754153705, 0.706666585604, 0.327563156011, -0.76407995093,
      0.429751415232, 0.113570780027, 0, 0, 0, 0, 0.687602934345, -0.51313915696, -0.612963156774, 0.887415897717,
    ],
    hn: [
      0.791536443369, 0.780028227125, 0.687602934345, -0.51313915696, 0.383735472433, 0.215242421913, -0.192832494845,
      0.746196836919,
    ],
    dx: [
      0.185031202955, 0.0683669123697, -0.960787236484, -0.579833041592, -0.115963816641, 0.159393967713,
      -0.586489679021, -0.788417038725, 0, 0, -0.306511110706, -0.0917972967473,
    ],
    dh0: [
      -1.02630830701, 0.385114768764, 0.00947419780234, -0.306414782633, 0.474966721658, -0.00687773314316,
      0.022458477615, 0.309699034641,
    ],
    db_hh: [0.00779568119799, -0.0551280559424, -0.423322751019, -0.174899741582, -0.102545072757, 0.204729636759],
    dw_hh_r: [
      -0.0551719384307, -0.00576222476279, -0.103390594563, 0.141681453437, -0.0509157251926, 0.0819884568912,
      -0.14371126726, 0.250424426224, -0.120027204475, -0.391147675999, -0.241514365507, 0.375110740727,
    ],
  },
};

describe('two ragged directions equal PyTorch', () => {
  for (const cell of cells.filter(({ name }) => name in pytorch)) {
    it(cell.name, () => {
      const sizes = { T: 3, B: 2, I: 2, H: 2, D: 2 };
      const { h0, c0 } = parameters(cell, sizes);
      const GH = cell.gates.length * 2;
      const weights = ['w_ih', 'w_hh', 'b_ih', 'b_hh', 'w_ih_r', 'w_hh_r', 'b_ih_r', 'b_hh_r'].map((name, k) => {
        return [name, wave(name.startsWith('w') ? GH * 2 : GH, k + 2)];
      });
      const given = layer(cell, sizes, {
        ...Object.fromEntries(weights),
        x: wave(12, 1),
        h0: h0!,
        ...(c0 && { c0 }),
        lengths: [2, 3],
      });
      const results = forward(given);
      const gradients = backward(given, results.saved!, {
        dy: wave(24, 30),
        dhn: wave(8, 31),
        ...(c0 && { dcn: wave(8, 32) }),
      });
      for (const [name, expected] of Object.entries(pytorch[cell.name]!)) {
        expectClose(results[name] ?? gradients[name], expected, name);
      }
    });
  }
});

describe.each(plainCells)('laws: $name', (cell) => {
  const sizes = { T: 5, B: 3, I: 2, H: 3, D: 2 };
  const lengths = [3, 0, 5];
  const given = layer(cell, sizes, { ...parameters(cell, sizes), x: wave(5 * 3 * 2, 1), lengths });
  const upstream = { dy: wave(5 * 3 * 6, 30), dhn: wave(2 * 3 * 3, 31) };

  it('stands in the list under its number', () => {
    expect(cells[cell.id]).toBe(cell);
  });

  it('inference gives the bits of training', () => {
    const { y, hn, cn } = forward(given);
    expect(infer(given)).toMatchObject({ y, hn, ...(cn && { cn }) });
  });

  it('each row equals the row alone', () => {
    const { y, hn } = forward(given);
    lengths.forEach((length, b) => {
      const alone = { T: length, B: 1, I: 2, H: 3, D: 2 };
      const x = rowOf(given.x as number[], length, 3, 2, b);
      const states = ['h0', 'c0'].filter((name) => name in given);
      const own = Object.fromEntries(states.map((name) => [name, rowOf(given[name] as number[], 2, 3, 3, b)]));
      const { lengths: _, ...rest } = given;
      const result = forward(layer(cell, alone, { ...rest, ...alone, rows: length, x, ...own }));
      expect(result.y).toEqual(rowOf(y!, length, 3, 6, b));
      expect(result.hn).toEqual(rowOf(hn!, 2, 3, 3, b));
    });
  });

  it('padding gives no output, takes no part and gets no gradient', () => {
    const x = (given.x as number[]).map((value, k) => {
      const [t, b] = [Math.floor(k / 6), Math.floor(k / 2) % 3];
      return t < lengths[b]! ? value : Number.NaN;
    });
    const { y, saved } = forward({ ...given, x });
    const { dx, dw_ih } = backward({ ...given, x }, saved!, upstream);
    for (const [b, length] of lengths.entries()) {
      expect(
        rowOf(y!, 5, 3, 6, b)
          .slice(length * 6)
          .every((value) => value === 0),
      ).toBe(true);
      expect(
        rowOf(dx!, 5, 3, 2, b)
          .slice(length * 2)
          .every((value) => value === 0),
      ).toBe(true);
    }
    expect(dw_ih!.every(Number.isFinite)).toBe(true);
  });

  it('a row of length 0 hands its initial state, and its gradient, through', () => {
    const { hn, saved } = forward(given);
    expect(rowOf(hn!, 2, 3, 3, 1)).toEqual(rowOf(given.h0 as number[], 2, 3, 3, 1));
    const { dh0 } = backward(given, saved!, upstream);
    expect(rowOf(dh0!, 2, 3, 3, 1)).toEqual(rowOf(upstream.dhn, 2, 3, 3, 1));
  });

  it('backward twice gives the same gradients and leaves saved as it is', () => {
    const { saved } = forward(given);
    const first = backward(given, saved!, upstream);
    expect(backward(given, first.saved!, upstream)).toEqual(first);
    expect(first.saved).toEqual(saved);
  });

  it('two windows joined by the state equal the whole', () => {
    const whole = { ...sizes, D: 1 };
    const { lengths: _, ...rest } = layer(cell, whole, { ...parameters(cell, whole), x: given.x! });
    const full = layer(cell, whole, rest);
    const window = (T: number, start: number, state: Values) => {
      const x = (given.x as number[]).slice(start * 6, (start + T) * 6);
      return layer(cell, { ...whole, T }, { ...rest, T, rows: T * 3, x, ...state });
    };
    const all = forward(full);
    const first = forward(window(2, 0, {}));
    const second = forward(window(3, 2, { h0: first.hn!, ...(first.cn && { c0: first.cn }) }));
    expect([...first.y!, ...second.y!]).toEqual(all.y);
    expect(second.hn).toEqual(all.hn);
  });

  it.each([
    { T: 0, B: 2 },
    { T: 2, B: 0 },
  ])('T = $T, B = $B is no error', ({ T, B }) => {
    const empty = { T, B, I: 2, H: 3, D: 2 };
    const values = layer(cell, empty, { ...parameters(cell, empty), x: [] });
    const { y, hn, saved } = forward(values);
    expect(y).toEqual([]);
    expect(hn).toEqual(values.h0);
    const { dh0, dw_hh } = backward(values, saved!, { dhn: wave(2 * B * 3, 31) });
    expect(dh0).toEqual(wave(2 * B * 3, 31));
    expect(dw_hh!.every((value) => value === 0)).toBe(true);
  });

  it('without gradients from above everything is zero, but weights keep what they had', () => {
    const { saved } = forward(given);
    const { dx, dw_ih } = backward({ ...given }, saved!, { dw_ih: (given.w_ih as number[]).map(() => 2) });
    expect(dx!.every((value) => value === 0)).toBe(true);
    expect(dw_ih!.every((value) => value === 2)).toBe(true);
  });
});

describe('bad arguments', () => {
  const sizes = { T: 2, B: 2, I: 1, H: 1, D: 1 };
  const given = layer(lstm, sizes, { ...parameters(lstm, sizes), x: wave(4, 1) });

  it('lengths outside 0..T, or that do not add up to rows', () => {
    const { nsaved, training } = recurrentSizes(given);
    const run = (lengths: number[], rows: number) =>
      call('rnn_forward', { ...given, lengths, rows, nsaved, nscratch: training }, ['saved']);
    expect(() => run([3, 0], 3)).toThrow(LengthsError);
    expect(() => run([-1, 1], 0)).toThrow(LengthsError);
    expect(() => run([1, 1], 3)).toThrow(LengthsError);
    expect(() => run([1, 2], 3)).not.toThrow();
  });

  it('a cell that does not exist, or another number of gates', () => {
    expect(() => call('rnn_forward', { ...given, cell: 9, nsaved: 0, nscratch: 100 })).toThrow(OptionError);
    expect(() => call('rnn_forward', { ...given, gates: 3, nsaved: 0, nscratch: 100 })).toThrow(OptionError);
  });

  it('workspaces that are too small', () => {
    const { nsaved, training, inference } = recurrentSizes(given);
    expect(() => call('rnn_forward', { ...given, nsaved: 0, nscratch: inference - 1 })).toThrow(/rnn_sizes/);
    expect(() => call('rnn_forward', { ...given, nsaved: nsaved - 1, nscratch: training }, ['saved'])).toThrow(
      /rnn_sizes/,
    );
  });

  it('two directions without the weights of the second', () => {
    const two = { ...given, D: 2, h0: [0, 0, 0, 0], c0: [0, 0, 0, 0] };
    const { inference } = recurrentSizes(two);
    expect(() => call('rnn_forward', { ...two, nsaved: 0, nscratch: inference })).toThrow(ShapeError);
    expect(() => call('rnn_pack', { ...two })).toThrow(ShapeError);
    expect(() => call('rnn_pack', { ...given })).not.toThrow();
  });

  it('sizes that cannot be', () => {
    const ask = (changes: Values) =>
      recurrentSizes({ cell: Cell.gru, T: 2, B: 2, I: 1, H: 1, D: 1, rows: 4, ...changes });
    expect(() => ask({ T: -1 })).toThrow(ShapeError);
    expect(() => ask({ D: 3 })).toThrow(ShapeError);
    expect(() => ask({ rows: 5 })).toThrow(ShapeError);
    expect(() => ask({ T: 2 ** 30, B: 2 ** 30, H: 2 ** 30 })).toThrow(ShapeError);
  });
});

/** Column b of an array [steps, B, width]. */
function rowOf(of: readonly number[], steps: number, B: number, width: number, b: number): number[] {
  return Array.from({ length: steps }, (_, t) => of.slice((t * B + b) * width, (t * B + b + 1) * width)).flat();
}
