// The built ES modules in a real browser: WASM trains the same networks to the same losses as in Node.
import { describe, expect, inject, it } from 'vitest';
import { expectClose } from '../helpers/compare.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { type Library, type TraceCase, trainTrace } from '../helpers/trace.js';

// The browser may have relaxed SIMD, whose fused multiply-adds round once where plain SIMD rounds twice; 40 Adam steps
// amplify that. Against PyTorch in float64 the allowance is that of the golden tests.
const TOLERANCE = 1e-4;

// The test server's root is the repository's.
const golden = (file: string): Promise<Response> => fetch(`/test/golden/${file}`);
const cases: TraceCase[] = await (await golden('traces.json')).json();
const tensors = parseGolden(new Uint8Array(await (await golden('traces.safetensors')).arrayBuffer()));

// With a bundler, and for pages without one.
describe.each(['dist/browser.js', 'dist/web/unrolled.js'])('%s in the browser', (file) => {
  const loading: Promise<Library> = import(/* @vite-ignore */ `/${file}`);

  it('chooses WASM SIMD by itself and says so', async () => {
    const u = await loading;
    await u.ready();
    const { name, simd, tried } = u.backendInfo();
    expect(name).toBe('wasm');
    expect(simd).toMatch(/^wasm-(relaxed-)?simd$/);
    expect(tried.find((attempt) => attempt.ok)?.backend).toBe('wasm');
  });

  for (const spec of cases) {
    it(`trains the ${spec.layer} classifier to the losses of Node and of PyTorch`, async () => {
      const u = await loading;
      await u.ready();
      const expected = tensors.get(spec.name) as Record<string, GoldenTensor>;
      const { losses } = trainTrace(u, spec, expected);
      expectClose(losses, inject('nodeLosses')[spec.name] as number[], TOLERANCE, 'losses in Node');
      expectClose(losses, (expected.losses as GoldenTensor).data, TOLERANCE, 'losses in PyTorch');
    });
  }
});
