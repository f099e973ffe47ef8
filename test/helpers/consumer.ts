// A stranger's project: the package packed as npm would publish it, installed from the tarball into an empty folder, without
// scripts and without network.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm pack --json` says of a tarball. */
export interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

export interface Consumer {
  readonly folder: string;
  /** Where the package is in it. */
  readonly installed: string;
  readonly packed: Packed;
  /** Runs Node there. @returns what it wrote to stdout */
  node(...args: string[]): string;
  remove(): void;
}

/** Packs and installs. The dependency comes from this clone's node_modules, so that no registry is asked. */
export function makeConsumer(): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-consumer-'));
  const run = (program: string, args: readonly string[], cwd: string): string =>
    execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  const npm = (args: readonly string[], cwd: string): string =>
    run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], cwd);
  const pack = (what: string): Packed =>
    JSON.parse(npm(['pack', what, '--json', '--ignore-scripts', '--pack-destination', folder], root))[0];

  const packed = pack('.');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const tarballs = [packed, pack('./node_modules/node-gyp-build')].map(({ filename }) => `./${filename}`);
  npm(['install', '--offline', '--ignore-scripts', ...tarballs], folder);
  return {
    folder,
    installed: join(folder, 'node_modules', 'unrolled'),
    packed,
    node: (...args) => run(process.execPath, args, folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
