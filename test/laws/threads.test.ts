// The number of threads changes how long a kernel takes and nothing else.
import { describe, it } from 'vitest';
import type { KernelName } from '../../src/backend/generated/abi.js';
import { candidates } from '../helpers/backends.js';
import { plainCells } from '../helpers/cells.js';
import { expectSameBits } from '../helpers/compare.js';
import { contents, type KernelCase, runKernel } from '../kernels/harness.js';
import { layerInputs, runLayer } from '../kernels/layer.js';

// Large enough that splitting pays, with tails in every direction.
const products: [KernelName, KernelCase][] = [
  ['matmul_forward', { scalars: { P: 3, M: 131, N: 197, K: 259 }, rtol: 0 }],
  ['matmul_backward', { scalars: { P: 2, M: 131, N: 197, K: 259 }, rtol: 0 }],
  ['linear_forward', { scalars: { N: 333, I: 199, O: 257 }, rtol: 0 }],
  ['linear_backward', { scalars: { N: 333, I: 199, O: 257 }, rtol: 0 }],
];

const layers = [
  { T: 7, B: 33, I: 40, H: 129, D: 1 },
  { T: 7, B: 33, I: 40, H: 129, D: 2, ragged: true },
  { T: 20, B: 1, I: 64, H: 260, D: 2 },
  { T: 3, B: 150, I: 9, H: 35, D: 1, ragged: true },
  // So few rows that the threads share a step's units.
  { T: 9, B: 3, I: 20, H: 330, D: 1, ragged: true },
  // And weights so large.
  { T: 3, B: 21, I: 20, H: 520, D: 1, ragged: true },
];

describe.each(candidates().filter(({ label }) => /^native|-threads$/.test(label)))('threads on $label', ({ open }) => {
  const opening = Promise.all([1, 2, 3].map((threads) => open(threads)));

  for (const [kernel, spec] of products) {
    it(`${kernel}: one, two and three threads give the same bits`, async () => {
      const start = contents(kernel, spec, 1);
      const [one, ...more] = (await opening).map((backend) => runKernel(backend, kernel, spec, start, 1));
      for (const result of more) {
        for (const [name, values] of Object.entries(one as Record<string, number[]>)) {
          expectSameBits(result[name] as number[], values, name);
        }
      }
    });
  }

  for (const cell of plainCells) {
    it(`${cell.name}: one, two and three threads give the same bits, forward and backward`, async () => {
      for (const shape of layers) {
        const spec = { cell, ...shape };
        const inputs = layerInputs(spec, 3);
        const [one, ...more] = (await opening).map((backend) => runLayer(backend, spec, inputs, 3));
        for (const result of more) {
          for (const [name, values] of Object.entries(one as Record<string, number[]>)) {
            expectSameBits(result[name] as number[], values, `T=${spec.T} B=${spec.B} H=${spec.H}: ${name}`);
          }
        }
      }
    });
  }
});
