// recompute, memoryLimit and planMemory: the same numbers from less memory, and the memory that was foretold.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { current, setCurrent } from '../../src/autograd/context.js';
import type { Backend } from '../../src/backend/types.js';
import * as u from '../../src/node.js';
import { candidates, describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { leaf } from '../helpers/tensors.js';

const I = 4;
const H = 16;

const layers: Record<string, (options: object) => u.LSTM> = {
  RNN: (options) => new u.RNN({ inputSize: I, hiddenSize: H, ...options }) as never,
  LSTM: (options) => new u.LSTM({ inputSize: I, hiddenSize: H, ...options }),
  'LSTM, two layers': (options) => new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2, dropout: 0.2, ...options }),
  'LSTM, everything': (options) =>
    new u.LSTM({
      ...{ inputSize: I, hiddenSize: H, numLayers: 2, bidirectional: true, merge: 'sum', batchFirst: true },
      ...{ projSize: 8, peephole: true, layerNorm: true, zoneout: 0.1, recurrentDropout: 0.2, ...options },
    }),
  'GRU, both directions': (options) =>
    new u.GRU({ inputSize: I, hiddenSize: H, bidirectional: true, ...options }) as never,
  'MGU, sizes of each layer': (options) => new u.MGU({ inputSize: I, hiddenSize: [16, 8], ...options }) as never,
  IndRNN: (options) => new u.IndRNN({ inputSize: I, hiddenSize: H, ...options }) as never,
};

const made = (create: (options: object) => u.LSTM, options: object = {}): u.LSTM => {
  u.seed(1);
  return create(options);
};

/** Output, dx and all gradients of one training step. */
function trained(layer: u.LSTM, T: number, B: number): Record<string, number[]> {
  u.seed(2);
  layer.zeroGrad();
  const x = layer.batchFirst ? leaf(1, B, T, I) : leaf(1, T, B, I);
  const { output, state } = layer.forward(x);
  const numbers = output.toArray();
  output
    .mul(leaf(2, ...output.shape).detach())
    .sum()
    .add(state.h.sum())
    .backward();
  const gradients = [...layer.namedParameters()].map(([name, p]) => [name, p.grad?.toArray() ?? []]);
  return { output: numbers, dx: x.grad?.toArray() as number[], ...Object.fromEntries(gradients) };
}

