// Why one backend cannot be used here, and what the user can do about it: select.ts collects these. And what the user named is wrong.
import { BackendError } from '../errors.js';
import type { BackendName } from './types.js';

export class Unavailable extends BackendError {
  constructor(
    readonly backend: BackendName,
    readonly reason: string,
    readonly remedy?: string,
    options?: ErrorOptions,
  ) {
    super(`${backend}: ${reason}${remedy ? `; ${remedy}` : ''}`, [], options);
    this.name = 'BackendError';
  }
}

/** What the caller named is not there, or something else: told at once, where what an engine lacks is gone on without. */
export class WrongScript extends BackendError {
  constructor(reason: string) {
    super(`ready: workerUrl: ${reason}; serve dist/backend/wasm-worker.js of this package there, of this release`);
    this.name = 'BackendError';
  }
}
