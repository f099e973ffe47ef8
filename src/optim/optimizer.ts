// What all optimisers share: parameter groups, state per parameter, and saving both. An optimiser itself is its
// options, their defaults, and one call of a fused kernel (see sgd.ts).
import { current } from '../autograd/context.js';
import { floatsOf, sameShape, showShape, Tensor } from '../autograd/tensor.js';
import type { Floats } from '../backend/types.js';
import { OptionError, ShapeError } from '../errors.js';
import { checkOptions, type Rule, show } from '../options.js';

/** Options every optimiser has. */
export interface BaseOptions {
  /** Learning rate, >= 0. */
  lr: number;
}

/** Parameters with options of their own; an option left out has the optimiser's value. */
export type GroupInput<O> = { readonly params: Iterable<Tensor> } & Partial<O>;

/** `model.parameters()`, or groups: `[{ params: encoder.parameters(), lr: 1e-4 }, { params: head.parameters() }]`. */
export type ParametersInput<O> = Iterable<Tensor> | Iterable<GroupInput<O>>;

/** A group as the optimiser uses it. Options may be changed between steps. */
export type Group<O> = { params: Tensor[] } & O;

/**
 * What an optimiser remembers of one parameter: the number of steps it took part in, and buffers by PyTorch's names.
 * @internal
 */
export interface State {
  step: number;
  readonly buffers: Map<string, Floats>;
}

/** Contents of `stateDict()`: as PyTorch's, parameters are numbered through all groups. */
export interface OptimizerState<O> {
  readonly state: Readonly<Record<number, { readonly step: number; readonly [buffer: string]: Tensor | number }>>;
  readonly groups: readonly (O & { readonly params: readonly number[] })[];
}

/** Rules of a group's options; each is optional to the user. @internal */
export type OptionRules<O> = { readonly [K in keyof O]-?: Rule };

/** What SGD, Adam, AdamW, RMSprop and Adagrad have in common. */
export abstract class Optimizer<O extends BaseOptions = BaseOptions> {
  readonly groups: Group<O>[];
  /** "Adam", "SGD", ...: what a checkpoint says it was made with. */
  readonly name: string;
  readonly #rules: OptionRules<O>;
  readonly #states = new Map<Tensor, State>();

