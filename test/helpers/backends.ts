// Runs the same tests on every backend and instruction set of this machine.
import { setFlagsFromString } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setCurrent } from '../../src/autograd/context.js';
import { type Addon, openNative } from '../../src/backend/native.js';
import { createReferenceBackend } from '../../src/backend/reference/index.js';
import type { Backend } from '../../src/backend/types.js';
import { openWasm } from '../../src/backend/wasm.js';
import { loadAddon, nodePlatform } from '../../src/platform/node.js';
import type { WasmVariant } from '../../src/platform/types.js';

/** A backend at one instruction set, to be opened by who needs one of his own. */
export interface Candidate {
  readonly label: string;
  open(threads?: number): Promise<Backend>;
}

// Node 20 has relaxed SIMD behind this flag only.
setFlagsFromString('--experimental-wasm-relaxed-simd');

/**
 * Candidates that the environment variable UNROLLED_TEST_BACKENDS names: "reference,native avx2" keeps those whose label
 * starts with one of these. Without it, all.
 */
const wanted = (process.env.UNROLLED_TEST_BACKENDS ?? '').split(',').filter((word) => word !== '');
const isWanted = (label: string): boolean =>
  wanted.length === 0 || wanted.some((word) => label.startsWith(word.trim()));

export function candidates(): Candidate[] {
  const wasm = (variant: WasmVariant, most = 1): Candidate => ({
    label: `wasm ${variant}`,
    open: async (threads = most) =>
      openWasm(await nodePlatform.compileWasm(variant), { threads, platform: nodePlatform }),
  });
  const reference: Candidate = { label: 'reference', open: async () => createReferenceBackend() };
  const wasms = [wasm('simd128'), wasm('relaxed'), wasm('simd128-threads', 2), wasm('relaxed-threads', 2)];
  return [reference, ...natives(), ...wasms].filter(({ label }) => isWanted(label));
}

function natives(): Candidate[] {
  if (wanted.length > 0 && !wanted.some((word) => word.trim().startsWith('native'))) return [];
  let addon: Addon;
  try {
    addon = loadAddon();
  } catch (error) {
    // A missing build fails its tests: skipping them would look like passing.
    return [{ label: 'native', open: () => Promise.reject(error) }];
  }
  return addon.isas.map((simd) => ({
    label: `native ${simd}`,
    open: async (threads = 1) => openNative(addon, { simd, threads }),
  }));
}

/** `body` as a describe block for each backend, which is the current one while its tests run. */
export function describeBackends(name: string, body: (backend: string) => void): void {
  for (const { label, open } of candidates()) {
    describe(`${name} (${label})`, () => {
      let backend: Backend | undefined;
      beforeAll(async () => {
        backend = await open();
        setCurrent(backend);
      });
      afterAll(() => {
        setCurrent(null);
        backend?.close();
      });
      body(label);
    });
  }
  // vitest calls a file without tests a failure; with a list of backends that names none of ours it should be one.
  if (candidates().length === 0) it(name, () => expect.fail('UNROLLED_TEST_BACKENDS names no backend'));
}
