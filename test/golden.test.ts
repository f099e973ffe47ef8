// What PyTorch computes, on every backend: layers forward and backward, losses, optimisers, and 40 steps of training.
// The expected numbers are float64 results on float32 inputs (test/golden/generate.py), so each tolerance is ours alone.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as u from '../src/node.js';
import { describeBackends } from './helpers/backends.js';
import { EPS32, expectClose } from './helpers/compare.js';
import { type GoldenTensor, parseGolden, withPrefix } from './helpers/golden.js';
import { type TraceCase, trainTrace } from './helpers/trace.js';

type Tensors = Record<string, GoldenTensor>;

function load<Case extends { name: string }>(file: string): (Case & { tensors: Tensors })[] {
  const cases: Case[] = JSON.parse(readFileSync(new URL(`golden/${file}.json`, import.meta.url), 'utf8'));
  const tensors = parseGolden(readFileSync(new URL(`golden/${file}.safetensors`, import.meta.url)));
  return cases.map((spec) => ({ ...spec, tensors: tensors.get(spec.name) as Tensors }));
}

/** As helpers/compare.ts measures: relative to the element, but at least to the array's mean size and to `floor`. */
interface Tolerance {
  readonly rtol: number;
  readonly floor?: number;
}
const tolerances = {
  // Sums of at most 66 terms, up to 4 ulp of an activation at each of up to 50 steps, and weight gradients that sum 100
  // such terms of either sign.
  recurrent: { rtol: 32 * EPS32 },
  // One sum of at most 37 terms, one exp or rsqrt. Where a softmax is saturated, terms of size 1 cancel.
  layers: { rtol: 8 * EPS32, floor: 0.25 },
  // exp and log at 2 ulp each, then differences of terms of size 1: p - [c = t].
  losses: { rtol: 8 * EPS32, floor: 0.25 },
  // 12 updates, each rounded once to float32 at the parameter and once at each moment.
  optimisers: { rtol: 12 * EPS32 },
  // 40 updates: Adam divides by sqrt(v), which turns the relative error of a near-zero gradient into one of the update.
  traceLosses: { rtol: 1e-4 },
  traceWeights: { rtol: 1e-3 },
};
/** The reference backend computes in float64 throughout: what is left is the order of summation. */
const referenceTolerance = { rtol: 1e-11 };
/** 40 steps of training multiply it. */
const referenceTraceTolerance = { rtol: 1e-9 };

const tensor = ({ data, shape }: GoldenTensor, requiresGrad = false): u.Tensor =>
  u.tensor(data as Float32Array, shape, { dtype: data instanceof Int32Array ? 'int32' : 'float32', requiresGrad });

const dict = (tensors: Tensors): Record<string, u.Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, golden]) => [name, tensor(golden)]));

/** The sum of `outputs`, each weighted elementwise by the golden's `w_NAME`: the scalar whose gradients were recorded. */
const weighted = (outputs: Record<string, u.Tensor>, tensors: Tensors): u.Tensor =>
  Object.entries(outputs)
    .map(([name, output]) => output.mul(tensor(tensors[`w_${name}`] as GoldenTensor)).sum())
    .reduce((total, part) => total.add(part));

const { RNN, LSTM, GRU, SGD, Adam, AdamW, RMSprop, Adagrad, crossEntropy, bceWithLogits, mse, mae, huber } = u;
const layers = { RNN, LSTM, GRU };
const optimizers = { SGD, Adam, AdamW, RMSprop, Adagrad };
const losses = { crossEntropy, bceWithLogits, mse, mae, huber };

interface RecurrentCase {
  name: string;
  layer: keyof typeof layers;
  options: { inputSize: number; hiddenSize: number };
  lengths?: number[];
}
interface OpCase {
  name: string;
  op: string;
  options: Record<string, never>;
}
interface OptimiserCase {
  name: string;
  optimizer: keyof typeof optimizers;
  options: { lr: number };
}
interface ClipCase {
  name: string;
  clip: 'norm' | 'value';
  limit: number;
}

