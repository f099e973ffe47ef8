// Optimisers: three steps against PyTorch 1.13 in float64, groups, state, clipping, and what bad options are told.
//   p = torch.tensor([1., -2., .5]); each step: (p*p*p*k/3 + p*.1).sum().backward() for k = 1, 2, 3
import { expect, it } from 'vitest';
import { tensor } from '../../src/autograd/creation.js';
import { Parameter, type Tensor } from '../../src/autograd/tensor.js';
import { NumericError, OptionError, ShapeError } from '../../src/errors.js';
import { Module } from '../../src/layers/module.js';
import { add, mul } from '../../src/ops/elementwise.js';
import { sum } from '../../src/ops/reduce.js';
import {
  Adagrad,
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  type Optimizer,
  RMSprop,
  SGD,
} from '../../src/optim/index.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';

const start = (): Parameter => new Parameter(tensor([1, -2, 0.5]));

function descend(p: Tensor, optimizer: Optimizer, k: number): void {
  optimizer.zeroGrad();
  const cube = mul(mul(p, p), mul(p, k / 3));
  sum(add(cube, mul(p, 0.1))).backward();
  optimizer.step();
}

interface Case {
  readonly line: string;
  readonly make: (p: Parameter) => Optimizer;
  readonly end: readonly number[];
}

const cases: Case[] = [
  {
    line: 'SGD([p], lr=.1)',
    make: (p) => new SGD([p], { lr: 0.1 }),
    end: [0.55537669108, -7.44002054732, 0.350892345993],
  },
  {
    line: 'SGD([p], lr=.1, momentum=.9, dampening=.2, weight_decay=.01)',
    make: (p) => new SGD([p], { lr: 0.1, momentum: 0.9, dampening: 0.2, weightDecay: 0.01 }),
    end: [0.331225783944, -8.186638678023, 0.277546344845],
  },
  {
    line: 'SGD([p], lr=.1, momentum=.9, nesterov=True)',
    make: (p) => new SGD([p], { lr: 0.1, momentum: 0.9, nesterov: true }),
    end: [0.123544995726, -28.607354093771, 0.175216381224],
  },
  { line: 'Adam([p])', make: (p) => new Adam([p]), end: [0.997066560107, -2.002925497411, 0.497044682934] },
  {
    line: 'Adam([p], lr=.1, betas=(.5, .6), amsgrad=True, weight_decay=.1)',
    make: (p) => new Adam([p], { lr: 0.1, betas: [0.5, 0.6], amsgrad: true, weightDecay: 0.1 }),
    end: [0.699420989978, -2.295724051689, 0.200173171713],
  },
  { line: 'AdamW([p])', make: (p) => new AdamW([p]), end: [0.997036584875, -2.002865473866, 0.49702970866] },
  { line: 'RMSprop([p])', make: (p) => new RMSprop([p]), end: [0.743777777033, -2.273901242854, 0.262469760411] },
  {
    line: 'RMSprop([p], lr=.05, momentum=.9, centered=True, weight_decay=.1)',
    make: (p) => new RMSprop([p], { lr: 0.05, momentum: 0.9, centered: true, weightDecay: 0.1 }),
    end: [-0.88930817544, -4.749345137209, -1.5644792779],
  },
  { line: 'Adagrad([p])', make: (p) => new Adagrad([p]), end: [0.973299676105, -2.026969882517, 0.47382526282] },
  {
    line: 'Adagrad([p], lr=.1, lr_decay=.5, initial_accumulator_value=.3, weight_decay=.1)',
    make: (p) => new Adagrad([p], { lr: 0.1, lrDecay: 0.5, initialAccumulatorValue: 0.3, weightDecay: 0.1 }),
    end: [0.818622948712, -2.200951585562, 0.37065833289],
  },
];

