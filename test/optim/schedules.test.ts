// Learning rate schedules: rate for rate PyTorch's, as callbacks of fit per epoch and per update, and over a break.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { expectSameBits } from '../helpers/compare.js';

interface Case {
  readonly name: keyof typeof u.schedules;
  readonly options: object;
  readonly rates: number[][];
  readonly values?: number[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/schedules.json', import.meta.url), 'utf8')) as {
  readonly torch: string;
  readonly bases: [number, number];
  readonly cases: Case[];
};
const folder = mkdtempSync(join(tmpdir(), 'unrolled-schedules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => u.ready({ backend: 'reference' }));

const parameter = () => new u.Parameter(u.tensor([1]));
const twoGroups = () =>
  new u.SGD(golden.bases.map((lr) => ({ params: [parameter()], lr })) as never, { lr: 1 }) as u.SGD;
const rates = (optimizer: u.Optimizer) => optimizer.groups.map(({ lr }) => lr);
type Make = (optimizer: u.Optimizer, options: object) => { step(value?: number): void; readonly lr: number };

describe(`schedules have the rates of PyTorch ${golden.torch}`, () => {
  for (const { name, options, rates: wanted, values } of golden.cases) {
    it(`${name} ${JSON.stringify(options)}`, () => {
      const optimizer = twoGroups();
      const schedule = (u.schedules[name] as Make)(optimizer, options);
      const found = [rates(optimizer)];
      for (let k = 1; k < wanted.length; k++) {
        schedule.step(...(values ? [values[k - 1] as number] : []));
        found.push(rates(optimizer));
      }
      expect(schedule.lr).toBe(optimizer.lr);
      for (const [k, row] of wanted.entries()) {
        for (const [g, rate] of row.entries()) expect(found[k]?.[g], `step ${k}, group ${g}`).toBeCloseTo(rate, 14);
      }
    });
  }

  it('every schedule there is has a case', () => {
    const made = Object.entries(u.schedules).flatMap(([name, value]) => (/^[a-z]/.test(name) && value ? [name] : []));
    expect([...new Set(golden.cases.map(({ name }) => name))].sort()).toEqual(made.sort());
  });
});

it('cosine stays at its minimum when its period is over', () => {
  const optimizer = twoGroups();
  const schedule = u.schedules.cosine(optimizer, { period: 3, minLr: 0.01 });
  for (let k = 0; k < 5; k++) schedule.step();
  expect(rates(optimizer)).toEqual([0.01, 0.01]);
});

/** One weight, and a target that it never reaches. */
class Scale extends u.Module {
  weight = new u.Parameter(u.tensor([2]));
  override forward(x: u.Tensor): u.Tensor {
    return u.mul(x, this.weight);
  }
}
const batches = () => [1, 2, 3].map((k) => ({ x: u.tensor([k, 1]), y: u.tensor([1, -k]) }));

async function train(
  make: (optimizer: u.Optimizer) => u.Callbacks,
  { breakAfter = Number.POSITIVE_INFINITY, ...options }: Partial<u.FitOptions> & { breakAfter?: number } = {},
) {
  const model = new Scale();
  const optimizer = new u.SGD(model.parameters(), { lr: 0.01, momentum: 0.5 });
  const seen: number[] = [];
  const schedule = make(optimizer);
  let updates = 0;
  await u.fit(model, batches(), {
    loss: 'mse',
    optimizer,
    epochs: 4,
    ...options,
    callbacks: [
      {
        aroundStep(run) {
          seen.push(optimizer.lr);
          if (++updates > breakAfter) throw new Error('broken off');
          return run();
        },
      },
      schedule,
    ],
  });
  return { seen, weight: model.weight.toArray() };
}

describe('in fit', () => {
  it('a schedule per epoch steps when an epoch is over', async () => {
    const { seen } = await train((optimizer) => u.schedules.exponential(optimizer, { gamma: 0.5 }));
    expect(seen).toEqual([0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.0025, 0.0025, 0.0025, 0.00125, 0.00125, 0.00125]);
  });

  it('a schedule per update steps after every update', async () => {
    const { seen } = await train((optimizer) => u.schedules.warmup(optimizer, { steps: 4 }));
    expect(seen).toEqual([0.0025, 0.004375, 0.00625, 0.008125, ...new Array(8).fill(0.01)]);
    const perEpoch = await train((optimizer) => u.schedules.warmup(optimizer, { steps: 2, per: 'epoch' }));
    expect(perEpoch.seen.slice(0, 4)).toEqual([0.005, 0.005, 0.005, 0.0075]);
  });

  it('plateau watches the loss, the validation loss where there is one, or what it is told to', async () => {
    const options = { patience: 0, factor: 0.5, threshold: 1e9, thresholdMode: 'abs' } as const;
    const lowered = [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.0025, 0.0025, 0.0025];
    expect((await train((optimizer) => u.schedules.plateau(optimizer, options))).seen).toEqual(lowered);
    const watched = await train(
      (optimizer) => u.schedules.plateau(optimizer, { ...options, monitor: 'validation.mae' }),
      { validation: batches(), metrics: ['mae'] },
    );
    expect(watched.seen).toEqual(lowered);
    await expect(train((optimizer) => u.schedules.plateau(optimizer, { monitor: 'validation.mea' }))).rejects.toThrow(
      'monitor must be one of loss, got "validation.mea"',
    );
  });

  const kinds: Record<string, (optimizer: u.Optimizer) => u.Callbacks> = {
    'per epoch': (optimizer) => u.schedules.step(optimizer, { stepSize: 1, gamma: 0.7 }),
    'per update': (optimizer) =>
      u.schedules.sequence(optimizer, {
        parts: [
          ['warmup', { steps: 5 }],
          ['cosine', { period: 4, restarts: true }],
        ],
        milestones: [5],
      }),
    plateau: (optimizer) =>
      u.schedules.plateau(optimizer, { patience: 0, threshold: 1e9, thresholdMode: 'abs', factor: 0.9 }),
  };
  for (const [name, make] of Object.entries(kinds)) {
    it(`a run that breaks off goes on with the same rates to the same bits: ${name}`, async () => {
      const whole = await train(make);
      for (const breakAfter of [1, 3, 4, 8]) {
        const checkpoint = { path: join(folder, `${name}-${breakAfter}`), every: 1 };
        await expect(train(make, { checkpoint, breakAfter })).rejects.toThrow('broken off');
        const rest = await train(make, { checkpoint });
        expect(rest.seen).toEqual(whole.seen.slice(breakAfter));
        expectSameBits(rest.weight, whole.weight, `broken off after update ${breakAfter}`);
      }
    });
  }
});

it('says what is wrong with options', () => {
  const optimizer = twoGroups();
  const { schedules } = u;
  expect(() => schedules.cosine(optimizer, { perod: 3 } as never)).toThrow('did you mean "period"?');
  expect(() => schedules.cosine(optimizer, {} as never)).toThrow('"period" is missing');
  expect(() => schedules.step(optimizer, { stepSize: 2, per: 'batch' as never })).toThrow('"epoch", "update"');
  expect(() => schedules.step({} as never, { stepSize: 2 })).toThrow('must be an optimizer');
  expect(() => schedules.plateau(model() as never)).toThrow('must be an optimizer');
  const parts = [['warmup', { steps: 2 }] as const, ['cosine', { period: 2 }] as const];
  expect(() => schedules.sequence(optimizer, { parts, milestones: [] })).toThrow('one less than there are parts');
  expect(() => schedules.sequence(optimizer, { parts: [['cosin', {}] as never], milestones: [] })).toThrow(
    'must be one of step',
  );
  expect(() => schedules.step(optimizer, { stepSize: 2 }).onResume({ steps: 1, bases: [1] })).toThrow(u.FormatError);
  expect(() => schedules.plateau(optimizer).onResume({ best: 'low' })).toThrow(u.FormatError);
  expect(() => schedules.plateau(optimizer).step(undefined as never)).toThrow('step needs a number');
});
const model = () => new Scale();
