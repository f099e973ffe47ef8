// Checkpoints: all that training needs to go on exactly where it stopped, in one safetensors file.
//
//   model/NAME             parameters                       F32; F64 on the reference backend, which computes in double
//   optimizer/K/BUFFER     moments of parameter K
//   states/K/h, states/K/c recurrent states
//   best/NAME              early stopping's weights
//   __metadata__           format, version, and `content`: everything else as JSON
import { tensor } from '../autograd/creation.js';
import { type GeneratorState, generator } from '../autograd/random.js';
import { sameShape, showShape, type Tensor } from '../autograd/tensor.js';
import { CheckpointError, FormatError, OptionError } from '../errors.js';
import { Module, type StateDict } from '../layers/module.js';
import { RecurrentState } from '../layers/state.js';
import { listStates, type States } from '../layers/states.js';
import { Optimizer, type OptimizerState } from '../optim/optimizer.js';
import { checkOptions, is, required, show } from '../options.js';
import { platform } from '../platform/types.js';
import { checkJson, fromExactJson, type Json, toExactJson } from './exact-json.js';
import { exactNumbers, exactPart } from './safetensors-dtypes.js';
import { parseHeader, refuse, type SafetensorsPart, serialize } from './safetensors-format.js';

const FORMAT = 'unrolled checkpoint';
const VERSION = 1;

/** Where a checkpoint is kept that is no file: in a page's memory, on a server. */
export interface CheckpointStore {
  /** What write was last given; null or undefined: nothing yet. */
  read(): Uint8Array | null | undefined | Promise<Uint8Array | null | undefined>;
  /** Must keep the old bytes until all of the new ones are safe. */
  write(bytes: Uint8Array): void | Promise<void>;
}

/** A file's path or URL, or a store of your own. */
export type CheckpointPlace = string | URL | CheckpointStore;

export interface CheckpointParts {
  readonly model: Module;
  readonly optimizer?: Optimizer;
  /** Recurrent states that training carries: one, or a list or record of them. */
  readonly states?: States | null;
  /** Whatever else has to be kept, as JSON: an epoch, the position in a corpus. */
  readonly extra?: Json;
}

export interface LoadedCheckpoint {
  readonly states: States | null;
  readonly extra: Json;
}

/**
 * Writes weights, the optimiser's state and options, the global random generator, states and `extra`. A file has its old
 * contents or all of the new at any moment, also when the process is killed.
 *
 * @param to  null: nowhere, only return the bytes
 * @returns the bytes of the checkpoint, a safetensors file
 */
export async function saveCheckpoint(to: CheckpointPlace | null, parts: CheckpointParts): Promise<Uint8Array> {
  if (to !== null) checkPlace('saveCheckpoint', to);
  checkParts('saveCheckpoint', parts);
  const bytes = packCheckpoint('saveCheckpoint', parts);
  if (to !== null) await writePlace(to, bytes);
  return bytes;
}

/**
 * Puts back into `model` and `optimizer` what saveCheckpoint or fit wrote, and the random generator to where it stood.
 * Nothing is changed unless everything fits. An optimiser that is not given stays as it is.
 *
 * @param from  a path or URL, a store, or bytes
 * @throws FormatError      if it is damaged or no checkpoint
 * @throws CheckpointError  if it is of another model, optimiser or version, naming what differs
 */
export async function loadCheckpoint(
  from: CheckpointPlace | Uint8Array,
  parts: Pick<CheckpointParts, 'model' | 'optimizer'>,
): Promise<LoadedCheckpoint> {
  if (!(from instanceof Uint8Array)) checkPlace('loadCheckpoint', from);
  checkParts('loadCheckpoint', parts);
  const bytes = from instanceof Uint8Array ? from : await readPlace(from);
  const name = from instanceof Uint8Array ? `${bytes?.length} bytes` : placeName(from);
  if (bytes === null) throw new CheckpointError(`loadCheckpoint: there is no checkpoint at ${name}`);
  const opened = openCheckpoint(bytes, name);
  applyCheckpoint(opened, parts);
  return { states: opened.states, extra: opened.extra };
}

/** A checkpoint that was read and found whole. @internal */
export interface OpenedCheckpoint extends LoadedCheckpoint {
  /** As errors call it. */
  readonly name: string;
  readonly model: StateDict;
  readonly best: StateDict | null;
  readonly optimizer: { readonly name: string; readonly state: OptimizerState<{ lr: number }> } | null;
  readonly generator: GeneratorState;
  /** fit's own, unchecked. */
  readonly training: unknown;
}

/** What fit adds. @internal */
export interface TrainingPart {
  readonly json: Json;
  readonly best: StateDict | null;
}

