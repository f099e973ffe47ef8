// From a sentence to word numbers: tokens, vocabulary, and batches of them.

/** Row 0 of every embedding is padding, row 1 stands for each word the vocabulary does not hold. */
export const PAD = 0;
export const UNKNOWN = 1;

/**
 * Lower-case words. A negation becomes a word of its own ("don't" -> "do", "not"), because it is what turns a review
 * round; other endings are split off as in the usual English treebanks ("it's" -> "it", "'s").
 */
export function tokenise(text) {
  return (
    text
      .toLowerCase()
      .replace(/[\u2018\u2019`]/g, "'")
      .replace(/\bwon't\b/g, 'will not')
      .replace(/\b(?:can't|cannot)\b/g, 'can not')
      .replace(/n't\b/g, ' not')
      .match(/'(?:s|re|ve|ll|d|m)\b|[\p{L}\p{N}]+|[!?]/gu) ?? []
  );
}

/** Words and their numbers. */
export class Vocabulary {
  /** @param {string[]} words  a word's number is its place */
  constructor(words) {
    this.words = words;
    this.ids = new Map(words.map((word, id) => [word, id]));
  }

  /** The words that occur at least `minCount` times in these reviews, most frequent first, after <pad> and <unk>. */
  static from(reviews, minCount) {
    const counts = new Map();
    for (const { tokens } of reviews) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    const kept = [...counts].filter(([, count]) => count >= minCount);
    // Ties in alphabetical order, so that the numbering does not hang on the order of the texts.
    kept.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return new Vocabulary(['<pad>', '<unk>', ...kept.map(([word]) => word)]);
  }

  get size() {
    return this.words.length;
  }

  encode(tokens) {
    return tokens.map((token) => this.ids.get(token) ?? UNKNOWN);
  }
}
