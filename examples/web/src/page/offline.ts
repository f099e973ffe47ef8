// Works without a connection once loaded: the service worker keeps what was built. Not in development, where files change.
import { say } from './dom.js';

/** Filled in by build.mjs. */
declare const IS_BUILT: boolean;

export async function startOffline(): Promise<void> {
  if (!IS_BUILT || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI));
    await navigator.serviceWorker.ready;
    say('offline', 'This page now works without a connection.');
  } catch {
    // Private windows have none: the page needs its connection then, as any other.
  }
}
