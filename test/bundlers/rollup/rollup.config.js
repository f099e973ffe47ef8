// importMetaAssets copies the files that `new URL('file', import.meta.url)` names, which Rollup by itself does not. The script of
// unrolled/worker is one of them; what that names in turn has to be put where it looks for it from assets/.
import { cpSync } from 'node:fs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';

const forWorkers = {
  name: 'for-workers',
  writeBundle() {
    cpSync('node_modules/unrolled/wasm/dist', 'dist/wasm/dist', { recursive: true });
    cpSync('node_modules/unrolled/dist/backend/wasm-worker.js', 'dist/backend/wasm-worker.js');
  },
};

export default {
  input: 'main.js',
  output: { dir: 'dist', format: 'es' },
  plugins: [nodeResolve({ browser: true }), importMetaAssets(), forWorkers],
};
