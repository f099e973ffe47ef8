// A trained task as one file: a zip of its folder, to be downloaded, sent, dropped on a page. fflate zips, because it is small,
// has no dependencies and is there for pictures; what an archive claims is checked before anything is unpacked.
import { unzipSync, zipSync } from 'fflate';
import { FormatError, OptionError } from '../errors.js';
import { show } from '../options.js';
import { CONFIG, type TaskFiles, WEIGHTS } from './folder.js';

/** More is no task that this library wrote. */
const MOST_BYTES = { [CONFIG]: 2 ** 28, [WEIGHTS]: 2 ** 31 };
/** What deflate cannot exceed; an archive that claims more is there to fill memory. */
const MOST_RATIO = 1032;

/**
 * The files of a trained task as one zip, the same bytes for the same task: `new Blob([zipTask(task.files())])` to download.
 * `loadTask`, in Node and in pages, takes it as it is.
 */
export function zipTask(files: TaskFiles): Uint8Array {
  for (const name of [CONFIG, WEIGHTS] as const) {
    if (files?.[name] instanceof Uint8Array) continue;
    throw new OptionError(
      `zipTask: needs the files of a task, "${name}" among them as bytes, got ${show(files?.[name])}`,
    );
  }
  const mtime = new Date(1980, 0, 1);
  return zipSync(
    // Weights are noise to a packer.
    { [CONFIG]: [files[CONFIG], { level: 6, mtime }], [WEIGHTS]: [files[WEIGHTS], { level: 0, mtime }] },
  );
}

/**
 * The files of a zip that zipTask made, or of a zipped folder of a task.
 *
 * @param name  what messages call it
 * @throws FormatError  if it is cut off or damaged, holds other files, or claims sizes that cannot be
 */
export function unzipTask(zip: Uint8Array, name = 'the zip'): TaskFiles {
  if (!(zip instanceof Uint8Array)) throw new OptionError(`unzipTask: needs the bytes of a zip, got ${show(zip)}`);
  const refuse = (why: string, cause?: unknown) =>
    new FormatError(`unzipTask: ${name} ${why}; zip the folder of a task again, or download it again`, { cause });
  const seen = new Map<string, number>();
  let unpacked: Record<string, Uint8Array>;
  try {
    unpacked = unzipSync(zip, {
      filter({ name: path, size, originalSize }) {
        if (path.endsWith('/') && originalSize === 0) return false; // the folder itself
        const own = path.replace(/^[^/\\]+\//, ''); // in a folder, as file managers zip
        if (own !== CONFIG && own !== WEIGHTS) {
          throw refuse(`must hold ${CONFIG} and ${WEIGHTS} alone, it holds ${show(path)}`);
        }
        if (seen.has(own)) throw refuse(`holds ${own} twice`);
        if (originalSize > MOST_BYTES[own] || originalSize > size * MOST_RATIO) {
          throw refuse(`claims ${originalSize} bytes of ${own} in ${size}`);
        }
        seen.set(own, originalSize);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw refuse(`cannot be unpacked (${(error as Error).message}): it is damaged or no zip`, error);
  }
  const files = Object.entries(unpacked).map(([path, bytes]) => [path.replace(/^[^/\\]+\//, ''), bytes] as const);
  for (const wanted of [CONFIG, WEIGHTS]) {
    const bytes = files.find(([own]) => own === wanted)?.[1];
    if (bytes === undefined) throw refuse(`must hold ${wanted}, it does not`);
    if (bytes.length !== seen.get(wanted))
      throw refuse(`holds ${bytes.length} of ${seen.get(wanted)} bytes of ${wanted}`);
  }
  return Object.fromEntries(files) as unknown as TaskFiles;
}
