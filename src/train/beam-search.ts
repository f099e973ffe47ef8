// Beam search: the likeliest sequences of tokens that a model gives, several looked at side by side.
import { Tensor } from '../autograd/tensor.js';
import { NumericError, ShapeError } from '../errors.js';
import { checkOptions, is, required } from '../options.js';

/** @typeParam S  what the model carries from step to step, a row for each hypothesis: a RecurrentState, as a rule */
export interface BeamSearchOptions<S> {
  /** Sentences to search for, side by side. */
  readonly batch: number;
  /** The token that every sequence begins with; it is not part of the result. */
  readonly begin: number;
  /** The token that ends a sequence; it is not part of the result. */
  readonly end: number;
  /** Before the first step: batch * beamWidth rows, those of a sentence next to each other and alike. */
  readonly state: S;
  /**
   * One step of the model for all rows at once.
   *
   * @param tokens  [batch * beamWidth] the last token of each hypothesis
   * @returns log probabilities [batch * beamWidth, C], and the state behind the step
   */
  readonly step: (tokens: Int32Array, state: S) => { readonly logProbs: Tensor; readonly state: S };
  /** The rows of a state at these places. Default: state.select(rows), as a RecurrentState has it. */
  readonly select?: (state: S, rows: readonly number[]) => S;
  /** Hypotheses that are looked at side by side; 1 is greedy decoding. Default 4. */
  readonly beamWidth?: number;
  /** Tokens of a result at most; one that has not ended by then is taken as it is. Default 100. */
  readonly maxLength?: number;
  /**
   * alpha: hypotheses are compared by log p / ((5 + length) / 6)^alpha, as a sum of logarithms falls with every token. The end counts
   * as a token. 0: by log p. Default 0.6. (Wu et al. 2016, without coverage.)
   */
  readonly lengthPenalty?: number;
  /** How many results a sentence, at most beamWidth. Default 1. */
  readonly results?: number;
}

export interface Hypothesis {
  readonly tokens: readonly number[];
  /** The sum over its tokens, the end included. */
  readonly logProb: number;
  /** By which it was compared: logProb over the length penalty. */
  readonly score: number;
}

interface Beam {
  readonly tokens: readonly number[];
  readonly logProb: number;
}

/**
 * For each sentence the best hypotheses found, best first.
 *
 *   const memory = model.encode(source);   // rows repeated beamWidth times
 *   const [best] = beamSearch({ batch: 1, begin: 2, end: 3, state, step: (tokens, state) => model.step(tokens, state, memory) })[0];
 *
 * A sentence is done when no open hypothesis can overtake its worst kept result. With a beam as wide as there are sequences the
 * search is exhaustive.
 */
export function beamSearch<S>(options: BeamSearchOptions<S>): Hypothesis[][] {
  checkOptions<BeamSearchOptions<S>>('beamSearch', options, {
    batch: required(is.integer(1)),
    begin: required(is.integer(0)),
    end: required(is.integer(0)),
    state: is.any,
    step: required(is.function),
    select: is.function,
    beamWidth: is.integer(1),
    maxLength: is.integer(1),
    lengthPenalty: is.number(0),
    results: is.integer(1),
  });
  const { batch: B, begin, end, step, beamWidth: W = 4, maxLength = 100, lengthPenalty: alpha = 0.6 } = options;
  const results = Math.min(options.results ?? 1, W);
  const select = options.select ?? ((state: S, rows: readonly number[]) => (state as Selectable<S>).select(rows));
  const penalty = (length: number) => ((5 + length) / 6) ** alpha;

  let state = options.state;
  const tokens = new Int32Array(B * W).fill(begin);
  // A place without a hypothesis is null: at first all but one, as they would all be the same.
  const beams: (Beam | null)[][] = Array.from({ length: B }, () => [
    { tokens: [], logProb: 0 },
    ...new Array<null>(W - 1).fill(null),
  ]);
  const done: Hypothesis[][] = Array.from({ length: B }, () => []);
  const isDone: boolean[] = new Array(B).fill(false);

  for (let length = 1; length <= maxLength + 1; length++) {
    const { logProbs, state: next } = step(tokens, state);
    const C = classesOf(logProbs, B * W);
    const scores = logProbs.data;
    const rows = Array.from({ length: B * W }, (_, row) => row);
    for (let b = 0; b < B; b++) {
      if (isDone[b]) continue;
      const own = beams[b] as (Beam | null)[];
      const found = done[b] as Hypothesis[];
      const open: (Beam | null)[] = [];
      // Twice as many as there are places: as many again may end here.
      for (const [place, token, logProb] of likeliest(own, scores, b * W, C, 2 * W)) {
        const before = (own[place] as Beam).tokens;
        if (token === end) {
          // A hypothesis that ends below the beam would not have been looked at.
          if (open.length < W) found.push({ tokens: before, logProb, score: logProb / penalty(length) });
        } else if (open.length < W && length <= maxLength) {
          rows[b * W + open.length] = b * W + place;
          tokens[b * W + open.length] = token;
          open.push({ tokens: [...before, token], logProb });
        }
      }
      if (length === maxLength + 1) {
        // Cut off: without an end, at the price of what there is.
        for (const beam of own) {
          if (beam) found.push({ ...beam, score: beam.logProb / penalty(beam.tokens.length) });
        }
      }
      found.sort((x, y) => y.score - x.score);
      found.splice(W);
      while (open.length < W) open.push(null);
      beams[b] = open;
      const best = Math.max(...open.map((beam) => beam?.logProb ?? Number.NEGATIVE_INFINITY));
      // At the length where the penalty is most generous a sum of logarithms, which only falls, would have to be this good.
      isDone[b] =
        best === Number.NEGATIVE_INFINITY ||
        (found.length >= results && best / penalty(maxLength + 1) <= (found[results - 1] as Hypothesis).score);
    }
    if (isDone.every(Boolean)) break;
    state = select(next, rows);
  }
  return done.map((found) => found.slice(0, results));
}

interface Selectable<S> {
  select(rows: readonly number[]): S;
}

function classesOf(logProbs: Tensor, rows: number): number {
  const [n, C] = logProbs instanceof Tensor ? logProbs.shape : [];
  if (logProbs instanceof Tensor && logProbs.shape.length === 2 && n === rows && C) return C;
  throw new ShapeError(
    `beamSearch: step must return logProbs [${rows}, C], a row for each hypothesis (batch * beamWidth), got ` +
      `${logProbs instanceof Tensor ? `[${logProbs.shape.join(', ')}]` : String(logProbs)}`,
  );
}

/** The best continuations of a sentence's beams: [place, token, log probability of the whole], best first. */
function likeliest(
  beams: readonly (Beam | null)[],
  scores: ArrayLike<number>,
  firstRow: number,
  C: number,
  count: number,
): [number, number, number][] {
  const best: [number, number, number][] = [];
  for (const [place, beam] of beams.entries()) {
    if (beam === null) continue;
    const row = (firstRow + place) * C;
    for (let token = 0; token < C; token++) {
      const own = scores[row + token] as number;
      if (Number.isNaN(own)) throw new NumericError('beamSearch: a log probability is NaN; the model has diverged');
      const logProb = beam.logProb + own;
      if (logProb === Number.NEGATIVE_INFINITY) continue;
      if (best.length === count && logProb <= (best[count - 1] as [number, number, number])[2]) continue;
      let at = best.length;
      while (at > 0 && (best[at - 1] as [number, number, number])[2] < logProb) at--;
      best.splice(at, 0, [place, token, logProb]);
      if (best.length > count) best.pop();
    }
  }
  return best;
}
