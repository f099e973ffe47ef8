// From the scores of a net trained with ctcLoss to what it says: greedily, or by prefix beam search.
import { showShape, type Tensor } from '../autograd/tensor.js';
import { IndexError, LengthsError, NumericError, ShapeError } from '../errors.js';
import { checkOptions, is, type Rule, show } from '../options.js';

export interface CtcDecodeOptions {
  /** Valid steps of each row, 0..T. Default: all T. */
  readonly lengths?: readonly number[] | Int32Array;
  /** The class that says nothing. Default 0. */
  readonly blank?: number;
}

export interface CtcBeamOptions extends CtcDecodeOptions {
  /** How many prefixes are followed at a time. Default 16. */
  readonly beamWidth?: number;
  /** How many of them are given, best first; at most beamWidth. Default 1. */
  readonly beams?: number;
  /**
   * What is added to a prefix's log probability when `token` is put behind it: a language model's log probability, times a
   * weight, or a bonus for each token. Has to give the same for the same. Default: nothing.
   */
  readonly tokenScore?: (prefix: readonly number[], token: number) => number;
}

export interface CtcHypothesis {
  readonly tokens: readonly number[];
  /** log probability of the tokens over all paths the beam followed, and what tokenScore added. */
  readonly score: number;
}

const isLengths: Rule = {
  expected: 'a list of lengths',
  accepts: (v) => Array.isArray(v) || v instanceof Int32Array,
};
const RULES = { lengths: isLengths, blank: is.integer(0) };

/**
 * The likeliest class of each step, repetitions made one, blanks left out. The likeliest path, which need not say the likeliest
 * tokens; of equal scores the lower class counts.
 *
 * @param logits  [T,B,C] scores, as ctcLoss takes them
 * @returns tokens of each row
 * @throws NumericError  if a score is NaN
 * Source: Graves et al. 2006, "best path decoding".
 */
export function ctcGreedy(logits: Tensor, options: CtcDecodeOptions = {}): number[][] {
  checkOptions<CtcDecodeOptions>('ctcGreedy', options, RULES);
  const { B, C, blank, lengths } = check('ctcGreedy', logits, options);
  const { data } = logits;
  return lengths.map((steps, b) => {
    const said: number[] = [];
    let before = blank;
    for (let t = 0; t < steps; t++) {
      const row = (t * B + b) * C;
      let best = 0;
      for (let c = 0; c < C; c++) {
        const score = data[row + c] as number;
        if (Number.isNaN(score)) throw diverged('ctcGreedy', t, b, c);
        if (score > (data[row + best] as number)) best = c;
      }
      if (best !== blank && best !== before) said.push(best);
      before = best;
    }
    return said;
  });
}

/**
 * Prefix beam search: at each step the `beamWidth` likeliest prefixes, each with the probability of all its paths so far.
 *
 *   p(prefix at t) = p_blank + p_token: its paths that end in a blank, and in its last token
 *   p_blank' = (p_blank + p_token) y[blank]        p_token' = p_token y[last] + what comes in from the prefix without it:
 *   (p_blank + p_token) y[last], or only p_blank y[last] where the prefix without it ends in the same token
 *
 * Exact where the beam is as wide as there are prefixes; a width of 16 seldom misses the best.
 *
 * @param logits  [T,B,C] scores, as ctcLoss takes them
 * @returns for each row its hypotheses, best first: `beams` of them, or as many as there are
 * @throws NumericError  if a score is NaN
 * Source: Hannun et al. 2014, "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional RNNs", algorithm 1.
 */
export function ctcBeam(logits: Tensor, options: CtcBeamOptions = {}): CtcHypothesis[][] {
  checkOptions<CtcBeamOptions>('ctcBeam', options, {
    ...RULES,
    beamWidth: is.integer(1),
    beams: is.integer(1),
    tokenScore: is.function,
  });
  const { beamWidth = 16, beams = 1, tokenScore } = options;
  const { B, C, blank, lengths } = check('ctcBeam', logits, options);
  const { data } = logits;
  const y = new Float64Array(C);
  return lengths.map((steps, b) => {
    const beam = new Beam(C, blank, beamWidth, tokenScore);
    for (let t = 0; t < steps; t++) {
      logSoftmaxOf(data, (t * B + b) * C, y, (c) => diverged('ctcBeam', t, b, c));
      beam.step(y);
    }
    return beam.best(Math.min(beams, beamWidth));
  });
}

