// The example of long sequences in small: recomputation changes memory and nothing else.
import * as u from 'unrolled';
import { beforeAll, expect, it } from 'vitest';
import { generator } from '../../examples/lib/random.mjs';
import { Averager, update } from '../../examples/long/model.mjs';
import { averages } from '../../examples/long/task.mjs';

beforeAll(async () => {
  await u.ready();
});

const sizes = { hiddenSize: 16, numLayers: 2 };
const made = (recompute?: 'sqrt') => {
  u.seed(1);
  return new Averager({ ...sizes, recompute });
};

it('the target is the average so far, of deviation 1', () => {
  const { x, target } = averages(u, { T: 20_000, B: 1, memory: 5 }, generator(3));
  const values = target.toArray();
  const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  // Values five steps apart hardly know each other: 4,000 of them.
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 4000));
  const keep = Math.exp(-1 / 5);
  const scale = Math.sqrt((1 + keep) / (1 - keep));
  const [first, second] = x.toArray() as [number, number];
  expect(values[1]).toBeCloseTo(scale * (1 - keep) * (keep * first + second), 5);
});

it('2,000 steps take a fraction of the memory with recompute: "sqrt", and train the same', () => {
  const [T, B] = [2000, 2];
  const [all, saving] = [made(), made('sqrt')];
  const saved = (model: u.Module) => u.planMemory(model, { T, B }).layers.reduce((sum, layer) => sum + layer.saved, 0);
  expect(saved(saving)).toBeLessThan(saved(all) / 10);
  const losses = [all, saving].map((model) => {
    const optimizer = new u.Adam(model.parameters(), { lr: 1e-3 });
    const random = generator(1);
    return Array.from({ length: 3 }, () => update(model, optimizer, averages(u, { T, B }, random)).loss);
  });
  losses[1]?.forEach((loss, k) => {
    expect(loss).toBeCloseTo(losses[0]?.[k] as number, 4);
  });
});
