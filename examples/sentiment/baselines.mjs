// What needs no recurrent net: always the commoner answer, a list of words with marks, and word counts with a straight line
// through them. Each learns from the same reviews as the nets, and is measured on the same.
import { packageFiles } from '../lib/fetch.mjs';

// Nielsen 2011, "A new ANEW": 3,382 words and phrases, each from -5 to 5. In the package that the reviews come from.
const afinn = {
  spec: 'sentiment@5.0.2',
  what: 'AFINN-165, words marked from -5 to 5',
  licence: 'MIT (package), ODbL (list)',
  files: { 'languages/en/labels.json': 'c632f16659901337310443c0a9981bef230704ef46ec70fbd08be5b9890341ea' },
};

/** @typedef {{ tokens: string[], label: 0 | 1 }} Review */

/** @param {Review[]} train @param {Review[]} test */
export function majority(train, test) {
  const positive = train.filter(({ label }) => label === 1).length;
  const answer = positive * 2 >= train.length ? 1 : 0;
  return accuracy(test, () => answer);
}

export async function loadLexicon(say = console.log) {
  const [bytes] = Object.values(await packageFiles(afinn, say));
  return new Map(Object.entries(JSON.parse(bytes.toString('utf8'))));
}

/** The sign of the sum of a review's marks; a mark counts the other way round behind "not" or "no". Without any: `fallback`. */
export function lexicon(marks, test, fallback) {
  return accuracy(test, ({ tokens }) => {
    let sum = 0;
    for (const [k, token] of tokens.entries()) {
      const turned = ['not', 'no', 'never'].includes(tokens[k - 1]) || ['not', 'no', 'never'].includes(tokens[k - 2]);
      sum += (marks.get(token) ?? 0) * (turned ? -1 : 1);
    }
    return sum === 0 ? fallback : Number(sum > 0);
  });
}

/**
 * Logistic regression on TF-IDF, as scikit-learn's TfidfVectorizer and LogisticRegression with their defaults:
 *
 *   x_w = count_w (ln((1 + N) / (1 + N_w)) + 1), each review scaled to length 1
 *   minimise  sum log(1 + exp(-y (w x + b))) + |w|^2 / 2
 *
 * @param {Review[]} train
 * @param {Review[]} test
 * @returns {{ accuracy: number, parameters: number }}
 */
export function logisticRegression(train, test) {
  const found = new Map();
  for (const { tokens } of train) for (const token of new Set(tokens)) found.set(token, (found.get(token) ?? 0) + 1);
  const ids = new Map([...found.keys()].map((token, id) => [token, id]));
  const idf = [...found.values()].map((count) => Math.log((1 + train.length) / (1 + count)) + 1);
  const vectorOf = ({ tokens }) => {
    const counts = new Map();
    for (const token of tokens) if (ids.has(token)) counts.set(ids.get(token), (counts.get(ids.get(token)) ?? 0) + 1);
    const entries = [...counts].map(([id, count]) => [id, count * idf[id]]);
    const length = Math.hypot(...entries.map(([, value]) => value)) || 1;
    return entries.map(([id, value]) => [id, value / length]);
  };
  const rows = train.map((review) => ({ x: vectorOf(review), y: review.label }));
  const { weights, bias } = descend(rows, ids.size);
  const right = accuracy(test, (review) => Number(score(vectorOf(review), weights, bias) > 0));
  return { accuracy: right, parameters: ids.size + 1 };
}

const score = (x, weights, bias) => x.reduce((sum, [id, value]) => sum + weights[id] * value, bias);

/** Nesterov's accelerated gradient: the curvature is from 1 (the penalty) to N/4 + 1. */
function descend(rows, size) {
  const condition = rows.length / 4 + 1;
  const momentum = (Math.sqrt(condition) - 1) / (Math.sqrt(condition) + 1);
  // The last one is the bias, which is not drawn towards 0.
  let weights = new Float64Array(size + 1);
  let ahead = weights;
  for (let k = 1; k <= 2000; k++) {
    const gradient = Float64Array.from(ahead, (weight, id) => (id < size ? weight : 0));
    for (const { x, y } of rows) {
      const wrong = 1 / (1 + Math.exp(-score(x, ahead, ahead[size]))) - y;
      for (const [id, value] of x) gradient[id] += wrong * value;
      gradient[size] += wrong;
    }
    const next = ahead.map((weight, id) => weight - gradient[id] / condition);
    ahead = next.map((weight, id) => weight + momentum * (weight - weights[id]));
    weights = next;
    if (gradient.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) < 1e-3) break;
  }
  return { weights, bias: weights[size] };
}

function accuracy(test, answer) {
  return test.filter((review) => answer(review) === review.label).length / test.length;
}
