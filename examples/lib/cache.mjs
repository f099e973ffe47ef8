// Where examples keep what they fetch, and how a file appears there: whole, or not at all.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** The cache folder: `UNROLLED_CACHE`, or `.cache` in the repository (git ignores it). */
export function cacheFolder() {
  return path.resolve(process.env.UNROLLED_CACHE || path.join(repository, '.cache'));
}

/** The repository's `out` folder, where examples leave what they made (git ignores it). */
export function outFolder(name) {
  return path.join(repository, 'out', name);
}

/** Writes a file through a temporary neighbour and a rename, so that no reader ever meets half of it. */
export async function writeWhole(file, content) {
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** A file's bytes, or null if there is no such file. */
export async function readIfThere(file) {
  try {
    return await readFile(file);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