describeBackends('recompute', (backend) => {
  // The reference backend saves everything whatever it is asked: it is there for its numbers.
  const saves = backend !== 'reference';

  for (const [name, create] of Object.entries(layers)) {
    it(`${name}: every k-th state gives the same output and gradients`, () => {
      const want = trained(made(create), 11, 3);
      for (const recompute of [1, 2, 3, 7, 11, 100, 'sqrt'] as const) {
        const got = trained(made(create, { recompute }), 11, 3);
        // Another driver for plain layers, and gradients of weights summed over other blocks of time.
        for (const [key, values] of Object.entries(want)) {
          expectClose(got[key] as number[], values, 200 * EPS32, `${recompute}: ${key}`);
        }
      }
    });
  }

  it('predictions do not care', () => {
    const [plain, saving] = [made(layers.LSTM as never), made(layers.LSTM as never, { recompute: 'sqrt' })];
    const x = leaf(1, 9, 2, I).detach();
    const [a, b] = [plain, saving].map((layer) => u.noGrad(() => layer.forward(x).output.toArray()));
    expectSameBits(b as number[], a as number[], 'output');
  });

  it.runIf(saves)('planMemory: sqrt keeps less, by about sqrt(T)', () => {
    const layer = new u.LSTM({ inputSize: I, hiddenSize: 32 });
    const saved = (recompute: 'sqrt' | number | undefined, T: number) =>
      u.planMemory(layer, { T, B: 2, ...(recompute && { recompute }) }).layers[0]?.saved as number;
    expect(saved('sqrt', 10_000)).toBeLessThan(saved(undefined, 10_000) / 20);
    expect(saved('sqrt', 40_000) / saved('sqrt', 10_000)).toBeLessThan(3);
    expect(u.planMemory(layer, { T: 10_000, B: 2, recompute: 'sqrt' }).layers[0]?.keep).toBe(100);
  });

  it.runIf(saves)(
    'memoryLimit keeps everything if that fits, else the states of as few steps as fit, or says what it would take',
    () => {
      const T = 400;
      const bytes = (recompute?: 'sqrt' | number) => {
        const { activations, workspace } = u.planMemory(made(layers.LSTM as never), {
          T,
          B: 2,
          ...(recompute && { recompute }),
        });
        return activations + workspace;
      };
      const keepOf = (memoryLimit: number) =>
        u.planMemory(made(layers.LSTM as never, { memoryLimit }), { T, B: 2 }).layers[0]?.keep;
      expect(keepOf(bytes())).toBe(0);
      const choices = [1, 2, 4, 8, 16, 20];
      expect(bytes(20)).toBeLessThan(bytes());
      for (const choice of choices) {
        // Everything, where that takes no more than a driver that saves less takes of scratch.
        const limit = Math.min(bytes(choice), bytes() - 1);
        const fits = choices.find((keep) => bytes(keep) <= limit);
        if (fits === undefined) expect(() => keepOf(limit)).toThrow(u.OutOfMemoryError);
        else expect(keepOf(limit)).toBe(fits);
      }
      const limited = made(layers.LSTM as never, { memoryLimit: bytes(4) });
      const want = trained(made(layers.LSTM as never), T, 2);
      for (const [key, values] of Object.entries(trained(limited, T, 2))) {
        expectClose(values, want[key] as number[], 2000 * EPS32, key);
      }
      const tight = made(layers.LSTM as never, { memoryLimit: 1000 });
      const x = leaf(1, T, 2, I);
      expect(() => tight.forward(x)).toThrow(u.OutOfMemoryError);
      expect(() => tight.forward(x)).toThrow(
        /^lstm: 400 steps take at least [\d,]+ bytes \(saved [\d,]+ with recompute: \d+, outputs [\d,]+, .* got a memoryLimit of 1,000; use a smaller/,
      );
      // Predictions save nothing.
      u.noGrad(() => tight.forward(x));
      const fixed = made(layers.LSTM as never, { memoryLimit: bytes(20), recompute: 1 });
      expect(() => fixed.forward(x)).toThrow(/with recompute: 1,/);
    },
  );

  it('planMemory counts parameters, gradients and every recurrent layer of a model', () => {
    class Model extends u.Module {
      embedding = new u.Embedding({ numEmbeddings: 10, embeddingDim: I });
      encoder = new u.LSTM({ inputSize: I, hiddenSize: H, numLayers: 2 });
      decoder = [new u.GRU({ inputSize: H, hiddenSize: 8 })];
      forward(): void {}
    }
    const model = new Model();
    const plan = u.planMemory(model, { T: 50, B: 3 });
    const count = model.parameters().reduce((sum, p) => sum + p.size, 0);
    expect(plan.parameters % count).toBe(0);
    expect(plan.gradients).toBe(plan.parameters);
    expect(plan.layers.map(({ name, layer }) => [name, layer])).toEqual([
      ['encoder', 0],
      ['encoder', 1],
      ['decoder.0', 0],
    ]);
    expect(plan.total).toBe(plan.parameters + plan.gradients + plan.activations + plan.workspace);
    expect(() => u.planMemory([] as never, { T: 1, B: 1 })).toThrow(/model must be a Module/);
    expect(() => u.planMemory(model, { T: 0, B: 1 })).toThrow(/"T" must be an integer >= 1/);
    expect(() => u.planMemory(model, { T: 1, b: 1 } as never)).toThrow(/did you mean "B"/);
  });
});

/** The most bytes of step memory in use at a time. */
function peakOf(step: () => void): number {
  const { memory } = current();
  const { alloc } = memory;
  let peak = 0;
  memory.alloc = (...args) => {
    const storage = alloc.apply(memory, args);
    peak = Math.max(peak, memory.stats().step);
    return storage as never;
  };
  try {
    // Ends the step before.
    u.zeros([1], { requiresGrad: true }).add(1);
    peak = 0;
    step();
  } finally {
    memory.alloc = alloc;
  }
  return peak;
}

describe.each(candidates().map(({ label, open }) => ({ label, open })))('planMemory on $label', ({ open }) => {
  let backend: Backend;
  beforeEach(async () => {
    backend = await open();
    setCurrent(backend);
  });
  afterEach(() => {
    setCurrent(null);
    backend.close();
  });

  for (const [name, create] of Object.entries(layers)) {
    for (const recompute of [undefined, 'sqrt'] as const) {
      it(`${name}, recompute ${recompute}: what training took is what was foretold, within 4 %`, () => {
        const layer = made(create, recompute && { recompute });
        const [T, B] = [400, 4];
        const plan = u.planMemory(layer, { T, B });
        const start = u.ones([...(layer.batchFirst ? [B, T] : [T, B]), layer.outputSize]);
        const step = (): void => {
          const x = layer.batchFirst ? leaf(1, B, T, I) : leaf(1, T, B, I);
          layer.forward(x).output.backward(start);
        };
        // The first steps take chunks of memory, with ends that nobody uses; then it is one chunk.
        step();
        step();
        const took = peakOf(step);
        const foretold = plan.activations + plan.layers.reduce((sum, { gradients }) => sum + gradients, 0);
        // dx itself adds up in a tensor of the user's; gradients of states did not arise. Buffers start on lines of 64 bytes.
        expect(took).toBeLessThanOrEqual(foretold * 1.01);
        expect(took).toBeGreaterThan(foretold * 0.96 - plan.layers.length * 8 * T * B * I);
      });
    }
  }
});
