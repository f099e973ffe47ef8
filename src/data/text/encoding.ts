// Bytes of a text file as text, and what to say where they are not text.
import { DataError, OptionError } from '../../errors.js';
import { show } from '../../options.js';

/** Labels of the Encoding Standard: utf-8, utf-16le, latin1, windows-1252, shift_jis, ... */
export type TextEncoding = string;

export interface DecodeOptions {
  /** For messages: the file's. Default 'the text'. */
  readonly name?: string;
  /** Default: UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: TextEncoding;
}

/**
 * Text of a file, without a byte order mark.
 *
 * @throws DataError    naming the first byte that is not of the encoding, or that the file is no text at all
 * @throws OptionError  for an encoding that is not known
 */
export function decodeText(bytes: Uint8Array, { name = 'the text', encoding }: DecodeOptions = {}): string {
  const label = encoding ?? markOf(bytes) ?? 'utf-8';
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label, { fatal: true });
  } catch {
    throw new OptionError(`encoding must be one such as utf-8, utf-16le, latin1 or windows-1252, got ${show(label)}`);
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    const at = firstBad(bytes, label);
    throw new DataError(
      `${name}: byte ${at} (0x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}) is not ${decoder.encoding}; if the file is in ` +
        'another encoding, name it: --encoding latin1',
    );
  }
  const zero = text.indexOf('\0');
  if (zero >= 0) {
    throw new DataError(
      `${name}: character ${zero} is 0, as in a file that is no text${encoding ? '' : ', or is UTF-16 without a byte order mark (--encoding utf-16le)'}`,
    );
  }
  return text;
}

/** The encoding that a byte order mark tells of. @internal */
export function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

/** The first byte that no text up to it can end with: the longest prefix that decodes, found by halving. */
function firstBad(bytes: Uint8Array, label: string): number {
  const decodes = (length: number): boolean => {
    try {
      // `stream`: a character that is cut off is not wrong yet.
      new TextDecoder(label, { fatal: true }).decode(bytes.subarray(0, length), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  const isWhole = (length: number): boolean => {
    try {
      new TextDecoder(label, { fatal: true }).decode(bytes.subarray(0, length));
      return true;
    } catch {
      return false;
    }
  };
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (decodes(middle)) good = middle;
    else bad = middle;
  }
  // Where the character begins that is found wrong only at a later byte, or cut off by the end.
  let at = decodes(bad) ? bytes.length - 1 : bad - 1;
  while (at > 0 && !isWhole(at)) at--;
  return Math.max(0, at);
}
