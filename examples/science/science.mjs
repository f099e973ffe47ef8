// npm run science: runs each claim of the lecture as an experiment, prints what came out, and writes one page with the plots.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import * as u from 'unrolled';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { claims } from './claims/index.mjs';
import { makeContext } from './context.mjs';
import { page } from './page.mjs';
import { claimTable, overview, plainTable } from './report.mjs';

const { values: options } = readOptions({
  help: `npm run science -- [options]

${claims.map(({ title }, k) => `  ${k + 1}  ${title}`).join('\n')}

  --quick           fewer seeds and shorter training: under five minutes on two cores; the whole takes under an hour
  --only 3,4        these claims alone
  --seed N          of weights and data (default 1)
  --backend NAME    native, wasm, reference or auto (default: the fastest there is)
  --jobs N          nets that are trained at the same time, each on a thread (default: one a core, at most 4)
  --html FILE       the page with the plots (default: out/science.html)
  --json FILE       also write all results there
  --help

The exit code is 0 whatever the experiments say.`,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1', atLeast: 0 },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())), atLeast: 1 },
    html: { type: 'string', default: path.join(outFolder('.'), 'science.html') },
    json: { type: 'string' },
  },
});

const chosen = chosenClaims(options.only);
const file = path.resolve(options.html);
const context = makeContext({ backend: options.backend, jobs: options.jobs, say: (text) => console.log(`  ${text}`) });
const results = [];
try {
  const { name, simd } = await context.useBackend();
  const notes = [
    `backend ${name} (${simd}), ${options.jobs} ${options.jobs === 1 ? 'net' : 'nets'} trained at a time, seed ${options.seed}` +
      `${options.quick ? ', quick: fewer seeds and shorter training than the whole' : ''}`,
  ];
  console.log(notes[0]);
  for (const [number, { title, claim, sizes, run }] of chosen) {
    console.log(`\n${number}. ${title}\n${claim}`);
    const start = performance.now();
    const result = await run({ ...context, sizes: options.quick ? sizes.quick : sizes.whole, seed: options.seed });
    const seconds = (performance.now() - start) / 1000;
    results.push({ number, title, claim, seconds, ...result });
    for (const table of result.tables ?? []) console.log(`\n${plainTable(table)}`);
    console.log(`\n${claimTable(result.rows)}\n${seconds.toFixed(1)} s`);
    // After each claim: who stops a long run keeps what came out.
    await writeWhole(file, await page(results, notes));
  }
} finally {
  await context.close();
}

if (options.json) {
  const report = { backend: u.backendInfo(), options, results };
  await writeWhole(path.resolve(options.json), `${JSON.stringify(report, null, 2)}\n`);
}
console.log(`\n${overview(results)}\nPlots: ${file}`);

/** @returns {[number, import('./claims/index.mjs').Claim][]} */
function chosenClaims(only) {
  const numbered = claims.map((claim, k) => [k + 1, claim]);
  if (only === undefined) return numbered;
  const wanted = only.split(',').map(Number);
  const unknown = wanted.find((number) => !Number.isInteger(number) || number < 1 || number > claims.length);
  if (unknown !== undefined) {
    console.error(`--only must be numbers from 1 to ${claims.length} with commas between them, got "${only}"`);
    process.exit(2);
  }
  return numbered.filter(([number]) => wanted.includes(number));
}
