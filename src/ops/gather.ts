// Ops that choose by index: gather, indexSelect, embedding.
import { current } from '../autograd/context.js';
import { type NestedNumbers, outOfRange, tensor, toIndex } from '../autograd/creation.js';
import { newOutput, record, recording } from '../autograd/tape.js';
import { checkTensor, floatsOf, intsOf, showShape, sizeOf, Tensor } from '../autograd/tensor.js';
import type { Ints } from '../backend/types.js';
import { IndexError, ShapeError } from '../errors.js';
import { show } from '../options.js';
import { around, axisOf, withDim } from './axes.js';
import { slice } from './shape.js';

/** Positions or class numbers: an int32 tensor, or plain numbers. */
export type Indices = Tensor | NestedNumbers | Int32Array;

/**
 * Picks along one axis, each element by its own index, as torch.gather: for axis 1 of a matrix, y[r][c] = x[r][index[r][c]].
 *
 * @param index  as many axes as x; no longer than x along the others
 * @throws IndexError  if an index is outside the axis
 */
export function gather(x: Tensor, axis: number, index: Indices): Tensor {
  checkTensor(x, 'gather', 'x');
  const at = axisOf('gather', axis, x.shape.length);
  const picks = toIndex(index, 'gather', 'index');
  let source = x;
  if (picks.shape.length !== x.shape.length) {
    throw new ShapeError(`gather: index must have ${x.shape.length} axes as x, got ${showShape(picks.shape)}`);
  }
  for (const [k, dim] of picks.shape.entries()) {
    const limit = x.shape[k] as number;
    if (k === at || dim === limit) continue;
    if (dim > limit) {
      throw new ShapeError(`gather: index must be at most ${limit} along axis ${k}, got ${showShape(picks.shape)}`);
    }
    source = slice(source, 0, dim, k);
  }
  return pick('gather', source, at, picks);
}

/** Whole slices at the given positions of an axis: indexSelect(x, [2, 0]) is rows 2 and 0. */
export function indexSelect(x: Tensor, index: Indices, axis = 0): Tensor {
  checkTensor(x, 'indexSelect', 'x');
  const at = axisOf('indexSelect', axis, x.shape.length);
  const rows = toIndex(index, 'indexSelect', 'index');
  if (rows.shape.length !== 1)
    throw new ShapeError(`indexSelect: index must have one axis, got ${showShape(rows.shape)}`);
  const { outer, n, inner } = around(x.shape, at);
  if (outer === 1) return lookUp('indexSelect', x, rows, n, inner, withDim(x.shape, at, rows.size), -1);
  checkIndex('indexSelect', rows, n);
  const { memory } = current();
  const from = memory.view(intsOf(rows, 'indexSelect', 'index'));
  const repeated = new Int32Array(outer * rows.size * inner);
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < rows.size; k++) {
      repeated.fill(from[k] as number, (o * rows.size + k) * inner, (o * rows.size + k + 1) * inner);
    }
  }
  return pick('indexSelect', x, at, tensor(repeated, withDim(x.shape, at, rows.size)));
}

/** y[o,k,i] = x[o,index[o,k,i],i] */
function pick(op: string, x: Tensor, axis: number, index: Tensor): Tensor {
  const from = floatsOf(x, op, 'x');
  const picks = intsOf(index, op, 'index');
  const { outer, n, inner } = around(x.shape, axis);
  const m = index.shape[axis] as number;
  const recorded = recording(x);
  const to = newOutput(index.size, recorded);
  explained(op, index, n, () => current().kernels.gather_forward(to, from, picks, outer, n, m, inner));
  const y = new Tensor(to, index.shape);
  if (recorded) {
    const kept = keepIndex(picks);
    record(op, [x], [y], ([dy], grads) => {
      if (dy) current().kernels.gather_backward(grads.accumulator(x), dy, kept, outer, n, m, inner);
    });
  }
  return y;
}

/**
 * Rows of a table: y[k] = weight[index[k]].
 *
 * @param weight      [V, E]
 * @param index       token ids in 0..V-1, any shape
 * @param paddingIdx  a row that gets no gradient; -1: none
 * @returns [...shape of index, E]
 * @throws IndexError  if an id is outside 0..V-1
 */
export function embedding(weight: Tensor, index: Indices, paddingIdx = -1): Tensor {
  checkTensor(weight, 'embedding', 'weight');
  const [V, E] = weight.shape;
  if (V === undefined || E === undefined || weight.shape.length !== 2) {
    throw new ShapeError(`embedding: weight must be [numEmbeddings, embeddingDim], got ${showShape(weight.shape)}`);
  }
  if (!Number.isInteger(paddingIdx) || paddingIdx < -1 || paddingIdx >= V) {
    throw new IndexError(`embedding: paddingIdx must be from 0 to ${V - 1}, or -1 for none, got ${show(paddingIdx)}`);
  }
  const ids = toIndex(index, 'embedding', 'index');
  return lookUp('embedding', weight, ids, V, E, [...ids.shape, E], paddingIdx);
}

function lookUp(
  op: string,
  table: Tensor,
  ids: Tensor,
  V: number,
  E: number,
  shape: number[],
  padding: number,
): Tensor {
  const rows = floatsOf(table, op, 'weight');
  const index = intsOf(ids, op, 'index');
  const recorded = recording(table);
  const to = newOutput(sizeOf(shape), recorded);
  explained(op, ids, V, () => current().kernels.embedding_forward(to, rows, index, ids.size, V, E));
  const y = new Tensor(to, shape);
  if (recorded) {
    const kept = keepIndex(index);
    // forward was: y[k] = table[index[k]]
    record(op, [table], [y], ([dy], grads) => {
      if (dy) current().kernels.embedding_backward(grads.accumulator(table), dy, kept, kept.length, V, E, padding);
    });
  }
  return y;
}

/** Users fill one id tensor again and again through `data`: backward must see what forward saw. */
export function keepIndex(index: Ints): Ints {
  const { memory } = current();
  const copy = memory.alloc('int', index.length, 'step');
  memory.view(copy).set(memory.view(index));
  return copy;
}

/** Runs a kernel; if it finds an index out of range, says which one. */
function explained(op: string, index: Tensor, limit: number, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (error instanceof IndexError) checkIndex(op, index, limit);
    throw error;
  }
}

function checkIndex(op: string, index: Tensor, limit: number): void {
  const values = current().memory.view(intsOf(index, op, 'index'));
  const at = values.findIndex((value) => value < 0 || value >= limit);
  if (at >= 0) throw outOfRange(op, 'index', values[at] as number, at, index.shape, limit);
}
