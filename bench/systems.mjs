// systems.mjs: how each JavaScript system is started in Node. A system has `info` (its name's version and what it runs on),
// `prepare(workload, parts)` of its file in work/, and perhaps `peak()`, the multiply-adds its instruction set could do now.
import { fileURLToPath } from 'node:url';
import { versionOf } from './versions.mjs';

export const systems = {
  async unrolled({ weights, ...options }) {
    const u = await import('../dist/node.js');
    const { measurePeak } = await import('./peak.mjs');
    const { prepare } = await import('./work/unrolled.mjs');
    await u.ready(options);
    const { simd, threads } = u.backendInfo();
    return {
      info: { version: versionOf(), simd, threads },
      prepare: (w, parts) => prepare(u, w, parts, { weights }),
      peak: measurePeak,
    };
  },

  async 'onnxruntime-node'({ threads }) {
    const ort = await import('onnxruntime-node');
    const { prepare } = await import('./work/onnxruntime.mjs');
    const session = { intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential' };
    return {
      info: { version: versionOf('onnxruntime-node'), threads },
      prepare: (w, parts) => prepare(ort, w, parts, { ...session, graphOptimizationLevel: 'all' }),
    };
  },

  async 'onnxruntime-web'() {
    const ort = await import('onnxruntime-web');
    const { prepare } = await import('./work/onnxruntime.mjs');
    ort.env.wasm.numThreads = 1;
    return {
      info: { version: versionOf('onnxruntime-web'), threads: 1, simd: 'wasm-simd' },
      prepare: (w, parts) => prepare(ort, w, parts, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' }),
    };
  },

  async tfjs({ backend }) {
    const tf = await import('@tensorflow/tfjs');
    const { prepare } = await import('./work/tfjs.mjs');
    if (backend === 'wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(
        `${fileURLToPath(new URL('node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url))}`,
      );
    }
    await tf.setBackend(backend);
    await tf.ready();
    return {
      info: { version: tf.version.tfjs, threads: 1, ...(backend === 'wasm' && { simd: 'wasm-simd' }) },
      prepare: (w, parts) => prepare(tf, w, parts),
    };
  },

  async 'brain.js'() {
    const { default: brain } = await import('brain.js');
    const { prepare } = await import('./work/brain.mjs');
    return {
      info: { version: versionOf('brain.js'), threads: 1 },
      prepare: (w, parts) => prepare(brain, w, parts),
    };
  },
};
