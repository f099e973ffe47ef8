// Every backward kernel of the reference backend against differences of its forward kernel. Backends are compared with the
// reference; this is what the reference is compared with.
import { describe, expect, it } from 'vitest';
import {
  Activation,
  Binary,
  type KernelName,
  kernelNames,
  Reduction,
  Regression,
} from '../../src/backend/generated/abi.js';
import { plainCells } from '../helpers/cells.js';
import { buffers, call, lengthOf, recurrentSizes, type Values, wave } from './helpers.js';

interface Case {
  readonly name: string;
  /** Of the pair KERNEL_forward, KERNEL_backward; axis kernels without the suffix are checked in kernels.test.ts. */
  readonly kernel: string;
  readonly given: Values;
  /** Outputs whose gradient flows back. */
  readonly outputs: readonly string[];
  /** Inputs whose gradient is checked: all that have one. */
  readonly inputs: readonly string[];
}

/** The fourth-order central difference: error STEP^4 f'''''/30, about 1e-16, and rounding of 1e-16 / STEP. */
const STEP = 5e-4;
/** Relative error allowed, of the larger of the two numbers or FLOOR, below which rounding rules. */
const TOLERANCE = 1e-7;
const FLOOR = 1e-3;

function check({ kernel, given, outputs, inputs }: Case): void {
  const forward = `${kernel}_forward` as KernelName;
  const backward = `${kernel}_backward` as KernelName;
  const results = call(forward, given, [...outputs, 'saved']);
  const weights = Object.fromEntries(outputs.map((name, k) => [name, wave(results[name]!.length, 0.3 + k)]));
  const objective = (values: Values): number => {
    const after = call(forward, values, outputs);
    let sum = 0;
    for (const name of outputs) {
      for (const [k, value] of after[name]!.entries()) sum += value * weights[name]![k]!;
    }
    return sum;
  };

  // Gradients that accumulate start from 0.5, those that overwrite from NaN.
  const gradients: Values = {};
  for (const argument of buffers(backward)) {
    const of = argument.name.slice(1);
    if (argument.name.startsWith('d') && inputs.includes(of)) {
      const start = argument.role === 'accumulated' ? 0.5 : Number.NaN;
      gradients[argument.name] = new Array<number>(lengthOf(argument, given)).fill(start);
    }
  }
  const upstream = Object.fromEntries(outputs.map((name) => [`d${name}`, weights[name]!]));
  const found = call(backward, { ...results, ...given, ...upstream, ...gradients });

  for (const name of inputs) {
    const argument = buffers(backward).find((candidate) => candidate.name === `d${name}`);
    if (!argument) throw new Error(`${backward} has no d${name}`);
    const start = argument.role === 'accumulated' ? 0.5 : 0;
    const at = given[name] as readonly number[];
    for (const k of at.keys()) {
      const moved = (by: number) =>
        objective({ ...given, [name]: at.map((value, i) => (i === k ? value + by : value)) });
      const near = moved(STEP) - moved(-STEP);
      const far = moved(2 * STEP) - moved(-2 * STEP);
      const numeric = (8 * near - far) / (12 * STEP);
      const analytic = found[`d${name}`]![k]! - start;
      const error = Math.abs(analytic - numeric) / Math.max(Math.abs(analytic), Math.abs(numeric), FLOOR);
      expect(error, `d${name}[${k}] is ${analytic}, by differences ${numeric}`).toBeLessThan(TOLERANCE);
    }
  }
}

const names = (of: object) => Object.entries(of) as [string, number][];
const positive = (n: number, phase: number) => wave(n, phase).map((v) => 1.5 + v);

const pointwise: Case[] = [
  ...names(Binary).map(([op, number]) => ({
    name: op,
    kernel: 'binary',
    given: { a: wave(5, 1), b: positive(5, 2), n: 5, op: number },
    outputs: ['y'],
    inputs: ['a', 'b'],
  })),
  ...names(Activation).map(([kind, number]) => ({
    name: kind,
    kernel: 'activation',
    // No element of wave(7, 1) is near the kinks of relu and abs at 0.
    given: { x: kind === 'log' || kind === 'sqrt' ? positive(7, 1) : wave(7, 1), n: 7, kind: number },
    outputs: ['y'],
    inputs: ['x'],
  })),
  {
    name: 'slice',
    kernel: 'slice',
    given: { x: wave(24, 1), outer: 2, n: 4, inner: 3, start: 1, count: 2 },
    outputs: ['y'],
    inputs: ['x'],
  },
  {
    name: 'gather with a repeated index',
    kernel: 'gather',
    given: { x: wave(12, 1), index: [2, 0, 2, 2, 1, 0], outer: 1, n: 6, m: 3, inner: 2 },
    outputs: ['y'],
    inputs: ['x'],
  },
];

