// npm run science: runs each claim of the lecture as an experiment, prints what came out, and writes one page with the plots.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import * as u from 'unrolled';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { claims } from './claims/index.mjs';
import { page } from './page.mjs';
import { makePool } from './pool.mjs';
import { claimTable, describeJob, describeOutcome, overview, plainTable } from './report.mjs';

const { values: options } = readOptions({
  help: `npm run science -- [options]

${claims.map(({ title }, k) => `  ${k + 1}  ${title}`).join('\n')}

  --quick           fewer seeds and shorter training: under five minutes on two cores; the whole takes under an hour
  --only 3,4        these claims alone
  --seed N          of weights and data (default 1)
  --backend NAME    native, wasm, reference or auto (default: the fastest there is)
  --jobs N          nets that are trained at the same time, each on a thread (default: one a core, at most 4)
  --json FILE       also write all results there
  --help

The page with the plots is out/science.html. The exit code is 0 whatever the experiments say.`,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1', atLeast: 0 },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())), atLeast: 1 },
    json: { type: 'string' },
  },
});

const chosen = chosenClaims(options.only);
const useBackend = () => u.ready({ backend: options.backend, threads: 1 });
const { name, simd } = await useBackend();
const notes = [
  `backend ${name} (${simd}), ${options.jobs} ${options.jobs === 1 ? 'net' : 'nets'} trained at a time, seed ${options.seed}` +
    `${options.quick ? ', quick: fewer seeds and shorter training than the whole' : ''}`,
];
console.log(notes[0]);

const pool = makePool(options.jobs, options.backend);
const results = [];
try {
  for (const [number, { title, claim, sizes, run }] of chosen) {
    console.log(`\n${number}. ${title}\n${claim}`);
    const start = performance.now();
    const result = await run({
      sizes: options.quick ? sizes.quick : sizes.whole,
      seed: options.seed,
      say: (text) => console.log(`  ${text}`),
      trainAll: (jobs) =>
        pool.trainAll(jobs, (job, outcome, done) =>
          console.log(`  ${done}/${jobs.length} ${describeJob(job)}: ${describeOutcome(job, outcome)}`),
        ),
      inDouble,
    });
    const seconds = (performance.now() - start) / 1000;
    results.push({ number, title, claim, seconds, ...result });
    for (const table of result.tables ?? []) console.log(`\n${plainTable(table)}`);
    console.log(`\n${claimTable(result.rows)}\n${seconds.toFixed(1)} s`);
  }
} finally {
  await pool.close();
}

const file = path.join(outFolder('.'), 'science.html');
await writeWhole(file, await page(results, notes));
if (options.json) {
  const report = { backend: u.backendInfo(), options, results };
  await writeWhole(path.resolve(options.json), `${JSON.stringify(report, null, 2)}\n`);
}
console.log(`\n${overview(results)}\nPlots: ${file}`);

/** Runs `body` on the reference backend, which computes in double precision, and goes back to the one in use. */
async function inDouble(body) {
  await u.ready({ backend: 'reference' });
  try {
    return await body();
  } finally {
    await useBackend();
  }
}

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
