// bars.mjs: what this library promises about its speed, as ratios of rows measured in one run, and whether they were reached.
// A bar that no row speaks for is "not measured"; none is ever left out of the table.
import Table from 'cli-table3';
import { median, ratios } from './statistics.mjs';

const RELAXED_IS_OFF = 'wasm simd128'; // Node's default; relaxed SIMD has to be switched on there
const training = (row) => row.mode === 'train' && isTimed(row);
const inference = (row) => row.mode === 'infer' && isTimed(row);
/** Rows of the comparison with peers: those about growth with T (B=8) and the kernel inside a step (T=1000) are others' business. */
const isTimed = ({ workload }) => !/ B=8 | T=1000 |H=16 /.test(workload);
const isSequence = (row) => row.cell !== '-' && row.mode !== 'step' && !/ B=1 /.test(row.workload) && isTimed(row);
const hidden = (row) => Number(row.workload.match(/ H=(\d+)/)?.[1]);

/** How many times as long `other` takes as `row`, round by round. */
const timesOf = (other, row) => median(ratios(other.rounds, row.rounds));

/** Rows of one subject, each with its rows of the same workload by subject. */
function pairs(rows, subject, accept) {
  return rows
    .filter((row) => row.subject === subject && accept(row))
    .map((row) => ({
      row,
      beside: (name) => rows.find((other) => other.workload === row.workload && other.subject === name),
    }));
}

/** Over one peer: [{ workload, measured }], how many times as long as ours the peer takes. */
function over(rows, subject, peers, accept) {
  return pairs(rows, subject, accept).flatMap(({ row, beside }) => {
    const there = peers.map(beside).filter(Boolean);
    if (there.length === 0) return [];
    return [{ workload: row.workload, measured: Math.min(...there.map((peer) => timesOf(peer, row))) }];
  });
}

const figure = (rows, subject, accept, value) =>
  pairs(rows, subject, accept).flatMap(({ row, beside }) => {
    const measured = value(row, beside);
    return measured === null || Number.isNaN(measured) ? [] : [{ workload: row.workload, measured }];
  });

const against = (beside, name, value) => {
  const other = beside(name);
  return other ? value(other) : null;
};

/** Our time on this workload over that on the workload whose name `rename` makes, both at the clock of their turns. */
function besideWorkload(rows, row, rename, value) {
  const name = rename(row.workload);
  if (name === row.workload) return null;
  const other = rows.find((r) => r.workload === name && r.subject === row.subject);
  return other ? value(median(ratios(row.rounds, other.rounds)), other) : null;
}

const least = (bound) => ({ bound, reached: (measured) => measured >= bound, sign: '>=' });
const most = (bound) => ({ bound, reached: (measured) => measured <= bound, sign: '<=' });

