// The plain baseline: an interpolated n-gram of characters, smoothed after Witten & Bell 1991.
//
//   P(c | h) = (count(h c) + distinct(h) P(c | h')) / (count(h) + distinct(h)),    h' is h without its first character
//
// down to the empty history, below which every known character and one unknown are equally likely.

export class NGram {
  /**
   * @param {string} text  to learn from
   * @param {number} order  characters looked at, the foretold one included
   */
  constructor(text, order) {
    this.order = order;
    const letters = Array.from(text);
    this.classes = new Set(letters).size + 1;
    /** For each history: how often it was followed, and by what. */
    this.seen = new Map();
    for (let k = 0; k < letters.length; k++) {
      for (let n = 0; n < order && n <= k; n++) {
        const history = letters.slice(k - n, k).join('');
        const entry = this.seen.get(history) ?? { total: 0, next: new Map() };
        this.seen.set(history, entry);
        entry.total++;
        entry.next.set(letters[k], (entry.next.get(letters[k]) ?? 0) + 1);
      }
    }
  }

  probability(letter, history) {
    const entry = this.seen.get(history);
    const shorter = history === '' ? 1 / this.classes : this.probability(letter, Array.from(history).slice(1).join(''));
    if (entry === undefined) return shorter;
    const distinct = entry.next.size;
    return ((entry.next.get(letter) ?? 0) + distinct * shorter) / (entry.total + distinct);
  }

  bitsPerChar(text) {
    const letters = Array.from(text);
    let bits = 0;
    for (let k = 1; k < letters.length; k++) {
      bits -= Math.log2(this.probability(letters[k], letters.slice(Math.max(0, k - this.order + 1), k).join('')));
    }
    return bits / (letters.length - 1);
  }
}
