// Losses against literals from PyTorch 1.13. They were printed, in double precision, by
//   wave = lambda n, p: torch.tensor([math.sin(p + k) for k in range(n)])
//   F.<function>(<arguments of the row>, reduction='none'), then 'mean', then 'sum'
import { describe, expect, it } from 'vitest';
import { type KernelName, Reduction, Regression } from '../../src/backend/generated/abi.js';
import { IndexError, OptionError, ShapeError } from '../../src/errors.js';
import { call, expectClose, type Values, wave } from './helpers.js';

const rows = { logits: wave(20, 1), target: [3, -100, 0, 2], N: 4, C: 5, ignore_index: -100 };
const weight = wave(5, 4).map((v) => v + 1.5);
const pairs = { x: wave(6, 1).map((v) => 3 * v), t: wave(6, 2), n: 6 };

const cases: { python: string; kernel: KernelName; given: Values; each: number[]; mean: number; sum: number }[] = [
  {
    python: 'cross_entropy(wave(20, 1).view(4, 5), tensor([3, -100, 0, 2]))',
    kernel: 'cross_entropy_forward',
    given: { ...rows, label_smoothing: 0 },
    each: [2.67466386823, 0, 2.95780202497, 2.41063042774],
    mean: 2.68103210698,
    sum: 8.04309632094,
  },
  {
    python: 'the same, label_smoothing=.2',
    kernel: 'cross_entropy_forward',
    given: { ...rows, label_smoothing: 0.2 },
    each: [2.51625690318, 0, 2.73682401933, 2.29793160218],
    mean: 2.5170041749,
    sum: 7.5510125247,
  },
  {
    python: 'the same, weight=wave(5, 4) + 1.5',
    kernel: 'cross_entropy_forward',
    given: { ...rows, weight, label_smoothing: 0 },
    each: [5.76921411985, 0, 2.19823108433, 2.94237813967],
    mean: 2.64752146725,
    sum: 10.9098233438,
  },
  {
    python: 'the same, weight=wave(5, 4) + 1.5, label_smoothing=.2',
    kernel: 'cross_entropy_forward',
    given: { ...rows, weight, label_smoothing: 0.2 },
    each: [5.27316758741, 0, 2.18921887414, 2.79083510925],
    mean: 2.48818183041,
    sum: 10.2532215708,
  },
  {
    python: 'binary_cross_entropy_with_logits(3 * wave(6, 1), wave(6, 2))',
    kernel: 'bce_with_logits_forward',
    given: pairs,
    each: [0.306029309753, 2.40624195896, 1.2474659853, -2.07887027243, -0.749027327969, 0.910115679774],
    mean: 0.340325888897,
    sum: 2.04195533338,
  },
  {
    python: 'the same, weight=wave(6, 4) + 1.5, pos_weight=wave(6, 5) + 1.5',
    kernel: 'bce_with_logits_forward',
    given: { ...pairs, weight: wave(6, 4).map((v) => v + 1.5), pos_weight: wave(6, 5).map((v) => v + 1.5) },
    each: [0.203541638171, 1.30302544661, 0.984298587522, -11.7809960677, -3.72449051581, 1.67401812643],
    mean: -1.89010046413,
    sum: -11.3406027848,
  },
  {
    python: 'mse_loss(3 * wave(6, 1), wave(6, 2))',
    kernel: 'regression_loss_forward',
    given: { ...pairs, kind: Regression.mse, delta: 1 },
    each: [2.60859816749, 6.69139078935, 1.3927835724, 1.71998821342, 6.74626507784, 2.23572200335],
    mean: 3.56579130397,
    sum: 21.3947478238,
  },
  {
    python: 'l1_loss(3 * wave(6, 1), wave(6, 2))',
    kernel: 'regression_loss_forward',
    given: { ...pairs, kind: Regression.mae, delta: 1 },
    each: [1.6151155276, 2.58677227242, 1.18016251949, 1.31148321126, 2.59735732579, 1.49523309332],
    mean: 1.79768732498,
    sum: 10.7861239499,
  },
  {
    python: 'huber_loss(3 * wave(6, 1), wave(6, 2), delta=.7)',
    kernel: 'regression_loss_forward',
    given: { ...pairs, kind: Regression.huber, delta: 0.7 },
    each: [0.885580869319, 1.56574059069, 0.581113763641, 0.673038247882, 1.57315012805, 0.801663165321],
    mean: 1.01338112748,
    sum: 6.08028676491,
  },
];

describe('losses equal PyTorch', () => {
  it.each(cases)('$python', ({ kernel, given, each, mean, sum }) => {
    const loss = (reduction: number, L: number) => call(kernel, { ...given, reduction, L }).loss;
    expectClose(loss(Reduction.none, each.length), each);
    expectClose(loss(Reduction.mean, 1), [mean]);
    expectClose(loss(Reduction.sum, 1), [sum]);
  });
});

describe('cross entropy', () => {
  const base = { logits: [1, 2, 3, 4], N: 2, C: 2, L: 1, ignore_index: -100, label_smoothing: 0, reduction: 1 };

  it('refuses a target outside the classes', () => {
    expect(() => call('cross_entropy_forward', { ...base, target: [0, 2] })).toThrow(IndexError);
    expect(() => call('cross_entropy_forward', { ...base, target: [-1, 0] })).toThrow(IndexError);
  });

  it('refuses an unknown reduction, and an L that is not its number of losses', () => {
    expect(() => call('cross_entropy_forward', { ...base, target: [0, 1], reduction: 3 })).toThrow(OptionError);
    expect(() => call('cross_entropy_forward', { ...base, target: [0, 1], L: 2 })).toThrow(ShapeError);
  });

  it('is NaN where the mean is over no row, as in PyTorch', () => {
    expect(call('cross_entropy_forward', { ...base, target: [-100, -100] }).loss).toEqual([Number.NaN]);
  });

  it('takes a class masked with -inf without turning into NaN', () => {
    const { loss } = call('cross_entropy_forward', { ...base, logits: [0, -Infinity, 0, 0], target: [0, 1] });
    expect(loss![0]).toBeCloseTo(Math.log(2) / 2, 15);
  });
});

describe('binary cross entropy', () => {
  it('stays exact far from zero', () => {
    const given = { x: [800, -800, 800, -800], t: [1, 0, 0, 1], n: 4, L: 4, reduction: Reduction.none };
    expect(call('bce_with_logits_forward', given).loss).toEqual([0, 0, 800, 800]);
    const { dx } = call('bce_with_logits_backward', { ...given, dloss: [1, 1, 1, 1] });
    expect(dx!.map((v) => v + 0)).toEqual([0, 0, 1, -1]);
  });
});