const matrices: Case[] = [
  {
    name: 'matmul',
    kernel: 'matmul',
    given: { a: wave(2 * 3 * 4, 1), b: wave(2 * 4 * 5, 2), P: 2, M: 3, N: 5, K: 4 },
    outputs: ['y'],
    inputs: ['a', 'b'],
  },
  {
    name: 'linear',
    kernel: 'linear',
    given: { x: wave(12, 1), w: wave(20, 2), b: wave(5, 3), N: 3, I: 4, O: 5 },
    outputs: ['y'],
    inputs: ['x', 'w', 'b'],
  },
  { name: 'softmax', kernel: 'softmax', given: { x: wave(12, 1), N: 3, C: 4 }, outputs: ['y'], inputs: ['x'] },
  {
    name: 'log softmax',
    kernel: 'log_softmax',
    given: { x: wave(12, 1), N: 3, C: 4 },
    outputs: ['y'],
    inputs: ['x'],
  },
  {
    name: 'layer norm',
    kernel: 'layer_norm',
    given: { x: wave(15, 1), gamma: wave(5, 2), beta: wave(5, 3), N: 3, C: 5, eps: 1e-5 },
    outputs: ['y'],
    inputs: ['x', 'gamma', 'beta'],
  },
  {
    name: 'layer norm without gamma and beta',
    kernel: 'layer_norm',
    given: { x: wave(15, 1), N: 3, C: 5, eps: 1e-5 },
    outputs: ['y'],
    inputs: ['x'],
  },
  {
    name: 'embedding with a repeated index',
    kernel: 'embedding',
    given: { w: wave(12, 1), index: [3, 0, 3, 1], N: 4, V: 4, E: 3, padding_idx: -1 },
    outputs: ['y'],
    inputs: ['w'],
  },
];

const losses: Case[] = names(Reduction).flatMap(([reduction, number]) => {
  const L = (n: number) => (number === Reduction.none ? n : 1);
  const rows = { logits: wave(20, 1), target: [3, -100, 0, 2], N: 4, C: 5, L: L(4), ignore_index: -100 };
  const pairs = { x: wave(6, 1).map((v) => 3 * v), t: wave(6, 2), n: 6, L: L(6), reduction: number };
  const loss = { outputs: ['loss'], inputs: ['logits'] };
  return [
    {
      name: `cross entropy, ${reduction}`,
      kernel: 'cross_entropy',
      given: { ...rows, label_smoothing: 0, reduction: number },
      ...loss,
    },
    {
      name: `cross entropy, ${reduction}, with weights and label smoothing`,
      kernel: 'cross_entropy',
      given: { ...rows, weight: positive(5, 4), label_smoothing: 0.2, reduction: number },
      ...loss,
    },
    {
      name: `ctc, ${reduction}`,
      kernel: 'ctc_loss',
      given: {
        ...{ logits: wave(40, 1), targets: [1, 1, 3, 2], input_lengths: [5, 4], target_lengths: [2, 1] },
        ...{ T: 5, B: 2, C: 4, S: 2, L: L(2), blank: 0, reduction: number, zero_infinity: 0 },
      },
      ...loss,
    },
    {
      name: `binary cross entropy, ${reduction}`,
      kernel: 'bce_with_logits',
      given: pairs,
      outputs: ['loss'],
      inputs: ['x'],
    },
    {
      name: `binary cross entropy, ${reduction}, with weights`,
      kernel: 'bce_with_logits',
      given: { ...pairs, weight: positive(6, 4), pos_weight: positive(6, 5) },
      outputs: ['loss'],
      inputs: ['x'],
    },
    ...names(Regression).map(([kind, value]) => ({
      name: `${kind}, ${reduction}`,
      kernel: 'regression_loss',
      given: { ...pairs, kind: value, delta: 1 },
      outputs: ['loss'],
      inputs: ['x', 't'],
    })),
  ];
});

const sequences: Case[] = plainCells.flatMap((cell) =>
  [
    { name: 'one direction', T: 4, B: 2, D: 1, lengths: undefined, bias: true, state: true },
    { name: 'without biases and initial states', T: 3, B: 2, D: 1, lengths: undefined, bias: false, state: false },
    { name: 'bidirectional, ragged, with an empty row', T: 4, B: 3, D: 2, lengths: [2, 0, 4], bias: true, state: true },
  ].map(({ name, T, B, D, lengths, bias, state }) => {
    const [I, H] = [3, 2];
    const gates = cell.gates.length;
    const hasC = cell.states.includes('c');
    const rows = lengths ? lengths.reduce((sum, length) => sum + length, 0) : T * B;
    const sizes = { cell: cell.id, gates, T, B, I, H, D, rows };
    const { nsaved, training, inference, backward } = recurrentSizes(sizes);
    const parameters: Record<string, number[]> = { x: wave(T * B * I, 1) };
    ['', '_r'].slice(0, D).forEach((direction, d) => {
      parameters[`w_ih${direction}`] = wave(gates * H * I, 2 + 10 * d);
      parameters[`w_hh${direction}`] = wave(gates * H * H, 3 + 10 * d);
      if (bias) parameters[`b_ih${direction}`] = wave(gates * H, 4 + 10 * d);
      if (bias) parameters[`b_hh${direction}`] = wave(gates * H, 5 + 10 * d);
    });
    if (state) parameters.h0 = wave(D * B * H, 6);
    if (state && hasC) parameters.c0 = wave(D * B * H, 7);
    return {
      name: `${cell.name}, ${name}`,
      kernel: 'rnn',
      given: {
        ...sizes,
        ...parameters,
        ...(lengths && { lengths }),
        nsaved,
        nscratch: Math.max(training, inference, backward),
        npacked: 0,
      },
      outputs: ['y', 'hn', ...(hasC ? ['cn'] : [])],
      inputs: Object.keys(parameters),
    };
  }),
);

const cases = [...pointwise, ...matrices, ...losses, ...sequences];

describe('gradients of the reference kernels equal differences', () => {
  for (const each of cases) it(each.name, () => check(each));

  it('every backward kernel has a case', () => {
    const checked = new Set(cases.map(({ kernel }) => `${kernel}_backward`));
    // In recurrent-general.test.ts, with all that a layer may have.
    checked.add('rnn_general_backward');
    expect(kernelNames.filter((name) => name.endsWith('_backward') && !checked.has(name))).toEqual([]);
  });
});