const NONE = Number.NEGATIVE_INFINITY;
const logAdd = (x: number, y: number): number =>
  x > y ? x + Math.log1p(Math.exp(y - x)) : y === NONE ? NONE : y + Math.log1p(Math.exp(x - y));

/** The prefixes of one row. Prefixes are nodes of a tree, numbered as they come: a list of numbers each would be copied at every step. */
class Beam {
  /** By node; node 0 says nothing. */
  readonly #parent: number[] = [-1];
  readonly #token: number[] = [-1];
  /** Place in the beam, or -1. */
  readonly #place: number[] = [0];
  /** The child of node n by token c, at n * C + c. */
  readonly #children = new Map<number, number>();
  /** By place in the beam: node, log probability of the paths that end in a blank and in the last token. */
  #nodes: number[] = [0];
  #inBlank: number[] = [0];
  #inToken: number[] = [NONE];
  /** Candidates for the next beam: a heap whose first is the worst. `from` is the place, `token` -1 for the prefix itself. */
  readonly #score: Float64Array;
  readonly #from: Int32Array;
  readonly #by: Int32Array;
  #count = 0;
  readonly #scores: Map<number, number> | null;

  constructor(
    readonly classes: number,
    readonly blank: number,
    readonly width: number,
    readonly tokenScore: CtcBeamOptions['tokenScore'],
  ) {
    this.#score = new Float64Array(width);
    this.#from = new Int32Array(width);
    this.#by = new Int32Array(width);
    this.#scores = tokenScore ? new Map() : null;
  }

