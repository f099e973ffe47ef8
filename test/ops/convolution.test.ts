// Convolutions: against their definition in double, PyTorch's numbers, gradients, ragged sequences, and what they refuse.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose, expectSameBits } from '../helpers/compare.js';
import { type Direct, directConvolution, directGradients } from '../helpers/convolution.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { leaf, random } from '../helpers/tensors.js';

interface GoldenCase {
  name: string;
  op: 'conv1d' | 'conv2d' | 'maxPool1d' | 'maxPool2d' | 'avgPool1d' | 'avgPool2d';
  options: u.Conv1dOpOptions & u.AvgPool2dOptions;
}
const file = (ending: string) => readFileSync(new URL(`../golden/convolution.${ending}`, import.meta.url));
const goldens: GoldenCase[] = JSON.parse(file('json').toString());
const tensors = parseGolden(file('safetensors'));

const { conv1d, conv2d, maxPool1d, maxPool2d, avgPool1d, avgPool2d } = u;
const ops = { conv1d, conv2d, maxPool1d, maxPool2d, avgPool1d, avgPool2d };

/** Shapes that are not multiples of anything, windows that overlap, leave gaps, reach far into the padding. */
const shapes: Record<string, { x: number[]; weight: number[]; options: u.Conv2dOpOptions }> = {
  'one channel': { x: [3, 1, 28, 28], weight: [16, 1, 3, 3], options: {} },
  'channels of a vector and a tail': { x: [2, 19, 6, 7], weight: [21, 19, 3, 2], options: { padding: [2, 1] } },
  'strides that leave places unseen': { x: [2, 3, 11, 10], weight: [4, 3, 2, 2], options: { stride: [3, 4] } },
  dilated: { x: [1, 2, 9, 12], weight: [3, 2, 3, 3], options: { dilation: [3, 2], padding: 3 } },
  'all of the image': { x: [2, 5, 4, 3], weight: [7, 5, 4, 3], options: {} },
  'one by one': { x: [2, 6, 5, 4], weight: [3, 6, 1, 1], options: { stride: 2 } },
};

const pair = (size: u.PerAxis): [number, number] => (typeof size === 'number' ? [size, size] : [...size]) as never;

function direct(x: u.Tensor, weight: u.Tensor, bias: u.Tensor | null, y: u.Tensor, options: u.Conv2dOpOptions): Direct {
  const [B, C, ...input] = x.shape as [number, number, number, number];
  const [O, , ...kernel] = weight.shape as [number, number, number, number];
  return {
    ...{ B, C, O, input, kernel, output: y.shape.slice(2) as never },
    ...{ x: x.toArray(), weight: weight.toArray(), bias: bias?.toArray() ?? null },
    stride: pair(options.stride ?? 1),
    before: pair((options.padding ?? 0) as u.PerAxis),
    dilation: pair(options.dilation ?? 1),
  };
}

