// chromium.mjs: the browser of tests and benchmark: where it is, and how it is started. Debian's, unless CHROMIUM says otherwise.
import { existsSync } from 'node:fs';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const hasChromium = () => existsSync(CHROMIUM);

/** No sandbox, as root has none; and nothing that asks the network for what no page asked for. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Cross-origin isolation: without it a page has no shared memory, hence no threads, and a clock of 0.1 ms. */
export const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
