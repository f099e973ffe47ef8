// The pictures: the emoji of two artists' sets, 32 x 32, with their English names. Decoded and shrunk once, then kept.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { decodePng, resize } from 'unrolled/data';
import { cacheFolder, readIfThere, writeWhole } from '../lib/cache.mjs';
import { withPackage } from '../lib/fetch.mjs';

export const SIZE = 32;
const BYTES = 3 * SIZE * SIZE;

/** @typedef {{ image: { width: number, height: number, channels: number, data: Float32Array }, text: string, emoji: string }} Drawing */

const artists = {
  google: {
    spec: 'emoji-datasource-google@16.0.0',
    integrity: 'sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==',
    licence: 'Apache-2.0 (Noto Emoji)',
  },
  twitter: {
    spec: 'emoji-datasource-twitter@16.0.0',
    integrity: 'sha512-7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ==',
    licence: 'CC BY 4.0 (Twemoji)',
  },
};
const names = [
  {
    spec: 'cldr-annotations-full@48.2.0',
    file: 'annotations/en/annotations.json',
    integrity: 'sha512-DV7A+rEcgUSNTRsVGNGqBZRmAkGfwhGHO5Q1dRwzBoBnVrHWp804JP7/QJdEc66iHmx3+zLWVIMCFLm0lW7PUQ==',
    field: 'annotations',
  },
  {
    spec: 'cldr-annotations-derived-full@48.2.0',
    file: 'annotationsDerived/en/annotations.json',
    integrity: 'sha512-log62km+AOzI7n/NEuNNFV0mg9DWnt67EYCh1RwxZq9dyRuyteB586LT83Ke8TchEfnwI9cIk2P31zO4nTvZmw==',
    field: 'annotationsDerived',
  },
];

/**
 * All drawings of an artist that have an English name.
 *
 * @param {'google' | 'twitter'} artist
 * @returns {Promise<Drawing[]>}
 */
export async function loadDrawings(artist, say = console.log) {
  const file = path.join(cacheFolder(), 'emoji', `${artist}-${SIZE}.json`);
  const pixels = path.join(cacheFolder(), 'emoji', `${artist}-${SIZE}.rgb`);
  const [list, bytes] = [await readIfThere(file), await readIfThere(pixels)];
  if (list && bytes) {
    const drawings = JSON.parse(list.toString('utf8'));
    if (bytes.length === drawings.length * BYTES) return drawings.map((drawing, k) => withPixels(drawing, bytes, k));
  }
  const captions = await loadNames(say);
  const { spec, integrity, licence } = artists[artist];
  say(`fetching drawings: npm package ${spec}, licence ${licence}; shrinking them to ${SIZE} x ${SIZE}`);
  const drawings = [];
  const parts = [];
  await withPackage(spec, { integrity }, async (folder) => {
    const home = path.join(folder, 'img', artist, '64');
    for (const name of (await readdir(home)).sort()) {
      const emoji = String.fromCodePoint(
        ...name
          .replace('.png', '')
          .split('-')
          .map((code) => Number.parseInt(code, 16)),
      );
      const text = captions[emoji] ?? captions[emoji.replaceAll('\ufe0f', '')];
      if (text === undefined) continue;
      const image = resize(decodePng(await readFile(path.join(home, name)), { name }), SIZE, SIZE);
      drawings.push({ text, emoji });
      parts.push(Uint8Array.from(image.data, (value) => Math.round(255 * value)));
    }
  });
  const all = Buffer.concat(parts);
  await writeWhole(pixels, all);
  await writeWhole(file, JSON.stringify(drawings));
  return drawings.map((drawing, k) => withPixels(drawing, all, k));
}

function withPixels(drawing, bytes, k) {
  const data = Float32Array.from(bytes.subarray(k * BYTES, (k + 1) * BYTES), (value) => value / 255);
  return { ...drawing, image: { width: SIZE, height: SIZE, channels: 3, data } };
}

/** English names by emoji: what a screen reader says. */
async function loadNames(say) {
  const file = path.join(cacheFolder(), 'emoji', 'names.json');
  const kept = await readIfThere(file);
  if (kept) return JSON.parse(kept.toString('utf8'));
  const captions = {};
  for (const { spec, file: inside, integrity, field } of names) {
    say(`fetching names: npm package ${spec}, licence Unicode-3.0`);
    await withPackage(spec, { integrity }, async (folder) => {
      const { annotations } = JSON.parse(await readFile(path.join(folder, inside), 'utf8'))[field];
      for (const [emoji, { tts }] of Object.entries(annotations)) if (tts?.[0]) captions[emoji] = tts[0];
    });
  }
  await writeWhole(file, JSON.stringify(captions));
  return captions;
}
