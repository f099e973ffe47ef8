// What differs between Node and the browser, in one interface. The entry points (src/node.ts, src/browser.ts) choose one;
// nothing else imports a platform.
import { BackendError } from '../errors.js';

export type WasmVariant = 'simd128' | 'relaxed';

export interface Platform {
  readonly name: 'node' | 'browser';
  /** Processor cores that threads may use. */
  cores(): number;
  /** An environment variable; undefined where there are none. */
  env(name: string): string | undefined;
  /** The native addon's exports. Throws Unavailable. Absent where there are no addons. */
  loadAddon?(): unknown;
  /**
   * Compiles a variant of the WASM module. `from`: where its file is, or the folder (ending in "/") that holds both; by
   * default the one in this package. Throws Unavailable.
   */
  compileWasm(variant: WasmVariant, from?: string | URL): Promise<WebAssembly.Module>;
  /** The bytes of a file; in the browser, of what a URL answers. */
  readFile(path: string | URL): Promise<Uint8Array>;
  /** The file has its old contents or all of the new, whenever the process ends. Not in the browser. */
  writeFileAtomic(path: string | URL, bytes: Uint8Array): Promise<void>;
}

let current: Platform | undefined;

export function setPlatform(platform: Platform): void {
  current = platform;
}

export function platform(): Platform {
  if (!current) throw new BackendError('no platform is set: import "unrolled" itself, not one of its files');
  return current;
}

/** The file name of a variant, appended to folders. */
export function locateWasm(variant: WasmVariant, from: string | URL): string {
  const place = String(from);
  return place.endsWith('/') ? `${place}unrolled-${variant}.wasm` : place;
}
