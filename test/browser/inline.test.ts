// unrolled/inline in a real browser: in a page of its own, for it and `unrolled` are one library with one platform.
import { expect, it } from 'vitest';
import { expectClose } from '../helpers/compare.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { type Library, type TraceCase, trainTrace } from '../helpers/trace.js';

const golden = (file: string): Promise<Response> => fetch(`/test/golden/${file}`);
const cases: TraceCase[] = await (await golden('traces.json')).json();
const tensors = parseGolden(new Uint8Array(await (await golden('traces.safetensors')).arrayBuffer()));
const u: Library = await import(/* @vite-ignore */ String('/dist/inline.js'));

it('carries its WASM, of plain SIMD, and says why it has no second thread', async () => {
  const { name, simd, threads, tried } = await u.ready({ threads: 2 });
  expect({ name, simd, threads }).toEqual({ name: 'wasm', simd: 'wasm-simd', threads: 1 });
  expect(tried.at(-1)?.reason).toContain('import "unrolled" for threads');
  expect(performance.getEntriesByType('resource').filter(({ name: url }) => url.endsWith('.wasm'))).toEqual([]);
});

it.each(cases)('trains the $layer classifier to the losses of PyTorch', async (spec) => {
  await u.ready();
  const expected = tensors.get(spec.name) as Record<string, GoldenTensor>;
  // As in test/golden.test.ts: 40 steps of Adam.
  expectClose(trainTrace(u, spec, expected).losses, (expected.losses as GoldenTensor).data, 1e-4, 'losses');
});
