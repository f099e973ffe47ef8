// Attaches ops to Tensor as methods, for those who like to chain them.
import { Tensor } from '../autograd/tensor.js';
import { expand } from './broadcast.js';
import * as elementwise from './elementwise.js';
import { gather, type Indices, indexSelect } from './gather.js';
import { matmul } from './matmul.js';
import { type Axes, argmax, max, mean, sum } from './reduce.js';
import { dropout, type LayerNormOptions, layerNorm, logSoftmax, softmax } from './rows.js';
import { permute, reshape, select, slice, transpose } from './shape.js';

declare module '../autograd/tensor.js' {
  interface Tensor {
    add(b: Tensor | number): Tensor;
    sub(b: Tensor | number): Tensor;
    mul(b: Tensor | number): Tensor;
    div(b: Tensor | number): Tensor;
    neg(): Tensor;
    tanh(): Tensor;
    sigmoid(): Tensor;
    relu(): Tensor;
    exp(): Tensor;
    log(): Tensor;
    sqrt(): Tensor;
    abs(): Tensor;
    matmul(b: Tensor): Tensor;
    sum(axis?: Axes, keepdim?: boolean): Tensor;
    mean(axis?: Axes, keepdim?: boolean): Tensor;
    max(axis?: number | null, keepdim?: boolean): Tensor;
    argmax(axis?: number | null, keepdim?: boolean): Tensor;
    reshape(shape: readonly number[]): Tensor;
    expand(shape: readonly number[]): Tensor;
    transpose(axis0?: number, axis1?: number): Tensor;
    permute(order: readonly number[]): Tensor;
    slice(start: number, end?: number, axis?: number): Tensor;
    select(index: number, axis?: number): Tensor;
    gather(axis: number, index: Indices): Tensor;
    indexSelect(index: Indices, axis?: number): Tensor;
    softmax(axis?: number): Tensor;
    logSoftmax(axis?: number): Tensor;
    layerNorm(options?: LayerNormOptions): Tensor;
    dropout(p?: number, training?: boolean): Tensor;
  }
}

const { add, sub, mul, div, neg, tanh, sigmoid, relu, exp, log, sqrt, abs } = elementwise;
const ops = {
  ...{ add, sub, mul, div, neg, tanh, sigmoid, relu, exp, log, sqrt, abs },
  ...{ matmul, sum, mean, max, argmax, reshape, expand, transpose, permute, slice, select, gather, indexSelect },
  ...{ softmax, logSoftmax, layerNorm, dropout },
};

for (const [name, op] of Object.entries(ops)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: never[]): unknown {
      return (op as (x: Tensor, ...rest: never[]) => unknown)(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}
