// Starting a backend, and taking it for what is computed from then on.
import { backendInfo, type ReadyOptions, selectBackend } from '../backend/select.js';
import type { BackendInfo } from '../backend/types.js';
import { setCurrent } from './context.js';

/**
 * Starts a backend: the fastest that works here, or the one asked for. Everything else needs it. May be called again: the
 * same options give the same backend, and a start that failed can be tried anew.
 *
 *   await u.ready();
 *   await u.ready({ backend: 'wasm' });
 *
 * @returns what was chosen, and what was tried before it
 * @throws BackendError  if nothing could be started; it lists every attempt with its remedy
 */
export function ready(options: ReadyOptions = {}): Promise<BackendInfo> {
  // One after the other: of two calls at once the later one decides, whichever backend starts sooner.
  const started = lastStart.then(async () => {
    setCurrent(await selectBackend(options));
    return backendInfo();
  });
  lastStart = started.catch(() => {});
  return started;
}
let lastStart: Promise<unknown> = Promise.resolve();
