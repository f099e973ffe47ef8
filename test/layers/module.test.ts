// Module and Sequential: finding parameters, names, modes, loading; and the small layers.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';

class Model extends u.Module {
  embedding = new u.Embedding({ numEmbeddings: 5, embeddingDim: 3 });
  blocks = [new u.Linear({ inFeatures: 3, outFeatures: 3 }), new u.Dropout({ p: 0.5 })] as const;
  scale = new u.Parameter(u.ones([1]));
  note = 'not a parameter';

  forward(ids: number[]): u.Tensor {
    return this.blocks[0].forward(this.embedding.forward(ids)).mul(this.scale);
  }
}

describeBackends('Module', () => {
  it('finds parameters in its properties, its children and arrays of children, by dotted names', () => {
    expect(Object.keys(new Model().stateDict())).toEqual([
      'scale',
      'embedding.weight',
      'blocks.0.weight',
      'blocks.0.bias',
    ]);
  });

  it('Sequential numbers its layers and applies them in order', () => {
    const model = new u.Sequential(
      new u.Linear({ inFeatures: 2, outFeatures: 3 }),
      new u.LayerNorm({ normalizedShape: 3 }),
    );
    expect(Object.keys(model.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    const x = u.randn([4, 2]);
    const [first, second] = [model[0], model[1]] as u.Layer[];
    expect(model.forward(x).toArray()).toEqual(second?.forward(first?.forward(x) as u.Tensor).toArray());
  });

  it('lists a shared parameter once and saves it under both names', () => {
    const tied = new Model();
    const head = new u.Linear({ inFeatures: 3, outFeatures: 5, bias: false });
    head.weight = tied.embedding.weight;
    const both = Object.assign(new u.Sequential(), { tied, head });
    expect(both.parameters().length).toBe(tied.parameters().length);
    expect(Object.keys(both.stateDict())).toContain('head.weight');
  });

  it('lists each module once, under the first of its names, its own being empty', () => {
    const model = new Model();
    const both = Object.assign(new u.Sequential(), { model, again: model.embedding });
    expect([...both.namedModules()].map(([name, module]) => [name, module.constructor.name])).toEqual([
      ['', 'Sequential'],
      ['model', 'Model'],
      ['again', 'Embedding'],
      ['model.blocks.0', 'Linear'],
      ['model.blocks.1', 'Dropout'],
    ]);
    expect(both.modules()).toEqual([...both.namedModules()].map(([, module]) => module));
  });

  it('survives a child that holds its parent', () => {
    const model = Object.assign(new Model(), { self: null as unknown });
    model.self = model;
    expect(model.parameters().length).toBe(4);
    expect(model.eval().training).toBe(false);
  });

  it('switches all modules below between training and evaluation', () => {
    const model = new Model();
    model.eval();
    expect([model.training, model.blocks[1].training]).toEqual([false, false]);
    expect(model.blocks[1].forward(u.ones([8])).toArray()).toEqual(new Array(8).fill(1));
    model.train();
    expect(model.blocks[1].training).toBe(true);
  });

  it('a state dict is a copy; loading it restores every number', () => {
    const [a, b] = [new Model(), new Model()];
    const saved = a.stateDict();
    const before = a.forward([1, 4]).toArray();
    expect(b.forward([1, 4]).toArray()).not.toEqual(before);
    (a.embedding.weight as u.Parameter).data.fill(0);
    expect(b.loadStateDict(saved)).toEqual({ missing: [], unexpected: [] });
    expect(b.forward([1, 4]).toArray()).toEqual(before);
  });

  it('loading names what does not fit and then changes nothing', () => {
    const model = new u.Linear({ inFeatures: 2, outFeatures: 1 });
    const before = model.stateDict();
    const load = (dict: Record<string, u.Tensor>, options?: { strict?: boolean }) => model.loadStateDict(dict, options);
    expect(() => load({ weight: u.ones([1, 2]), other: u.ones([1]) })).toThrow(
      "loadStateDict: names differ from the Linear's (missing: bias; unexpected: other); pass { strict: false } to load what fits",
    );
    expect(() => load({ weight: u.ones([1, 2]), bias: u.ones([2]) })).toThrow(
      new u.ShapeError('loadStateDict: bias must be [1], got [2]'),
    );
    expect(() => load({ weight: u.ones([1, 2]), bias: u.ones([1], { dtype: 'int32' }) })).toThrow(u.DTypeError);
    expect(model.weight.toArray()).toEqual(before.weight?.toArray());
    expect(load({ weight: u.ones([1, 2]), other: u.ones([1]) }, { strict: false })).toEqual({
      missing: ['bias'],
      unexpected: ['other'],
    });
    expect(model.weight.toArray()).toEqual([1, 1]);
  });

  it('zeroGrad forgets the gradients of all', () => {
    const model = new Model();
    model.forward([0]).sum().backward();
    expect(model.scale.grad).not.toBeNull();
    model.zeroGrad();
    expect(model.parameters().every((p) => p.grad === null)).toBe(true);
  });
});

describeBackends('small layers', () => {
  it('Linear starts uniform within 1 / sqrt(inFeatures); the bias can be left out', () => {
    const { weight, bias } = new u.Linear({ inFeatures: 16, outFeatures: 200 });
    const largest = (t: u.Tensor | null) => Math.max(...(t?.toArray() ?? []).map(Math.abs));
    for (const value of [largest(weight), largest(bias)]) {
      expect(value).toBeLessThanOrEqual(0.25);
      expect(value).toBeGreaterThan(0.23);
    }
    expect(Object.keys(new u.Linear({ inFeatures: 2, outFeatures: 3, bias: false }).stateDict())).toEqual(['weight']);
    expect(() => new u.Linear({ inFeatures: 2, outFeatures: 0 })).toThrow(u.OptionError);
  });

  it('Embedding starts normal; the padding row is zero and stays so', () => {
    const layer = new u.Embedding({ numEmbeddings: 4, embeddingDim: 2, paddingIdx: -1 });
    expect([layer.paddingIdx, layer.weight.toArray().slice(6)]).toEqual([3, [0, 0]]);
    layer.forward([3, 3, 1]).sum().backward();
    expect(layer.weight.grad?.toArray()).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    expect(() => new u.Embedding({ numEmbeddings: 4, embeddingDim: 2, paddingIdx: 4 })).toThrow(
      new u.OptionError('Embedding: option "paddingIdx" must be an integer from -4 to 3, got 4'),
    );
    expect(() => layer.forward([4])).toThrow(u.IndexError);
  });

  it('LayerNorm learns scale and shift unless told otherwise', () => {
    const names = (options: Partial<u.LayerNormLayerOptions>) =>
      Object.keys(new u.LayerNorm({ normalizedShape: [2, 3], ...options }).stateDict());
    expect([names({}), names({ bias: false }), names({ elementwiseAffine: false })]).toEqual([
      ['weight', 'bias'],
      ['weight'],
      [],
    ]);
    const layer = new u.LayerNorm({ normalizedShape: 3 });
    u.gradcheck(
      (x) => layer.forward(x),
      [u.tensor([[0.3, -1, 2]], undefined, { requiresGrad: true }), ...layer.parameters()],
    );
    expect(() => new u.LayerNorm({ normalizedShape: [] })).toThrow(u.OptionError);
  });

  it('Parameter copies a tensor, requires a gradient and can be disposed of', () => {
    const from = u.ones([2]);
    const p = new u.Parameter(from);
    from.data.fill(5);
    expect([p.toArray(), p.requiresGrad, p.shape]).toEqual([[1, 1], true, [2]]);
    p.mul(2).sum().backward();
    p.dispose();
    expect(() => p.toArray()).toThrow();
    expect(p.grad).toBeNull();
  });
});
