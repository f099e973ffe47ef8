// A trained model on disk: weights as safetensors, the vocabulary, and what it takes to build the model again.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as u from 'unrolled';
import { sha256, writeWhole } from '../lib/cache.mjs';
import { kinds } from './models.mjs';
import { Vocabulary } from './text.mjs';

const files = (folder) => ({
  weights: path.join(folder, 'model.safetensors'),
  vocabulary: path.join(folder, 'vocabulary.json'),
});

/** Each file appears whole or not at all; the weights, written last, name the vocabulary they belong to. */
export async function saveModel(folder, { kind, config, model, vocabulary }) {
  const { weights, vocabulary: words } = files(folder);
  const text = `${JSON.stringify(vocabulary.words, null, 1)}\n`;
  await writeWhole(words, text);
  const metadata = { kind, config: JSON.stringify(config), vocabulary: sha256(text) };
  await writeWhole(weights, await u.io.saveSafetensors(null, model.stateDict(), { metadata }));
}

/** @returns {Promise<{ kind: string, config: object, model: u.Module, vocabulary: Vocabulary }>} */
export async function loadModel(folder) {
  const { weights, vocabulary: words } = files(folder);
  const [bytes, text] = await Promise.all([readFile(weights), readFile(words, 'utf8')]);
  const { kind, config: json, vocabulary: hash } = await u.io.readSafetensorsMetadata(bytes);
  if (sha256(text) !== hash)
    throw new Error(`${words} is not the vocabulary that ${weights} was trained with; train again`);
  const config = JSON.parse(json);
  const model = kinds[kind](config);
  model.loadStateDict(await u.io.loadSafetensors(bytes));
  return { kind, config, model: model.eval(), vocabulary: new Vocabulary(JSON.parse(text)) };
}
