// planMemory: the bytes that training a model takes, before anything is allocated.
import { OptionError } from '../errors.js';
import { checkOptions, is, required, show } from '../options.js';
import { Module } from './module.js';
import { RecurrentBase } from './recurrent-base.js';
import { floatBytes } from './recurrent-memory.js';
import { recomputeRule } from './recurrent-options.js';

export interface MemoryPlanOptions {
  /** Time steps and rows of a batch. */
  readonly T: number;
  readonly B: number;
  /** What every recurrent layer's option would be. Default: each layer's own */
  readonly recompute?: 'sqrt' | number;
}

/** Bytes that one layer takes while a batch is trained on. */
export interface LayerMemoryPlan {
  /** The dotted name of the module in the model, '' for the model itself, and which of its stacked layers it is. */
  readonly name: string;
  readonly layer: number;
  /** Every how many steps the states are saved; 0: everything is. */
  readonly keep: number;
  /** What forward keeps for backward, masks included. */
  readonly saved: number;
  /** Outputs and final states. */
  readonly outputs: number;
  /** Gradients of outputs, states and, in the lowest layer, of the input. */
  readonly gradients: number;
  /** Of the largest single call. */
  readonly scratch: number;
}

/** Bytes. */
export interface MemoryPlan {
  readonly parameters: number;
  /** Of the parameters. */
  readonly gradients: number;
  /** What recurrent layers save and return. */
  readonly activations: number;
  /** Gradients of activations, and scratch. */
  readonly workspace: number;
  readonly total: number;
  readonly layers: readonly LayerMemoryPlan[];
}

/**
 * The bytes that a training step of `model` on a batch [T, B] takes. Nothing is computed or allocated.
 *
 *   planMemory(model, { T: 20_000, B: 4 }).total;
 *   planMemory(model, { T: 20_000, B: 4, recompute: 'sqrt' }).total;
 *
 * Counted are all parameters and their gradients, and of every recurrent layer in the model what it saves, returns and needs in
 * backward, as if each of them were run once over T steps, with a gradient of the input (as when an embedding stands below)
 * and of the final state. Not counted: other layers' activations, the moments of the optimiser, the batch itself; and memory
 * comes in chunks, so that what is reserved may be up to half as much again. On the reference backend a number takes 8 bytes.
 * Whether a layer is in training mode (its masks) is what it is now.
 *
 * @throws OptionError  if the model is no Module, or T or B no whole number >= 1
 * @throws OutOfMemoryError  if a layer has a memoryLimit and nothing fits
 */
export function planMemory(model: Module, options: MemoryPlanOptions): MemoryPlan {
  if (!(model instanceof Module)) throw new OptionError(`planMemory: model must be a Module, got ${show(model)}`);
  checkOptions('planMemory', options, {
    T: required(is.integer(1)),
    B: required(is.integer(1)),
    recompute: recomputeRule,
  });
  const { T, B, recompute } = options;
  const bytes = floatBytes();
  const layers: LayerMemoryPlan[] = [];
  for (const [name, module] of model.namedModules()) {
    if (!(module instanceof RecurrentBase)) continue;
    const { keep, footprint } = module.memoryFor(T, B, recompute);
    for (const [layer, { saved, outputs, gradients, scratch }] of footprint.layers.entries()) {
      const numbers = { saved: saved * bytes, outputs: outputs * bytes, gradients: gradients * bytes };
      layers.push({ name, layer, keep, ...numbers, scratch: scratch * bytes });
    }
  }
  const sum = (of: (layer: LayerMemoryPlan) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
  const parameters = bytes * model.parameters().reduce((total, { size }) => total + size, 0);
  const activations = sum(({ saved, outputs }) => saved + outputs);
  const workspace = sum(({ gradients }) => gradients) + Math.max(0, ...layers.map(({ scratch }) => scratch));
  const total = 2 * parameters + activations + workspace;
  return { parameters, gradients: parameters, activations, workspace, total, layers };
}
