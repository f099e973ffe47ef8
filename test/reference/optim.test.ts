// Optimisers against five steps of PyTorch 1.13 in double precision, printed by
//   wave = lambda n, p: torch.tensor([math.sin(p + k) for k in range(n)])
//   p = nn.Parameter(wave(3, 1));  o = torch.optim.<the line of the row>
//   for k in range(5): p.grad = wave(3, 10 * (k + 1)) + .5 * p.detach();  o.step()
import { describe, expect, it } from 'vitest';
import type { KernelName } from '../../src/backend/generated/abi.js';
import { ShapeError } from '../../src/errors.js';
import { call, expectClose, type Values, wave } from './helpers.js';

interface Case {
  readonly python: string;
  readonly kernel: KernelName;
  /** Buffers beside p and g that carry over from step to step. */
  readonly state: readonly string[];
  readonly given: Values;
  readonly expected: readonly number[];
}

const sgd = { lr: 0.1, momentum: 0, dampening: 0, nesterov: 0, weight_decay: 0 };
const adam = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0, decoupled: 0 };
const rmsprop = { lr: 0.1, alpha: 0.99, eps: 1e-8, weight_decay: 0, momentum: 0 };
const adagrad = { lr: 0.1, eps: 1e-10, weight_decay: 0 };

const cases: Case[] = [
  {
    python: 'SGD([p], lr=.1)',
    kernel: 'sgd_update',
    state: [],
    given: sgd,
    expected: [0.661773012764, 0.697824713346, 0.0922995906619],
  },
  {
    python: 'SGD([p], lr=.1, weight_decay=.2)',
    kernel: 'sgd_update',
    state: [],
    given: { ...sgd, weight_decay: 0.2 },
    expected: [0.595060612092, 0.62276933709, 0.0779068056152],
  },
  {
    python: 'SGD([p], lr=.1, momentum=.9)',
    kernel: 'sgd_update',
    state: ['buf'],
    given: { ...sgd, momentum: 0.9 },
    expected: [0.393204086775, 0.520699354678, 0.169466037219],
  },
  {
    python: 'SGD([p], lr=.1, momentum=.9, dampening=.3, weight_decay=.2)',
    kernel: 'sgd_update',
    state: ['buf'],
    given: { ...sgd, momentum: 0.9, dampening: 0.3, weight_decay: 0.2 },
    expected: [0.384976637583, 0.524272122674, 0.181554235983],
  },
  {
    python: 'SGD([p], lr=.1, momentum=.9, nesterov=True)',
    kernel: 'sgd_update',
    state: ['buf'],
    given: { ...sgd, momentum: 0.9, nesterov: 1 },
    expected: [0.302740098695, 0.372086631236, 0.0993384309842],
  },
  {
    python: 'Adam([p], lr=.1)',
    kernel: 'adam_update',
    state: ['m', 'v'],
    given: adam,
    expected: [0.747778869188, 0.82550904714, 0.252339523791],
  },
  {
    python: 'Adam([p], lr=.1, betas=(.8, .95), eps=1e-3, weight_decay=.2)',
    kernel: 'adam_update',
    state: ['m', 'v'],
    given: { ...adam, beta1: 0.8, beta2: 0.95, eps: 1e-3, weight_decay: 0.2 },
    expected: [0.52272648923, 0.754701431073, 0.205879314486],
  },
  {
    python: 'Adam([p], lr=.1, betas=(.8, .5), amsgrad=True)',
    kernel: 'adam_update',
    state: ['m', 'v', 'vmax'],
    given: { ...adam, beta1: 0.8, beta2: 0.5 },
    expected: [0.768160837107, 0.846577289294, 0.238476821628],
  },
  {
    python: 'AdamW([p], lr=.1, weight_decay=.2)',
    kernel: 'adam_update',
    state: ['m', 'v'],
    given: { ...adam, weight_decay: 0.2, decoupled: 1 },
    expected: [0.669032249756, 0.739367625656, 0.230573664838],
  },
  {
    python: 'AdamW([p], lr=.1, betas=(.8, .5), weight_decay=.2, amsgrad=True)',
    kernel: 'adam_update',
    state: ['m', 'v', 'vmax'],
    given: { ...adam, beta1: 0.8, beta2: 0.5, weight_decay: 0.2, decoupled: 1 },
    expected: [0.688108490672, 0.760148774584, 0.217115222362],
  },
  {
    python: 'RMSprop([p], lr=.1)',
    kernel: 'rmsprop_update',
    state: ['sq'],
    given: rmsprop,
    expected: [0.561238547979, 0.265808245151, -0.236550799894],
  },
  {
    python: 'RMSprop([p], lr=.1, alpha=.9, eps=1e-3, weight_decay=.2, momentum=.5)',
    kernel: 'rmsprop_update',
    state: ['sq', 'buf'],
    given: { ...rmsprop, alpha: 0.9, eps: 1e-3, weight_decay: 0.2, momentum: 0.5 },
    expected: [-0.141710466269, 0.491274947498, 0.0147264289622],
  },
  {
    python: 'RMSprop([p], lr=.1, alpha=.9, centered=True)',
    kernel: 'rmsprop_update',
    state: ['sq', 'gavg'],
    given: { ...rmsprop, alpha: 0.9 },
    expected: [0.728271691845, 0.638722571193, 0.0677886590797],
  },
  {
    python: 'RMSprop([p], lr=.1, alpha=.9, centered=True, momentum=.5)',
    kernel: 'rmsprop_update',
    state: ['sq', 'gavg', 'buf'],
    given: { ...rmsprop, alpha: 0.9, momentum: 0.5 },
    expected: [0.689420862664, 0.592820561063, 0.117177530975],
  },
  {
    python: 'Adagrad([p], lr=.1)',
    kernel: 'adagrad_update',
    state: ['sum'],
    given: adagrad,
    expected: [0.810045895436, 0.832531922799, 0.140951798828],
  },
  {
    python: 'Adagrad([p], lr=.1, eps=1e-3, weight_decay=.2)',
    kernel: 'adagrad_update',
    state: ['sum'],
    given: { ...adagrad, eps: 1e-3, weight_decay: 0.2 },
    expected: [0.607941317185, 0.808282131903, 0.125102603731],
  },
];

