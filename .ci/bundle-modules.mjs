// bundle-modules.mjs: some two hundred modules become a few files, for reading files is most of what starting takes. Entry
// points and whichever modules others name by path (EXPOSED) keep their place; what they share goes into dist/chunks/, which
// is as far below the package's root as the folders of src/ are, so that paths relative to a file hold. Borders between chunks
// are drawn by use, for a bundler drops what is unused of a file less well than a file that nothing is used of.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';

/** What package.json names, and the worker of Node. */
const ENTRIES = [
  ...['browser', 'inline', 'node', 'plot/index', 'data/index', 'tasks/index', 'cli/index'],
  ...['worker/index', 'worker/node', 'worker/serve', 'worker/serve-node', 'worker/entry-node'],
];
/** What tests and the benchmark import beside them: the library's own, not a second one. */
const EXPOSED = ['autograd/context', 'errors', 'platform/browser'];

/** Acts when it is loaded, as entries do: a file of its own, for `sideEffects` in package.json to name. */
const ACTING = 'ops/methods';
/**
 * Hands on the library's names, and stays a file that does nothing else: what a bundler meets in it, it need not look into;
 * what it meets in an entry, it keeps parts of.
 */
const NAMES = 'index';

/** A chunk holds its modules and all that these import, except what stands in a chunk above it: so none imports one below. */
const CHUNKS = {
  base: ['errors', 'options', 'script-url'], // all that a page's side of a worker has of the library
  recurrent: ['layers/recurrent', 'autograd/ready', 'ops/methods'], // a page with a layer and no training
  browser: ['platform/browser'],
  node: ['platform/node'],
  optimizer: ['optim/optimizer'],
  checkpointing: ['train/checkpointing', 'layers/states'],
  train: ['train/fit'],
  checkpoint: ['io/checkpoint'],
  io: ['io/index'],
  schedules: ['optim/schedules'],
  diagnose: ['train/diagnose', 'train/diagnose/microscope'],
  library: ['index'],
  checkpoints: ['train/checkpoints'],
  reference: ['backend/reference/index'],
  stores: ['platform/stores'],
  // Each stands on a library of its own, which is not for those who read text.
  audio: ['data/audio'],
  images: ['data/images'],
  data: ['data/index'],
  tasks: ['tasks/index', 'tasks/list', 'tasks/run'],
  remote: ['worker/open'],
  service: ['worker/service', 'worker/models'],
};

/**
 * @param {string} modules  the folder with the modules, as tsc prints them and with their libraries in libraries/
 * @param {string} folder   the folder built
 */
export async function bundleModules(modules, folder) {
  const pathOf = (name) => join(modules, `${name}.js`);
  const library = join(modules, 'libraries');
  const isLibrary = (path) => dirname(path) === library && !path.endsWith('wasm-feature-detect.js'); // some hundred bytes
  const inputs = [...ENTRIES, ...EXPOSED, NAMES];
  const acting = new Set([...ENTRIES, ACTING].map(pathOf));
  const bundle = await rollup({
    input: Object.fromEntries(inputs.map((name) => [name, pathOf(name)])),
    external: (id) => id === '@names' || !/^[./]/.test(id) || isLibrary(id),
    plugins: [
      {
        name: 'own',
        resolveId: (source, from) => (from && resolve(dirname(from), source) === pathOf(NAMES) ? '@names' : null),
        transform: nameClasses,
      },
    ],
    treeshake: { moduleSideEffects: (id) => acting.has(id) },
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(`rollup: ${message}`);
    },
  });
  const place = placer(pathOf);
  const { output } = await bundle.write({
    dir: folder,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => (name === ACTING ? `${name}.js` : `chunks/${name}.js`),
    manualChunks: (id, { getModuleInfo }) => place(id, getModuleInfo),
    freeze: false, // a call would keep all of a namespace in every bundle
    hoistTransitiveImports: false, // so that a bundler which drops one drops what that imports
  });
  await bundle.close();
  checkOrder(output);
  for (const { fileName, code, isEntry } of output) {
    // Told the format, esbuild makes two statements of `export ... from`, and bundlers keep more than is used of that.
    const format = isEntry ? undefined : 'esm';
    const minified = await transform(code, { format, target: 'es2022', minify: true });
    const names = fileName.includes('/') ? '../index.js' : './index.js';
    writeFileSync(join(folder, fileName), minified.code.replaceAll('@names', names));
  }
  mkdirSync(join(folder, 'web'));
  writeFileSync(join(folder, 'web', 'unrolled.js'), webEntry(output));
  const isShipped = (path) => path === library || path.endsWith('LICENSES.txt') || isLibrary(path);
  cpSync(library, join(folder, 'libraries'), { recursive: true, filter: isShipped });
}

/** For pages without a bundler: they ask for all files at once, and not for each when another has come that imports it. */
function webEntry(output) {
  const importsOf = new Map(output.map(({ fileName, imports }) => [fileName, imports]));
  const files = new Set(['browser.js', `${NAMES}.js`]);
  for (const file of files) for (const next of importsOf.get(file) ?? []) if (importsOf.has(next)) files.add(next);
  const early = [...files].reverse().map((file) => `import'../${file}';`);
  return `${early.join('')}export*from'../browser.js';\n`;
}

/** One file with all that the module imports, on demand or not. */
export async function bundleAlone(module, outfile) {
  await build({
    entryPoints: [module],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    minify: true,
    ignoreAnnotations: true,
    logLevel: 'warning',
    plugins: [
      {
        name: 'named classes',
        setup({ onLoad }) {
          onLoad({ filter: /\.js$/ }, ({ path }) => ({ contents: nameClasses(readFileSync(path, 'utf8')) }));
        },
      },
    ],
  });
}

/** @returns a function from a module to its chunk; undefined for an entry, which is one itself */
function placer(pathOf) {
  const entries = new Set([...ENTRIES, NAMES].map(pathOf));
  let places;
  return (id, infoOf) => {
    places ??= new Map([
      ...Object.entries(CHUNKS)
        .reverse() // the first that has a module is the last to say so
        .flatMap(([chunk, names]) => reach(names.map(pathOf), infoOf).map((module) => [module, chunk])),
      [pathOf(ACTING), ACTING],
    ]);
    return entries.has(id) ? undefined : places.get(id);
  };
}

/** The modules and all that they import, directly or not, but on demand. */
function reach(modules, infoOf) {
  const found = new Set(modules);
  for (const one of found) for (const next of infoOf(one)?.importedIds ?? []) found.add(next);
  return [...found];
}

/** Chunks that import each other would run before what they stand on. */
function checkOrder(output) {
  const importsOf = new Map(output.map(({ fileName, imports }) => [fileName, imports]));
  const done = new Set();
  const walk = (file, path) => {
    if (path.includes(file)) throw new Error(`chunks import each other: ${[...path, file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of importsOf.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of importsOf.keys()) walk(file, []);
}

/**
 * Messages, and whoever prints an object, name its class: `LSTM` stays that when names are shortened, here or in the bundle of
 * an application. A class that begins a line, as tsc prints it.
 */
function nameClasses(code) {
  return code.replace(/^(?:export )?class (\w+)[^{\n]*\{$/gm, "$& static name = '$1';");
}
