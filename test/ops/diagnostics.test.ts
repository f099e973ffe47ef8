// collectSteps: who is told what, and when. That the numbers are right is for test/reference and test/kernels; here they meet
// what can be read off a small layer.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { collectSteps, type LayerSteps } from '../../src/ops/diagnostics.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { leaf, random } from '../helpers/tensors.js';

const sizes = { inputSize: 3, hiddenSize: 4 };

function collected(run: () => void): LayerSteps[] {
  const reports: LayerSteps[] = [];
  collectSteps((report) => reports.push(report), run);
  return reports;
}

describeBackends('collectSteps', () => {
  it('reports each layer and direction of a plain layer, from the last to the first, whichever kernels it had otherwise', () => {
    const layer = new u.LSTM({ ...sizes, numLayers: 2, bidirectional: true });
    const x = leaf(1, 5, 3, 3);
    const lengths = [5, 0, 2];
    const gradients = (wrap: (run: () => void) => void) => {
      layer.zeroGrad();
      x.zeroGrad();
      wrap(() => layer.forward(x, { lengths }).output.sum().backward());
      return [x, ...layer.parameters()].map((t) => t.grad?.toArray() as number[]);
    };
    let reports: LayerSteps[] = [];
    const watched = gradients((run) => {
      reports = collected(run);
    });
    gradients((run) => run()).forEach((values, k) => {
      expectClose(watched[k] as number[], values, 64 * EPS32, `gradient ${k}`);
    });
    expect(
      reports.map(({ module, layer: l, direction, reverse }) => [module === layer, l, direction, reverse]),
    ).toEqual([
      [true, 1, 0, false],
      [true, 1, 1, true],
      [true, 0, 0, false],
      [true, 0, 1, true],
    ]);
    for (const { T, B, hiddenSize, outputSize, lengths: own, steps, contributions, cell } of reports) {
      expect([T, B, hiddenSize, outputSize, cell.name]).toEqual([5, 3, 4, 4, 'lstm']);
      expect([...(own as Int32Array)]).toEqual(lengths);
      expect(steps.length).toBe(5 * 3 * 14);
      expect(contributions).toHaveLength(15);
      // Row 1 has no steps: all is padding.
      for (let t = 0; t < 5; t++)
        expect([...steps.subarray((t * 3 + 1) * 14, (t * 3 + 2) * 14)].every((v) => v === 0)).toBe(true);
      expect(steps[0]).toBeGreaterThan(0);
    }
  });

  it('contributions are measured only for who asks', () => {
    const layer = new u.RNN(sizes);
    let report: LayerSteps | undefined;
    const keep = (steps: LayerSteps): void => {
      report = steps;
    };
    collectSteps(
      keep,
      () =>
        layer
          .forward(random(1, 4, 2, 3))
          .output.sum()
          .backward(),
      { contributions: false },
    );
    expect(report).toMatchObject({ contributions: null, T: 4 });
    expect(report?.steps[0]).toBeGreaterThan(0);
  });

  it('the norms are those of the gradients: dL/dh of the last step is what the loss gives it', () => {
    const layer = new u.GRU({ ...sizes, layerNorm: true });
    const x = random(1, 4, 2, 3);
    const w = random(2, 2, 4);
    const [report] = collected(() => layer.forward(x).output.select(-1).mul(w).sum().backward());
    const { steps } = report as LayerSteps;
    for (let b = 0; b < 2; b++) {
      const want = w
        .toArray()
        .slice(4 * b, 4 * b + 4)
        .reduce((sum, v) => sum + v * v, 0);
      expectClose([steps[(3 * 2 + b) * 11] as number], [want], 8 * EPS32, `row ${b}`);
    }
  });

  it('what is collected is settled when forward is recorded; predictions and other code are not told', () => {
    const layer = new u.RNN(sizes);
    const x = random(1, 4, 2, 3);
    const before = layer.forward(x).output.sum();
    const reports: LayerSteps[] = [];
    const inside = collectSteps(
      (report) => reports.push(report),
      () => {
        u.noGrad(() => layer.forward(x));
        before.backward(null, { retainGraph: true });
        return layer.forward(x).output.sum();
      },
    );
    expect(reports).toEqual([]);
    layer.forward(x).output.sum().add(inside).backward();
    expect(reports.length).toBe(1);
  });

  it('an async function is waited for, an error ends it, the inner of two is told', async () => {
    const layer = new u.RNN(sizes);
    const run = () =>
      layer
        .forward(random(1, 2, 1, 3))
        .output.sum()
        .backward();
    const [outer, inner]: [LayerSteps[], LayerSteps[]] = [[], []];
    await collectSteps(
      (report) => outer.push(report),
      async () => {
        await Promise.resolve();
        run();
        expect(() =>
          collectSteps(
            (report) => inner.push(report),
            () => {
              run();
              throw new Error('stop');
            },
          ),
        ).toThrow('stop');
        run();
      },
    );
    run();
    expect([outer.length, inner.length]).toEqual([2, 1]);
    expect(() => collectSteps(null as never, run)).toThrow(u.OptionError);
  });
});
