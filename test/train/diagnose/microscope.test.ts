// The microscope as a callback of fit: what it sees, that training is the same with it, and what it keeps.
import { beforeAll, describe, expect, it } from 'vitest';
import * as u from '../../../src/node.js';
import { stepCollector } from '../../../src/ops/diagnostics.js';
import { heatMap } from '../../../src/plot/index.js';
import { expectEach } from './each.js';

beforeAll(() => u.ready({ backend: 'reference' }));

class Model extends u.Module {
  rnn = new u.GRU({ inputSize: 2, hiddenSize: 3, bidirectional: true });
  head = new u.Linear({ inFeatures: 6, outFeatures: 1 });
  forward(x: u.Tensor) {
    return this.head.forward(this.rnn.forward(x).output.mean(0));
  }
}

function setUp() {
  u.seed(4);
  const model = new Model();
  const data = Array.from({ length: 12 }, () => ({ x: u.randn([5, 2, 2]), y: u.randn([2, 1]) }));
  const optimizer = new u.SGD(model.parameters(), { lr: 0.1 });
  return { model, data, options: { loss: 'mse' as const, optimizer, clipNorm: 1 } };
}

const numbersOf = (model: u.Module): number[] => model.parameters().flatMap((parameter) => parameter.toArray());

describe('microscope', () => {
  it('looks at every n-th update, and training comes to the same with it', async () => {
    const plain = setUp();
    await u.fit(plain.model, plain.data, plain.options);
    const watched = setUp();
    const steps: number[] = [];
    const scope = u.microscope({ every: 5, contributions: false, onReport: ({ step }) => steps.push(step) });
    const norms: number[] = [];
    const onBatchEnd = ({ gradNorm }: u.Progress) => {
      norms.push(gradNorm);
    };
    await u.fit(watched.model, watched.data, { ...watched.options, callbacks: [scope, { onBatchEnd }] });
    expectEach(numbersOf(watched.model), numbersOf(plain.model), 1e-12);
    expect(steps).toEqual([1, 6, 11]);
    expect(scope.reports.map(({ step }) => step)).toEqual(steps);
    expect(scope.reports.map(({ gradNorm }) => gradNorm)).toEqual([norms[0], norms[5], norms[10]]);
    const [forward, reverse] = scope.reports[0]?.layers ?? [];
    expect(forward).toMatchObject({ name: 'rnn', cell: 'gru', T: 5, B: 2, reverse: false });
    expect(reverse).toMatchObject({ name: 'rnn, reverse', reverse: true, dwIh: null, dwHh: null, db: null });
  });

  it('sees what diagnose sees of the same batch', async () => {
    const { model, data, options } = setUp();
    const [batch] = data as [(typeof data)[0]];
    const { layers } = u.diagnose(model, batch, { loss: 'mse', jacobian: false });
    const scope = u.microscope();
    await u.fit(model, [batch], { ...options, callbacks: scope });
    const seen = scope.reports[0]?.layers as u.LayerFlow[];
    expect(seen).toHaveLength(2);
    layers.forEach(({ matrices: _, jacobian: __, ...flow }, k) => {
      expect(seen[k]).toEqual(flow);
    });
  });

  it('keeps reports that span the whole training, however long: every second goes when there are too many', async () => {
    const { model, data, options } = setUp();
    const scope = u.microscope({ every: 1, keep: 6 });
    const lists: number[][] = [];
    const onBatchEnd = () => {
      lists.push(scope.reports.map(({ step }) => step));
    };
    await u.fit(model, data, { ...options, epochs: 3, callbacks: [scope, { onBatchEnd }] });
    expect(lists[5]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(lists[6]).toEqual([1, 3, 5, 7]);
    expect(lists.at(-1)).toEqual([1, 9, 17, 25, 33]);
    for (const list of lists) expect(list.length).toBeLessThanOrEqual(6);
  });

  it('reports the update that fails too', async () => {
    const { model, data, options } = setUp();
    const scope = u.microscope();
    // The square root of 0: the loss is finite, its gradient is not.
    const loss = (output: u.Tensor) => output.mul(0).sum().sqrt();
    await expect(u.fit(model, data, { ...options, loss, callbacks: scope })).rejects.toThrow(u.NumericError);
    expect(scope.reports).toHaveLength(1);
    expect(stepCollector()).toBe(null);
    expect(scope.reports[0]).toMatchObject({
      step: 1,
      gradNorm: NaN,
      layers: [{ name: 'rnn' }, { name: 'rnn, reverse' }],
    });
  });

  it('has a typical norm of the gradients for clipNorm, and plots', async () => {
    const { model, data, options } = setUp();
    const scope = u.microscope({ every: 1 });
    expect(() => scope.typicalGradNorm).toThrow(/no report yet/);
    await u.fit(model, data, { ...options, callbacks: scope });
    const norms = scope.reports.map(({ gradNorm }) => gradNorm).sort((a, b) => a - b);
    expect(scope.typicalGradNorm).toBe(norms[6]);
    const spec = heatMap(scope.reports, { layer: 'rnn, reverse' });
    expect((spec.data as { values: unknown[] }).values).toHaveLength(60);
    const json = JSON.parse(JSON.stringify(scope));
    expect(json.reports[3].layers[1].dh).toEqual(Array.from(scope.reports[3]?.layers[1]?.dh ?? []));
  });

  it('refuses wrong options', () => {
    expect(() => u.microscope({ evry: 2 } as never)).toThrow(/did you mean "every"/);
    expect(() => u.microscope({ every: 0 })).toThrow(/integer/);
  });
});

describe('aroundStep', () => {
  it('is made around each update, the first of the callbacks innermost', async () => {
    const { model, data, options } = setUp();
    const log: string[] = [];
    const around = (name: string): u.Callbacks => ({
      aroundStep(run, { step, model: given }) {
        expect(given).toBe(model);
        log.push(`${name} ${step}`);
        const result = run();
        expect(result.loss).toBeGreaterThan(0);
        log.push(`${name} done`);
        return result;
      },
    });
    await u.fit(model, data.slice(0, 2), { ...options, callbacks: [around('a'), around('b')] });
    expect(log).toEqual(['b 1', 'a 1', 'a done', 'b done', 'b 2', 'a 2', 'a done', 'b done']);
  });
});
