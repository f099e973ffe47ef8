// Paths that a page gives are relative to the page; in a worker they would be to its script.

/** The same place, whole. Nothing but relative paths and URL objects is changed. */
export function placeOf<T>(place: T): T | string {
  if (place instanceof URL) return place.href;
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  if (typeof place !== 'string' || base === undefined || /^[a-z][a-z0-9+.-]+:/i.test(place)) return place;
  return new URL(place, base).href;
}