describeBackends('optimisers', (backend) => {
  const rtol = backend === 'reference' ? 1e-10 : 32 * EPS32;

  for (const { line, make, end } of cases) {
    it(`${line}: three steps end where PyTorch's do`, () => {
      const p = start();
      const optimizer = make(p);
      for (let k = 1; k <= 3; k++) descend(p, optimizer, k);
      expectClose(p.toArray(), end, rtol, 'parameter');
    });

    it(`${line}: going on from stateDict gives the same bits as never having stopped`, () => {
      const [p, q] = [start(), start()];
      const [whole, first] = [make(p), make(q)];
      for (let k = 1; k <= 3; k++) descend(p, whole, k);
      descend(q, first, 1);
      const resumed = make(q);
      resumed.loadStateDict(first.stateDict());
      for (let k = 2; k <= 3; k++) descend(q, resumed, k);
      expect(q.toArray()).toEqual(p.toArray());
    });
  }

  it('a parameter without gradient keeps its value, its state and its version', () => {
    const [p, idle] = [start(), start()];
    const optimizer = new Adam([p, idle], { weightDecay: 0.1 });
    const version = idle.version;
    descend(p, optimizer, 1);
    expect(idle.toArray()).toEqual([1, -2, 0.5]);
    expect(idle.version).toBe(version);
    expect(Object.keys(optimizer.stateDict().state)).toEqual(['0']);
  });

  it('a step bumps the version of what it changed, so that packed weights are packed again', () => {
    const p = start();
    const before = p.version;
    descend(p, new SGD([p], { lr: 0.1 }), 1);
    expect(p.version).toBeGreaterThan(before);
  });

  it('zeroGrad leaves no gradient behind', () => {
    const p = start();
    const optimizer = new SGD([p], { lr: 0.1 });
    sum(p).backward();
    expect(p.grad).not.toBeNull();
    optimizer.zeroGrad();
    expect(p.grad).toBeNull();
  });

  it('groups have options of their own, and setting lr sets all', () => {
    const [p, q] = [start(), start()];
    const optimizer = new SGD([{ params: [p], lr: 1 }, { params: [q] }], { lr: 0.5 });
    sum(add(p, q)).backward();
    optimizer.step();
    expect(p.toArray()).toEqual([0, -3, -0.5]);
    expect(q.toArray()).toEqual([0.5, -2.5, 0]);
    optimizer.lr = 0.25;
    expect(optimizer.groups.map((group) => group.lr)).toEqual([0.25, 0.25]);
  });

  it('stateDict has the contents and names of PyTorch, as copies', () => {
    const p = start();
    const optimizer = new Adam([p], { lr: 0.1, amsgrad: true });
    descend(p, optimizer, 1);
    const dict = optimizer.stateDict();
    expect(dict.groups).toEqual([
      { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: true, params: [0] },
    ]);
    const { step, ...buffers } = dict.state[0] as { step: number };
    expect(step).toBe(1);
    expect(Object.keys(buffers)).toEqual(['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']);
    const before = (buffers as { exp_avg: Tensor }).exp_avg.toArray();
    descend(p, optimizer, 2);
    expect((buffers as { exp_avg: Tensor }).exp_avg.toArray()).toEqual(before);
  });

  it('a state that does not fit is refused before anything is changed', () => {
    const p = start();
    const optimizer = new Adam([p]);
    descend(p, optimizer, 1);
    const dict = optimizer.stateDict();
    const wrongShape = { ...dict, state: { 0: { step: 5, exp_avg: tensor([1, 2]), exp_avg_sq: tensor([1, 2, 3]) } } };
    expect(() => optimizer.loadStateDict(wrongShape)).toThrow(ShapeError);
    expect(() => optimizer.loadStateDict(wrongShape)).toThrow(/exp_avg of parameter 0 must be \[3\], got \[2\]/);
    expect(() => optimizer.loadStateDict({ ...dict, groups: [] })).toThrow(
      /needs groups of \[1\] parameters, got \[\]/,
    );
    expect(() => optimizer.loadStateDict({ ...dict, state: { 0: { step: 1, sum: tensor([1, 2, 3]) } } })).toThrow(
      /exp_avg, exp_avg_sq/,
    );
    expect(() => optimizer.loadStateDict({ ...dict, state: { 7: { step: 1 } } })).toThrow(/no such parameter/);
    expect(() => optimizer.loadStateDict(null as never)).toThrow(OptionError);
    expect(optimizer.stateDict().state[0]?.step).toBe(1);
  });

  it('clipGradNorm returns the norm before clipping and keeps the direction', () => {
    const [p, q, idle] = [start(), start(), start()];
    sum(add(mul(p, 3), mul(q, 4))).backward();
    const norm = clipGradNorm([p, q, idle], 1);
    expectClose([norm], [Math.sqrt(75)], rtol, 'norm');
    // torch.nn.utils.clip_grad_norm_: grad * (max_norm / (norm + 1e-6))
    const scale = 1 / (Math.sqrt(75) + 1e-6);
    expectClose(
      p.grad?.toArray() ?? [],
      [3, 3, 3].map((g) => g * scale),
      rtol,
      'clipped',
    );
    expectClose(
      q.grad?.toArray() ?? [],
      [4, 4, 4].map((g) => g * scale),
      rtol,
      'clipped',
    );
    expect(clipGradNorm([p, q], 5)).toBeCloseTo(1, 5);
    expectClose(
      p.grad?.toArray() ?? [],
      [3, 3, 3].map((g) => g * scale),
      rtol,
      'left alone below the limit',
    );
  });

  it('clipGradNorm takes a norm that is not finite as PyTorch does, or refuses it before changing anything', () => {
    const p = start();
    sum(mul(p, tensor([Infinity, 1, 1]))).backward();
    expect(() => clipGradNorm([p], 1, { errorIfNonfinite: true })).toThrow(NumericError);
    expect(p.grad?.toArray()).toEqual([Infinity, 1, 1]);
    expect(clipGradNorm([p], 1)).toBe(Infinity);
    expect(p.grad?.toArray()).toEqual([NaN, 0, 0]);
  });

  it('clipGradValue limits every element', () => {
    const p = start();
    sum(mul(p, tensor([-5, 0.25, 5]))).backward();
    clipGradValue([p], 0.5);
    expect(p.grad?.toArray()).toEqual([-0.5, 0.25, 0.5]);
  });

  it('bad options are refused by name, value and range', () => {
    const p = start();
    expect(() => new SGD([p], {} as never)).toThrow(/SGD: option "lr" is missing/);
    expect(() => new SGD([p], { lr: -1 })).toThrow(OptionError);
    expect(() => new SGD([p], { lr: Number.NaN })).toThrow(/lr" must be/);
    expect(() => new SGD([p], { lr: 1, nesterov: true })).toThrow(/nesterov needs momentum above 0/);
    expect(() => new Adam([p], { betas: [0.9, 1] })).toThrow(
      /betas" must be two numbers >= 0 and below 1, got \[0.9, 1\]/,
    );
    expect(() => new Adam([p], { learningRate: 1 } as never)).toThrow(/unknown option "learningRate"/);
    expect(() => new AdamW([{ params: [p], eps: -1 }])).toThrow(/AdamW: group: option "eps"/);
    expect(() => new RMSprop([p], { alpha: 2 })).toThrow(OptionError);
    expect(() => new Adagrad([p], { lrDecay: -1 })).toThrow(OptionError);
    expect(() => clipGradNorm([p], -1)).toThrow(OptionError);
    const optimizer = new Adam([p]);
    expect(() => {
      optimizer.lr = -1;
    }).toThrow(/Adam: lr must be/);
    (optimizer.groups[0] as { lr: number }).lr = Number.NaN;
    expect(() => optimizer.step()).toThrow(/got NaN/);
  });

  it('a gradient or parameter that cannot be used is refused, and the step does not count', () => {
    const p = start();
    const optimizer = new Adam([p]);
    p.grad = tensor([1, 2, 3, 4]);
    expect(() => optimizer.step()).toThrow(/gradient of a parameter must be \[3\], got \[4\]/);
    expect(optimizer.stateDict().state).toEqual({});
    expect(() => new Adam([mul(p, 2)])).toThrow(/was computed by "mul"/);
  });

  it('parameters must be some, be tensors, and be given once', () => {
    const p = start();
    class Model extends Module {
      weight = p;
      forward(): Tensor {
        return this.weight;
      }
    }
    expect(() => new Adam([])).toThrow(/got no parameters/);
    expect(() => new Adam([p, p])).toThrow(/given twice/);
    expect(() => new Adam(new Model() as never)).toThrow(/pass model\.parameters\(\)/);
    expect(() => new Adam([{ params: [3] }] as never)).toThrow(/must be a float32 tensor, got 3/);
    expect(() => new Adam([{ lr: 1 }] as never)).toThrow(/each group must be/);
  });
});
