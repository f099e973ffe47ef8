// Entry point in pages that are one file: the same library with its WASM inside, so that nothing is fetched.
//
//   import * as u from 'unrolled/inline';
//
// It takes 160 kB more than 'unrolled', runs on plain SIMD with one thread, and needs no `connect-src` of a Content Security
// Policy. What `ready({ wasmUrl })` names is fetched all the same.
import './ops/methods.js';
import { Unavailable } from './backend/unavailable.js';
import { wasm } from './inline-wasm.js';
import { browserPlatform } from './platform/browser.js';
import { setPlatform } from './platform/types.js';

setPlatform({
  ...browserPlatform,

  compileWasm(variant, from) {
    if (from !== undefined) return browserPlatform.compileWasm(variant, from);
    if (variant !== 'simd128') throw new Unavailable('wasm', `unrolled/inline has no ${variant} build`);
    return compileInline();
  },

  threadsRefused: () => 'unrolled/inline is one file and has no workers: import "unrolled" for threads',
});

async function compileInline(): Promise<WebAssembly.Module> {
  if (typeof DecompressionStream === 'undefined') {
    const remedy = 'use Chrome 80, Firefox 113, Safari 16.4 or newer, or import "unrolled"';
    throw new Unavailable('wasm', 'this engine has no DecompressionStream, which unrolled/inline needs', remedy);
  }
  const packed = Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

export * from './index.js';
