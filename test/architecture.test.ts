// What holds for the source as a whole: which way imports point, that generated files are fresh, what the package depends on.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** When it is needed, and not before. */
  readonly dynamic: boolean;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'));

/** Every import and re-export, static or dynamic, of a source file. */
function importsOf(file: string): { specifier: string; typeOnly: boolean; dynamic: boolean }[] {
  const text = readFileSync(join(src, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = [];
  for (const [, type, specifier] of text.matchAll(
    /^\s*(?:im|ex)port\s+(type\s)?(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]/gm,
  )) {
    found.push({ specifier: specifier as string, typeOnly: type !== undefined, dynamic: false });
  }
  for (const [, specifier] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ specifier: specifier as string, typeOnly: false, dynamic: true });
  }
  return found;
}

const imports: Import[] = [];
const packages = new Map<string, string[]>();
for (const file of files) {
  for (const { specifier, typeOnly, dynamic } of importsOf(file)) {
    if (specifier.startsWith('.')) {
      const to = relative(src, resolve(src, dirname(file), specifier))
        .replaceAll('\\', '/')
        .replace(/\.js$/, '.ts');
      imports.push({ from: file, to, typeOnly, dynamic });
    } else {
      packages.set(specifier, [...(packages.get(specifier) ?? []), file]);
    }
  }
}

// The data flow, top to bottom: a file may import from its own tier and from those below it.
const tiers = [
  ['worker'],
  ['node.ts', 'browser.ts', 'inline.ts', 'inline-wasm.ts', 'inline-wasm.d.ts'],
  ['index.ts', 'cli'],
  ['tasks', 'plot'],
  ['data'],
  ['train', 'layers', 'losses', 'optim', 'io'],
  ['ops'],
  ['autograd'],
  ['backend', 'platform'],
  ['errors.ts', 'options.ts', 'philox.ts', 'script-url.ts'],
];

function tierOf(file: string): number {
  const head = file.includes('/') ? (file.split('/')[0] as string) : file;
  const tier = tiers.findIndex((names) => names.includes(head));
  expect(tier, `src/${file} belongs to no tier: give it one in test/architecture.test.ts`).toBeGreaterThanOrEqual(0);
  return tier;
}

