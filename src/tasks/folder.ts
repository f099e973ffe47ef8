// A trained task as files: DIR/config.json (task, settings, preprocessing, report) and DIR/model.safetensors (weights). They
// load in Node, in a worker and in a page alike.
import { DataError, FormatError } from '../errors.js';
import { fromExactJson, type Json, toExactJson } from '../io/exact-json.js';
import { loadSafetensors, serializeSafetensors } from '../io/safetensors.js';
import type { StateDict } from '../layers/module.js';
import { show } from '../options.js';
import { platform } from '../platform/types.js';
import type { Settings, TaskName } from './definition.js';
import type { Report } from './trained.js';

const FORMAT = 'unrolled task';
const VERSION = 1;
export const CONFIG = 'config.json';
export const WEIGHTS = 'model.safetensors';

/** All that a trained task is. */
export interface TaskParts {
  readonly task: TaskName;
  readonly settings: Settings;
  readonly prep: Json;
  readonly report: Report;
  readonly gradients: string | null;
  readonly weights: StateDict;
}

/** The files of a task by name: for a page, which offers them for download or keeps them in a database. */
export type TaskFiles = Readonly<Record<typeof CONFIG | typeof WEIGHTS, Uint8Array>>;

export function toFiles({ weights, ...parts }: TaskParts): TaskFiles {
  const bytes = serializeSafetensors(weights);
  const config = {
    format: FORMAT,
    version: VERSION,
    task: parts.task,
    // So that a folder in which one file is of another run, or cut off, is not taken for a model.
    weights: { file: WEIGHTS, bytes: bytes.length, checksum: checksum(bytes) },
    settings: parts.settings as unknown as Json,
    report: parts.report as unknown as Json,
    gradients: parts.gradients,
    prep: parts.prep,
  };
  return {
    [CONFIG]: new TextEncoder().encode(`${toExactJson(config)}\n`),
    [WEIGHTS]: bytes,
  };
}

/** Weights first: where there is a new config.json, there is all of the new model. */
export async function writeFiles(folder: string | URL, files: TaskFiles): Promise<void> {
  const { inFolder, makeFolder, writeFileAtomic } = platform();
  await makeFolder(folder);
  for (const name of [WEIGHTS, CONFIG] as const) await writeFileAtomic(inFolder(folder, name), files[name]);
}

export async function readFiles(folder: string | URL): Promise<TaskFiles> {
  const { inFolder } = platform();
  const read = (name: string) => readPart(folder, inFolder(folder, name));
  return { [CONFIG]: await read(CONFIG), [WEIGHTS]: await read(WEIGHTS) };
}

export const readZip = (place: string | URL): Promise<Uint8Array> => readPart(place, place);

async function readPart(place: string | URL, file: string | URL): Promise<Uint8Array> {
  try {
    return await platform().readFile(file);
  } catch (cause) {
    throw new DataError(
      `loadTask: ${place} holds no trained task: ${(cause as Error).message}; give the folder that "--out" named`,
      { cause },
    );
  }
}

/** @throws FormatError  naming what of the files is damaged, of another version or of another run */
export async function fromFiles(files: TaskFiles, name: string): Promise<TaskParts> {
  const config = readConfig(files[CONFIG], name);
  const bytes = files[WEIGHTS];
  const { weights } = config;
  if (weights.bytes !== bytes?.length || weights.checksum !== checksum(bytes)) {
    throw new FormatError(
      `loadTask: ${name}: ${WEIGHTS} must have ${weights.bytes} bytes and the checksum ${weights.checksum}, got ` +
        `${bytes?.length} and ${bytes && checksum(bytes)}; it is damaged or of another run: copy the whole folder again`,
    );
  }
  return { ...config, weights: await loadSafetensors(bytes) };
}

type Config = Omit<TaskParts, 'weights'> & { readonly weights: { bytes: number; checksum: string } };

function readConfig(bytes: Uint8Array, name: string): Config {
  const damaged = (why: string, cause?: unknown) =>
    new FormatError(`loadTask: ${name}: ${CONFIG} ${why}; train the task again, or copy the whole folder again`, {
      cause,
    });
  let config: Record<string, unknown>;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    config = fromExactJson(text) as Record<string, unknown>;
  } catch (cause) {
    throw damaged(`is not JSON (${(cause as Error).message})`, cause);
  }
  if (config?.format !== FORMAT) throw damaged(`must have "format": "${FORMAT}", got ${show(config?.format)}`);
  if (config.version !== VERSION) {
    throw new FormatError(
      `loadTask: ${name}: ${CONFIG} is of version ${show(config.version)}, this library reads version ${VERSION}; ` +
        'install the version of unrolled that wrote it, or train the task again',
    );
  }
  const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  for (const field of ['settings', 'report', 'weights']) {
    if (!isRecord(config[field])) throw damaged(`must have "${field}": { ... }, got ${show(config[field])}`);
  }
  if (typeof config.task !== 'string') throw damaged(`must name its task, got ${show(config.task)}`);
  return config as unknown as Config;
}

/** FNV-1a, 32 bits: finds accidents, not attacks. */
export function checksum(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let k = 0; k < bytes.length; k++) hash = Math.imul(hash ^ (bytes[k] as number), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
