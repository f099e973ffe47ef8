// bundle-libraries.mjs: the libraries that the package stands on go into it, so that it installs with one
// dependency: each as one ES module in dist/libraries/, their licences beside them. In src/ they are imported by
// name; here those imports are pointed at the bundles. Which file may import which is stated in test/architecture.test.ts.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/** As tsc prints them: a statement begins a line, and ends with a semicolon. */
const IMPORT = /^((?:import|export)(?:\s[^'";]*?\sfrom)?\s*|.*\bimport\()(["'])([a-z@][\w./@-]*)\2/gm;

/**
 * @param {string} root    the package's folder
 * @param {string} folder  the folder built, relative to it
 * @param {(name: string) => boolean} isInstalled  what users have anyway: dependencies, peers
 */
export async function bundleLibraries(root, folder, isInstalled) {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(js|d\.ts)$/.test(file) && !/^(web|cjs)\b/.test(file),
  );
  /** Library -> the files that import it. */
  const importers = new Map();
  for (const file of files) {
    const path = join(root, folder, file);
    const text = readFileSync(path, 'utf8');
    const found = [];
    const pointed = text.replace(IMPORT, (whole, head, quote, name) => {
      if (name.startsWith('node:') || isInstalled(name)) return whole;
      found.push(name);
      return `${head}${quote}${toBundle(file, name)}${quote}`;
    });
    if (found.length === 0) continue;
    if (file.endsWith('.d.ts')) throw new Error(`${file} shows types of ${found}, which users do not have`);
    for (const name of found) importers.set(name, [...(importers.get(name) ?? []), file]);
    writeFileSync(path, pointed);
  }

  const bundled = new Set();
  for (const platform of ['browser', 'node']) {
    // What only the command line imports needs no page.
    const names = [...importers].flatMap(([name, from]) =>
      from.every((file) => file.startsWith('cli')) === (platform === 'node') ? [name] : [],
    );
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: Object.fromEntries(names.map((name) => [name, `library:${name}`])),
      outdir: join(folder, 'libraries'),
      bundle: true,
      splitting: true,
      chunkNames: '[name]-[hash]',
      format: 'esm',
      target: 'es2022',
      platform,
      mainFields: ['main'], // as Node resolves: what was tested is what is packed
      minify: true,
      legalComments: 'none', // in LICENSES.txt
      metafile: true,
      logLevel: 'warning',
      external: ['stream'], // papaparse names it for a use of Node's streams that is not ours
      define: { PAPA_BROWSER_CONTEXT: 'true' },
      banner: platform === 'node' ? { js: REQUIRE } : {},
      plugins: [entries(root)],
    });
    for (const input of Object.keys(metafile.inputs)) {
      const [path] = /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
      if (path) bundled.add(path);
    }
  }
  if (bundled.size > 0)
    writeFileSync(join(root, folder, 'libraries', 'LICENSES.txt'), licences(root, [...bundled].sort()));
}

/** For what a CommonJS library of the command line requires of Node. */
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

function toBundle(file, name) {
  const path = relative(dirname(file), join('libraries', `${name}.js`)).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** Entry points that export what an import of the library gives in Node, its names read off a CommonJS one included. */
function entries(root) {
  return {
    name: 'entries',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^library:/ }, ({ path }) => ({ path: path.slice('library:'.length), namespace: 'library' }));
      onLoad({ filter: /.*/, namespace: 'library' }, async ({ path }) => {
        const given = await import(path);
        const names = Object.keys(given).filter((name) => name !== 'module.exports');
        // As in Node the default of a CommonJS module is all of it, also where it says `__esModule`.
        const isCommonJs = createRequire(join(root, 'package.json'))(path) === given.default;
        const contents = isCommonJs
          ? `const all = require('${path}'); export default all; export const { ${names.filter((name) => name !== 'default').join(', ')} } = all;`
          : `export { ${names.join(', ')} } from '${path}';`;
        return { contents, resolveDir: root };
      });
    },
  };
}

function licences(root, packages) {
  return packages
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
      const file = readdirSync(join(root, path)).find((one) => /^licen[cs]e/i.test(one));
      const text = file ? readFileSync(join(root, path, file), 'utf8').trim() : '';
      return `${name} ${version}, ${license}\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
