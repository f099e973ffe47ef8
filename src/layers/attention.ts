// Attention: which steps of one sequence matter to each step of another.
import { tensor } from '../autograd/creation.js';
import { type Parameter, showShape, type Tensor } from '../autograd/tensor.js';
import { ShapeError } from '../errors.js';
import { add, mul, tanh } from '../ops/elementwise.js';
import { linear, matmul } from '../ops/matmul.js';
import { checkLengths, type RowLengths, zeroPadding } from '../ops/padding.js';
import { softmax } from '../ops/rows.js';
import { permute, reshape } from '../ops/shape.js';
import { checkOptions, is, required } from '../options.js';
import { uniformParameter } from './init.js';
import { Module } from './module.js';

export interface AttentionOptions {
  readonly kind: 'dot' | 'general' | 'additive';
  /** Numbers of a query. */
  readonly querySize: number;
  /** Numbers of a key. Default: querySize. */
  readonly keySize?: number;
  /** additive: numbers that query and key are compared in. Default: querySize. */
  readonly hiddenSize?: number;
  /** Multiplies the scores; 1 / sqrt(querySize) is that of Transformers. Default 1. */
  readonly scale?: number;
}

export interface AttentionResult {
  /** [Tq, B, V] ([B, V]): means of the values, weighted. */
  readonly context: Tensor;
  /** [Tq, B, Tk] ([B, Tk]): how much each key matters, in all 1; 0 past a row's length. */
  readonly weights: Tensor;
}

export interface AttentionInputs {
  /** What is looked up, [Tk, B, V]. Default: the keys. */
  readonly values?: Tensor;
  /** Valid keys of each row, 0..Tk. What stands past them never matters; a row without any has context 0 and weights 0. */
  readonly lengths?: RowLengths;
}

/**
 * Attention of queries over keys.
 *
 *   score(q, k) = q . k                    dot      (Luong et al. 2015)
 *               = q . W k                  general  (Luong et al. 2015)
 *               = v . tanh(W q + U k)      additive (Bahdanau et al. 2015)
 *   weights = softmax over the keys of scale * score        context = sum of weights * values
 *
 *   const attention = new Attention({ kind: 'general', querySize: 64, keySize: 128 });
 *   const { context, weights } = attention.forward(decoder.output, encoder.output, { lengths });
 *
 * Parameters: `weight_key` [querySize, keySize] (general), `weight_query` [hiddenSize, querySize], `weight_key` [hiddenSize, keySize] and
 * `weight_score` [hiddenSize] (additive). They start uniform within 1 / sqrt of the numbers that each sums.
 */
export class Attention extends Module {
  readonly kind: AttentionOptions['kind'];
  readonly querySize: number;
  readonly keySize: number;
  readonly scale: number;
  weight_query?: Parameter;
  weight_key?: Parameter;
  weight_score?: Parameter;

  constructor(options: AttentionOptions) {
    super();
    checkOptions<AttentionOptions>('Attention', options, {
      kind: required(is.oneOf('dot', 'general', 'additive')),
      querySize: required(is.integer(1)),
      keySize: is.integer(1),
      hiddenSize: is.integer(1),
      scale: is.number(),
    });
    const { kind, querySize, keySize = querySize, hiddenSize = querySize, scale = 1 } = options;
    if (kind === 'dot' && keySize !== querySize) {
      throw new ShapeError(
        `Attention: for kind "dot" keySize must be querySize, ${querySize}, got ${keySize}; take "general", whose W makes the sizes meet`,
      );
    }
    this.kind = kind;
    this.querySize = querySize;
    this.keySize = keySize;
    this.scale = scale;
    if (kind === 'dot') return;
    const rows = kind === 'general' ? querySize : hiddenSize;
    this.weight_key = uniformParameter([rows, keySize], 1 / Math.sqrt(keySize));
    if (kind === 'general') return;
    this.weight_query = uniformParameter([hiddenSize, querySize], 1 / Math.sqrt(querySize));
    this.weight_score = uniformParameter([hiddenSize], 1 / Math.sqrt(hiddenSize));
  }

