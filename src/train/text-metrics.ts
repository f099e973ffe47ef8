// Figures of what a model wrote beside what it should have written: BLEU, word and character error rate, exact matches, word F1.
// All are of a whole set at once (corpus level): a mean of figures of single sentences is another number.
import { OptionError, ShapeError } from '../errors.js';
import { show } from '../options.js';

/** A text, or its tokens: words, phonemes, class numbers. */
export type Written = string | readonly (string | number)[];

const ORDERS = 4;

/**
 * BLEU, 0..100, as sacreBLEU 2 computes it (nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp).
 *
 *   BLEU = 100 BP exp( sum_n log p_n / 4 ),  n = 1..4      BP = min(1, exp(1 - referenceWords / hypothesisWords))
 *   p_n  = n-grams of the hypotheses that are in their reference, each at most as often as there / n-grams of the hypotheses
 *
 * Where no n-gram of an order is right, p_n = 1 / (2^k n-grams), k = 1, 2, ... for the first, second, ... such order; without any
 * right word it is 0. Punctuation is split off as mteval-v13a does it; letters keep their case.
 *
 * @param hypotheses  a text for each example
 * @param references  the right text of each, or several that are right: n-grams may be of any, the length is that nearest
 * @returns NaN without examples
 * @throws ShapeError  unless there is a reference, or a list of at least one, for each hypothesis
 * Source: Papineni et al. 2002; Post 2018, "A Call for Clarity in Reporting BLEU Scores".
 */
export function bleu(hypotheses: readonly string[], references: readonly (string | readonly string[])[]): number {
  checkPairs('bleu', hypotheses, references);
  if (hypotheses.length === 0) return Number.NaN;
  const right = new Array<number>(ORDERS).fill(0);
  const total = new Array<number>(ORDERS).fill(0);
  let given = 0;
  let wanted = 0;
  for (const [k, hypothesis] of hypotheses.entries()) {
    const words = tokenise13a(checkText('bleu', hypothesis));
    const answers = [references[k] as string | readonly string[]].flat();
    if (answers.length === 0) throw new ShapeError(`bleu: hypothesis ${k} has no reference; each needs at least one`);
    const lists = answers.map((answer) => tokenise13a(checkText('bleu', answer)));
    given += words.length;
    wanted += nearest(
      words.length,
      lists.map(({ length }) => length),
    );
    for (let n = 1; n <= ORDERS; n++) {
      const allowed = new Map<string, number>();
      for (const list of lists) {
        for (const [gram, count] of ngrams(list, n)) allowed.set(gram, Math.max(count, allowed.get(gram) ?? 0));
      }
      for (const [gram, count] of ngrams(words, n)) {
        (total[n - 1] as number) += count;
        (right[n - 1] as number) += Math.min(count, allowed.get(gram) ?? 0);
      }
    }
  }
  if (right.every((count) => count === 0)) return 0;
  let logs = 0;
  let missed = 1;
  for (let n = 0; n < ORDERS; n++) {
    const [hits, all] = [right[n] as number, total[n] as number];
    // No hypothesis is so long: p_n is 0, as in sacreBLEU unless it is told to leave such orders out.
    if (all === 0) return 0;
    if (hits === 0) missed *= 2;
    logs += Math.log(hits === 0 ? 1 / (missed * all) : hits / all);
  }
  const brevity = given < wanted ? Math.exp(1 - wanted / given) : 1;
  return 100 * brevity * Math.exp(logs / ORDERS);
}

/** Of reference lengths the nearest to a hypothesis's; of two as near, the shorter. */
function nearest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, one) => {
    const closer = Math.abs(one - length) - Math.abs(best - length);
    return closer < 0 || (closer === 0 && one < best) ? one : best;
  });
}

