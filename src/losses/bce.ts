// Binary cross-entropy on logits: sigmoid and logarithm in one pass that cannot overflow.
import { current } from '../autograd/context.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { OptionError, ShapeError } from '../errors.js';
import { checkOptions } from '../options.js';
import {
  isNumbers,
  isReduction,
  matchingTarget,
  type Numbers,
  type ReductionName,
  reduce,
  toTensor,
} from './common.js';

export interface BceWithLogitsOptions {
  /** How much each element counts: the logits' shape, or that of its last axes. Default: all 1. */
  readonly weight?: Numbers;
  /** How much more a positive target counts: the logits' shape, or that of its last axes. Default: all 1. */
  readonly posWeight?: Numbers;
  /** Default 'mean'. */
  readonly reduction?: ReductionName;
}

/**
 * Binary cross-entropy between logits and probabilities.
 *
 *   loss = -w (p t log sigmoid(x) + (1 - t) log(1 - sigmoid(x)))      w weight, p posWeight
 *
 * @param logits  any shape, float32
 * @param target  the same shape, 0..1; a flat list in the same order will do
 * @returns a single number, or the logits' shape with reduction 'none'
 * @throws ShapeError  if the shapes disagree
 */
export function bceWithLogits(logits: Tensor, target: Numbers, options: BceWithLogitsOptions = {}): Tensor {
  checkOptions<BceWithLogitsOptions>('bceWithLogits', options, {
    weight: isNumbers,
    posWeight: isNumbers,
    reduction: isReduction,
  });
  const x = floatsOf(logits, 'bceWithLogits', 'logits');
  const n = x.length;
  const t = matchingTarget('bceWithLogits', 'logits', logits, target);
  if (t.requiresGrad) {
    throw new OptionError('bceWithLogits: the target has no gradient here, but it requires one; pass target.detach()');
  }
  const { code, result, length: L } = reduce('bceWithLogits', options.reduction ?? 'mean', logits.shape, n);

  const recorded = recording(logits);
  const { kernels } = current();
  const targets = t.storage as Floats;
  const weight = broadcast('weight', options.weight, logits, recorded);
  const posWeight = broadcast('posWeight', options.posWeight, logits, recorded);
  const loss = newOutput(L, recorded);
  kernels.bce_with_logits_forward(loss, x, targets, weight, posWeight, n, L, code);
  const y = new Tensor(loss, result);
  if (recorded) {
    record('bceWithLogits', [logits], [y], ([dloss], grads) => {
      if (!dloss) return;
      const dx = newGradient(n);
      kernels.bce_with_logits_backward(dx, dloss, x, targets, weight, posWeight, n, L, code);
      grads.give(logits, dx);
    });
  }
  return y;
}

/** Weights for every element: repeated over the leading axes that they lack. */
function broadcast(name: string, weight: Numbers | undefined, logits: Tensor, recorded: boolean): Floats | null {
  if (weight === undefined) return null;
  const tensor = toTensor(weight);
  const floats = floatsOf(tensor, 'bceWithLogits', name);
  const { shape, size } = tensor;
  if (size !== 1 && !sameShape(shape, logits.shape.slice(logits.shape.length - shape.length))) {
    throw new ShapeError(
      `bceWithLogits: ${name} must have the shape of the logits, ${showShape(logits.shape)}, or of its last axes, got ` +
        showShape(shape),
    );
  }
  if (size === logits.size) return floats;
  const expanded = newOutput(logits.size, recorded);
  current().kernels.expand(expanded, floats, 1, logits.size / size, size);
  return expanded;
}
