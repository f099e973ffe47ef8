// Does the order of the words matter to a model? Each review against a shuffle of its own words.
import { generator, shuffled } from '../lib/random.mjs';
import { logits } from './train.mjs';

/**
 * @param {{ model: object, vocabulary: object }} trained
 * @param {{ tokens: string[] }[]} reviews
 * @returns how many reviews were compared, the largest |difference| of the two logits, how many logits were not the same
 *   bit for bit, and how many answers changed from positive to negative or back
 */
export function orderTest(trained, reviews, seed = 0) {
  const random = generator(seed);
  const texts = reviews.map(({ tokens }) => tokens).filter((tokens) => new Set(tokens).size > 1);
  const before = logits(trained, texts);
  const after = logits(
    trained,
    texts.map((tokens) => otherOrder(tokens, random)),
  );
  const differences = before.map((logit, k) => Math.abs(logit - after[k]));
  return {
    reviews: texts.length,
    largest: Math.max(...differences),
    different: before.filter((logit, k) => !Object.is(logit, after[k])).length,
    changed: before.filter((logit, k) => logit > 0 !== after[k] > 0).length,
  };
}

/** A shuffle that is not the same text again. */
function otherOrder(tokens, random) {
  for (;;) {
    const other = shuffled(tokens, random);
    if (other.some((token, k) => token !== tokens[k])) return other;
  }
}