describe('optimisers follow PyTorch for five steps', () => {
  it.each(cases)('$python', ({ kernel, state, given, expected }) => {
    // A momentum buffer of SGD starts as the first gradient: whatever is in it before does not count.
    const start = kernel === 'sgd_update' ? Number.NaN : 0;
    let p = wave(3, 1);
    let carried: Record<string, number[]> = Object.fromEntries(state.map((name) => [name, [start, start, start]]));
    for (let k = 0; k < 5; k++) {
      const g = wave(3, 10 * (k + 1)).map((v, i) => v + 0.5 * p[i]!);
      const step = { n: 3, step: k + 1, first: k === 0 ? 1 : 0 };
      const after = call(kernel, { ...given, ...carried, ...step, p, g });
      p = after.p!;
      carried = Object.fromEntries(state.map((name) => [name, after[name]!]));
    }
    expectClose(p, expected);
  });

  it('momentum without a buffer is refused', () => {
    const given = { ...sgd, p: [1], g: [1], n: 1, momentum: 0.9, first: 1 };
    expect(() => call('sgd_update', given)).toThrow(ShapeError);
    expect(() => call('rmsprop_update', { ...rmsprop, p: [1], sq: [0], g: [1], n: 1, momentum: 0.5 })).toThrow(
      ShapeError,
    );
  });
});

describe('sum_squares', () => {
  it('is the square of the norm, and 0 of nothing', () => {
    expect(call('sum_squares', { x: [3, -4], n: 2 }).out).toEqual([25]);
    expect(call('sum_squares', { x: [], n: 0 }).out).toEqual([0]);
  });
});
