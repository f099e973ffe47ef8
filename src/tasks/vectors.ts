// Word vectors learnt elsewhere, as what a task's embedding begins with: for the tasks that read words.
import type { Parameter } from '../autograd/tensor.js';
import { WordVectors } from '../data/text/vectors.js';
import { DataError } from '../errors.js';
import { is, show } from '../options.js';
import type { ReadContext, Settings, TaskOption } from './definition.js';
import { vocabularyOf } from './vocabularies.js';

export const vectorsOption = {
  vectors: {
    rule: is.string,
    type: 'string',
    value: 'FILE',
    help: 'word vectors to begin with: GloVe or word2vec as text, or .safetensors (WordVectors.save); their size is --embedding',
  },
} as const satisfies Record<string, TaskOption>;

/**
 * By the vocabulary they are for. Needed once, when the model is made: what training makes of them is saved with the model, and
 * they themselves are not.
 */
const read = new WeakMap<readonly string[], WordVectors>();

/**
 * Reads the vectors of a vocabulary's words from the file that the settings name.
 *
 * @param words  the vocabulary as the task's preprocessing keeps it; fillWith finds the vectors by it
 * @returns how many numbers a vector has; null without a file
 * @throws DataError  naming the file: no vector for any of the words, or one that is no vector
 */
export async function readVectors(words: readonly string[], { settings, say }: ReadContext): Promise<number | null> {
  const file = (settings.vectors ?? null) as string | null;
  if (file === null) return null;
  const isTable = /\.safetensors$/i.test(file);
  const vectors = isTable ? await WordVectors.load(file) : await WordVectors.pick(file, { words });
  const found = words.filter((word) => vectors.has(word)).length;
  if (found === 0) {
    const some = words.slice(0, 3).map(show).join(', ') || 'none';
    throw new DataError(
      `${file} has a vector for none of the ${words.length} words of the vocabulary (${some}, ...); they are in lower ` +
        'case: is the file of another language, or no file of word vectors?',
    );
  }
  say(`${file}: vectors of ${vectors.size} numbers for ${found} of ${words.length} words`);
  read.set(words, vectors);
  return vectors.size;
}

/**
 * Writes what readVectors read into an embedding's rows; those of other words stay as they are.
 *
 * @throws DataError  if the settings ask for an embedding of another size
 */
export function fillWith(words: readonly string[], weight: Parameter, settings: Settings): void {
  const vectors = read.get(words);
  if (vectors === undefined) return;
  if (vectors.size !== settings.embedding) {
    throw new DataError(
      `the vectors of ${settings.vectors} have ${vectors.size} numbers each, the embedding is to have ${settings.embedding}; leave ` +
        `--embedding out, or say --embedding ${vectors.size}`,
    );
  }
  vectors.fill(weight, vocabularyOf(words));
}
