// Pooling: values by hand, gradients, ragged sequences, NaN and ties, and what it refuses. PyTorch's: convolution.test.ts.
import { expect, it } from 'vitest';
import * as u from '../../src/node.js';
import { describeBackends } from '../helpers/backends.js';
import { EPS32, expectClose } from '../helpers/compare.js';
import { random } from '../helpers/tensors.js';

/** Numbers so far apart that a finite difference changes no winner. */
function apart(...shape: number[]): u.Tensor {
  const size = shape.reduce((a, b) => a * b);
  const numbers = Array.from({ length: size }, (_, k) => ((k * 37) % size) / 4);
  return u.tensor(numbers, shape, { requiresGrad: true });
}

describeBackends('pooling', (backend) => {
  const rtol = backend === 'reference' ? 1e-12 : 4 * EPS32;

  it('takes the largest and the mean of each window', () => {
    const x = u.tensor([1, 5, 2, 0, 3, 4, 9, 8, 7, 6, 5, 4], [1, 1, 3, 4]);
    expect(u.maxPool2d(x, { kernelSize: 2 }).toArray()).toEqual([5, 9]);
    expect(u.avgPool2d(x, { kernelSize: 2 }).toArray()).toEqual([3.25, 4.75]);
    expect(u.maxPool2d(x, { kernelSize: 'global' })).toMatchObject({ shape: [1, 1, 1, 1] });
    expect(u.maxPool2d(x, { kernelSize: 'global' }).item()).toBe(9);
    expectClose(u.avgPool2d(x, { kernelSize: 'global' }).toArray(), [4.5], rtol, 'mean');
    expect(u.maxPool1d(x.reshape([1, 3, 4]), { kernelSize: 3, stride: 1 }).toArray()).toEqual([5, 5, 9, 9, 7, 6]);
  });

  it('the first of equals gets the gradient, and NaN wins', () => {
    const x = u.tensor([2, 2, 1, 2], [1, 1, 4], { requiresGrad: true });
    u.maxPool1d(x, { kernelSize: 4 }).backward();
    expect(x.grad?.toArray()).toEqual([1, 0, 0, 0]);
    const y = u.tensor([Number.NaN, 1, 3, Number.NaN], [1, 1, 4]);
    expect(u.maxPool1d(y, { kernelSize: 2 }).toArray()).toEqual([Number.NaN, Number.NaN]);
    expect(u.maxPool1d(u.full([1, 1, 2], -Infinity), { kernelSize: 2, padding: 1 }).toArray()).toEqual([
      -Infinity,
      -Infinity,
    ]);
  });

  it('gradients agree with finite differences', () => {
    const [x, sequence] = [apart(2, 2, 5, 6), apart(5, 3, 2)];
    const lengths = [5, 3, 0];
    u.gradcheck(
      (t) => [
        u.maxPool2d(t, { kernelSize: 3, stride: 2, padding: 1 }),
        u.avgPool2d(t, { kernelSize: [3, 2], stride: 1, padding: 1 }),
        u.avgPool2d(t, { kernelSize: 3, stride: 2, padding: 1, countIncludePad: false }),
        u.avgPool2d(t, { kernelSize: 'global' }),
      ],
      [x],
    );
    u.gradcheck(
      (t) => [
        u.maxPool1d(t, { kernelSize: 2, layout: 'time-first', lengths }),
        u.avgPool1d(t, { kernelSize: 3, stride: 1, padding: 1, layout: 'time-first', lengths }),
        u.avgPool1d(t, { kernelSize: 'global', layout: 'time-first', lengths }),
      ],
      [sequence],
    );
  });

  it('a row of a ragged batch gives what it gives alone, whatever stands in the padding', () => {
    const lengths = [7, 3, 1, 0];
    const x = random(1, 7, 4, 2);
    for (const [b, length] of lengths.entries()) {
      for (let t = length; t < 7; t++) x.data.fill(Number.NaN, (t * 4 + b) * 2, (t * 4 + b + 1) * 2);
    }
    const layout = 'time-first';
    for (const pool of [
      new u.MaxPool1d({ kernelSize: 2, layout }),
      new u.MaxPool1d({ kernelSize: 3, stride: 1, padding: 1, layout }),
      new u.AvgPool1d({ kernelSize: 3, stride: 2, padding: 1, layout }),
      new u.AvgPool1d({ kernelSize: 3, padding: 1, countIncludePad: false, layout }),
      new u.AvgPool1d({ kernelSize: 'global', layout }),
      new u.MaxPool1d({ kernelSize: 'global', layout }),
    ]) {
      const y = pool.forward(x, { lengths });
      const out = pool.outputLengths(lengths);
      for (const [b, length] of lengths.entries()) {
        const row = y.select(b, 1);
        expect(row.slice(out[b] as number).toArray()).toEqual(new Array(2 * (row.shape[0]! - out[b]!)).fill(0));
        if (out[b] === 0) continue;
        const alone = pool.forward(x.slice(b, b + 1, 1).slice(0, length));
        expect(row.slice(0, out[b]).toArray()).toEqual(alone.toArray());
      }
    }
  });

  it('a time-first sequence gives what its transpose gives', () => {
    const x = random(1, 7, 2, 3);
    for (const options of [{ kernelSize: 3, stride: 2, padding: 1 }, { kernelSize: 'global' as const }]) {
      const y = u.avgPool1d(x, { ...options, layout: 'time-first' });
      const z = u.avgPool1d(x.permute([1, 2, 0]), options).permute([2, 0, 1]);
      expect([y.shape, y.toArray()]).toEqual([z.shape, z.toArray()]);
    }
  });

  it('layers do what the functions do', () => {
    const x = random(1, 2, 3, 6, 6);
    const options = { kernelSize: 3, stride: 2, padding: 1 };
    expect(new u.MaxPool2d(options).forward(x).toArray()).toEqual(u.maxPool2d(x, options).toArray());
    const uncounted = { ...options, countIncludePad: false };
    expect(new u.AvgPool2d(uncounted).forward(x).toArray()).toEqual(u.avgPool2d(x, uncounted).toArray());
  });

  it('says what it refuses', () => {
    const x = random(1, 2, 3, 4, 4);
    expect(() => u.maxPool2d(x, { kernelSize: 5 })).toThrow(/kernel covers 5 elements and must fit/);
    expect(() => u.maxPool2d(x, { kernelSize: 3, padding: 2 })).toThrow(
      new u.OptionError('maxPool2d: option "padding" must be at most half of kernelSize (1), got 2'),
    );
    expect(() => u.maxPool2d(x, {} as never)).toThrow(/option "kernelSize" is missing/);
    expect(() => u.maxPool1d(x, { kernelSize: 2 })).toThrow(/x must be \[B, C, L\], got \[2, 3, 4, 4\]/);
    expect(() => new u.MaxPool2d({ kernelSize: 2, dilation: 2 } as never)).toThrow(/unknown option "dilation"/);
    expect(() => new u.AvgPool2d({ kernelSize: 3, padding: 2 })).toThrow(/AvgPool2d: option "padding"/);
  });
});
