// How wrong a pronunciation is: phonemes put in, left out or taken for another.

/**
 * The cheapest way from one sequence of phonemes to another (Levenshtein 1966).
 *
 * @returns {{ cost: number, swaps: [string, string][] }}  swaps: [wanted, written] of each phoneme taken for another
 */
export function align(wanted, written) {
  const rows = wanted.length + 1;
  const columns = written.length + 1;
  const cost = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => i + j));
  for (let i = 1; i < rows; i++) {
    for (let j = 1; j < columns; j++) {
      const swap = cost[i - 1][j - 1] + Number(wanted[i - 1] !== written[j - 1]);
      cost[i][j] = Math.min(swap, cost[i - 1][j] + 1, cost[i][j - 1] + 1);
    }
  }
  const swaps = [];
  for (let i = wanted.length, j = written.length; i > 0 && j > 0; ) {
    const different = wanted[i - 1] !== written[j - 1];
    if (cost[i][j] === cost[i - 1][j - 1] + Number(different)) {
      if (different) swaps.push([wanted[i - 1], written[j - 1]]);
      i--;
      j--;
    } else if (cost[i][j] === cost[i - 1][j] + 1) i--;
    else j--;
  }
  return { cost: cost[rows - 1][columns - 1], swaps };
}

/**
 * Errors of written pronunciations: `first` measured by the dictionary's first pronunciation, `closest` by whichever of a word's
 * pronunciations is closest (both usual; the second is the lower one). Phoneme error: errors per wanted phoneme; word error: the
 * share of words with any.
 *
 * @param {{ pronunciations: string[] }[]} words
 * @param {string[]} written
 */
export function pronunciationErrors(words, written) {
  const totals = { first: { errors: 0, phonemes: 0, wrong: 0 }, closest: { errors: 0, phonemes: 0, wrong: 0 } };
  const swaps = new Map();
  for (const [k, { pronunciations }] of words.entries()) {
    const phonemes = written[k].split(' ').filter((phoneme) => phoneme !== '');
    const tried = pronunciations.map((said) => {
      const wanted = said.split(' ');
      return { ...align(wanted, phonemes), length: wanted.length };
    });
    const closest = tried.reduce((a, b) => (b.cost < a.cost ? b : a));
    for (const [total, found] of [
      [totals.first, tried[0]],
      [totals.closest, closest],
    ]) {
      total.errors += found.cost;
      total.phonemes += found.length;
      total.wrong += Number(found.cost > 0);
    }
    for (const pair of closest.swaps) swaps.set(pair.join(' '), (swaps.get(pair.join(' ')) ?? 0) + 1);
  }
  const rates = ({ errors, phonemes, wrong }) => ({ phoneme: errors / phonemes, word: wrong / words.length });
  return { first: rates(totals.first), closest: rates(totals.closest), swaps };
}

/** What needs no net: each letter said as it is said most often, words and sounds being laid side by side from their beginnings. */
export function letterByLetter(train, test) {
  const counts = new Map();
  for (const { word, pronunciations } of train) {
    const phonemes = pronunciations[0].split(' ');
    for (const [k, letter] of Array.from(word).entries()) {
      // Where a letter stands in its word, scaled to the sounds: "th" is one sound, and everything behind it is moved.
      const phoneme = phonemes[Math.min(phonemes.length - 1, Math.round((k * phonemes.length) / word.length))];
      if (!counts.has(letter)) counts.set(letter, new Map());
      counts.get(letter).set(phoneme, (counts.get(letter).get(phoneme) ?? 0) + 1);
    }
  }
  const best = new Map([...counts].map(([letter, of]) => [letter, [...of].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]));
  return test.map(({ word }) =>
    Array.from(word)
      .filter((letter, k) => letter !== word[k - 1] && best.has(letter))
      .map((letter) => best.get(letter))
      .join(' '),
  );
}