  step(y: Float64Array): void {
    const [nodes, inBlank, inToken] = [this.#nodes, this.#inBlank, this.#inToken];
    const all = nodes.map((_, k) => logAdd(inBlank[k] as number, inToken[k] as number));
    /** From place k by token c, log probability of the longer prefix's new paths. */
    const longer = (k: number, c: number): number => {
      const before = this.#token[nodes[k] as number] === c ? (inBlank[k] as number) : (all[k] as number);
      return before + (y[c] as number) + (this.#scores ? this.#added(nodes[k] as number, c) : 0);
    };
    const nextBlank = all.map((log) => log + (y[this.blank] as number));
    const nextToken = nodes.map((node, k) => {
      const token = this.#token[node] as number;
      if (token < 0) return NONE;
      const stays = (inToken[k] as number) + (y[token] as number);
      const parent = this.#place[this.#parent[node] as number] as number;
      return parent < 0 ? stays : logAdd(stays, longer(parent, token));
    });

    this.#count = 0;
    for (let k = 0; k < nodes.length; k++) this.#offer(logAdd(nextBlank[k] as number, nextToken[k] as number), k, -1);
    for (let k = 0; k < nodes.length; k++) {
      for (let c = 0; c < this.classes; c++) {
        if (c === this.blank) continue;
        const score = longer(k, c);
        // Most are worse than the beam already: only of the others is it asked whether they are in it.
        if (this.#count === this.width && score <= (this.#score[0] as number)) continue;
        const child = this.#children.get((nodes[k] as number) * this.classes + c);
        if (child === undefined || (this.#place[child] as number) < 0) this.#offer(score, k, c);
      }
    }

    const count = this.#count;
    const chosen = Array.from({ length: count }, (_, h) => ({
      score: this.#score[h] as number,
      from: this.#from[h] as number,
      by: this.#by[h] as number,
    }));
    this.#nodes = chosen.map(({ from, by }) =>
      by < 0 ? (nodes[from] as number) : this.#child(nodes[from] as number, by),
    );
    this.#inBlank = chosen.map(({ from, by }) => (by < 0 ? (nextBlank[from] as number) : NONE));
    this.#inToken = chosen.map(({ score, from, by }) => (by < 0 ? (nextToken[from] as number) : score));
    for (const node of nodes) this.#place[node] = -1;
    for (const [k, node] of this.#nodes.entries()) this.#place[node] = k;
  }

  best(count: number): CtcHypothesis[] {
    return this.#nodes
      .map((node, k) => ({
        tokens: this.#prefix(node),
        score: logAdd(this.#inBlank[k] as number, this.#inToken[k] as number),
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, count);
  }

  #child(node: number, c: number): number {
    const key = node * this.classes + c;
    let child = this.#children.get(key);
    if (child === undefined) {
      child = this.#parent.length;
      this.#parent.push(node);
      this.#token.push(c);
      this.#place.push(-1);
      this.#children.set(key, child);
    }
    return child;
  }

  #prefix(node: number): number[] {
    const tokens: number[] = [];
    for (let n = node; n > 0; n = this.#parent[n] as number) tokens.push(this.#token[n] as number);
    return tokens.reverse();
  }

  #added(node: number, c: number): number {
    const key = node * this.classes + c;
    let score = this.#scores?.get(key);
    if (score === undefined) {
      score = this.tokenScore?.(this.#prefix(node), c) as number;
      if (Number.isNaN(score) || typeof score !== 'number') {
        throw new NumericError(`ctcBeam: tokenScore must give a number, got ${show(score)} for token ${c}`);
      }
      this.#scores?.set(key, score);
    }
    return score;
  }

  /** Into the heap, if it is among the best so far. */
  #offer(score: number, from: number, by: number): void {
    if (score === NONE) return;
    let k = 0;
    if (this.#count < this.width) {
      // Up from the end.
      for (k = this.#count++; k > 0; ) {
        const above = (k - 1) >> 1;
        if ((this.#score[above] as number) <= score) break;
        this.#move(k, above);
        k = above;
      }
    } else {
      if (score <= (this.#score[0] as number)) return;
      // Down from the place of the worst.
      for (let below = 1; below < this.width; below = 2 * k + 1) {
        if (below + 1 < this.width && (this.#score[below + 1] as number) < (this.#score[below] as number)) below++;
        if ((this.#score[below] as number) >= score) break;
        this.#move(k, below);
        k = below;
      }
    }
    this.#score[k] = score;
    this.#from[k] = from;
    this.#by[k] = by;
  }

  #move(to: number, k: number): void {
    this.#score[to] = this.#score[k] as number;
    this.#from[to] = this.#from[k] as number;
    this.#by[to] = this.#by[k] as number;
  }
}

function logSoftmaxOf(data: ArrayLike<number>, at: number, y: Float64Array, error: (c: number) => Error): void {
  let most = NONE;
  for (let c = 0; c < y.length; c++) {
    const score = data[at + c] as number;
    if (Number.isNaN(score)) throw error(c);
    if (score > most) most = score;
  }
  let sum = 0;
  for (let c = 0; c < y.length; c++) sum += Math.exp((data[at + c] as number) - most);
  const shift = most + Math.log(sum);
  for (let c = 0; c < y.length; c++) y[c] = (data[at + c] as number) - shift;
}

const diverged = (where: string, t: number, b: number, c: number) =>
  new NumericError(`${where}: the score of class ${c} at step ${t} of row ${b} is NaN; the model has diverged`);

function check(
  where: string,
  logits: Tensor,
  { lengths, blank = 0 }: CtcDecodeOptions,
): { B: number; C: number; blank: number; lengths: number[] } {
  if (logits.shape.length !== 3) {
    throw new ShapeError(`${where}: logits must be [T,B,C], time, batch and classes, got ${showShape(logits.shape)}`);
  }
  const [T, B, C] = logits.shape as readonly [number, number, number];
  if (blank >= C) throw new IndexError(`${where}: blank must be one of the ${C} classes, 0..${C - 1}, got ${blank}`);
  const list = lengths === undefined ? new Array<number>(B).fill(T) : Array.from(lengths);
  if (list.length !== B || !list.every((length) => Number.isInteger(length) && length >= 0 && length <= T)) {
    throw new LengthsError(`${where}: lengths must be ${B} numbers, each 0..${T}, got ${show(list)}`);
  }
  return { B, C, blank, lengths: list };
}
