// One very long signal of noise, and at every step the average of what came before, weighed less the longer ago it was: something
// to remember that never ends.

/**
 * @param {typeof import('unrolled')} u
 * @param {{ T: number, B: number, memory?: number }} sizes  memory: steps after which an input counts 1/e
 * @param {() => number} random  numbers in [0, 1)
 * @returns {{ x: import('unrolled').Tensor, target: import('unrolled').Tensor }} both [T, B, 1], of deviation 1
 */
export function averages(u, { T, B, memory = 20 }, random) {
  const keep = Math.exp(-1 / memory);
  // The average of independent numbers of variance 1 has variance (1 - keep) / (1 + keep).
  const scale = Math.sqrt((1 + keep) / (1 - keep));
  const [x, target] = [new Float32Array(T * B), new Float32Array(T * B)];
  const average = new Float64Array(B);
  for (let k = 0; k < x.length; k++) {
    // Box-Muller
    x[k] = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    average[k % B] = keep * average[k % B] + (1 - keep) * x[k];
    target[k] = scale * average[k % B];
  }
  return { x: u.tensor(x, [T, B, 1]), target: u.tensor(target, [T, B, 1]) };
}
