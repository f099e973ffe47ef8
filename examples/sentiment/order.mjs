// Does the order of the words matter to a model? Each review against a shuffle of its own words.
import { generator, shuffled } from '../lib/random.mjs';
import { logits } from './train.mjs';

/**
 * @param {{ model: object, vocabulary: import('./text.mjs').Vocabulary }} trained
 * @param {{ tokens: string[] }[]} reviews
 * @returns how many reviews were compared, the largest |difference| of the two logits, how many logits were not the same
 *   bit for bit, and how many answers changed from positive to negative or back
 */
export function orderTest({ model, vocabulary }, reviews, seed = 0) {
  const random = generator(seed);
  // Words the vocabulary does not hold look alike to the model: only what it can tell apart is an order.
  const texts = reviews.map(({ tokens }) => vocabulary.encode(tokens)).filter((ids) => new Set(ids).size > 1);
  const shuffles = texts.map((ids) => otherOrder(ids, random));
  const before = logits(model, texts);
  const after = logits(model, shuffles);
  return {
    reviews: texts.length,
    largest: Math.max(...before.map((logit, k) => Math.abs(logit - after[k]))),
    different: before.filter((logit, k) => !Object.is(logit, after[k])).length,
    changed: before.filter((logit, k) => logit > 0 !== after[k] > 0).length,
  };
}

/** A shuffle that is not the same text again. */
function otherOrder(ids, random) {
  for (;;) {
    const other = shuffled(ids, random);
    if (other.some((id, k) => id !== ids[k])) return other;
  }
}
