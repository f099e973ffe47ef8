// work/loop.mjs: the timed loop, the same for every system in Node and in browsers.

/**
 * @param work     from a `prepare` of this folder
 * @param samples  how many times are taken
 * @param inner    runs a sample: a step of two microseconds cannot be timed alone
 * @returns microseconds a run, one figure a sample
 */
export async function timed(work, samples, inner) {
  const us = [];
  for (let s = 0; s < samples; s++) {
    const start = performance.now();
    for (let k = 0; k < inner; k++) {
      const pending = work.run();
      // Awaiting what is no promise would cost a turn of the microtask queue, a large part of a streaming step.
      if (pending !== undefined) await pending;
    }
    us.push(((performance.now() - start) * 1e3) / inner);
  }
  return us;
}
