// harness.mjs: the benchmark harness. `npm run bench -- --help` lists what it can do.
//
// Every subject (a backend of this library, or a peer) is a process of its own. For each workload all subjects get the same
// numbers and must agree on the result; then they take turns, A B C C B A, so that a drift of the machine's speed meets all
// of them alike. Reported: median and minimum of a run, and the ratio to native at the same thread count, round by round.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { barsTable } from './bars.mjs';
import { missingBrowser, openBrowser } from './browser/chromium.mjs';
import { measureCeilings } from './ceiling/ceiling.mjs';
import { page } from './chart.mjs';
import { measureColdStart } from './cold.mjs';
import { install } from './install.mjs';
import { readOptions, USAGE } from './options.mjs';
import { servePage } from './page.mjs';
import { showProgress } from './progress.mjs';
import { table } from './report.mjs';
import { measure } from './run.mjs';
import { browserCandidates, CANDIDATES } from './subjects.mjs';
import { isInstalled } from './versions.mjs';
import { workloads } from './workloads.mjs';

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
if (opts.ceiling) {
  console.log(measureCeilings(showProgress));
  process.exit(0);
}
const isForPage = (w) => !opts.page || opts.filter.length > 0 || w.inPage;
const list = workloads().filter(
  (w) => (!opts.quick || w.quick) && isForPage(w) && opts.filter.every((word) => ` ${w.name} `.includes(word)),
);
if (list.length === 0) refuse(`no workload's name contains "${opts.filter.join('" and "')}"`);
const isChosen = ({ name }) => opts.subject.length === 0 || opts.subject.some((word) => name.includes(word));
const wanted = (opts.browser || opts.page ? browserCandidates('chromium') : CANDIDATES).filter(isChosen);
if (wanted.length === 0) refuse(`no subject's name contains "${opts.subject.join('" or "')}"`);
if (opts.html && !isInstalled('vega'))
  refuse('--html needs Vega, which comes with the peers: npm run bench -- --install');
const needsChromium = opts.browser ? '--browser' : opts.page && opts.bars ? '--page --bars' : null;
const noBrowser = needsChromium && missingBrowser();
if (noBrowser) refuse(`${needsChromium} needs a Chromium: ${noBrowser}`);
if (opts.list) {
  console.log(
    ['workloads', ...list.map((w) => `  ${w.name}`), 'subjects', ...wanted.map((c) => `  ${c.name}`)].join('\n'),
  );
  process.exit(0);
}

/** What the terminal shows of a run: a table after each workload. */
const hear = {
  notes: (lines) => console.log(`${lines.join('\n')}\n~ : the rounds do not tell it from the base`),
  progress: showProgress,
  workload(workload, rows, absent, disturbance) {
    append(rows);
    console.log(`\n${table(workload, rows, absent, disturbance)}`);
  },
};

async function run() {
  if (!opts.browser) return measure({ list, wanted, limits: opts, folder, hear });
  const browser = await openBrowser();
  const about = [`in Chromium ${browser.version}, each subject in a worker of a page of its own`];
  try {
    return await measure({ list, wanted, start: browser.start, about, limits: opts, folder, hear });
  } finally {
    await browser.close();
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
  } else if (opts.page) {
    console.log(`\n${await servePage({ list, chosen: isChosen, limits: opts, folder, hear, alone: opts.bars })}`);
  } else {
    const { rows, notes } = opts.from.length ? readRows(opts.from) : await run();
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
