// A whole playground as one file, to go on elsewhere: a zip of settings, history, own data, and a checkpoint of each net.
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { HistoryJson, PerCell } from '../shared/history.js';
import { CELLS, readSettings, type Settings } from '../shared/settings.js';
import type { Source } from '../shared/sources.js';

export interface Archive {
  readonly settings: Settings;
  /** The visitor's own data; null: those that come with the page. */
  readonly source: Source | null;
  readonly step: number;
  /** The run that wrote it, and the update at which that ends; null: saved by hand. */
  readonly run: { readonly name: string; readonly until: number } | null;
  readonly history: HistoryJson;
  readonly failed: PerCell<string>;
  /** Weights and moments, as io.saveCheckpoint writes them. */
  readonly checkpoints: PerCell<Uint8Array>;
}

const FORMAT = 'unrolled playground';
const VERSION = 1;
const CONTENT = 'playground.json';
/** More than any playground has; a zip can claim far more than it is. */
const MOST_BYTES = 2 ** 28;

/** A file that is no playground, or not one of this version. The message is for the visitor. */
export class ArchiveError extends Error {}

export function packArchive({ checkpoints, ...content }: Archive): Uint8Array {
  const files: Record<string, Uint8Array> = {
    [CONTENT]: strToU8(JSON.stringify({ format: FORMAT, version: VERSION, ...content })),
  };
  for (const [cell, bytes] of Object.entries(checkpoints)) files[`${cell}.safetensors`] = bytes;
  // Weights are noise to a compressor; written every few seconds, speed counts more than size.
  return zipSync(files, { level: 1 });
}

/** Whether the bytes begin as a zip does. */
export const isZip = (bytes: Uint8Array): boolean => strFromU8(bytes.subarray(0, 4), true) === 'PK\u0003\u0004';

/** @throws ArchiveError */
export function openArchive(bytes: Uint8Array, name: string): Archive {
  let files: Record<string, Uint8Array>;
  let total = 0;
  try {
    files = unzipSync(bytes, {
      filter({ name: file, originalSize }) {
        total += originalSize;
        if (total > MOST_BYTES) throw new ArchiveError(`${name} claims to hold more than ${MOST_BYTES / 2 ** 20} MB`);
        return file === CONTENT || CELLS.some((cell) => file === `${cell}.safetensors`);
      },
    });
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(
      `${name} is damaged or cut off (${(error as Error).message}); save it again, or load another copy`,
    );
  }
  const content = readContent(files[CONTENT], name);
  if (content.format !== FORMAT) {
    throw new ArchiveError(`${name} is a zip, but no saved playground; choose a file that this page saved`);
  }
  if (content.version !== VERSION) {
    throw new ArchiveError(
      `${name} was saved by another version of this page (version ${String(content.version)}, this page reads ${VERSION}); open it with the page that saved it`,
    );
  }
  const settings = readSettings(content.settings);
  const { source = null, step, run = null, history, failed } = content as unknown as Partial<Archive>;
  if (
    settings === null ||
    !Number.isSafeInteger(step) ||
    !Array.isArray(history?.points) ||
    !Array.isArray(history.rows)
  ) {
    throw new ArchiveError(`${name} is damaged: its settings or its history cannot be read; load another copy`);
  }
  const checkpoints: PerCell<Uint8Array> = {};
  for (const cell of settings.cells) {
    const own = files[`${cell}.safetensors`];
    if (own === undefined)
      throw new ArchiveError(`${name} is damaged: the weights of the ${cell.toUpperCase()} are missing`);
    checkpoints[cell] = own;
  }
  return {
    settings,
    source,
    step: step as number,
    run,
    history: history as HistoryJson,
    failed: failed ?? {},
    checkpoints,
  };
}

function readContent(bytes: Uint8Array | undefined, name: string): Record<string, unknown> {
  if (bytes === undefined) {
    throw new ArchiveError(
      `${name} is a zip, but no saved playground (it has no ${CONTENT}); choose a file that this page saved`,
    );
  }
  try {
    return Object(JSON.parse(strFromU8(bytes)));
  } catch {
    throw new ArchiveError(`${name} is damaged: its ${CONTENT} is not JSON; load another copy`);
  }
}
