// Runs in Node before the browser tests: trains the golden classifiers there, and provides the losses to the browser.
import { readFileSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { type GoldenTensor, parseGolden } from '../helpers/golden.js';
import { type Library, type TraceCase, trainTrace } from '../helpers/trace.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Losses of the 40 steps on Node's WASM backend, by case. */
    nodeLosses: Record<string, number[]>;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  // The built library: what the browser gets is built too.
  const u: Library = await import(new URL('../../dist/node.js', import.meta.url).href);
  await u.ready({ backend: 'wasm' });
  const golden = new URL('../golden/', import.meta.url);
  const cases: TraceCase[] = JSON.parse(readFileSync(new URL('traces.json', golden), 'utf8'));
  const tensors = parseGolden(readFileSync(new URL('traces.safetensors', golden)));
  const losses = cases.map((spec) => {
    return [spec.name, trainTrace(u, spec, tensors.get(spec.name) as Record<string, GoldenTensor>).losses];
  });
  project.provide('nodeLosses', Object.fromEntries(losses));
}