/** @internal */
export function packCheckpoint(
  where: string,
  parts: CheckpointParts,
  training: TrainingPart | null = null,
): Uint8Array {
  const { model, optimizer, states = null, extra = null } = parts;
  const tensors: SafetensorsPart[] = [];
  const put = (prefix: string, dict: StateDict) => {
    for (const [name, t] of Object.entries(dict)) tensors.push(exactPart(prefix + name, t));
  };
  put('model/', model.stateDict());
  if (training?.best) put('best/', training.best);
  const { state = {}, groups = [] } = optimizer?.stateDict() ?? {};
  const steps: Record<string, number> = {};
  for (const [index, { step, ...buffers }] of Object.entries(state)) {
    steps[index] = step;
    put(`optimizer/${index}/`, buffers as unknown as StateDict);
  }
  for (const [k, { h, c }] of listStates(where, states ?? []).entries()) put(`states/${k}/`, { h, ...(c && { c }) });
  checkJson(`${where}: extra`, extra);
  const content = {
    optimizer: optimizer ? { name: optimizer.name, groups, steps } : null,
    generator: generator.state(),
    states: states && describeStates(states),
    extra,
    training: training?.json ?? null,
  };
  return serialize(tensors, {
    format: FORMAT,
    version: String(VERSION),
    content: toExactJson(content as unknown as Json),
  });
}

/** Reads and checks all that can be checked without the model. @internal */
export function openCheckpoint(bytes: Uint8Array, name: string): OpenedCheckpoint {
  const { entries, metadata } = parseHeader(bytes, name);
  if (metadata.format !== FORMAT) {
    throw new FormatError(
      `checkpoint: ${name} is a safetensors file, but no checkpoint; load it with io.loadSafetensors`,
    );
  }
  if (metadata.version !== String(VERSION)) {
    throw new CheckpointError(
      `checkpoint: ${name} has version ${show(metadata.version)} of the format, this release of unrolled reads ${VERSION}; ` +
        'load it with the release that wrote it',
    );
  }
  const groups: Record<string, [string, Tensor][]> = { model: [], best: [], optimizer: [], states: [] };
  for (const entry of entries) {
    const [, kind = '', own = ''] = /^([a-z]+)\/(.+)$/s.exec(entry.name) ?? [];
    const group = Object.hasOwn(groups, kind) ? groups[kind] : undefined;
    if (group === undefined) throw damaged(name, `tensor ${show(entry.name)} has no place in a checkpoint`);
    if (entry.dtype !== 'F32' && entry.dtype !== 'F64') {
      refuse(name, 'dtype', `tensor ${show(entry.name)} of a checkpoint must be F32 or F64, got ${entry.dtype}`);
    }
    group.push([own, tensor(exactNumbers(entry, bytes, name), entry.shape)]);
  }
  const content = parseContent(name, metadata.content);
  const { optimizer, generator: random, states, extra = null, training } = content;
  return {
    name,
    model: Object.fromEntries(groups.model as []),
    best: groups.best?.length ? Object.fromEntries(groups.best) : null,
    optimizer: optimizer === null ? null : readOptimizer(name, optimizer, groups.optimizer as []),
    generator: readGenerator(name, random),
    states: readStates(name, states, new Map(groups.states)),
    extra: extra as Json,
    training,
  };
}

/** Puts it into model, optimiser and generator: all or nothing. @internal */
export function applyCheckpoint(
  opened: OpenedCheckpoint,
  { model, optimizer }: Pick<CheckpointParts, 'model' | 'optimizer'>,
): void {
  const { name } = opened;
  checkModelFits(name, 'model', opened.model, model);
  if (opened.best !== null) checkModelFits(name, 'best weights', opened.best, model);
  if (optimizer !== undefined) {
    const got = opened.optimizer;
    if (got?.name !== optimizer.name) {
      throw new CheckpointError(
        `checkpoint: ${name} was made ${got ? `with the optimizer ${got.name}` : 'without an optimizer'}, got ${optimizer.name}; ` +
          'make the optimizer that it was made with',
      );
    }
    try {
      optimizer.loadStateDict(got.state as OptimizerState<never>);
    } catch (cause) {
      throw new CheckpointError(
        `checkpoint: the optimizer's state in ${name} does not fit (${(cause as Error).message}); make it with the same ` +
          'groups of parameters',
        { cause },
      );
    }
  }
  model.loadStateDict(opened.model);
  generator.restore(opened.generator);
}

/** @throws CheckpointError  saying which names and shapes differ */
function checkModelFits(name: string, what: string, dict: StateDict, model: Module): void {
  const own = model.stateDict();
  const differences = [
    ...Object.keys(own).flatMap((key) => (Object.hasOwn(dict, key) ? [] : [`${key} is missing`])),
    ...Object.keys(dict).flatMap((key) => (Object.hasOwn(own, key) ? [] : [`${key} is not in the model`])),
    ...Object.entries(own).flatMap(([key, t]) => {
      const given = Object.hasOwn(dict, key) ? (dict[key] as Tensor) : t;
      const fits = sameShape(given.shape, t.shape);
      return fits ? [] : [`${key} is ${showShape(given.shape)}, in the model ${showShape(t.shape)}`];
    }),
  ];
  if (differences.length === 0) return;
  const rest = differences.length > 6 ? `; and ${differences.length - 6} more` : '';
  throw new CheckpointError(
    `checkpoint: ${name} is of another model than this ${model.constructor.name}: of its ${what}, ` +
      `${differences.slice(0, 6).join('; ')}${rest}. Nothing was loaded`,
  );
}

