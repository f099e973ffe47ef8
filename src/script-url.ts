// Scripts of workers that are where the caller says: what is wrong with one is found out before a worker is started from it, for a
// worker's own error event says neither "404" nor "HTML", and a script of something else says nothing at all.

/** The script called `file`, in a folder (ending in "/") or at the place itself. */
export function scriptIn(from: string | URL, file: string): string {
  const place = String(from);
  return place.endsWith('/') ? place + file : place;
}

/**
 * Why a page cannot start `file` of this library as a worker from `url`; null where nothing speaks against it.
 *
 * @param mark  a name that the script has however it was bundled, unless it imports it
 */
export async function whyNoWorker(url: string, file: string, mark: string): Promise<string | null> {
  const { href = 'about:blank' } = globalThis.location ?? {};
  const whole = new URL(url, globalThis.document?.baseURI ?? href);
  if (/^https?:$/.test(whole.protocol) && whole.origin !== new URL(href).origin) {
    return `${url} is of another origin than the page, and browsers start workers from the page's own`;
  }
  let response: Response;
  try {
    response = await fetch(whole);
  } catch (error) {
    return `cannot fetch ${url}: ${(error as Error).message}`;
  }
  if (!response.ok) return `${url} answered ${response.status} ${response.statusText}`.trim();
  const type = response.headers.get('content-type') ?? 'nothing';
  if (!/^(text|application)\/(x-)?(java|ecma)script\b/i.test(type)) {
    return `${url} is served as ${type}, and browsers start workers from text/javascript`;
  }
  return whyNotOurs(url, file, mark, await response.text());
}

/** The same of its text alone. */
export function whyNotOurs(url: string, file: string, mark: string, text: string): string | null {
  return text.includes(mark) || /\bimport\b/.test(text) ? null : `${url} is not ${file} of this library`;
}
