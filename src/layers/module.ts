// Module, the base class of layers and models, and Sequential. Parameters and child modules are found by looking at the
// module's own properties, so that assigning them in the constructor is all it takes, and names are PyTorch's.
import { current } from '../autograd/context.js';
import { Parameter, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import { DTypeError, OptionError, ShapeError, UnrolledError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';

export type StateDict = Record<string, Tensor>;

/** What loadStateDict did not find, and what it did not know. */
export interface LoadReport {
  readonly missing: string[];
  readonly unexpected: string[];
}

/**
 * Base class of everything that has parameters.
 *
 *   class Tagger extends Module {
 *     lstm = new LSTM({ inputSize: 8, hiddenSize: 16 });
 *     head = new Linear({ inFeatures: 16, outFeatures: 3 });
 *     forward(x: Tensor) {
 *       return this.head.forward(this.lstm.forward(x).output);
 *     }
 *   }
 *   new Tagger().stateDict();   // lstm.weight_ih_l0, ..., head.weight, head.bias
 *
 * A Parameter, a Module, and an array of either count when they are properties of the module itself.
 */
export abstract class Module {
  /** True in training, where Dropout drops; set by train() and eval(). */
  training = true;

  /** What the module computes. A subclass states its own arguments and result. */
  abstract forward(...inputs: never[]): unknown;

  /** The module's own children by name; those in an array are called `name.0`, `name.1`, ... */
  *namedChildren(): Generator<[string, Module]> {
    for (const [name, value] of entries(this)) if (value instanceof Module) yield [name, value];
  }

  /** This module and all below it, each once, with the first of its dotted names; this module's own is ''. */
  *namedModules(): Generator<[string, Module]> {
    const names = new Map<Module, string>([[this, '']]);
    // A Map visits what is added during the loop: this is the whole traversal.
    for (const [module, name] of names) {
      yield [name, module];
      for (const [own, child] of module.namedChildren()) {
        if (!names.has(child)) names.set(child, name === '' ? own : `${name}.${own}`);
      }
    }
  }

  /** This module and all below it, each once. */
  modules(): Module[] {
    return Array.from(this.namedModules(), ([, module]) => module);
  }

  /** Every parameter of this module and its children with its dotted name. One that is shared comes once. */
  *namedParameters(prefix = ''): Generator<[string, Parameter]> {
    const seen = new Set<Parameter>();
    for (const [name, parameter] of this.#walk(prefix, new Set())) {
      if (!seen.has(parameter)) yield [name, parameter];
      seen.add(parameter);
    }
  }

  /** Every parameter once: what an optimiser wants. */
  parameters(): Parameter[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /** As namedParameters, but a shared parameter comes under each of its names. `path` guards against a child that holds its parent. */
  *#walk(prefix: string, path: Set<Module>): Generator<[string, Parameter]> {
    if (path.has(this)) return;
    path.add(this);
    for (const [name, value] of entries(this)) {
      if (value instanceof Parameter) yield [prefix + name, value];
    }
    for (const [name, child] of this.namedChildren()) yield* child.#walk(`${prefix + name}.`, path);
    path.delete(this);
  }

  /** Copies of all parameters by name, ready for `io.saveSafetensors` or `loadStateDict`. */
  stateDict(): StateDict {
    const { memory } = current();
    const dict: StateDict = {};
    for (const [name, parameter] of this.#walk('', new Set())) {
      const copy = memory.alloc('float', parameter.size, 'host');
      memory.view(copy).set(memory.view(parameter.storage) as Float32Array);
      dict[name] = new Tensor(copy, parameter.shape);
    }
    return dict;
  }

  /**
   * Copies numbers by name into the parameters. Nothing is changed unless everything fits.
   *
   * @param dict     what stateDict() or io.loadSafetensors returned
   * @param options  `strict: false` leaves alone what is missing and ignores what is unexpected. Default true
   * @returns the names that were missing and unexpected
   * @throws UnrolledError  if strict and the names differ
   * @throws ShapeError     if a shape differs
   */
  loadStateDict(dict: Readonly<Record<string, Tensor>>, options: { readonly strict?: boolean } = {}): LoadReport {
    checkOptions('loadStateDict', options, { strict: is.boolean });
    if (typeof dict !== 'object' || dict === null || dict instanceof Tensor) {
      throw new OptionError(`loadStateDict: dict must be an object of tensors by name, got ${show(dict)}`);
    }
    const own = new Map(this.#walk('', new Set()));
    const missing = [...own.keys()].filter((name) => !Object.hasOwn(dict, name));
    const unexpected = Object.keys(dict).filter((name) => !own.has(name));
    if ((options.strict ?? true) && missing.length + unexpected.length > 0) {
      const parts = [];
      if (missing.length > 0) parts.push(`missing: ${missing.join(', ')}`);
      if (unexpected.length > 0) parts.push(`unexpected: ${unexpected.join(', ')}`);
      throw new UnrolledError(
        `loadStateDict: names differ from the ${this.constructor.name}'s (${parts.join('; ')}); pass { strict: false } to ` +
          'load what fits',
        'ERR_STATE_DICT',
      );
    }
    for (const [name, parameter] of own) {
      const from = dict[name];
      if (from === undefined) continue;
      if (!(from instanceof Tensor) || from.dtype !== 'float32') {
        throw new DTypeError(
          `loadStateDict: ${name} must be a float32 tensor, got ${from instanceof Tensor ? from.dtype : show(from)}`,
        );
      }
      if (!sameShape(from.shape, parameter.shape)) {
        throw new ShapeError(
          `loadStateDict: ${name} must be ${showShape(parameter.shape)}, got ${showShape(from.shape)}`,
        );
      }
    }
    const { memory } = current();
    for (const [name, parameter] of own) {
      const from = dict[name];
      if (from === undefined) continue;
      memory.view(parameter.storage as typeof from.storage).set(memory.view(from.storage) as Float32Array);
      parameter.touch();
    }
    return { missing, unexpected };
  }

  /** Switches this module and its children to training, or with `false` to evaluation. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Switches this module and its children to evaluation: Dropout passes everything. Gradients are noGrad's business. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.zeroGrad();
  }
}

/** Own properties in order of assignment, arrays flattened one level. */
function* entries(module: Module): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(module)) {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) yield [`${name}.${index}`, item];
    else yield [name, value];
  }
}

/** A module from tensor to tensor. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/**
 * Modules one after the other. Names are `0.weight`, `1.bias`, ... as in PyTorch.
 *
 *   new Sequential(new Linear({ inFeatures: 4, outFeatures: 8 }), new Dropout({ p: 0.1 }))
 */
export class Sequential extends Module {
  readonly [index: number]: Layer;

  constructor(...layers: readonly Layer[]) {
    super();
    layers.forEach((layer, k) => {
      if (!(layer instanceof Module)) {
        throw new OptionError(
          `Sequential: layer ${k} must be a Module, got ${show(layer)}; for functions between layers, write a Module with a ` +
            'forward of its own',
        );
      }
    });
    // Indices as properties: that is how they get PyTorch's names.
    Object.assign(this, layers);
  }

  forward(x: Tensor): Tensor {
    let y = x;
    for (const [, layer] of this.namedChildren()) y = (layer as Layer).forward(y);
    return y;
  }
}
