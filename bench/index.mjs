// index.mjs: the benchmark harness. `npm run bench -- --help` lists what it can do.
//
// Every subject (a backend of this library, or a peer) is a process of its own. For each workload all subjects get the same
// numbers and must agree on the result; then they take turns, A B C C B A, so that a drift of the machine's speed meets all
// of them alike. Reported: median and minimum of a run, and the ratio to native at the same thread count, round by round.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as u from '../dist/node.js';
import { barsTable } from './bars.mjs';
import { page } from './chart.mjs';
import { openMachine } from './machine.mjs';
import { measureGroup } from './measure.mjs';
import { readOptions, USAGE } from './options.mjs';
import { measurePeak } from './peak.mjs';
import { showProgress } from './progress.mjs';
import { byReason, table, toRow } from './report.mjs';
import { CANDIDATES, findHere, startAll } from './subjects.mjs';
import { groupsOf, workloads } from './workloads.mjs';

function refuse(message) {
  console.error(`bench: ${message}\n\n${USAGE}`);
  process.exit(2);
}

function options() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    return refuse(error.message);
  }
}

const opts = options();
if (opts.help) {
  console.log(USAGE);
  process.exit(0);
}
const list = workloads().filter(
  (w) => (!opts.quick || w.quick) && opts.filter.every((word) => ` ${w.name} `.includes(word)),
);
if (list.length === 0) refuse(`no workload's name contains "${opts.filter.join('" and "')}"`);
const wanted = CANDIDATES.filter((c) => opts.subject.length === 0 || opts.subject.some((word) => c.name.includes(word)));
if (wanted.length === 0) refuse(`no subject's name contains "${opts.subject.join('" or "')}"`);
if (opts.list) {
  console.log(`workloads\n${list.map((w) => `  ${w.name}`).join('\n')}\nsubjects\n${wanted.map((c) => `  ${c.name}`).join('\n')}`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'unrolled-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // subjects end with their input
const machine = await openMachine();
const rows = [];
try {
  const { name, simd } = await u.ready({ threads: 1 });
  const { candidates, absent } = await findHere(wanted, { name, simd });
  const notes = byReason(absent).map(([reason, names]) => `not here: ${names.join(', ')} (${reason})`);
  notes.push(...(await machine.describe(measurePeak)));
  console.log(notes.join('\n'));
  const groups = groupsOf(list);
  for (const [k, group] of groups.entries()) {
    const progress = showProgress(k, groups.length);
    const done = await measureGroup(group, {
      subjects: (w) => startAll(candidates, w, opts.quick ? 1.5 : 20),
      peak: measurePeak,
      bandwidth: machine.bandwidth,
      limits: opts,
      folder,
      progress,
    });
    progress(null);
    for (const { workload, measured, absent } of done) {
      const those = measured.map((m) => toRow(m, measured));
      rows.push(...those);
      console.log(`\n${table(workload, those, absent)}`);
    }
  }
  const bars = opts.bars ? barsTable(rows) : null;
  if (bars) console.log(`\n${bars}`);
  if (opts.html) writeFileSync(opts.html, await page(rows, notes, bars));
  if (opts.json) writeFileSync(opts.json, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
} finally {
  machine.close();
}