  /**
   * @param query  [Tq, B, querySize], or [B, querySize] for one step
   * @param keys   [Tk, B, keySize]
   * @throws ShapeError    if the shapes disagree
   * @throws LengthsError  if there is not one length in 0..Tk for each row
   */
  forward(query: Tensor, keys: Tensor, inputs: AttentionInputs = {}): AttentionResult {
    checkOptions<AttentionInputs>('Attention.forward', inputs, { values: is.any, lengths: is.any });
    const isStep = query.shape.length === 2;
    const q = isStep ? reshape(query, [1, ...query.shape]) : query;
    const [Tq, B] = q.shape as [number, number];
    const [Tk] = keys.shape as [number];
    this.#check('query', q, [Tq, B, this.querySize]);
    this.#check('keys', keys, [Tk, B, this.keySize]);
    const { values: given = keys, lengths } = inputs;
    if (given.shape.length !== 3 || given.shape[0] !== Tk || given.shape[1] !== B) {
      throw new ShapeError(`Attention: values must be [${Tk}, ${B}, V] as the keys, got ${showShape(given.shape)}`);
    }
    const steps = lengths === undefined ? null : checkLengths('Attention', lengths, Tk, B);
    const k = steps === null ? keys : zeroPadding(keys, steps);
    const values = given === keys ? k : steps === null ? given : zeroPadding(given, steps);

    const scores = this.#scores(q, k); // [B, Tq, Tk]
    const mask = steps && paddingMask(steps, Tk);
    const found = softmax(mask ? add(scores, mask.shut) : scores);
    const weights = mask?.alive ? mul(found, mask.alive) : found;
    const context = matmul(weights, permute(values, [1, 0, 2])); // [B, Tq, V]
    const timeFirst = (t: Tensor): Tensor => {
      const turned = permute(t, [1, 0, 2]);
      return isStep ? reshape(turned, [B, t.shape[2] as number]) : turned;
    };
    return { context: timeFirst(context), weights: timeFirst(weights) };
  }

  /** [B, Tq, Tk] */
  #scores(query: Tensor, keys: Tensor): Tensor {
    const scaled = (scores: Tensor) => (this.scale === 1 ? scores : mul(scores, this.scale));
    if (this.kind !== 'additive') {
      const compared = this.weight_key ? linear(keys, this.weight_key, null) : keys;
      return scaled(matmul(permute(query, [1, 0, 2]), permute(compared, [1, 2, 0])));
    }
    const [Tq, B] = query.shape as [number, number];
    const Tk = keys.shape[0] as number;
    const q = permute(linear(query, this.weight_query as Parameter, null), [1, 0, 2]);
    const k = permute(linear(keys, this.weight_key as Parameter, null), [1, 0, 2]);
    const A = q.shape[2] as number;
    const both = tanh(add(reshape(q, [B, Tq, 1, A]), reshape(k, [B, 1, Tk, A])));
    return scaled(matmul(both, this.weight_score as Parameter));
  }

  #check(name: string, t: Tensor, shape: readonly (number | undefined)[]): void {
    if (t.shape.length === 3 && t.shape.every((dim, k) => dim === shape[k])) return;
    const [time, batch, size] = shape;
    throw new ShapeError(
      `Attention: ${name} must be [${time ?? 'T'}, ${batch ?? 'B'}, ${size}] (time, batch, ${name === 'keys' ? 'keySize' : 'querySize'}), ` +
        `got ${showShape(t.shape)}`,
    );
  }
}

/** shut [B, 1, Tk]: -Infinity past the length. A row of length 0 is left open, and shut as a whole by `alive` [B, 1, 1]. */
function paddingMask(steps: readonly number[], Tk: number): { shut: Tensor; alive: Tensor | null } {
  const B = steps.length;
  const shut = new Float32Array(B * Tk);
  for (const [b, length] of steps.entries()) {
    if (length > 0) shut.fill(Number.NEGATIVE_INFINITY, b * Tk + length, (b + 1) * Tk);
  }
  const alive = steps.includes(0)
    ? tensor(
        Float32Array.from(steps, (length) => Number(length > 0)),
        [B, 1, 1],
      )
    : null;
  return { shut: tensor(shut, [B, 1, Tk]), alive };
}
