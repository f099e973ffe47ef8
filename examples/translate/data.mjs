// Names of emoji in two languages, from Unicode's CLDR: 4,342 phrases, each with its translation.
import { packageFiles } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';

export const LANGUAGES = ['fr', 'de'];
const SHA256 = {
  annotations: {
    en: 'f22083cb86dffb63a643d5bacb5d9899f82d2fa5d388ad4f3aed72184acef505',
    fr: '33da052f74782791989e6226d60871c846799e077a5a7fb4e87ecfa7ca385733',
    de: 'bfd22f5226d874843a28b6efec01db7e47dfae4ed802eceab8b416550f09e3c2',
  },
  annotationsDerived: {
    en: '15c9457afa703a32dcc78d54626418a91e820fe0ddd67b7d491c4c4d9f5846ab',
    fr: '012bb08af81a2ea0686e8fe069388f02dbd025d62b02d7423067c452b37e8855',
    de: '486a878923ef6d8303fd9b8f4472486c60575cb64a811a7dbef451bf064c4496',
  },
};

/**
 * Each English phrase once, with what it is called in the other language.
 *
 * @param {'fr' | 'de'} language
 * @returns {Promise<{ source: string, target: string }[]>}
 */
export async function loadPairs(language, say = console.log) {
  const names = { en: {}, [language]: {} };
  for (const [kind, spec] of [
    ['annotations', 'cldr-annotations-full@48.2.0'],
    ['annotationsDerived', 'cldr-annotations-derived-full@48.2.0'],
  ]) {
    for (const code of Object.keys(names)) {
      const path = `${kind}/${code}/annotations.json`;
      const files = await packageFiles(
        { spec, what: 'names of emoji (Unicode CLDR)', licence: 'Unicode-3.0', files: { [path]: SHA256[kind][code] } },
        say,
      );
      Object.assign(names[code], JSON.parse(files[path].toString('utf8'))[kind].annotations);
    }
  }
  const pairs = new Map();
  for (const [emoji, { tts: [source] = [] }] of Object.entries(names.en)) {
    const target = names[language][emoji]?.tts?.[0];
    if (source && target && !pairs.has(source)) pairs.set(source, { source, target });
  }
  return [...pairs.values()];
}

/** 600 pairs that nothing is learnt from, and the others. */
export function split(pairs, seed) {
  const order = shuffled(pairs, generator(seed));
  return { test: order.slice(0, 600), train: order.slice(600) };
}
