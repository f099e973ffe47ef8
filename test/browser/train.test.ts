// The built ES module in a real browser: WASM trains the same networks to the same losses as in Node.
import { describe, expect, inject, it } from 'vitest';
import * as u from '../../dist/browser.js';
import cases from '../golden/traces.json';
import goldenUrl from '../golden/traces.safetensors?url';
import { expectClose } from '../helpers/compare.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { type TraceCase, trainTrace } from '../helpers/trace.js';

// The browser may have relaxed SIMD, whose fused multiply-adds round once where plain SIMD rounds twice; 40 Adam steps
// amplify that. Against PyTorch in float64 the allowance is that of the golden tests.
const TOLERANCE = 1e-4;

const tensors = parseGolden(new Uint8Array(await (await fetch(goldenUrl)).arrayBuffer()));

describe('the browser build', () => {
  it('chooses WASM SIMD by itself and says so', async () => {
    await u.ready();
    const { name, simd, tried } = u.backendInfo();
    expect(name).toBe('wasm');
    expect(simd).toMatch(/^wasm-(relaxed-)?simd$/);
    expect(tried.find((attempt) => attempt.ok)?.backend).toBe('wasm');
  });

  for (const spec of cases as TraceCase[]) {
    it(`trains the ${spec.layer} classifier to the losses of Node and of PyTorch`, async () => {
      await u.ready();
      const golden = tensors.get(spec.name) as Record<string, GoldenTensor>;
      const { losses } = trainTrace(u, spec, golden);
      expectClose(losses, inject('nodeLosses')[spec.name] as number[], TOLERANCE, 'losses in Node');
      expectClose(losses, (golden.losses as GoldenTensor).data, TOLERANCE, 'losses in PyTorch');
    });
  }
});