/** The promises. `find(rows)` lists what was measured, workload by workload. */
export const BARS = [
  ...[1, 2].flatMap((t) => [
    {
      name: `training: oneDNN's time over native's, ${t} thread(s)`,
      ...least(1),
      find: (rows) => over(rows, `native ${t}t`, [`onednn ${t}t`], training),
    },
    {
      name: `training: PyTorch's time over native's, ${t} thread(s)`,
      ...least(1.5),
      find: (rows) => over(rows, `native ${t}t`, [`pytorch ${t}t`], training),
    },
    {
      name: `inference: time of the better of oneDNN and ONNX Runtime over native's, ${t} thread(s)`,
      ...least(1),
      find: (rows) => over(rows, `native ${t}t`, [`onednn ${t}t`, `onnxruntime-node ${t}t`], inference),
    },
  ]),
  ...[1, 2].map((t) => ({
    name: `batch 1, H=512: time over the time to read W_hh, ${t} thread(s)`,
    ...most(1.25),
    find: (rows) => figure(rows, `native ${t}t`, (r) => hidden(r) === 512 && r.cell === 'lstm', (r) => r.read_share),
  })),
  {
    name: 'batch 1, H=512: time of fp32 weights over that of int8',
    ...least(1.8),
    find: (rows) => over(rows, 'native int8 1t', ['native 1t'], (r) => hidden(r) === 512 && r.mode === 'infer' && / B=1 /.test(r.workload)),
  },
  {
    name: 'H=256: share of one core\'s peak',
    ...least(0.85),
    find: (rows) => figure(rows, 'native 1t', (r) => isSequence(r) && hidden(r) === 256, (r) => r.peak_share),
  },
  {
    name: 'H=512: share of one core\'s peak',
    ...least(0.9),
    find: (rows) => figure(rows, 'native 1t', (r) => isSequence(r) && hidden(r) === 512, (r) => r.peak_share),
  },
  {
    name: 'one thread\'s time over two threads`',
    ...least(1.85),
    find: (rows) => over(rows, 'native 2t', ['native 1t'], (r) => isSequence(r) && hidden(r) >= 256),
  },
  {
    name: 'WASM, one thread, inference: ONNX Runtime Web\'s time over ours',
    ...least(2),
    find: (rows) => over(rows, RELAXED_IS_OFF, ['onnxruntime-web'], (r) => isSequence(r) && r.mode === 'infer'),
  },
  {
    name: 'WASM, one thread, training at H >= 256: GFLOP/s',
    ...least(40),
    find: (rows) => figure(rows, RELAXED_IS_OFF, (r) => training(r) && hidden(r) >= 256, (r) => r.gflops),
  },
  {
    name: 'WASM, one thread, training: tfjs-wasm\'s time over ours',
    ...least(20),
    find: (rows) => over(rows, RELAXED_IS_OFF, ['tfjs wasm'], training),
  },
  {
    name: 'ragged batch, mean length T/2: time over the full batch`s',
    ...most(0.6),
    find: (rows) =>
      ['native 1t', RELAXED_IS_OFF].flatMap((subject) =>
        figure(rows, subject, (r) => / ragged$/.test(r.workload), (r) => besideWorkload(rows, r, (n) => n.replace(' ragged', ''), (x) => x)),
      ),
  },
  {
    name: 'time a step of T: at T=3200 over T=200',
    ...most(1.1),
    find: (rows) => figure(rows, 'native 1t', isLongest, (r) => besideWorkload(rows, r, toT200, (x) => x / 16)),
  },
  {
    name: 'memory a step of T: at T=3200 over T=200',
    ...most(1.1),
    find: (rows) => figure(rows, 'native 1t', isLongest, (r) => besideWorkload(rows, r, toT200, (_, other) => r.memory / other.memory / 16)),
  },
  {
    name: 'streaming step: microseconds beyond a step inside a sequence',
    ...most(1),
    find: (rows) =>
      figure(rows, 'native 1t', (r) => r.mode === 'step', (r) => besideWorkload(rows, r, toLongSequence, (_, other) => r.us_min - other.us_min / 1000)),
  },
  {
    name: 'results that are not the same bits with two threads',
    ...most(0),
    find: (rows) => figure(rows, 'native 2t', () => true, (r) => (r.same_bits === null ? null : Number(!r.same_bits))),
  },
];

const isLongest = (row) => / T=3200 /.test(row.workload);
const toT200 = (name) => name.replace('T=3200', 'T=200');
const toLongSequence = (name) => name.replace(/T=1 (.*) step/, 'T=1000 $1 infer');

/** @returns [{ name, sign, bound, found: [{ workload, measured, reached }] }], one for each bar */
export function evaluate(rows) {
  return BARS.map(({ name, sign, bound, reached, find }) => ({
    name,
    sign,
    bound,
    found: find(rows).map((one) => ({ ...one, reached: reached(one.measured) })),
  }));
}

const shown = (value) => (Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2));

export function barsTable(rows) {
  const out = new Table({
    head: ['bar', 'wanted', 'measured', '', 'workload'],
    colAligns: ['left', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  });
  let reachedCount = 0;
  let count = 0;
  for (const { name, sign, bound, found } of evaluate(rows)) {
    const wanted = `${sign} ${bound}`;
    if (found.length === 0) out.push([name, wanted, '', 'not measured', '']);
    for (const [k, { workload, measured, reached }] of found.entries()) {
      out.push([k ? '' : name, k ? '' : wanted, shown(measured), reached ? 'reached' : 'MISSED', workload]);
      count++;
      reachedCount += Number(reached);
    }
  }
  return `${out}\n${reachedCount} of ${count} measured figures reach their bar`;
}
