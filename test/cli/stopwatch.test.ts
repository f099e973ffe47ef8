// The stopwatch of `unrolled bench`, on a clock of its own.
import { expect, it } from 'vitest';
import { timed } from '../../src/cli/stopwatch.js';

/** Work whose k-th run takes this many milliseconds, and the clock that it moves. */
function work(ms: (k: number) => number) {
  let [at, runs] = [0, 0];
  return {
    run: () => {
      at += ms(runs++);
    },
    now: () => at,
    count: () => runs,
  };
}

it('gives the median after the warm-up, whatever the first runs took', () => {
  const { run, now, count } = work((k) => (k < 4 ? 100 : 10));
  const { us, middle, samples } = timed(run, now);
  expect([us, ...middle]).toEqual([10_000, 10_000, 10_000].map((x) => expect.closeTo(x, 6)));
  expect(samples).toBeGreaterThanOrEqual(5);
  expect(count()).toBeGreaterThan(samples);
});

it('takes the middle of samples that differ', () => {
  const { run, now } = work((k) => (k % 4 === 3 ? 30 : 10 + (k % 4)));
  const { us, middle } = timed(run, now);
  expect(us).toBeGreaterThanOrEqual(10_999);
  expect(us).toBeLessThanOrEqual(12_001);
  expect(middle[1]).toBeLessThan(30_000);
});

it('puts many short runs into a sample', () => {
  const { run, now, count } = work(() => 0.002);
  const { us, samples } = timed(run, now);
  expect(us).toBeCloseTo(2, 9);
  expect(count() / samples).toBeGreaterThan(50);
});

it('runs what takes long only once', () => {
  const { run, now, count } = work(() => 2000);
  expect(timed(run, now)).toEqual({ us: 2e6, middle: [2e6, 2e6], samples: 1 });
  expect(count()).toBe(1);
});
