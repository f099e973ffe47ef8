// Fetches files out of Debian packages, once, by checksum; works offline afterwards. Needs apt-get and dpkg-deb.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, sha256 } from './cache.mjs';

const run = promisify(execFile);

/**
 * The unpacked folder of a Debian package.
 *
 * @param {{ name: string, hash: string, what: string, licence: string }} source  hash: the SHA-256 of the .deb
 * @returns {Promise<string>}
 */
export async function debianFolder({ name, hash, what, licence }, say = console.log) {
  const home = path.join(cacheFolder(), `${name}+${hash.slice(0, 12)}`);
  if ((await readdir(home).catch(() => [])).length > 0) return home;
  say(`fetching ${what}: Debian package ${name}, licence ${licence}, into ${home}`);
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(path.join(cacheFolder(), 'deb-'));
  try {
    await run('apt-get', ['download', name], { cwd: folder }).catch((error) => {
      throw new Error(
        `could not fetch ${name} by apt-get download: ${error.message}\nIt needs Debian 12 and, once, the network; apt-get update may help.`,
      );
    });
    const file = (await readdir(folder)).find((one) => one.endsWith('.deb'));
    const got = sha256(await readFile(path.join(folder, file)));
    if (got !== hash) throw new Error(`${file} must have the SHA-256 ${hash}, got ${got}; not using it`);
    await run('dpkg-deb', ['-x', path.join(folder, file), path.join(folder, 'content')]);
    // Whole or not at all, also on another file system.
    const partial = `${home}.partial`;
    await rm(partial, { recursive: true, force: true });
    await cp(path.join(folder, 'content'), partial, { recursive: true });
    await rename(partial, home);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return home;
}
