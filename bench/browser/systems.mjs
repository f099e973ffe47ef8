// browser/systems.mjs: how each system is started in a browser; systems.mjs is the same for Node.

export const systems = {
  async unrolled({ weights, ...options }) {
    const u = await import('../../dist/browser.js');
    const { measurePeak } = await import('../peak.mjs');
    const { prepare } = await import('../work/unrolled.mjs');
    await u.ready(options);
    const { simd, threads } = u.backendInfo();
    return {
      info: { simd, threads },
      prepare: (w, parts) => prepare(u, w, parts, { weights }),
      peak: measurePeak,
    };
  },

  async 'onnxruntime-web'() {
    const ort = await import('onnxruntime-web/wasm');
    const { prepare } = await import('../work/onnxruntime.mjs');
    ort.env.wasm.numThreads = 1;
    return {
      info: { threads: 1, simd: 'wasm-simd' },
      prepare: (w, parts) => prepare(ort, w, parts, { executionProviders: ['wasm'], graphOptimizationLevel: 'all' }),
    };
  },

  async tfjs({ backend }) {
    const tf = await import('@tensorflow/tfjs');
    const { prepare } = await import('../work/tfjs.mjs');
    if (backend === 'wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/');
      wasm.setThreadsCount(1);
    }
    await tf.setBackend(backend);
    await tf.ready();
    return {
      info: { threads: 1, ...(backend === 'wasm' && { simd: 'wasm-simd' }) },
      prepare: (w, parts) => prepare(tf, w, parts),
    };
  },
};
