// What a page is told when its .wasm does not arrive, and that it can be tried again.
import { afterEach, expect, it, vi } from 'vitest';
import type { Library } from '../helpers/trace.js';
import { startedWorkers } from './started-workers.js';

const u: Library = await import(/* @vite-ignore */ String('/dist/browser.js'));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const whole = new Uint8Array(await (await fetch('/wasm/dist/unrolled-simd128.wasm')).arrayBuffer());
const asWasm = { headers: { 'content-type': 'application/wasm' } };

/** Answers for every .wasm of one folder that nothing has been fetched from yet. */
let folder = 0;
function served(answer: () => Response | Promise<Response>) {
  vi.stubGlobal('fetch', () => Promise.resolve().then(answer));
  return { backend: 'wasm', wasmUrl: `/somewhere/${++folder}/` } as const;
}

it.each<[string, () => Response | Promise<Response>, RegExp]>([
  [
    'a 404',
    () => new Response('', { status: 404, statusText: 'Not Found' }),
    /answered 404 Not Found; serve the \.wasm/,
  ],
  [
    'a page in place of the file',
    () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
    /answered with HTML, not with WASM; serve the \.wasm/,
  ],
  [
    'a download cut short',
    () => new Response(whole.slice(0, 5000), asWasm),
    /truncated, damaged.*deploy the file again/,
  ],
  [
    'the same under a wrong type',
    () => new Response(whole.slice(0, 5000), { headers: { 'content-type': 'application/octet-stream' } }),
    /truncated, damaged.*deploy the file again/,
  ],
  ['another file', () => new Response('once upon a time', asWasm), /truncated, damaged/],
  ['no network', () => Promise.reject(new TypeError('Failed to fetch')), /cannot fetch .*Failed to fetch; serve/],
])('says what is wrong with %s, and what to do', async (_, answer, message) => {
  await expect(u.ready(served(answer))).rejects.toThrow(message);
});

it('takes a whole file under a wrong type, and one that arrives at the second try', async () => {
  const options = served(() => new Response('', { status: 503 }));
  await expect(u.ready(options)).rejects.toThrow('503');
  vi.stubGlobal('fetch', async () => new Response(whole, { headers: { 'content-type': 'text/plain' } }));
  expect(await u.ready(options)).toMatchObject({ name: 'wasm', simd: 'wasm-simd' });
});

it.each<[string, () => void, RegExp]>([
  ['no WebAssembly', () => vi.stubGlobal('WebAssembly', undefined), /no WebAssembly/],
  ['no SIMD', () => vi.spyOn(WebAssembly, 'validate').mockReturnValue(false), /no WASM SIMD/],
])('goes on with the reference backend where the engine has %s, and says so', async (_, without, reason) => {
  without();
  const { name, tried } = await u.ready({ backend: 'auto' });
  expect(name).toBe('reference');
  const wasm = tried.find(({ backend }) => backend === 'wasm');
  expect(wasm).toMatchObject({
    ok: false,
    reason: expect.stringMatching(reason),
    remedy: expect.stringContaining('Chrome'),
  });
  expect(u.tensor([1, 2]).sum().item()).toBe(3);
});

it('tells why there is one thread where memory cannot be shared', async () => {
  vi.stubGlobal('crossOriginIsolated', false);
  const { threads, tried } = await u.ready({ backend: 'wasm', threads: 2 });
  expect(threads).toBe(1);
  expect(tried.at(-1)?.reason).toMatch(/2 asked for.*not cross-origin isolated.*Cross-Origin-Opener-Policy/);
});

const script = await (await fetch('/dist/backend/wasm-worker.js')).text();
const asScript = { headers: { 'content-type': 'text/javascript; charset=utf-8' } };
/** What a worker script's place answers; everything else is as it is. */
function scriptServed(answer: () => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', (url: string | URL, ...others: []) => {
    if (!String(url).includes('/scripts/')) return fetch(url, ...others);
    asked.push(new URL(url).pathname);
    return Promise.resolve().then(answer);
  });
  return asked;
}

it.each<[string, () => Response | Promise<Response>, RegExp]>([
  ['a 404', () => new Response('', { status: 404, statusText: 'Not Found' }), /answered 404 Not Found; serve dist/],
  [
    'a page in its place',
    () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
    /is served as text\/html, and browsers start workers from text\/javascript; serve dist/,
  ],
  [
    'a wrong type',
    () => new Response(script, { headers: { 'content-type': 'application/octet-stream' } }),
    /is served as application\/octet-stream/,
  ],
  ['another script', () => new Response('onmessage = () => {};', asScript), /is not wasm-worker.js of this library/],
  ['no network', () => Promise.reject(new TypeError('Failed to fetch')), /cannot fetch .*Failed to fetch; serve/],
])('says what is wrong with %s at workerUrl, and what to do', async (_, answer, message) => {
  const asked = scriptServed(answer);
  for (const backend of ['wasm', 'auto'] as const) {
    const failed = u.ready({ backend, threads: 2, workerUrl: '/scripts/' });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(/^ready: workerUrl: .*\/scripts\/wasm-worker.js.*of this release$/);
  }
  expect(asked).toEqual(['/scripts/wasm-worker.js', '/scripts/wasm-worker.js']);
});

it('starts threads from workerUrl, and only from the own origin', async () => {
  const started = startedWorkers();
  const workerUrl = '/dist/backend/wasm-worker.js?elsewhere';
  const { threads } = await u.ready({ backend: 'wasm', simd: 'wasm-simd', threads: 3, workerUrl });
  expect({ threads, started }).toEqual({ threads: 3, started: [workerUrl, workerUrl] });
  expect(u.zeros([50, 50]).add(1).sum().item()).toBe(2500);
  const far = u.ready({ backend: 'wasm', threads: 2, workerUrl: new URL('https://example.com/scripts/') });
  await expect(far).rejects.toThrow(
    /https:\/\/example.com\/scripts\/wasm-worker.js is of another origin than the page, and browsers start/,
  );
});

it('refuses what does not fit into WASM memory, and goes on', async () => {
  await u.ready({ backend: 'wasm', threads: 1 });
  const error = await Promise.resolve()
    .then(() => u.zeros([2 ** 15, 2 ** 15, 2]))
    .then(() => new u.LSTM({ inputSize: 2 ** 14, hiddenSize: 2 ** 15 }))
    .catch((reason) => reason);
  expect(error).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  expect(u.tensor([1, 2]).sum().item()).toBe(3);
});
