// Vocabularies as a task's preprocessing keeps them.
import { Vocabulary } from '../data/text/vocabulary.js';

const made = new WeakMap<object, Vocabulary>();

/** The vocabulary of a list of tokens: one object a list, however often it is asked for. */
export function vocabularyOf(tokens: readonly string[]): Vocabulary {
  const known = made.get(tokens);
  if (known) return known;
  const vocabulary = Vocabulary.fromJSON(tokens);
  made.set(tokens, vocabulary);
  return vocabulary;
}
