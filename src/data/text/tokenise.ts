// From a text to its words, characters or bytes, and back.
import { checkOptions, is } from '../../options.js';

export interface TokeniseOptions {
  /** Default 'words'. */
  readonly units?: 'words' | 'chars';
  /** Default true for words, false for characters. */
  readonly lowercase?: boolean;
  /**
   * Words: English contractions are taken apart ("don't": do, not; "it's": it, 's), because a negation is what turns a sentence
   * round. Default true.
   */
  readonly contractions?: boolean;
  /** Words: keep punctuation as words of their own: 'none', 'sentence' (only ! and ?), 'all'. Default 'sentence'. */
  readonly punctuation?: 'none' | 'sentence' | 'all';
}

const WORD = String.raw`[\p{L}\p{N}\p{M}]+`;
const PATTERNS = {
  none: new RegExp(`'(?:s|re|ve|ll|d|m)\\b|${WORD}`, 'gu'),
  sentence: new RegExp(`'(?:s|re|ve|ll|d|m)\\b|${WORD}|[!?]`, 'gu'),
  all: new RegExp(`'(?:s|re|ve|ll|d|m)\\b|${WORD}|[^\\s\\p{L}\\p{N}\\p{M}]`, 'gu'),
};
/** Scripts that write no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * The tokens of a text.
 *
 *   tokenise("It isn't bad!")   // it, is, not, bad, !
 *
 * Words of scripts without spaces are found by Intl.Segmenter. Characters are code points.
 */
export function tokenise(text: string, options: TokeniseOptions = {}): string[] {
  checkOptions<TokeniseOptions>('tokenise', options, {
    units: is.oneOf('words', 'chars'),
    lowercase: is.boolean,
    contractions: is.boolean,
    punctuation: is.oneOf('none', 'sentence', 'all'),
  });
  const { units = 'words', lowercase = units === 'words', contractions = true, punctuation = 'sentence' } = options;
  const cased = lowercase ? text.toLowerCase() : text;
  if (units === 'chars') return Array.from(cased);
  let plain = cased.replace(/[\u2018\u2019`]/g, "'");
  if (contractions) {
    plain = plain
      .replace(/\bwon't\b/gi, 'will not')
      .replace(/\b(?:can't|cannot)\b/gi, 'can not')
      .replace(/n't\b/gi, ' not');
  }
  const found: string[] = plain.match(PATTERNS[punctuation]) ?? [];
  return UNSPACED.test(plain) ? found.flatMap(segment) : found;
}

let segmenter: Intl.Segmenter | undefined;

function segment(word: string): string[] {
  if (!UNSPACED.test(word) || typeof Intl.Segmenter === 'undefined') return [word];
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'word' });
  return Array.from(segmenter.segment(word), (part) => part.segment);
}

/** Words as a sentence: spaces between them, none before punctuation and the endings that tokenise splits off. */
export function detokenise(words: readonly string[], units: 'words' | 'chars' = 'words'): string {
  if (units === 'chars') return words.join('');
  let text = '';
  for (const word of words) {
    const isBound = /^(?:[.,;:!?)\]}%\u2026]|'(?:s|re|ve|ll|d|m)$)/u.test(word);
    text += text === '' || isBound || /[([{]$/.test(text) ? word : ` ${word}`;
  }
  return text;
}
