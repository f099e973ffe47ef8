// Ops on each element: a op b with broadcasting, and functions of one number.
import { current } from '../autograd/context.js';
import { full } from '../autograd/creation.js';
import { copyGradient, newGradient, newOutput, record, recording } from '../autograd/tape.js';
import { floatsOf, sameShape, Tensor } from '../autograd/tensor.js';
import { Activation, Binary } from '../backend/generated/abi.js';
import { DTypeError } from '../errors.js';
import { broadcastShapes } from './axes.js';
import { spreadTo, sumTo } from './broadcast.js';

/** What arithmetic takes on either side. */
export type Operand = Tensor | number;

/** a + b. Shapes broadcast as in NumPy. */
export function add(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number') return affine('add', a, 1, b);
  if (typeof a === 'number') return affine('add', b, 1, a);
  return binary('add', Binary.add, a, b);
}

/** a - b. Shapes broadcast as in NumPy. */
export function sub(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number') return affine('sub', a, 1, -b);
  if (typeof a === 'number') return affine('sub', b, -1, a);
  return binary('sub', Binary.sub, a, b);
}

/** a b, element by element. Shapes broadcast as in NumPy. */
export function mul(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number') return affine('mul', a, b, 0);
  if (typeof a === 'number') return affine('mul', b, a, 0);
  return binary('mul', Binary.mul, a, b);
}

/** a / b, element by element. Shapes broadcast as in NumPy; a number as b is multiplied with as 1 / b. */
export function div(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number') return affine('div', a, 1 / b, 0);
  if (typeof a === 'number') return binary('div', Binary.div, full([], a), b);
  return binary('div', Binary.div, a, b);
}

/** -x */
export function neg(x: Tensor): Tensor {
  return affine('neg', x, -1, 0);
}

function binary(name: string, op: Binary, a: Tensor, b: Tensor): Tensor {
  const aFloats = floatsOf(a, name, 'a');
  const bFloats = floatsOf(b, name, 'b');
  const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShapes(name, a.shape, b.shape);
  const recorded = recording(a, b);
  const alloc = (length: number) => newOutput(length, recorded);
  const wideA = spreadTo(aFloats, a.shape, shape, alloc);
  const wideB = spreadTo(bFloats, b.shape, shape, alloc);
  const n = Math.max(wideA.length, wideB.length);
  const y = new Tensor(alloc(n), shape);
  current().kernels.binary_forward(y.storage as typeof wideA, wideA, wideB, n, op);
  if (recorded) {
    record(name, [a, b], [y], ([dy], grads) => {
      if (!dy) return;
      if (op === Binary.add) {
        // forward was: y = a + b.  Both gradients are dy, and only one input may have it.
        const da = grads.wants(a) ? sumTo(dy, a.shape, shape, newGradient) : null;
        const db = grads.wants(b) ? sumTo(dy, b.shape, shape, newGradient) : null;
        if (db !== null) grads.give(b, db === da ? copyGradient(db) : db);
        if (da !== null) grads.give(a, da);
        return;
      }
      const da = grads.wants(a) ? newGradient(n) : null;
      const db = grads.wants(b) ? newGradient(n) : null;
      current().kernels.binary_backward(da, db, dy, wideA, wideB, n, op);
      if (da !== null) grads.give(a, sumTo(da, a.shape, shape, newGradient));
      if (db !== null) grads.give(b, sumTo(db, b.shape, shape, newGradient));
    });
  }
  return y;
}

function affine(name: string, x: Operand, alpha: number, beta: number): Tensor {
  if (typeof x === 'number') throw new DTypeError(`${name}: one of the operands must be a tensor, got two numbers`);
  const from = floatsOf(x, name, 'a');
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  current().kernels.affine(to, from, x.size, alpha, beta);
  const y = new Tensor(to, x.shape);
  if (recorded) {
    // forward was: y = alpha x + beta
    record(name, [x], [y], ([dy], grads) => {
      if (!dy) return;
      if (alpha !== 1) current().kernels.affine(dy, dy, dy.length, alpha, 0);
      grads.give(x, dy);
    });
  }
  return y;
}

/** tanh x. Max error 4 ulp on all finite inputs. */
export const tanh = (x: Tensor): Tensor => activation('tanh', Activation.tanh, x);
/** 1 / (1 + e^-x). Max error 4 ulp on all finite inputs. */
export const sigmoid = (x: Tensor): Tensor => activation('sigmoid', Activation.sigmoid, x);
/** max(x, 0). Its gradient at 0 is 0. */
export const relu = (x: Tensor): Tensor => activation('relu', Activation.relu, x);
/** e^x */
export const exp = (x: Tensor): Tensor => activation('exp', Activation.exp, x);
/** Natural logarithm: -inf at 0, NaN below. */
export const log = (x: Tensor): Tensor => activation('log', Activation.log, x);
/** Square root: NaN below 0. */
export const sqrt = (x: Tensor): Tensor => activation('sqrt', Activation.sqrt, x);
/** |x|. Its gradient at 0 is 0. */
export const abs = (x: Tensor): Tensor => activation('abs', Activation.abs, x);

function activation(name: string, kind: Activation, x: Tensor): Tensor {
  const from = floatsOf(x, name, 'x');
  const recorded = recording(x);
  const to = newOutput(x.size, recorded);
  current().kernels.activation_forward(to, from, x.size, kind);
  const y = new Tensor(to, x.shape);
  if (recorded) {
    record(name, [x], [y], ([dy], grads) => {
      if (!dy) return;
      const dx = newGradient(x.size);
      current().kernels.activation_backward(dx, dy, from, to, x.size, kind);
      grads.give(x, dx);
    });
  }
  return y;
}