const damaged = (name: string, what: string): FormatError =>
  new FormatError(`checkpoint: ${name} is damaged: ${what}; go back to an older one`);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseContent(name: string, text: string | undefined): Record<string, unknown> {
  let content: unknown;
  try {
    content = fromExactJson(text ?? '');
  } catch (error) {
    throw damaged(name, `its content is not JSON (${(error as Error).message})`);
  }
  if (!isRecord(content)) throw damaged(name, `its content must be an object, got ${show(content)}`);
  return content;
}

function readGenerator(name: string, value: unknown): GeneratorState {
  const { seed, drawn } = isRecord(value) ? value : {};
  const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (isCount(seed) && isCount(drawn)) return { seed, drawn };
  throw damaged(name, `the generator must be { seed, drawn }, got ${show(value)}`);
}

function readOptimizer(
  name: string,
  value: unknown,
  tensors: readonly [string, Tensor][],
): NonNullable<OpenedCheckpoint['optimizer']> {
  const { name: kind, groups, steps } = isRecord(value) ? value : {};
  if (typeof kind !== 'string' || !Array.isArray(groups) || !groups.every(isRecord) || !isRecord(steps)) {
    throw damaged(name, `the optimizer must be { name, groups, steps }, got ${show(value)}`);
  }
  const state = Object.fromEntries(
    Object.entries(steps).map(([index, step]) => [
      index,
      { step } as { step: number; [buffer: string]: Tensor | number },
    ]),
  );
  for (const [path, t] of tensors) {
    const [index = '', buffer = ''] = path.split('/');
    const own = Object.hasOwn(state, index) ? state[index] : undefined;
    if (own === undefined || buffer === '' || buffer === 'step') {
      throw damaged(name, `tensor ${show(`optimizer/${path}`)} belongs to no parameter`);
    }
    own[buffer] = t;
  }
  return { name: kind, state: { state, groups } as unknown as OptimizerState<{ lr: number }> };
}

/** The structure of nested states; each state is the number its tensors have in the file. */
type StatesOutline = number | readonly StatesOutline[] | { readonly [name: string]: StatesOutline };

function describeStates(states: States): StatesOutline {
  let next = 0;
  const visit = (part: States): StatesOutline => {
    if (part instanceof RecurrentState) return next++;
    if (Array.isArray(part)) return part.map(visit);
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(states);
}

function readStates(name: string, outline: unknown, tensors: ReadonlyMap<string, Tensor>): States | null {
  let used = 0;
  const visit = (part: unknown): States => {
    if (typeof part === 'number') {
      const [h, c = null] = [tensors.get(`${part}/h`), tensors.get(`${part}/c`)];
      used += c === null ? 1 : 2;
      if (h?.shape.length === 3 && (c === null || c.shape.length === 3)) return new RecurrentState(h, c);
      throw damaged(name, `the recurrent state ${part} is not there`);
    }
    if (Array.isArray(part)) return part.map(visit);
    if (!isRecord(part)) throw damaged(name, `recurrent states must be an outline of numbers, got ${show(part)}`);
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, visit(inner)]));
  };
  const states = outline === null ? null : visit(outline);
  if (used !== tensors.size)
    throw damaged(name, `it has ${tensors.size} tensors of recurrent states, but uses ${used}`);
  return states;
}

function checkParts(where: string, parts: CheckpointParts): void {
  checkOptions<CheckpointParts>(where, parts, {
    model: required(is.instance(Module)),
    optimizer: { expected: 'an optimizer', accepts: (value) => value instanceof Optimizer },
    states: is.any,
    extra: is.any,
  });
}

/** @internal */
export const isPlace = (place: unknown): place is CheckpointPlace => {
  if ((typeof place === 'string' && place !== '') || place instanceof URL) return true;
  const { read, write } = (place ?? {}) as Partial<CheckpointStore>;
  return typeof read === 'function' && typeof write === 'function';
};

function checkPlace(where: string, place: unknown): void {
  if (isPlace(place)) return;
  throw new OptionError(`${where}: needs a path, a URL, or { read, write }, got ${show(place)}`);
}

/** @internal */
export const placeName = (place: CheckpointPlace): string =>
  typeof place === 'string' || place instanceof URL ? String(place) : 'the store';

/** Null where there is no checkpoint yet. @internal */
export async function readPlace(place: CheckpointPlace): Promise<Uint8Array | null> {
  if (typeof place === 'string' || place instanceof URL) return platform().recoverFile(place);
  const bytes = (await place.read()) ?? null;
  if (bytes === null || bytes instanceof Uint8Array) return bytes;
  throw new OptionError(
    `checkpoint: read() must return a Uint8Array, or null where there is none yet, got ${show(bytes)}`,
  );
}

/** @internal */
export async function writePlace(place: CheckpointPlace, bytes: Uint8Array, keep = 1): Promise<void> {
  if (typeof place === 'string' || place instanceof URL) await platform().writeFileAtomic(place, bytes, keep);
  else await place.write(bytes);
}
