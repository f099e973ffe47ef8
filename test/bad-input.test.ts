// What is no tensor, no shape, no function, ... in every place where one is wanted: each a typed error, never a TypeError
// from within, and never a result.
import { expect, it } from 'vitest';
import * as u from '../src/node.js';
import { describeBackends } from './helpers/backends.js';

/** Values that people pass by mistake. */
const junk = (): Record<string, unknown> => ({
  undefined: undefined,
  null: null,
  'a string': 'x',
  'a number': 5,
  NaN: Number.NaN,
  'an object': {},
  'an array': [1, 2],
  'a function': () => 1,
  'an int32 tensor': u.tensor([0, 1, 2], { dtype: 'int32' }),
});

/** Expects an UnrolledError for each kind of junk but those named. */
function refusesAll(what: string, call: (value: never) => unknown, ...fine: string[]): void {
  for (const [kind, value] of Object.entries(junk())) {
    if (fine.includes(kind)) continue;
    let outcome: unknown = 'a result';
    try {
      call(value as never);
    } catch (error) {
      outcome = error;
    }
    expect(outcome, `${what} given ${kind}`).toBeInstanceOf(u.UnrolledError);
  }
}

describeBackends('what is not what it should be', () => {
  const x = () => u.ones([3, 2]);

  it('is refused by ops in the place of a tensor', () => {
    const { neg, tanh, sigmoid, relu, exp, log, sqrt, abs, sum, mean, max, argmax } = u;
    for (const op of [neg, tanh, sigmoid, relu, exp, log, sqrt, abs, sum, mean, max, argmax]) refusesAll(op.name, op);
    for (const op of [u.softmax, u.logSoftmax, u.layerNorm, u.dropout]) refusesAll(op.name, op);
    for (const op of [u.add, u.sub, u.mul, u.div]) {
      refusesAll(op.name, (t) => op(x(), t), 'a number', 'NaN');
      refusesAll(op.name, (t) => op(t, x()), 'a number', 'NaN');
    }
    refusesAll('matmul', (t) => u.matmul(x(), t));
    refusesAll('matmul', (t) => u.matmul(t, x()));
    refusesAll('linear', (t) => u.linear(t, x()));
    refusesAll('linear', (t) => u.linear(x(), t));
    refusesAll('linear', (t) => u.linear(x(), u.ones([4, 2]), t), 'undefined', 'null');
    refusesAll('concat', (t) => u.concat([t, t]));
    refusesAll('stack', (t) => u.stack([t, t]));
    refusesAll('embedding', (t) => u.embedding(t, [0]));
    refusesAll('gather', (t) => u.gather(t, 0, [0]));
    refusesAll('indexSelect', (t) => u.indexSelect(t, [0]));
    refusesAll('slice', (t) => u.slice(t, 0));
    refusesAll('select', (t) => u.select(t, 0), 'an int32 tensor');
    refusesAll('reshape', (t) => u.reshape(t, [3]), 'an int32 tensor');
    refusesAll('permute', (t) => u.permute(t, [0]), 'an int32 tensor');
    refusesAll('expand', (t) => u.expand(t, [3]));
    refusesAll('crossEntropy', (t) => u.crossEntropy(t, [0, 1, 1]));
    for (const loss of [u.mse, u.mae, u.huber, u.bceWithLogits]) refusesAll(loss.name, (t) => loss(t, x()));
    refusesAll('Parameter', (t) => new u.Parameter(t));
    refusesAll('LSTM', (t) => new u.LSTM({ inputSize: 2, hiddenSize: 2 }).forward(t));
    refusesAll('Linear', (t) => new u.Linear({ inFeatures: 2, outFeatures: 2 }).forward(t));
  });

  it('is refused by ops in the place of shapes, axes and options', () => {
    refusesAll('zeros', u.zeros, 'an array');
    refusesAll('randn', u.randn, 'an array');
    refusesAll('reshape', (shape) => x().reshape(shape));
    refusesAll('expand', (shape) => x().expand(shape));
    refusesAll('permute', (order) => x().permute(order));
    refusesAll('concat', u.concat);
    refusesAll('stack', u.stack);
    refusesAll('sum', (axis) => x().sum(axis), 'undefined', 'null');
    refusesAll('softmax', (axis) => x().softmax(axis), 'undefined');
    refusesAll('layerNorm', (normalizedShape) => u.layerNorm(x(), { normalizedShape }), 'undefined', 'null');
    refusesAll('layerNorm', (weight) => u.layerNorm(x(), { weight }), 'undefined', 'null');
    refusesAll('dropout', (p) => u.dropout(x(), p), 'undefined');
    refusesAll('uniform', (low) => u.uniform([2], low), 'undefined', 'a number');
    refusesAll('arange', (end) => u.arange(end), 'a number');
    refusesAll('oneHot', (classes) => u.oneHot([0], classes), 'a number');
    refusesAll('embedding', (padding) => u.embedding(x(), [0], padding), 'undefined');
    refusesAll('noGrad', u.noGrad, 'a function');
    refusesAll('scope', u.scope, 'a function');
    refusesAll('backward', (grad) => u.ones([], { requiresGrad: true }).backward(grad), 'undefined', 'null');
    expect(() => x().expand([2.5, 3, 2])).toThrow(u.ShapeError);
  });

  it('is refused by layers, optimisers and clipping', () => {
    const layer = new u.GRU({ inputSize: 2, hiddenSize: 2 });
    const steps = u.ones([4, 3, 2]);
    refusesAll('forward', (options) => layer.forward(steps, options), 'undefined', 'an object');
    refusesAll('lengths', (lengths) => layer.forward(steps, { lengths }), 'undefined', 'null', 'an int32 tensor');
    refusesAll('state', (state) => layer.forward(steps, { state }), 'undefined', 'null');
    refusesAll('loadStateDict', (dict) => layer.loadStateDict(dict));
    refusesAll('strict', (strict) => layer.loadStateDict(layer.stateDict(), { strict }), 'undefined');
    refusesAll('Sequential', (child) => new u.Sequential(child));
    refusesAll('SGD', (params) => new u.SGD(params, { lr: 1 }));
    refusesAll('SGD', (options) => new u.SGD(layer.parameters(), options));
    refusesAll('SGD.loadStateDict', (dict) => new u.SGD(layer.parameters(), { lr: 1 }).loadStateDict(dict));
    for (const clip of [u.clipGradNorm, u.clipGradValue]) {
      refusesAll(clip.name, (params) => clip(params, 1));
      refusesAll(clip.name, (limit) => clip(layer.parameters(), limit), 'a number');
    }
  });

  it('has its message say what to do', () => {
    const lstm = new u.LSTM({ inputSize: 2, hiddenSize: 2 });
    const steps = u.ones([4, 3, 2]);
    const result = lstm.forward(steps);
    expect(() => new u.Linear({ inFeatures: 2, outFeatures: 2 }).forward(result as never)).toThrow(/take its output/);
    expect(() => lstm.forward(steps, result.state as never)).toThrow(
      new u.OptionError('lstm.forward: options must be an object { state, lengths }, got a RecurrentState'),
    );
    expect(() => u.concat(x() as never)).toThrow(/write concat\(\[a, b\]\)/);
    expect(() => x().reshape(2 as never)).toThrow(/write reshape\(\[2, -1\]\)/);
    expect(() => result.output.sum().backward({ retainGraph: true } as never)).toThrow(/options come after it/);
  });
});
