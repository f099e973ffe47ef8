// Works without a connection once loaded: the service worker keeps what was built. Not in development, where files change.
/// <reference types="vite/client" />
import { say } from './dom.js';

export async function startOffline(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI));
    await navigator.serviceWorker.ready;
    say('offline', 'This page now works without a connection.');
  } catch {
    // Private windows have none: the page needs its connection then, as any other.
  }
}
