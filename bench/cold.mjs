// cold.mjs: what starting costs: from import to the first prediction, and how much an application installs for it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { missingPage, openColdPage, PAGES } from './cold-page.mjs';
import { layoutOf, makeInputs, split } from './inputs.mjs';
import { median, quartiles } from './statistics.mjs';
import { mebibytes } from './units.mjs';
import { isInstalled } from './versions.mjs';
import { COLD_START } from './workloads.mjs';

const bench = dirname(fileURLToPath(import.meta.url));
const root = join(bench, '..');

/** What an application that uses the system lists in its package.json. */
const PACKAGES = {
  'unrolled native': null,
  'unrolled wasm': null,
  'onnxruntime-node': ['onnxruntime-node'],
  'onnxruntime-web': ['onnxruntime-web'],
  'tfjs cpu': ['@tensorflow/tfjs'],
  'tfjs wasm': ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
  'brain.js': ['brain.js'],
};

/** Measures everybody in turns, each in `rounds` fresh processes. @returns JSON rows, and the text of a table */
export async function measureColdStart(rounds, folder, progress) {
  const installed = ([, packages]) => (packages ?? []).every(isInstalled);
  const systems = Object.entries(PACKAGES)
    .filter(installed)
    .map(([name]) => name);
  const absent = Object.keys(PACKAGES).filter((name) => !systems.includes(name));
  const model = join(folder, 'model.onnx');
  if (systems.includes('onnxruntime-node')) writeFileSync(model, await onnxModel());
  const pages = missingPage() ? null : await openColdPage(folder);
  if (pages) systems.push(...PAGES);
  else absent.push(`${PAGES[0]} (${missingPage()})`);
  const times = new Map(systems.map((name) => [name, []]));
  try {
    // The first of each reads its files from the disk: all but one are read from memory.
    for (let round = -1; round < rounds; round++) {
      progress(`cold start: round ${round + 1} of ${rounds}`);
      for (const name of round % 2 ? [...systems].reverse() : systems) {
        const ms = PAGES.includes(name) ? await pages.start(name) : startOnce(name, model);
        if (round >= 0) times.get(name).push(ms);
      }
    }
  } finally {
    await pages?.close();
  }
  progress(null);
  const base = median(times.get('unrolled native') ?? [Number.NaN]);
  const rows = systems.map((name) => {
    const ms = times.get(name);
    const [low, high] = quartiles(ms);
    const size = bytesOf(name);
    return {
      kind: 'cold',
      subject: name,
      ms_median: median(ms),
      ms_low: low,
      ms_high: high,
      ratio: median(ms) / base,
      bytes: size,
    };
  });
  return { rows, text: coldTable(rows, absent) };
}

/** What is installed for it; null where nothing is. */
function bytesOf(name) {
  if (name === PAGES[1]) return null;
  return PACKAGES[name] ? sizeOfPackages(PACKAGES[name]) : sizeOfThisPackage();
}

/** Made here, for a file: protobufjs in the process that is timed would warm up Node's loader for it. */
async function onnxModel() {
  const { recurrentModel } = await import('./work/onnx-model.mjs');
  return recurrentModel(COLD_START, split(layoutOf(COLD_START), makeInputs(COLD_START)));
}

function startOnce(name, model) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(bench, 'cold-start.mjs'), name, model], {
    encoding: 'utf8',
  });
  const ms = Number(stdout.trim().split('\n').at(-1));
  if (status !== 0 || !(ms > 0))
    throw new Error(`cold start of ${name}: ${stderr.trim().split('\n').slice(-5).join('\n')}`);
  return ms;
}

function coldTable(rows, absent) {
  const out = new Table({
    head: ['import to first prediction', 'median', 'middle half', 'time / native', 'node_modules'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const r of rows)
    out.push([
      r.subject,
      `${r.ms_median.toFixed(0)} ms`,
      `${r.ms_low.toFixed(0)} .. ${r.ms_high.toFixed(0)}`,
      r.ratio.toFixed(1),
      r.bytes === null ? '' : `${mebibytes(r.bytes)} MiB`,
    ]);
  const lines = [out.toString()];
  if (absent.length) lines.push(`not here: ${absent.join(', ')} (npm run bench -- --install)`);
  return lines.join('\n');
}

const filesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') return sum; // counted as packages of their own
    return sum + (entry.isDirectory() ? filesIn(path) : lstatSync(path).size);
  }, 0);

/** Bytes of packages and of everything they depend on, found as Node finds it: beside the package, or further up. */
function sizeOfPackages(names, from = bench) {
  const seen = new Map();
  const visit = (name, start) => {
    for (let folder = start; ; folder = dirname(folder)) {
      const at = join(folder, 'node_modules', name);
      if (existsSync(join(at, 'package.json'))) {
        if (seen.has(at)) return;
        seen.set(at, filesIn(at));
        const { dependencies = {} } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
        for (const dependency of Object.keys(dependencies)) visit(dependency, at);
        return;
      }
      if (folder === root || folder === dirname(folder)) return; // optional, and not installed
    }
  };
  for (const name of names) visit(name, from);
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** What `npm install unrolled` would put there: the files of its tarball, and its dependencies. */
function sizeOfThisPackage() {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return JSON.parse(packed)[0].unpackedSize + sizeOfPackages(Object.keys(dependencies), root);
}
