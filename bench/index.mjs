// index.mjs: the benchmark harness. `npm run bench -- [--quick] [--filter WORD] [--rounds N] [--json FILE]`.
//
// Every subject (a backend of this library, or a peer) is a process of its own. For each workload all subjects get the same
// numbers and must agree on the result; then they take turns, A B C A B C, so that a drift of the machine's speed meets all of
// them alike. Reported: median and minimum of a run, and the ratio to native at the same thread count, round by round.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as u from 'unrolled';
import { makeInputs } from './inputs.mjs';
import { measurePeak } from './peak.mjs';
import { table, toRow } from './report.mjs';
import { startSubjects } from './subjects.mjs';
import { flopsOf, workloads } from './workloads.mjs';

const USAGE = `npm run bench -- [options]
  --quick         the quick workloads only
  --filter WORD   workloads whose name contains WORD
  --subject WORD  subjects whose name contains WORD (may be given several times)
  --rounds N      turns each subject gets (default 11, 7 with --quick)
  --json FILE     also writes one JSON object a line`;

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
};

function options() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        filter: { type: 'string', default: '' },
        subject: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const rounds = Number(values.rounds ?? (values.quick ? 7 : 11));
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new Error(`--rounds must be a whole number of at least 1, got "${values.rounds}"`);
    return { ...values, rounds };
  } catch (error) {
    console.error(`bench: ${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Throws unless all subjects computed the same thing: a comparison of different work is worth nothing. */
function compareChecks(workload, checks) {
  const [first, ...others] = checks;
  for (const other of others)
    other.check.forEach((value, k) => {
      const expected = first.check[k];
      if (!(Math.abs(value - expected) <= 1e-3 * Math.abs(expected) + 1e-4))
        throw new Error(
          `${workload.name}: ${other.name} computes ${value} where ${first.name} computes ${expected} (figure ${k})`,
        );
    });
}

async function timeWorkload(workload, subjects, rounds, folder) {
  const file = join(folder, 'inputs.f32');
  writeFileSync(file, makeInputs(workload));
  const checks = [];
  for (const s of subjects) checks.push({ name: s.name, ...(await s.ask({ setup: workload, file })) });
  compareChecks(workload, checks);

  // Warm up (a WASM engine compiles its fast tier meanwhile), then let a turn last about 60 ms.
  const turns = [];
  for (const s of subjects) {
    const { us } = await s.ask({ run: workload.kind === 'gemm' ? 20 : 3 });
    turns.push(Math.max(1, Math.min(200, Math.round(60e3 / Math.min(...us)))));
  }
  const samples = subjects.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [k, s] of subjects.entries()) samples[k].push((await s.ask({ run: turns[k] })).us);

  return subjects.map((s, k) => {
    const base = subjects.findIndex((b) => b.isNative && b.threads === s.threads);
    const perRound = samples[k].map((us, round) => (base < 0 ? Number.NaN : median(us) / median(samples[base][round])));
    const us = samples[k].flat();
    return toRow(s, workload, { median: median(us), min: Math.min(...us), flops: flopsOf(workload), ratios: perRound });
  });
}

const opts = options();
const list = workloads().filter((w) => (!opts.quick || w.quick) && w.name.includes(opts.filter));
if (list.length === 0) {
  console.error(`bench: no workload's name contains "${opts.filter}"`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'unrolled-bench-'));
let subjects = [];
try {
  const started = await startSubjects(opts.subject);
  subjects = started.subjects;
  for (const absent of started.absent) console.log(`not here: ${absent.name} (${absent.reason})`);
  await u.ready({ backend: 'native', threads: 1 });
  const peak = measurePeak();
  console.log(`measured peak of one core: ${peak.toFixed(0)} GFLOP/s of fp32 multiply-adds`);
  console.log('% of peak: of what the threads of a subject could do with its own instruction set\n');
  const rows = [];
  for (const workload of list) {
    const done = await timeWorkload(workload, subjects, opts.rounds, folder);
    rows.push(...done);
    console.log(`${table(workload, done, peak)}\n`);
  }
  if (opts.json) writeFileSync(opts.json, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
} finally {
  for (const s of subjects) s.stop();
  rmSync(folder, { recursive: true, force: true });
}
