// A sentence in pieces from which it can be put together again as it was: for what is written, not only read.

/** Stands before a piece that has no space before it. */
const JOINED = '\u{FFED}'; // a sign no text uses, as in OpenNMT's tokeniser

/**
 * Words, and every other sign for itself. A piece that follows without a space is marked.
 *
 *   splitPieces("l'eau, là")   // l, ￭', ￭eau, ￭,, là     (￭ for the mark)
 */
export function splitPieces(text: string): string[] {
  const pieces: string[] = [];
  for (const [found] of text.trim().matchAll(/\s*(?:[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}])/gu)) {
    const piece = found.trimStart();
    pieces.push(pieces.length === 0 || piece !== found ? piece : JOINED + piece);
  }
  return pieces;
}

/** The text again, but for spaces at its ends and several in a row. */
export function joinPieces(pieces: readonly string[]): string {
  let text = '';
  for (const piece of pieces) {
    if (piece.startsWith(JOINED)) text += piece.slice(JOINED.length);
    else text += text === '' ? piece : ` ${piece}`;
  }
  return text;
}