describeBackends('convolutions', (backend) => {
  const rtol = backend === 'reference' ? 1e-12 : 16 * EPS32;

  for (const [name, { x: xShape, weight: wShape, options }] of Object.entries(shapes)) {
    it(`conv2d is its definition, forward and backward: ${name}`, () => {
      const [x, weight, bias] = [leaf(1, ...xShape), leaf(2, ...wShape), leaf(3, wShape[0] as number)];
      const y = u.conv2d(x, weight, bias, options);
      const spec = direct(x, weight, bias, y, options);
      expectClose(y.toArray(), directConvolution(spec), rtol, 'y', 1);
      const dy = random(4, ...y.shape);
      y.backward(dy);
      const { dx, dweight, dbias } = directGradients(spec, dy.toArray());
      expectClose(x.grad?.toArray() ?? [], dx, rtol, 'dx', 1);
      expectClose(weight.grad?.toArray() ?? [], dweight, rtol, 'dweight', 1);
      expectClose(bias.grad?.toArray() ?? [], dbias, rtol, 'dbias', 1);
      // Without a tape the same numbers come out of memory that is used again.
      expectSameBits(u.noGrad(() => u.conv2d(x, weight, bias, options)).toArray(), y.toArray(), 'unrecorded');
    });
  }

  for (const { name, op, options } of goldens) {
    it(`${name}: PyTorch's output and gradients`, () => {
      const golden = tensors.get(name) as Record<string, GoldenTensor>;
      const of = (key: string) => u.tensor((golden[key] as GoldenTensor).data, (golden[key] as GoldenTensor).shape);
      const given = Object.fromEntries(['x', 'weight', 'bias'].filter((k) => golden[k]).map((k) => [k, of(k)]));
      for (const t of Object.values(given)) t.requiresGrad = true;
      const { x, weight, bias } = given as { x: u.Tensor; weight: u.Tensor; bias?: u.Tensor };
      const y = op.startsWith('conv')
        ? (ops[op] as typeof u.conv1d)(x, weight, bias ?? null, options)
        : (ops[op] as typeof u.avgPool2d)(x, options);
      expect(y.shape).toEqual(golden.output?.shape);
      expectClose(y.toArray(), golden.output?.data as Float64Array, rtol, 'output', 1);
      y.mul(of('w_output')).sum().backward();
      for (const [key, t] of Object.entries(given)) {
        expectClose(t.grad?.toArray() ?? [], golden[`d${key}`]?.data as Float64Array, rtol, `d${key}`, 1);
      }
    });
  }

  it('gradients agree with finite differences', () => {
    const [x2, w2, b2] = [leaf(1, 2, 2, 4, 5), leaf(2, 3, 2, 2, 3), leaf(3, 3)];
    u.gradcheck((x, w, b) => u.conv2d(x, w, b, { stride: [1, 2], padding: 1 }), [x2, w2, b2]);
    const [x1, w1] = [leaf(4, 2, 3, 7), leaf(5, 2, 3, 3)];
    u.gradcheck((x, w) => u.conv1d(x, w, null, { padding: 'same', dilation: 2 }), [x1, w1]);
    const [xt, wt, bt] = [leaf(6, 6, 3, 2), leaf(7, 2, 2, 3), leaf(8, 2)];
    u.gradcheck(
      (x, w, b) => u.conv1d(x, w, b, { layout: 'time-first', lengths: [6, 2, 0], padding: 1, stride: 2 }),
      [xt, wt, bt],
    );
  });

  it('a time-first sequence gives what its transpose gives', () => {
    const x = random(1, 9, 3, 5);
    const [weight, bias] = [random(2, 4, 5, 3), random(3, 4)];
    const options = { stride: 2, padding: 1, dilation: 2 };
    const y = u.conv1d(x, weight, bias, { ...options, layout: 'time-first' });
    const z = u.conv1d(x.permute([1, 2, 0]), weight, bias, options);
    expectClose(y.toArray(), z.permute([2, 0, 1]).toArray(), rtol, 'y');
  });

  it('a row of a ragged batch gives what it gives alone, whatever stands in the padding', () => {
    const lengths = [9, 4, 1, 0, 7];
    for (const options of [{ padding: 'same' as const }, { stride: 2, padding: 1 }, { stride: 3 }]) {
      const conv = new u.Conv1d({
        inChannels: 2,
        outChannels: 3,
        kernelSize: 3,
        layout: 'time-first',
        ...options,
      });
      const x = leaf(1, 9, 5, 2);
      for (const [b, length] of lengths.entries()) {
        for (let t = length; t < 9; t++) x.data.fill(Number.NaN, (t * 5 + b) * 2, (t * 5 + b + 1) * 2);
      }
      const recorded = conv.forward(x, { lengths });
      const y = recorded.detach();
      const out = conv.outputLengths(lengths);
      recorded.sum().backward();
      const dx = x.grad?.clone() as u.Tensor;
      for (const [b, length] of lengths.entries()) {
        const row = y.select(b, 1);
        expect(row.slice(out[b] as number).toArray()).toEqual(new Array((row.shape[0]! - out[b]!) * 3).fill(0));
        expect(dx.select(b, 1).slice(length).toArray()).toEqual(new Array((9 - length) * 2).fill(0));
        if (out[b] === 0) continue;
        const alone = conv.forward(
          x
            .detach()
            .slice(b, b + 1, 1)
            .slice(0, length),
        );
        expect(alone.shape[0]).toBe(out[b]);
        expectClose(row.slice(0, out[b]).toArray(), alone.toArray(), rtol, `row ${b}`);
      }
    }
  });

  it('a smaller last batch uses the table of the larger', () => {
    const weight = random(2, 3, 2, 2, 2);
    const x = random(1, 5, 2, 6, 6);
    const all = u.conv2d(x, weight, null, { padding: 1 });
    const some = u.conv2d(x.slice(0, 2), weight, null, { padding: 1 });
    expectSameBits(some.toArray(), all.slice(0, 2).toArray(), 'first two images');
    const more = u.conv2d(u.concat([x, x]), weight, null, { padding: 1 });
    expectSameBits(more.slice(5).toArray(), all.toArray(), 'twice the batch');
  });

  it('layers have PyTorch parameters, learn, and keep nothing of a finished step', () => {
    u.seed(3);
    const conv = new u.Conv2d({ inChannels: 2, outChannels: 4, kernelSize: [3, 2], padding: 1 });
    expect([...conv.namedParameters()].map(([name, p]) => [name, p.shape])).toEqual([
      ['weight', [4, 2, 3, 2]],
      ['bias', [4]],
    ]);
    const bound = 1 / Math.sqrt(12);
    expect(Math.max(...conv.weight.toArray().map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(Math.max(...conv.weight.toArray().map(Math.abs))).toBeGreaterThan(0.8 * bound);
    const x = random(1, 8, 2, 5, 5);
    const wanted = u.conv2d(x, random(2, 4, 2, 3, 2), random(5, 4), { padding: 1 });
    const optimizer = new u.Adam(conv.parameters(), { lr: 0.05 });
    let loss = 0;
    for (let k = 0; k < 200; k++) {
      optimizer.zeroGrad();
      const error = u.mse(conv.forward(x), wanted);
      loss = error.item();
      error.backward();
      optimizer.step();
    }
    expect(loss).toBeLessThan(1e-4);
  });
});

describeBackends('what convolutions refuse', () => {
  const x = () => random(1, 2, 3, 5, 5);
  const weight = () => random(2, 4, 3, 3, 3);
  it('says what does not fit', () => {
    expect(() => u.conv2d(random(1, 2, 3, 5), weight())).toThrow(
      new u.ShapeError('conv2d: x must be [B, C, H, W], got [2, 3, 5]'),
    );
    expect(() => u.conv2d(random(1, 2, 4, 5, 5), weight())).toThrow(
      /weight must be \[outChannels, 4, kernelHeight, kernelWidth\] for an input of 4 channels, got \[4, 3, 3, 3\]/,
    );
    expect(() => u.conv2d(x(), random(2, 4, 3, 3, 7))).toThrow(
      /the kernel covers 7 elements and must fit into the input of \[5, 5\] padded by 0; axis 1 has 5/,
    );
    expect(() => u.conv2d(x(), weight(), random(3, 5))).toThrow(/bias must be \[4\] \(outChannels\), got \[5\]/);
    expect(() => u.conv2d(u.zeros([0, 3, 5, 5]), weight())).toThrow(/at least one element/);
    expect(() => u.conv2d([1] as never, weight())).toThrow(u.DTypeError);
  });
  it('says which option is wrong', () => {
    expect(() => u.conv2d(x(), weight(), null, { padding: -1 })).toThrow(
      /option "padding" must be an integer >= 0, or an array of 2 of them, or "same", got -1/,
    );
    expect(() => u.conv2d(x(), weight(), null, { stride: 0 })).toThrow(u.OptionError);
    expect(() => u.conv2d(x(), weight(), null, { stride: 2, padding: 'same' })).toThrow(/"same" needs stride 1/);
    expect(() => new u.Conv2d({ inChannels: 2, outChannels: 2, kernelSize: 3, groups: 2 as never })).toThrow(
      /option "groups" must be 1 \(grouped convolutions are not in this library\), got 2/,
    );
    expect(() => new u.Conv2d({ inChannels: 2, outChannels: 2, kernelSize: [3, 3, 3] })).toThrow(u.OptionError);
    expect(() => new u.Conv1d({ inChannels: 2, outChannels: 2, kernelsize: 3 } as never)).toThrow(
      /did you mean "kernelSize"/,
    );
    const conv = new u.Conv1d({ inChannels: 2, outChannels: 2, kernelSize: 3, layout: 'time-first' });
    expect(() => conv.forward(random(1, 5, 2, 2), { lengths: [6, 1] })).toThrow(u.LengthsError);
    expect(() => conv.forward(random(1, 5, 2, 2), { lengths: [1] })).toThrow(u.LengthsError);
    const first = new u.Conv1d({ inChannels: 2, outChannels: 2, kernelSize: 3 });
    expect(() => first.forward(random(1, 2, 2, 5), { lengths: [1, 2] })).toThrow(/layout: 'time-first'/);
  });
});
