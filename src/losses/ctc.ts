// Connectionist temporal classification: the loss of a sequence whose target has no times, only an order.
import { current } from '../autograd/context.js';
import { tensor } from '../autograd/creation.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, intsOf, showShape, Tensor } from '../autograd/tensor.js';
import type { Ints } from '../backend/types.js';
import { IndexError, LengthsError, ShapeError } from '../errors.js';
import { checkOptions, is, type Rule, show } from '../options.js';
import { isReduction, type ReductionName, reduce } from './common.js';

/** Lengths of the rows. */
export type CtcLengths = Tensor | readonly number[] | Int32Array;

export interface CtcLossOptions {
  /** Valid steps of each row, 0..T. Default: all T. */
  readonly inputLengths?: CtcLengths;
  /** Classes of each target, 0..S. Default: all S, or each list's own length. */
  readonly targetLengths?: CtcLengths;
  /** The class that says nothing. Default 0. */
  readonly blank?: number;
  /** Default 'mean': each row divided by its target's length (at least 1), then the mean of the rows, as PyTorch. */
  readonly reduction?: ReductionName;
  /** A target that does not fit into its steps counts 0 instead of infinity, and has no gradient. Default false. */
  readonly zeroInfinity?: boolean;
}

const isLengths: Rule = {
  expected: 'a list of lengths',
  accepts: (v) => v instanceof Tensor || Array.isArray(v) || v instanceof Int32Array,
};

/**
 * Connectionist temporal classification: -log of the probability that the net says the target, whenever it says each class.
 *
 *   p(target) = sum over paths of prod_t softmax(logits[t])[path[t]]
 *   a path has a class a step; it says the target if, with repetitions made one and blanks left out, the target remains
 *
 * A target needs a step for each class, and one more between two that are the same; where there are fewer the loss is infinite
 * (gradient NaN; see zeroInfinity). The sum is taken in logarithms by the forward-backward recursions.
 *
 * @param logits   [T,B,C] float32 scores, time first; log softmax is taken inside
 * @param targets  [B,S] int32 classes, never the blank, padded at the end with anything; or a list of classes for each row
 * @returns a single number, or [B] with reduction 'none'
 * @throws ShapeError  if shapes disagree;  LengthsError  if a length is outside 0..T or 0..S;  IndexError  if a class is
 *   outside 0..C-1 or the blank
 * Source: Graves et al. 2006.
 *
 *   ctcLoss(head.forward(lstm.forward(x, { lengths }).output), [[3, 1, 1], [2]], { inputLengths: lengths }).backward();
 */
export function ctcLoss(
  logits: Tensor,
  targets: Tensor | readonly (readonly number[] | Int32Array)[],
  options: CtcLossOptions = {},
): Tensor {
  checkOptions<CtcLossOptions>('ctcLoss', options, {
    inputLengths: isLengths,
    targetLengths: isLengths,
    blank: is.integer(0, 2 ** 31 - 1),
    reduction: isReduction,
    zeroInfinity: is.boolean,
  });
  const { blank = 0, reduction = 'mean', zeroInfinity = false } = options;
  const x = floatsOf(logits, 'ctcLoss', 'logits');
  if (logits.shape.length !== 3) {
    throw new ShapeError(`ctcLoss: logits must be [T,B,C], time, batch and classes, got ${showShape(logits.shape)}`);
  }
  const [T, B, C] = logits.shape as readonly [number, number, number];
  if (blank >= C) throw new IndexError(`ctcLoss: blank must be one of the ${C} classes, 0..${C - 1}, got ${blank}`);
  const { classes, S, lengths: own } = readTargets(targets, B);
  const inputLengths = readLengths('inputLengths', options.inputLengths ?? new Int32Array(B).fill(T), B, T, 'T');
  const targetLengths = readLengths('targetLengths', options.targetLengths ?? own, B, S, 'S');
  const { code, result, length: L } = reduce('ctcLoss', reduction, [B], B);

  const recorded = recording(logits);
  const { kernels } = current();
  const loss = newOutput(L, recorded);
  const logp = newOutput(x.length, recorded);
  const alpha = newOutput(T * B * (2 * S + 1), recorded);
  const nll = newOutput(B, recorded);
  const sizes = [T, B, C, S, L, blank, code, zeroInfinity ? 1 : 0] as const;
  const about = [classes, inputLengths, targetLengths, ...sizes] as const;
  const nscratch = B * (6 * S + 7);
  try {
    kernels.ctc_loss_forward(loss, logp, alpha, nll, newOutput(nscratch, recorded), x, ...about);
  } catch (error) {
    throw error instanceof IndexError ? (badClass(classes, targetLengths, S, C, blank) ?? error) : error;
  }
  const y = new Tensor(loss, result);
  if (recorded) {
    record('ctcLoss', [logits], [y], ([dloss], grads) => {
      if (!dloss) return;
      const dx = newGradient(x.length);
      kernels.ctc_loss_backward(dx, newGradient(nscratch), dloss, logp, alpha, nll, ...about);
      grads.give(logits, dx);
    });
  }
  return y;
}

