// The reviews: 3,000 sentences from IMDb, Yelp and Amazon, half of them positive.
import { packageFiles } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';
import { tokenise } from './text.mjs';

/** @typedef {{ text: string, tokens: string[], label: 0 | 1 }} Review  label 1: praise */

// Kotzias et al., "From Group to Individual Labels using Deep Features", KDD 2015.
const source = {
  spec: 'sentiment@5.0.2',
  what: '3,000 labelled review sentences (UCI "Sentiment Labelled Sentences", 142 kB)',
  licence: 'CC BY 4.0',
  files: {
    'test/fixtures/imdb.json': '44a7b9082ed732ee2de3c858ea5ee2e99aca34f239a1c4359d3a300bf099bdb5',
    'test/fixtures/yelp.json': '9f3f47983f21eeb819380767b74bfa648eca208f156241111454b3e122773ff7',
    'test/fixtures/amazon.json': 'bc5eb0cac49fc45987301f1dc2d02cf5ca356ba6c882be179dce77d74e666ed9',
  },
};

/**
 * All reviews, each once: a text that stood in both the training and the test part would be a question whose answer was
 * learnt by heart. Two texts are the same if their words are, whatever the spaces and commas between them.
 *
 * @returns {Promise<Review[]>}
 */
export async function loadReviews(say = console.log) {
  const reviews = new Map();
  for (const bytes of Object.values(await packageFiles(source, say))) {
    for (const { text, class: label } of JSON.parse(bytes.toString('utf8'))) {
      if (label === null) continue; // each file ends with an empty element
      const tokens = tokenise(text);
      const key = tokens.join(' ');
      if (!reviews.has(key)) reviews.set(key, { text: text.trim(), tokens, label });
    }
  }
  return [...reviews.values()];
}

/**
 * A random 80/20 split into training and test part; a tenth of the training part is kept for early stopping.
 *
 * @template T
 * @param {T[]} items
 * @param {number} seed
 */
export function split(items, seed) {
  const order = shuffled(items, generator(seed));
  const test = order.splice(0, Math.round(items.length * 0.2));
  const validation = order.splice(0, Math.round(order.length * 0.1));
  return { train: order, validation, test };
}
