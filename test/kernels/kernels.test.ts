// Every kernel of native/abi.h, on every backend and instruction set, against the reference backend in double precision.
import { describe, expect, it } from 'vitest';
import { type KernelName, kernelNames } from '../../src/backend/generated/abi.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import { candidates } from '../helpers/backends.js';
import { kernelCases } from './cases/index.js';
import { compareWithReference } from './harness.js';

/** Tested elsewhere: the recurrent kernels need their own workspaces (recurrent.test.ts,
 * general.test.ts), the probe has no result to compare. */
const elsewhere: readonly KernelName[] = [
  'rnn_sizes',
  'rnn_pack',
  'rnn_forward',
  'rnn_backward',
  'fma_peak',
  'rnn_quantized_sizes',
  'rnn_quantize',
  'rnn_quantized_forward',
  'rnn_general_sizes',
  'rnn_general_pack',
  'rnn_general_forward',
  'rnn_general_backward',
];

it('every kernel of the contract has its cases', () => {
  expect([...Object.keys(kernelCases), ...elsewhere].sort()).toEqual([...kernelNames].sort());
});

const reference = createReferenceBackend();

describe.each(candidates().filter(({ label }) => label !== 'reference'))('kernels on $label', ({ open }) => {
  const backend = open();

  for (const [kernel, { cases, why }] of Object.entries(kernelCases)) {
    it(`${kernel} equals the reference in ${cases.length} cases (${why})`, async () => {
      const opened = await backend;
      for (const [seed, spec] of cases.entries()) {
        compareWithReference(opened, reference, kernel as KernelName, spec, seed);
      }
    });
  }

  it('fma_peak counts the operations it ran', async () => {
    const { memory, kernels } = await backend;
    const flops = memory.alloc('double', 1, 'host');
    kernels.fma_peak(flops, 1000);
    const once = memory.view(flops)[0] as number;
    kernels.fma_peak(flops, 2000);
    expect(once).toBeGreaterThan(0);
    expect(memory.view(flops)[0]).toBe(2 * once);
  });
});
