// harness.mjs: the benchmark harness. `npm run bench -- --help` lists what it can do.
//
// Every subject (a backend of this library, or a peer) is a process of its own. For each workload all subjects get the same
// numbers and must agree on the result; then they take turns, A B C C B A, so that a drift of the machine's speed meets all
// of them alike. Reported: median and minimum of a run, and the ratio to native at the same thread count, round by round.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as u from '../dist/node.js';
import { barsTable } from './bars.mjs';
import { missingBrowser, openBrowser } from './browser/server.mjs';
import { page } from './chart.mjs';
import { measureColdStart } from './cold.mjs';
import { install } from './install.mjs';
import { openMachine } from './machine.mjs';
import { measureGroup } from './measure.mjs';
import { readOptions, USAGE } from './options.mjs';
import { measurePeak } from './peak.mjs';
import { startProcess } from './process.mjs';
import { showProgress } from './progress.mjs';
import { byReason, table, toRow } from './report.mjs';
import { BROWSER_CANDIDATES, CANDIDATES, findHere, startAll } from './subjects.mjs';
import { isInstalled } from './versions.mjs';
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
if (opts.install) process.exit(install());
const list = workloads().filter(
  (w) => (!opts.quick || w.quick) && opts.filter.every((word) => ` ${w.name} `.includes(word)),
);
if (list.length === 0) refuse(`no workload's name contains "${opts.filter.join('" and "')}"`);
const wanted = (opts.browser ? BROWSER_CANDIDATES : CANDIDATES).filter(
  (c) => opts.subject.length === 0 || opts.subject.some((word) => c.name.includes(word)),
);
if (wanted.length === 0) refuse(`no subject's name contains "${opts.subject.join('" or "')}"`);
if (opts.html && !isInstalled('vega'))
  refuse('--html needs Vega, which comes with the peers: npm run bench -- --install');
const noBrowser = opts.browser ? missingBrowser() : null;
if (noBrowser) refuse(`--browser needs a Chromium: ${noBrowser}`);
if (opts.list) {
  console.log(
    ['workloads', ...list.map((w) => `  ${w.name}`), 'subjects', ...wanted.map((c) => `  ${c.name}`)].join('\n'),
  );
  process.exit(0);
}

/** Measures every workload, prints a table after each. @returns JSON rows, and lines about the machine */
async function measure() {
  const machine = await openMachine();
  const browser = opts.browser ? await openBrowser() : null;
  const start = browser ? browser.start : startProcess;
  try {
    const { name, simd } = await u.ready({ threads: 1 });
    const { candidates, absent } = await findHere(wanted, { name, simd }, start);
    const notes = await machine.describe(measurePeak);
    if (browser) notes.push(`in Chromium ${browser.version}, each subject in a worker of a page of its own`);
    notes.push(...byReason(absent).map(([reason, names]) => `not here: ${names.join(', ')} (${reason})`));
    console.log(`${notes.join('\n')}\n~ : the rounds do not tell it from the base`);
    const rows = [];
    const groups = groupsOf(list);
    for (const [k, group] of groups.entries()) {
      const progress = showProgress(k, groups.length);
      const done = await measureGroup(group, {
        subjects: (w) => startAll(candidates, w, opts.patience, start),
        peak: measurePeak,
        bandwidth: machine.bandwidth,
        limits: opts,
        pids: [process.pid, machine.pid].filter(Boolean),
        folder,
        progress,
      });
      progress(null);
      for (const { workload, measured, absent, disturbance } of done) {
        const those = measured.map((m) => toRow(m, measured));
        rows.push(...those);
        append(those);
        console.log(`\n${table(workload, those, absent, disturbance)}`);
      }
    }
    return { rows, notes };
  } finally {
    machine.close();
    await browser?.close();
  }
}

if (opts.json) writeFileSync(opts.json, '');
const folder = mkdtempSync(join(tmpdir(), 'unrolled-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // subjects end with their input
try {
  if (opts.cold) {
    const { rows, text } = await measureColdStart(opts.rounds, folder, showProgress(0, 1));
    console.log(text);
    append(rows);
  } else {
    const { rows, notes } = opts.from.length ? readRows(opts.from) : await measure();
    const bars = opts.bars ? barsTable(rows) : null;
    if (bars) console.log(`\n${bars}`);
    if (opts.html) writeFileSync(opts.html, await page(rows, notes, bars));
  }
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(1); // and with it the input of the subjects that still run
}

function readRows(files) {
  const rows = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  return { rows, notes: [`rows of ${files.map((file) => basename(file)).join(', ')}`] };
}

/** At once: a run of half an hour that is broken off has measured something. */
function append(rows) {
  if (opts.json) appendFileSync(opts.json, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
