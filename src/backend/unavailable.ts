// Why one backend cannot be used here, and what the user can do about it: select.ts collects these.
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
