// Cross-entropy of class scores: softmax, logarithm and the pick of the target in one pass.
import { current } from '../autograd/context.js';
import { type NestedNumbers, outOfRange, toIndex } from '../autograd/creation.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, intsOf, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import type { Ints } from '../backend/types.js';
import { IndexError, ShapeError } from '../errors.js';
import { checkOptions, is } from '../options.js';
import { isNumbers, isReduction, type Numbers, type ReductionName, reduce, toTensor } from './common.js';

export interface CrossEntropyOptions {
  /** How much each class counts, C numbers. Default: all 1. */
  readonly weight?: Numbers;
  /** Targets of this value count for nothing: padding. Default -100. */
  readonly ignoreIndex?: number;
  /** Share of the target spread evenly over all classes, 0..1. Default 0. */
  readonly labelSmoothing?: number;
  /** Default 'mean': divided by the sum of the targets' weights. */
  readonly reduction?: ReductionName;
}

/**
 * Cross-entropy between class scores and the right classes.
 *
 *   loss = -w[t] log softmax(logits)[t]      with label smoothing s: (1 - s) of that, and s/C of it for every class
 *
 * @param logits  [..., C] float32 scores, classes last: [N, C], or [T, B, C] of a sequence
 * @param target  [...] int32 class numbers 0..C-1, or ignoreIndex; a flat list in the order of the rows will do
 * @returns a single number, or [...] with reduction 'none'. The mean is NaN if every target is ignored, as in PyTorch
 * @throws ShapeError  if the shapes disagree;  IndexError  if a class number is outside its range
 *
 *   crossEntropy(model.forward(x), [2, 0, 1]).backward();
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor | NestedNumbers | Int32Array,
  options: CrossEntropyOptions = {},
): Tensor {
  checkOptions<CrossEntropyOptions>('crossEntropy', options, {
    weight: isNumbers,
    ignoreIndex: is.integer(-(2 ** 31), 2 ** 31 - 1),
    labelSmoothing: is.number(0, 1),
    reduction: isReduction,
  });
  const { ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean' } = options;
  const x = floatsOf(logits, 'crossEntropy', 'logits');
  const rows = logits.shape.slice(0, -1);
  const C = logits.shape.at(-1) ?? 0;
  if (C === 0) throw new ShapeError(`crossEntropy: logits must be [..., classes], got ${showShape(logits.shape)}`);
  const N = logits.size / C;
  const labels = readTarget(logits, target, rows, N);
  const weight = options.weight === undefined ? null : floatsOf(toTensor(options.weight), 'crossEntropy', 'weight');
  if (weight !== null && weight.length !== C) {
    throw new ShapeError(`crossEntropy: weight must be [${C}], one number a class, got ${weight.length} numbers`);
  }
  const { code, result, length: L } = reduce('crossEntropy', reduction, rows, N);

  const recorded = recording(logits);
  const { kernels } = current();
  const loss = newOutput(L, recorded);
  const logp = newOutput(x.length, recorded);
  const denominator = newOutput(1, recorded);
  try {
    kernels.cross_entropy_forward(
      loss,
      logp,
      denominator,
      x,
      labels,
      weight,
      N,
      C,
      L,
      ignoreIndex,
      labelSmoothing,
      code,
    );
  } catch (error) {
    throw error instanceof IndexError ? (badLabel(labels, rows, C, ignoreIndex) ?? error) : error;
  }
  const y = new Tensor(loss, result);
  if (recorded) {
    record('crossEntropy', [logits], [y], ([dloss], grads) => {
      if (!dloss) return;
      const dx = newGradient(x.length);
      kernels.cross_entropy_backward(
        dx,
        dloss,
        logp,
        denominator,
        labels,
        weight,
        N,
        C,
        L,
        ignoreIndex,
        labelSmoothing,
        code,
      );
      grads.give(logits, dx);
    });
  }
  return y;
}

function readTarget(
  logits: Tensor,
  target: Tensor | NestedNumbers | Int32Array,
  rows: readonly number[],
  N: number,
): Ints {
  const isTensor = target instanceof Tensor;
  const labels = isTensor ? target : toIndex(target, 'crossEntropy', 'target');
  const flat = labels.shape.length === 1 && labels.size === N && !isTensor;
  if (!flat && !sameShape(labels.shape, rows)) {
    throw new ShapeError(
      `crossEntropy: target must be ${showShape(rows)}, one class a row of the logits ${showShape(logits.shape)}, ` +
        `got ${showShape(labels.shape)}; classes are the last axis of the logits`,
    );
  }
  return intsOf(labels, 'crossEntropy', 'target');
}

/** Only once the kernel has refused: which target is outside its range. */
function badLabel(labels: Ints, shape: readonly number[], C: number, ignoreIndex: number): IndexError | undefined {
  const numbers = current().memory.view(labels);
  const at = numbers.findIndex((label) => label !== ignoreIndex && (label < 0 || label >= C));
  return at < 0 ? undefined : outOfRange('crossEntropy', 'target', numbers[at] as number, at, shape, C);
}
