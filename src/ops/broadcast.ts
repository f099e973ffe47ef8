// Broadcasting: a tensor repeated along axes where its dim is 1, and the sum that is the adjoint of it.
import { current } from '../autograd/context.js';
import { checkShape } from '../autograd/creation.js';
import { newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, type Shape, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { ShapeError } from '../errors.js';
import { broadcastShapes, spreads } from './axes.js';

/** The elements of `x` repeated from shape `from` to `to`; `x` itself where nothing repeats. */
export function spreadTo(x: Floats, from: Shape, to: Shape, alloc: (length: number) => Floats): Floats {
  let y = x;
  for (const { outer, mid, inner } of spreads(from, to)) {
    const wider = alloc(outer * mid * inner);
    current().kernels.expand(wider, y, outer, mid, inner);
    y = wider;
  }
  return y;
}

/** The adjoint of spreadTo: sums `dy` of shape `to` over what was repeated, then scales. `dy` itself where nothing was. */
export function sumTo(dy: Floats, from: Shape, to: Shape, alloc: (length: number) => Floats, scale = 1): Floats {
  let dx = dy;
  const calls = spreads(from, to).reverse();
  calls.forEach(({ outer, mid, inner }, k) => {
    const narrower = alloc(outer * inner);
    current().kernels.reduce_sum(narrower, dx, outer, mid, inner, k === calls.length - 1 ? scale : 1);
    dx = narrower;
  });
  return dx;
}

/**
 * `x` repeated along axes where its dim is 1, as in NumPy's broadcast_to.
 *
 * @param shape  every dim equal to that of x, or any where x has 1 or no such axis
 * @throws ShapeError  if x does not broadcast to `shape`
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  const from = floatsOf(x, 'expand', 'x');
  checkShape('expand', shape);
  if (!sameShape(broadcastShapes('expand', x.shape, shape), shape)) {
    throw new ShapeError(`expand: x must broadcast to ${showShape(shape)}, got ${showShape(x.shape)}`);
  }
  const recorded = recording(x);
  const to = spreadTo(from, x.shape, shape, (length) => newOutput(length, recorded));
  const y = to === from ? x.alias([...shape]) : new Tensor(to, [...shape]);
  if (recorded) {
    record('expand', [x], [y], ([dy], grads) => {
      if (dy) grads.give(x, sumTo(dy, x.shape, shape, newGradient));
    });
  }
  return y;
}
