// esbuild leaves `new URL('file', import.meta.url)` as it is. So the bundle goes into js/ at the site's root, and the files to
// where its URLs then point: ../../wasm/dist/ (a URL cannot go above the root), ../backend/, and ./entry.js of unrolled/worker.
import { cpSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['main.js'],
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  outdir: 'dist/js',
});
cpSync('node_modules/unrolled/wasm/dist', 'dist/wasm/dist', { recursive: true });
cpSync('node_modules/unrolled/dist/backend/wasm-worker.js', 'dist/backend/wasm-worker.js');
cpSync('node_modules/unrolled/dist/worker/entry.js', 'dist/js/entry.js');