function readTargets(
  targets: Tensor | readonly (readonly number[] | Int32Array)[],
  B: number,
): { classes: Ints; S: number; lengths: Int32Array } {
  if (targets instanceof Tensor) {
    const [rows, S] = targets.shape;
    if (targets.shape.length !== 2 || rows !== B) {
      throw new ShapeError(
        `ctcLoss: targets must be [${B},S], a row of classes for each row of the logits, got ${showShape(targets.shape)}`,
      );
    }
    return {
      classes: intsOf(targets, 'ctcLoss', 'targets'),
      S: S as number,
      lengths: new Int32Array(B).fill(S as number),
    };
  }
  const isList = (row: unknown) =>
    (Array.isArray(row) || row instanceof Int32Array) && Array.from(row).every(Number.isInteger);
  if (!Array.isArray(targets) || targets.length !== B || !targets.every(isList)) {
    throw new ShapeError(
      `ctcLoss: targets must be ${B} lists of classes, one for each row of the logits, got ${show(targets)}`,
    );
  }
  const lengths = Int32Array.from(targets, (row) => row.length);
  const S = Math.max(0, ...lengths);
  const padded = new Int32Array(B * S);
  for (const [b, row] of targets.entries()) padded.set(row, b * S);
  return { classes: intsOf(tensor(padded, [B, S]), 'ctcLoss', 'targets'), S, lengths };
}

function readLengths(name: string, given: CtcLengths, B: number, most: number, bound: string): Ints {
  const list = given instanceof Tensor ? given.toArray() : Array.from(given);
  if (list.length !== B) {
    throw new LengthsError(`ctcLoss: ${name} must be ${B} lengths, one for each row of the logits, got ${list.length}`);
  }
  const wrong = list.findIndex((length) => !Number.isInteger(length) || length < 0 || length > most);
  if (wrong >= 0) {
    throw new LengthsError(`ctcLoss: ${name}[${wrong}] must be 0..${most} (${bound}), got ${show(list[wrong])}`);
  }
  return intsOf(tensor(Int32Array.from(list), [B]), 'ctcLoss', name);
}

/** Only once the kernel has refused: which class is none, or is the blank. */
function badClass(classes: Ints, lengths: Ints, S: number, C: number, blank: number): IndexError | undefined {
  const { memory } = current();
  const [all, used] = [memory.view(classes), memory.view(lengths)];
  const isBad = (k: number) =>
    k % S < (used[Math.floor(k / S)] as number) &&
    (all[k] === blank || !((all[k] as number) >= 0 && (all[k] as number) < C));
  for (let k = 0; k < all.length; k++) {
    if (!isBad(k)) continue;
    const what = all[k] === blank ? `the blank, ${blank}, which no target may have` : `${all[k]}`;
    return new IndexError(
      `ctcLoss: targets[${Math.floor(k / S)}][${k % S}] must be one of the ${C} classes, 0..${C - 1}, got ${what}`,
    );
  }
  return undefined;
}