describe('imports', () => {
  it('point only down the data flow', () => {
    const upward = imports.filter(({ from, to }) => tierOf(to) < tierOf(from));
    expect(upward.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('name files that exist, with their .js suffix', () => {
    const known = new Set(files);
    const isThere = (file: string) => known.has(file) || known.has(file.replace(/\.ts$/, '.d.ts'));
    expect(imports.filter(({ to }) => !isThere(to)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('form no cycle at run time', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports) if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    const done = new Set<string>();
    const cycles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      if (path.includes(file) || done.has(file)) return;
      for (const next of edges.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) walk(file, []);
    expect(cycles).toEqual([]);
  });

  it('reach Node only from what runs in Node alone, so that the browser build has nothing to stub', () => {
    const nodeOnly = /^(node\.ts|cli\/|platform\/node|backend\/native|worker\/(node|serve-node)\.ts)/;
    const reached = [...packages].flatMap(([name, from]) =>
      name.startsWith('node:') ? from.map((file) => ({ name, file })) : [],
    );
    expect(
      reached.filter(({ file }) => !nodeOnly.test(file)).map(({ name, file }) => `${file} imports ${name}`),
    ).toEqual([]);
  });

  it('name no package beyond the declared dependencies and the bundled libraries', () => {
    const declared = Object.keys(manifest.dependencies);
    const peers = Object.keys(manifest.peerDependencies);
    const foreign = [...packages.keys()].filter(
      (name) => !name.startsWith('node:') && !declared.includes(name) && !(name in bundled),
    );
    expect(foreign.sort()).toEqual(peers);
    // Optional: only unrolled/plot may need them, and only when it draws.
    for (const peer of peers) expect(packages.get(peer)).toEqual(['plot/render.ts']);
    expect(imports.filter(({ from, to }) => to.startsWith('plot/') && !from.startsWith('plot/'))).toEqual([]);
  });

  it('of a bundled library stand in the folder it is there for, in one file', () => {
    for (const [name, folder] of Object.entries(bundled)) {
      const from = packages.get(name) ?? [];
      expect(from.length, `${name} is imported by ${from}`).toBeLessThanOrEqual(name === 'fflate' ? 2 : 1);
      for (const file of from) expect(file, name).toMatch(folder);
      expect(manifest.devDependencies, `${name} must be pinned for the build`).toHaveProperty([name]);
    }
  });

  it('lead from `unrolled` to no library that reads or draws, no file format and no task: a page carries what it uses', () => {
    const reached = new Set<string>();
    const walk = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { from, to, typeOnly, dynamic } of imports) if (from === file && !typeOnly && !dynamic) walk(to);
    };
    for (const entry of ['node.ts', 'browser.ts']) walk(entry);
    expect([...reached].filter((file) => /^(data|tasks|cli|plot)\//.test(file))).toEqual([]);
    const carried = Object.keys(bundled).filter((name) => (packages.get(name) ?? []).some((file) => reached.has(file)));
    // Some hundred bytes: it asks the engine what it can do.
    expect(carried).toEqual(['wasm-feature-detect']);
  });
});

/** What .ci/dist.mjs takes into dist/libraries, so that users install one dependency: who may import it. */
const bundled: Readonly<Record<string, RegExp>> = {
  'wasm-feature-detect': /^backend\/select/,
  papaparse: /^data\//,
  'fast-png': /^data\//,
  fflate: /^(data\/png|tasks\/zip)\.ts$/, // pictures, and a trained task as one file
  'idb-keyval': /^platform\/stores\.ts$/,
  'fft.js': /^data\//,
  wavefile: /^data\//,
  'cli-progress': /^cli\//,
  'cli-table3': /^cli\//,
};
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('package.json', () => {
  it('pins its dependency, and there is only one', () => {
    expect(manifest.dependencies).toEqual({ 'node-gyp-build': '4.8.4' });
    expect(manifest.optionalDependencies).toBeUndefined();
    // What draws unrolled/plot's pictures: never installed unless asked for.
    expect(Object.keys(manifest.peerDependencies)).toEqual(['vega', 'vega-lite']);
    expect(manifest.peerDependenciesMeta).toEqual({ vega: { optional: true }, 'vega-lite': { optional: true } });
    for (const version of Object.values(manifest.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('runs no script at installation: the package must load when none ran', () => {
    for (const hook of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts?.[hook]).toBeUndefined();
  });

  it('names in sideEffects every file that does something when it is loaded, so that bundlers may drop the others', () => {
    const names: string[] = manifest.sideEffects;
    const keeps = (file: string) =>
      names.some((name) => (name.endsWith('/**') ? file.startsWith(name.slice(0, -2)) : file === name));
    const texts = files.map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }));
    const acts = texts
      .filter(({ text }) => /^(?:setPlatform|port\.addEventListener|serve)\(/m.test(text))
      .map(({ file }) => file);
    const importedForThat = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/^import '(.*)\.js';/gm)].map(([, to]) => `${join(dirname(file), to as string)}.ts`),
    );
    expect(acts).toEqual(expect.arrayContaining(['browser.ts', 'inline.ts', 'node.ts', 'backend/wasm-worker.ts']));
    expect(importedForThat).toContain('ops/methods.ts');
    const all = [...acts, ...importedForThat].map((file) => `./dist/${file.replace(/\.ts$/, '.js')}`);
    expect(all.filter((file) => !keeps(file))).toEqual([]);
  });

  it('exports the library, by condition, and in one file, its plots, what data and tasks need, and a command', () => {
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './inline',
      './plot',
      './data',
      './tasks',
      './worker',
      './worker/serve',
      './wasm/*.wasm',
      './package.json',
    ]);
    // ES modules alone: a second copy of the core, with a backend of its own, would be started beside the first.
    for (const entry of ['./data', './tasks'])
      expect(Object.keys(manifest.exports[entry])).toEqual(['types', 'default']);
    expect(manifest.bin).toEqual({ unrolled: './dist/cli/index.js' });
    const conditions = JSON.stringify(manifest.exports['.']);
    for (const condition of ['types', 'browser', 'node', 'import', 'require'])
      expect(conditions).toContain(`"${condition}"`);
  });
});

describe('generated files', () => {
  it('are what native/generate.mjs writes from native/abi.h today', () => {
    // Throws, with the command's own words, when it exits with another status than 0.
    execFileSync(process.execPath, [join(root, 'native/generate.mjs'), '--check'], { stdio: 'pipe' });
  });
});
