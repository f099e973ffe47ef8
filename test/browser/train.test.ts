// The built ES modules in a real browser: WASM trains the same networks to the same losses as in Node.
import { describe, expect, inject, it } from 'vitest';
import { expectClose } from '../helpers/compare.js';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { type Library, type TraceCase, trainTrace } from '../helpers/trace.js';
import type { Trained, Training } from './train-worker.js';

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

  for (const spec of cases) {
    it(`trains the ${spec.layer} classifier with two threads, on the page and in a worker, to the same bits as with one`, async () => {
      const u = await loading;
      const expected = tensors.get(spec.name) as Record<string, GoldenTensor>;
      await u.ready({ backend: 'wasm', threads: 1 });
      const { losses } = trainTrace(u, spec, expected);
      const { threads } = await u.ready({ backend: 'wasm', threads: 2 });
      expect(threads).toBe(2);
      expect(trainTrace(u, spec, expected).losses).toEqual(losses);
      expect(await trainInWorker({ file: `/${file}`, threads: 2, spec, expected })).toEqual({ losses, threads: 2 });
    });
  }

  it('computes large layers with two threads to the same bits as with one', async () => {
    const u = await loading;
    const gradients: number[][] = [];
    for (const threads of [1, 2]) {
      await u.ready({ backend: 'wasm', threads });
      u.seed(5);
      const lstm = new u.LSTM({ inputSize: 40, hiddenSize: 130, bidirectional: true });
      const x = u.randn([9, 33, 40], { requiresGrad: true });
      lstm.forward(x).output.sum().backward();
      gradients.push([x, ...lstm.parameters()].flatMap((tensor) => tensor.grad?.toArray() ?? []));
    }
    expect(gradients[0]).toHaveLength(9 * 33 * 40 + 2 * 4 * 130 * (40 + 130 + 2));
    expect(gradients[1]).toEqual(gradients[0]);
  });
});

function trainInWorker(training: Training): Promise<Trained> {
  const worker = new Worker(new URL('./train-worker.ts', import.meta.url), { type: 'module' });
  const answer = new Promise<Trained>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(training);
  return answer.finally(() => worker.terminate());
}