function ngrams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let k = 0; k + n <= words.length; k++) {
    // Words hold no spaces: they are what stands between them.
    const gram = words.slice(k, k + n).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

// What Python's str.split() splits at: other characters than \s means.
// biome-ignore lint/suspicious/noControlCharactersInRegex: those that Python takes for white space
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const SPACES_AT_END = new RegExp(`${SPACES.source}$`, 'u');

/** mteval-v13a's tokens, in sacreBLEU's order of substitutions. */
function tokenise13a(text: string): string[] {
  const plain = text
    .replace(SPACES_AT_END, '')
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
  return ` ${plain} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, ' $1 ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/gu, '$1 $2 ')
    .split(SPACES)
    .filter((word) => word !== '');
}

/**
 * Word error rate: substitutions, insertions and deletions that turn the hypotheses into the references, over the references'
 * words. Above 1 is possible. Texts are split at white space; a list of tokens (phonemes, say) is taken as it is.
 *
 * @returns a share: 0.16 is 16 %; NaN where the references have no words
 * @throws ShapeError  unless there is a reference for each hypothesis
 */
export function wordErrorRate(hypotheses: readonly Written[], references: readonly Written[]): number {
  return errorRate('wordErrorRate', hypotheses, references, wordsOf);
}

/** The same over characters: code points, white space included, nothing normalised. Tokens of a list are joined. */
export function charErrorRate(hypotheses: readonly Written[], references: readonly Written[]): number {
  return errorRate('charErrorRate', hypotheses, references, (text) =>
    Array.from(typeof text === 'string' ? text : text.join('')),
  );
}

function errorRate(
  where: string,
  hypotheses: readonly Written[],
  references: readonly Written[],
  units: (text: Written) => readonly (string | number)[],
): number {
  checkPairs(where, hypotheses, references);
  let errors = 0;
  let all = 0;
  for (const [k, hypothesis] of hypotheses.entries()) {
    const reference = units(checkWritten(where, references[k]));
    errors += editDistance(units(checkWritten(where, hypothesis)), reference);
    all += reference.length;
  }
  return all === 0 ? Number.NaN : errors / all;
}

/** Insertions, deletions and substitutions, each counting 1, that turn one sequence into the other (Levenshtein 1966). */
export function editDistance<T>(from: ArrayLike<T>, to: ArrayLike<T>): number {
  // row[j]: from what has been read of `from` to the first j of `to`.
  const row = Uint32Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    let diagonal = row[0] as number;
    row[0] = i + 1;
    for (let j = 0; j < to.length; j++) {
      const substituted = diagonal + (from[i] === to[j] ? 0 : 1);
      diagonal = row[j + 1] as number;
      row[j + 1] = Math.min(substituted, diagonal + 1, (row[j] as number) + 1);
    }
  }
  return row[to.length] as number;
}

/** Share of the hypotheses that are their reference, letter for letter or token for token; NaN without any. */
export function exactMatch(hypotheses: readonly Written[], references: readonly Written[]): number {
  checkPairs('exactMatch', hypotheses, references);
  const same = (a: Written, b: Written) =>
    typeof a === 'string' || typeof b === 'string'
      ? a === b
      : a.length === b.length && a.every((token, k) => token === b[k]);
  const right = hypotheses.filter((one, k) =>
    same(checkWritten('exactMatch', one), checkWritten('exactMatch', references[k])),
  );
  return right.length / hypotheses.length;
}

/** How many words are shared. */
export interface WordOverlap {
  /** Shared words over those of the hypotheses. 0/0 counts as 0. */
  readonly precision: number;
  /** Shared words over those of the references. */
  readonly recall: number;
  /** Harmonic mean of the two: 2 shared / (words of the hypotheses + words of the references). */
  readonly f1: number;
}

/**
 * Words that hypothesis and reference share, wherever they stand, each as often as in the one that has it less often; added up
 * over the whole set (micro average). White space separates words, as in wordErrorRate.
 */
export function wordOverlap(hypotheses: readonly Written[], references: readonly Written[]): WordOverlap {
  checkPairs('wordOverlap', hypotheses, references);
  let shared = 0;
  let given = 0;
  let wanted = 0;
  for (const [k, hypothesis] of hypotheses.entries()) {
    const left = new Map<string | number, number>();
    const reference = wordsOf(checkWritten('wordOverlap', references[k]));
    for (const word of reference) left.set(word, (left.get(word) ?? 0) + 1);
    const words = wordsOf(checkWritten('wordOverlap', hypothesis));
    for (const word of words) {
      const count = left.get(word) ?? 0;
      if (count === 0) continue;
      shared++;
      left.set(word, count - 1);
    }
    given += words.length;
    wanted += reference.length;
  }
  const share = (whole: number) => (whole === 0 ? 0 : shared / whole);
  return { precision: share(given), recall: share(wanted), f1: 2 * share(given + wanted) };
}

/** F1 of wordOverlap. */
export const wordF1 = (hypotheses: readonly Written[], references: readonly Written[]): number =>
  wordOverlap(hypotheses, references).f1;

const wordsOf = (text: Written): readonly (string | number)[] =>
  typeof text === 'string' ? text.split(SPACES).filter((word) => word !== '') : text;

function checkPairs(where: string, hypotheses: readonly unknown[], references: readonly unknown[]): void {
  for (const [name, list] of Object.entries({ hypotheses, references })) {
    if (!Array.isArray(list)) throw new OptionError(`${where}: ${name} must be a list of texts, got ${show(list)}`);
  }
  if (hypotheses.length === references.length) return;
  throw new ShapeError(
    `${where}: there must be a reference for each hypothesis, got ${hypotheses.length} hypotheses and ` +
      `${references.length} references`,
  );
}

function checkText(where: string, text: unknown): string {
  if (typeof text === 'string') return text;
  throw new OptionError(`${where}: each must be a text, got ${show(text)}; join tokens with spaces`);
}

function checkWritten(where: string, text: unknown): Written {
  if (typeof text === 'string' || Array.isArray(text)) return text as Written;
  throw new OptionError(`${where}: each must be a text or a list of tokens, got ${show(text)}`);
}