  /** @internal */
  protected constructor(
    name: string,
    params: ParametersInput<O>,
    options: Partial<O>,
    defaults: O,
    rules: OptionRules<O>,
  ) {
    this.name = name;
    this.#rules = rules;
    checkOptions<Partial<O>>(name, options, rules as never);
    this.groups = readGroups(name, params).map(({ params: own, ...overrides }) => {
      checkOptions<Partial<O>>(`${name}: group`, overrides as unknown as Partial<O>, rules as never);
      return { ...defaults, ...defined(options), ...defined(overrides), params: [...own] } as Group<O>;
    });
    for (const group of this.groups) this.checkGroup(group);
    checkParameters(name, this.#parameters());
  }

  /** One fused update of a parameter with a gradient; `state.step` already counts this step. @internal */
  protected abstract update(parameter: Floats, grad: Floats, state: State, group: Group<O>): void;

  /** Which buffers the state of a parameter of this group may hold. @internal */
  protected abstract bufferNames(group: Group<O>): readonly string[];

  /** Checks of options against each other. @internal */
  protected checkGroup(_group: Group<O>): void {}

  /** Learning rate of the first group. Setting it sets all groups. */
  get lr(): number {
    return (this.groups[0] as Group<O>).lr;
  }

  set lr(lr: number) {
    this.#checkLr(lr);
    for (const group of this.groups) group.lr = lr;
  }

  /** Updates every parameter that has a gradient; the others keep their value and their state. */
  step(): void {
    const { memory } = current();
    for (const group of this.groups) {
      this.#checkLr(group.lr);
      for (const parameter of group.params) {
        const grad = parameter.grad;
        if (grad === null) continue;
        const floats = floatsOf(grad, this.name, 'a gradient');
        if (!sameShape(grad.shape, parameter.shape)) {
          throw new ShapeError(
            `${this.name}: the gradient of a parameter must be ${showShape(parameter.shape)}, got ${showShape(grad.shape)}`,
          );
        }
        // What is freed, stale or of another backend is refused here, before the state counts a step.
        memory.view(parameter.storage);
        memory.view(floats);
        const state = this.#stateOf(parameter);
        state.step++;
        this.update(parameter.storage as Floats, floats, state, group);
        parameter.touch();
      }
    }
  }

  /** Forgets the gradients: each parameter's `grad` is null until the next backward reaches it. */
  zeroGrad(): void {
    for (const parameter of this.#parameters()) parameter.zeroGrad();
  }

  /** Options and state, copied: what has to be saved to go on exactly where training stopped. */
  stateDict(): OptimizerState<O> {
    const { memory } = current();
    const state: Record<number, { step: number; [buffer: string]: Tensor | number }> = {};
    this.#parameters().forEach((parameter, index) => {
      const own = this.#states.get(parameter);
      if (own === undefined) return;
      const entry: (typeof state)[number] = { step: own.step };
      for (const [name, buffer] of own.buffers) {
        const copy = memory.alloc('float', buffer.length, 'host');
        memory.view(copy).set(memory.view(buffer));
        entry[name] = new Tensor(copy, parameter.shape);
      }
      state[index] = entry;
    });
    let next = 0;
    const groups = this.groups.map((group) => ({ ...group, params: group.params.map(() => next++) }));
    return { state, groups };
  }

  /**
   * Takes over what `stateDict()` of an optimiser with the same groups gave. All is checked before anything is changed.
   *
   * @throws OptionError  if groups or buffers differ;  ShapeError  if a buffer's shape is not its parameter's
   */
  loadStateDict(dict: OptimizerState<O>): void {
    const where = `${this.name}.loadStateDict`;
    const sizes = (groups: readonly { params: readonly unknown[] }[]) =>
      show(groups.map((group) => group?.params?.length));
    if (!Array.isArray(dict?.groups) || !isObject(dict.state) || sizes(dict.groups) !== sizes(this.groups)) {
      const got = Array.isArray(dict?.groups) ? sizes(dict.groups) : show(dict);
      throw new OptionError(`${where}: needs groups of ${sizes(this.groups)} parameters, got ${got}`);
    }
    dict.groups.forEach(({ params: _, ...options }) => {
      checkOptions<Partial<O>>(where, options as unknown as Partial<O>, this.#rules as never);
    });
    const parameters = this.groups.flatMap((group, at) => {
      const names = this.bufferNames({ ...group, ...dict.groups[at], params: group.params });
      return group.params.map((parameter) => ({ parameter, names }));
    });
    for (const [index, entry] of Object.entries(dict.state)) checkEntry(where, index, entry, parameters[Number(index)]);

    this.groups.forEach((group, at) => {
      Object.assign(group, dict.groups[at], { params: group.params });
    });
    const { memory } = current();
    this.#states.clear();
    for (const [index, { step, ...buffers }] of Object.entries(dict.state)) {
      const state = this.#stateOf(parameters[Number(index)]?.parameter as Tensor);
      state.step = step;
      for (const [name, from] of Object.entries(buffers as Record<string, Tensor>)) {
        memory.view(this.buffer(state, name, from.size)).set(memory.view(from.storage as Floats));
      }
    }
  }

  /** A state's buffer: zeros when new. @internal */
  protected buffer(state: State, name: string, length: number): Floats {
    let buffer = state.buffers.get(name);
    if (buffer === undefined) {
      buffer = current().memory.alloc('float', length, 'persistent');
      state.buffers.set(name, buffer);
    }
    return buffer;
  }

  #stateOf(parameter: Tensor): State {
    let state = this.#states.get(parameter);
    if (state === undefined) {
      state = { step: 0, buffers: new Map() };
      this.#states.set(parameter, state);
    }
    return state;
  }