describeBackends('PyTorch goldens', (backend) => {
  const tolerance = (kind: keyof typeof tolerances): Tolerance => {
    if (backend !== 'reference') return tolerances[kind];
    return kind.startsWith('trace') ? referenceTraceTolerance : referenceTolerance;
  };
  function close(got: ArrayLike<number>, want: ArrayLike<number>, kind: keyof typeof tolerances, what: string): void {
    const { rtol, floor } = tolerance(kind);
    expectClose(got, want, rtol, what, floor);
  }

  /** Compares results and gradients with the golden's tensors of the same name; every one it holds must be compared. */
  function check(
    spec: { name: string; tensors: Tensors },
    results: Record<string, u.Tensor | null>,
    kind: keyof typeof tolerances,
  ): void {
    const expected = Object.entries(spec.tensors).filter(([, { data }]) => data instanceof Float64Array);
    expect(Object.keys(results).sort()).toEqual(expected.map(([name]) => name).sort());
    for (const [name, golden] of expected) {
      const result = results[name];
      if (!result) expect.fail(`${spec.name}: ${name} is null`);
      expect(result.shape, `${spec.name}: shape of ${name}`).toEqual(golden.shape);
      close(result.toArray(), golden.data, kind, `${spec.name}: ${name}`);
    }
  }

  for (const spec of load<RecurrentCase>('recurrent')) {
    it(`${spec.name}: outputs, states and all gradients`, () => {
      const { tensors } = spec;
      const layer = new layers[spec.layer](spec.options);
      const weights = Object.fromEntries(Object.entries(tensors).filter(([name]) => /^(weight|bias)_/.test(name)));
      layer.loadStateDict(dict(weights));
      const x = tensor(tensors.x as GoldenTensor, true);
      const h = tensors.h0 && tensor(tensors.h0, true);
      const c = tensors.c0 && tensor(tensors.c0, true);
      const { output, state } = layer.forward(x, {
        ...(h && { state: c ? { h, c } : { h } }),
        ...(spec.lengths && { lengths: spec.lengths }),
      });
      const outputs: Record<string, u.Tensor> = {
        output,
        hn: state.h,
        ...(spec.layer === 'LSTM' && { cn: state.c as u.Tensor }),
      };
      weighted(outputs, tensors).backward();
      const grads = layer.namedParameters();
      const results: Record<string, u.Tensor | null> = { ...outputs, dx: x.grad };
      if (h) results.dh0 = h.grad;
      if (c) results.dc0 = c.grad;
      for (const [name, parameter] of grads) results[`d${name}`] = parameter.grad;
      check(spec, results, 'recurrent');
    });
  }

  for (const spec of load<OpCase>('layers')) {
    it(`${spec.name}: output and gradients`, () => {
      const leaves: Record<string, u.Tensor> = {};
      for (const [name, golden] of Object.entries(spec.tensors)) {
        if (golden.data instanceof Float32Array && !name.startsWith('w_')) leaves[name] = tensor(golden, true);
      }
      const { x, weight, bias } = leaves as { x: u.Tensor; weight: u.Tensor; bias: u.Tensor };
      const index = spec.tensors.index && tensor(spec.tensors.index);
      let output: u.Tensor;
      let module: u.Module | undefined;
      if (spec.op === 'linear' || spec.op === 'embedding') {
        module = spec.op === 'linear' ? new u.Linear(spec.options as never) : new u.Embedding(spec.options as never);
        module.loadStateDict({ ...(weight && { weight }), ...(bias && { bias }) });
        output = (module as u.Linear | u.Embedding).forward(index ?? x);
      } else if (spec.op === 'layerNorm') {
        output = u.layerNorm(x, { weight, bias, ...spec.options });
      } else {
        output = spec.op === 'softmax' ? x.softmax() : x.logSoftmax();
      }
      weighted({ output }, spec.tensors).backward();
      const results: Record<string, u.Tensor | null> = { output };
      for (const [name, leaf] of Object.entries(leaves)) results[`d${name}`] = leaf.grad;
      for (const [name, parameter] of module?.namedParameters() ?? []) results[`d${name}`] = parameter.grad;
      check(spec, results, 'layers');
    });
  }

  for (const spec of load<OpCase>('losses')) {
    it(`${spec.name}: loss and gradient`, () => {
      const x = tensor(spec.tensors.x as GoldenTensor, true);
      const given = { ...spec.options } as Record<string, unknown>;
      for (const name of ['weight', 'posWeight']) if (spec.tensors[name]) given[name] = tensor(spec.tensors[name]);
      // The regression losses have a gradient to both sides, PyTorch's included.
      const target = tensor(spec.tensors.target as GoldenTensor, 'dtarget' in spec.tensors);
      const loss = (losses[spec.op as keyof typeof losses] as (...args: unknown[]) => u.Tensor)(x, target, given);
      weighted({ loss }, spec.tensors).backward();
      check(spec, { loss, dx: x.grad, ...(target.requiresGrad && { dtarget: target.grad }) }, 'losses');
    });
  }

  for (const spec of load<OptimiserCase | ClipCase>('optimisers')) {
    if ('clip' in spec) {
      it(`${spec.name}: gradients after clipping`, () => {
        const grads = Object.values(withPrefix(spec.tensors, 'g'));
        const parameters = grads.map(({ shape }) => new u.Parameter(u.zeros(shape)));
        parameters
          .map((p, k) => p.mul(tensor(grads[k] as GoldenTensor)).sum())
          .reduce((total, part) => total.add(part))
          .backward();
        const results: Record<string, u.Tensor | null> = {};
        if (spec.clip === 'norm') results.norm = u.tensor([u.clipGradNorm(parameters, spec.limit)], []);
        else u.clipGradValue(parameters, spec.limit);
        for (const [k, p] of parameters.entries()) results[`clipped${k}`] = p.grad;
        check(spec, results, 'optimisers');
      });
      continue;
    }
    it(`${spec.name}: the parameter after each step`, () => {
      const { start, grads, path } = spec.tensors as { start: GoldenTensor; grads: GoldenTensor; path: GoldenTensor };
      const n = start.data.length;
      const parameter = new u.Parameter(tensor(start));
      const optimizer = new optimizers[spec.optimizer]([parameter], spec.options);
      for (let k = 0; k < (grads.shape[0] as number); k++) {
        optimizer.zeroGrad();
        // d/dp of sum(p g) is g.
        parameter
          .mul(u.tensor(grads.data.slice(k * n, (k + 1) * n) as Float32Array, [n]))
          .sum()
          .backward();
        optimizer.step();
        close(parameter.toArray(), path.data.slice(k * n, (k + 1) * n), 'optimisers', `${spec.name}: step ${k + 1}`);
      }
    });
  }

  for (const spec of load<TraceCase>('traces')) {
    it(`${spec.layer} classifier: 40 training steps take the same path`, () => {
      const trace = trainTrace(u, spec, spec.tensors);
      close(trace.losses, (spec.tensors.losses as GoldenTensor).data, 'traceLosses', 'losses');
      close(trace.norms, (spec.tensors.norms as GoldenTensor).data, 'traceLosses', 'gradient norms');
      const expected = withPrefix(spec.tensors, 'final.');
      expect(Object.keys(trace.final).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, golden] of Object.entries(expected)) {
        close(trace.final[name] as number[], golden.data, 'traceWeights', `final ${name}`);
      }
    });
  }
});
