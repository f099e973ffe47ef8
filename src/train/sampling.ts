// Drawing the next token from a model's scores.
import { type Generator, generator } from '../autograd/random.js';
import { Tensor } from '../autograd/tensor.js';
import { NumericError, OptionError, ShapeError } from '../errors.js';
import { checkOptions, is } from '../options.js';

export interface SampleOptions {
  /** Divides the scores: below 1 safer, above 1 wilder; 0 always takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** Only the k likeliest. Default 0: all. */
  readonly topK?: number;
  /** Only the likeliest that together have this probability (nucleus sampling: Holtzman et al. 2020). Default 1: all. */
  readonly topP?: number;
  /** Default: the global one, which u.seed restarts. */
  readonly generator?: Generator;
}

/**
 * A token drawn by softmax(scores / temperature), cut to the likeliest topK, then topP, and renormalised. Of equal scores the
 * lower token counts as likelier.
 *
 * @param scores  one row of logits, [C]
 * @returns 0..C-1
 * @throws NumericError  if a score is NaN
 */
export function sampleToken(scores: Tensor | ArrayLike<number>, options: SampleOptions = {}): number {
  checkOptions<SampleOptions>('sampleToken', options, {
    temperature: is.number(0),
    topK: is.integer(0),
    topP: { expected: 'a number above 0, at most 1', accepts: (v) => typeof v === 'number' && v > 0 && v <= 1 },
    generator: is.object,
  });
  const { temperature = 1, topK = 0, topP = 1, generator: random = generator } = options;
  const values = scores instanceof Tensor ? scores.data : scores;
  const C = values.length;
  if (C === 0) throw new ShapeError('sampleToken: scores must have at least one element, got none');
  let best = 0;
  for (let c = 0; c < C; c++) {
    if (Number.isNaN(values[c])) throw new NumericError(`sampleToken: score ${c} is NaN; the model has diverged`);
    if ((values[c] as number) > (values[best] as number)) best = c;
  }
  if (temperature === 0) return best;
  const top = values[best] as number;
  if (top === Number.NEGATIVE_INFINITY)
    throw new OptionError('sampleToken: every score is -Infinity: no token is possible');
  const weights = Float64Array.from({ length: C }, (_, c) =>
    // Infinity - Infinity is no number: the largest has weight 1 whatever it is.
    values[c] === top ? 1 : Math.exp(((values[c] as number) - top) / temperature),
  );
  const kept = topK === 0 && topP === 1 ? null : likeliest(weights, topK || C, topP);
  const order = kept ?? weights.keys();
  let total = 0;
  for (const c of kept ?? weights.keys()) total += weights[c] as number;
  let left = random.uniform() * total;
  let last = best;
  for (const c of order) {
    last = c;
    left -= weights[c] as number;
    if (left < 0) return c;
  }
  return last;
}

/** The first k by weight, and of these as many as reach the share p of all. */
function likeliest(weights: Float64Array, k: number, p: number): number[] {
  const order = Array.from(weights.keys()).sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const first = order.slice(0, k);
  if (p === 1) return first;
  const total = first.reduce((sum, c) => sum + (weights[c] as number), 0);
  let sum = 0;
  const end = first.findIndex((c) => {
    sum += weights[c] as number;
    return sum >= p * total;
  });
  return first.slice(0, end + 1);
}