  #parameters(): Tensor[] {
    return this.groups.flatMap((group) => group.params);
  }

  #checkLr(lr: unknown): void {
    if (!this.#rules.lr.accepts(lr))
      throw new OptionError(`${this.name}: lr must be ${this.#rules.lr.expected}, got ${show(lr)}`);
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Adam's and AdamW's two decay rates. */
export const isBetas: Rule = {
  expected: 'two numbers >= 0 and below 1',
  accepts: (v) =>
    Array.isArray(v) && v.length === 2 && v.every((beta) => Number.isFinite(beta) && beta >= 0 && beta < 1),
};

/** Without the options that are set to undefined, which count as not given. */
function defined(options: object | undefined): object {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
}

function readGroups<O>(name: string, params: ParametersInput<O>): GroupInput<O>[] {
  if (typeof (params as { [Symbol.iterator]?: unknown } | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw new OptionError(
      `${name}: the first argument must be a list of parameters or groups, got ${show(params)}; pass model.parameters()`,
    );
  }
  const list = [...(params as Iterable<unknown>)];
  if (list.every((entry) => entry instanceof Tensor)) return [{ params: list } as unknown as GroupInput<O>];
  for (const entry of list) {
    const own = (entry as { params?: Iterable<unknown> } | null)?.params;
    if (typeof own !== 'object' || own === null || typeof own[Symbol.iterator] !== 'function') {
      throw new OptionError(`${name}: each group must be { params: list of tensors, ...options }, got ${show(entry)}`);
    }
  }
  return list as GroupInput<O>[];
}

function checkParameters(name: string, parameters: readonly unknown[]): void {
  if (parameters.length === 0) throw new OptionError(`${name}: got no parameters; pass model.parameters()`);
  const seen = new Set<unknown>();
  for (const parameter of parameters) {
    if (!(parameter instanceof Tensor) || parameter.dtype !== 'float32') {
      throw new OptionError(`${name}: a parameter must be a float32 tensor, got ${show(parameter)}`);
    }
    if (parameter.node !== null) {
      throw new OptionError(
        `${name}: a parameter of shape ${showShape(parameter.shape)} was computed by "${parameter.node.op}": its gradient would ` +
          'never arrive. Pass the parameters it was computed from',
      );
    }
    if (seen.has(parameter))
      throw new OptionError(`${name}: a parameter of shape ${showShape(parameter.shape)} is given twice`);
    seen.add(parameter);
  }
}

function checkEntry(
  where: string,
  index: string,
  entry: { readonly step: number; readonly [buffer: string]: unknown },
  expected: { parameter: Tensor; names: readonly string[] } | undefined,
): void {
  if (expected === undefined)
    throw new OptionError(`${where}: state of parameter ${index}, but there is no such parameter`);
  if (!isObject(entry))
    throw new OptionError(`${where}: state of parameter ${index} must be an object, got ${show(entry)}`);
  const { step, ...buffers } = entry;
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new OptionError(`${where}: step of parameter ${index} must be an integer >= 0, got ${show(step)}`);
  }
  for (const [name, buffer] of Object.entries(buffers)) {
    if (!expected.names.includes(name) || !(buffer instanceof Tensor)) {
      throw new OptionError(
        `${where}: state of parameter ${index} may hold the tensors ${expected.names.join(', ') || '(none)'}, ` +
          `got ${name}: ${show(buffer)}`,
      );
    }
    const { shape } = expected.parameter;
    if (!sameShape(shape, buffer.shape)) {
      throw new ShapeError(
        `${where}: ${name} of parameter ${index} must be ${showShape(shape)}, got ${showShape(buffer.shape)}`,
      );
    }
  }
}
