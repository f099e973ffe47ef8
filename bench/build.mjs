// build.mjs: the harness' own C++ programs, built on first use and again when their source changes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const PROGRAMS = {
  onednn: { source: here('peers/onednn.cc'), flags: ['-O2', '-ldnnl'], packages: 'g++ libdnnl-dev' },
  machine: { source: here('machine.cc'), flags: ['-O3', '-march=native', '-pthread'], packages: 'g++' },
};

/** Where each program stands once it is built. */
export const BUILT = Object.fromEntries(Object.keys(PROGRAMS).map((name) => [name, here(`.build/${name}`)]));

/** @returns null once the program is there, else what to type */
export function buildProgram(name) {
  const { source, flags, packages } = PROGRAMS[name];
  const target = BUILT[name];
  if (existsSync(target) && statSync(target).mtimeMs >= statSync(source).mtimeMs) return null;
  mkdirSync(here('.build'), { recursive: true });
  // Libraries stand behind the source: the linker reads from left to right.
  const { status, stderr, error } = spawnSync('g++', ['-std=c++17', '-o', target, source, ...flags], {
    encoding: 'utf8',
  });
  if (status === 0) return null;
  const lines = (stderr || error?.message || '').trim().split('\n');
  return `apt-get install ${packages}, then try again; g++ says: ${lines.find((l) => /error/.test(l)) ?? lines[0]}`;
}
