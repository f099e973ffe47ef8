// Telephone prompts of Asterisk in five languages, one speaker each: 8 kHz, mono, about a second.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeWav, logMel } from 'unrolled/data';
import { debianFolder } from '../lib/debian.mjs';
import { generator, shuffled } from '../lib/random.mjs';

const PACKAGES = {
  en: '2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d',
  es: '9283a09a6d56fccdcc2bcfe86c48f0f844289cfbd46a3184d8785a6f7f569903',
  fr: '8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e',
  it: '5a26638089e134b8ac39363fe249c5c93c50cd8bfdc9b2499ae61ec4a35e2fcb',
  ru: 'ccbfaebfa450b7a9ddf644ae0f3d1e9017d5df7c0aebe816e946345589d38201',
};
/** Steps of 20 ms that are heard of a prompt at most. */
const MOST = 200;

/**
 * @returns {Promise<{ prompt: string, label: string, features: Float32Array[] }[]>}  features: log-mel, 24 bands every 20 ms
 */
export async function loadPrompts(say = console.log) {
  const prompts = [];
  for (const [language, hash] of Object.entries(PACKAGES)) {
    const name = `asterisk-core-sounds-${language}-wav`;
    const home = await debianFolder(
      { name, hash, what: `telephone prompts, ${language} (20 MB)`, licence: 'CC-BY-SA-3.0' },
      say,
    );
    const sounds = path.join(home, 'usr/share/asterisk/sounds');
    const [voice] = await readdir(sounds);
    const files = (await readdir(path.join(sounds, voice), { recursive: true }))
      .filter((file) => file.endsWith('.wav'))
      .sort();
    for (const file of files) {
      // Silence has no voice.
      if (file.startsWith('silence')) continue;
      const bytes = await readFile(path.join(sounds, voice, file));
      // A header alone: a few words that a language does not need.
      if (bytes.length <= 44) continue;
      const { samples, sampleRate } = decodeWav(bytes, { name: file });
      const features = logMel(samples, { sampleRate, bands: 24, hop: 20 }).slice(0, MOST);
      prompts.push({ prompt: file, label: language, features });
    }
  }
  return prompts;
}

/** By the prompt's name: what one voice says in training, no other voice says in the test. */
export function split(prompts, seed) {
  const names = shuffled([...new Set(prompts.map(({ prompt }) => prompt))], generator(seed));
  const tested = new Set(names.slice(0, Math.round(names.length / 5)));
  const held = new Set(names.slice(tested.size, tested.size + Math.round(names.length / 10)));
  return {
    test: prompts.filter(({ prompt }) => tested.has(prompt)),
    valid: prompts.filter(({ prompt }) => held.has(prompt)),
    train: prompts.filter(({ prompt }) => !tested.has(prompt) && !held.has(prompt)),
  };
}
