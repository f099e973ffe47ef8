// bars.mjs: what this library promises about its speed, as ratios of rows measured in one run, and whether they were reached.
// A bar that no row speaks for is "not measured"; none is ever left out of the table.
import Table from 'cli-table3';
import { median, ratios } from './statistics.mjs';
import { figure } from './units.mjs';

const hidden = (row) => Number(row.workload.match(/ H=(\d+)/)?.[1]);
const isBatchOne = (row) => / B=1 /.test(row.workload);
/** Rows to compare with peers. Those about growth with T (B=8), a step's kernel alone (T=1000), brain.js' size are not. */
const isCompared = (row) => !/ B=8 | T=1000 | H=16 /.test(row.workload);
const isTraining = (row) => row.mode === 'train' && isCompared(row);
const isInference = (row) => row.mode === 'infer' && isCompared(row);
const isSequence = (row) => (isTraining(row) || isInference(row)) && !isBatchOne(row);
const isLongBatchOne = (row) => isInference(row) && isBatchOne(row) && hidden(row) === 512;
const isLongest = (row) => / T=3200 /.test(row.workload);

/**
 * Figures of one subject: `value(row, find)` of each of its rows that `accept` takes; null where it cannot be told.
 * `find(subject, workload)` is another row: of the same workload, or of the same subject, if one of them is left out.
 */
function figures(rows, subject, accept, value) {
  return rows
    .filter((row) => row.subject === subject && accept(row))
    .flatMap((row) => {
      const find = (name = row.subject, workload = row.workload) =>
        rows.find((other) => other.subject === name && other.workload === workload) ?? null;
      const measured = value(row, find);
      return measured === null || Number.isNaN(measured) ? [] : [{ subject, workload: row.workload, measured }];
    });
}

/** How many times as long `other` takes, round by round; null without it. */
const timesAsLong = (other, row) => other && median(ratios(other.rounds, row.rounds));

/** How many times as long as the subject its fastest peer takes. */
const overPeers = (rows, subject, peers, accept) =>
  figures(rows, subject, accept, (row, find) => {
    const there = peers.map((peer) => find(peer)).filter(Boolean);
    return there.length ? Math.min(...there.map((peer) => timesAsLong(peer, row))) : null;
  });

/** The row of another workload of the same subject, by what changes in the name. */
const elsewhere = (row, find, from, to) => find(row.subject, row.workload.replace(from, to));

const atLeast = (bound) => ({ wanted: `>= ${bound}`, reached: (measured) => measured >= bound });
const atMost = (bound) => ({ wanted: `<= ${bound}`, reached: (measured) => measured <= bound });

const perThreads = (threads) => [
  {
    name: `training, ${threads}t: time of oneDNN over native`,
    ...atLeast(1),
    find: (rows) => overPeers(rows, `native ${threads}t`, [`onednn ${threads}t`], isTraining),
  },
  {
    name: `training, ${threads}t: time of PyTorch over native`,
    ...atLeast(1.5),
    find: (rows) => overPeers(rows, `native ${threads}t`, [`pytorch ${threads}t`], isTraining),
  },
  {
    name: `inference, ${threads}t: time of the better of oneDNN and ONNX Runtime over native`,
    ...atLeast(1),
    find: (rows) =>
      overPeers(rows, `native ${threads}t`, [`onednn ${threads}t`, `onnxruntime-node ${threads}t`], isInference),
  },
  {
    name: `batch 1, H=512, ${threads}t: time over the time to read W_hh`,
    ...atMost(1.25),
    find: (rows) => figures(rows, `native ${threads}t`, isLongBatchOne, (row) => row.read_share),
  },
];

/** The best of our WASM that the engine has by default: relaxed SIMD is on in Chromium, in Node behind a flag. */
const fastest = (rows, prefix) => {
  const relaxed = `${prefix}wasm relaxed`;
  return prefix && rows.some((row) => row.subject === relaxed) ? relaxed : `${prefix}wasm simd128`;
};

const overOnnxruntime = (prefix, where) => ({
  name: `WASM in ${where}, inference: time of ONNX Runtime Web over ours`,
  ...atLeast(2),
  find: (rows) =>
    overPeers(
      rows,
      fastest(rows, prefix),
      [`${prefix}onnxruntime-web`],
      (row) => isSequence(row) && row.mode === 'infer',
    ),
});

const overTfjs = (prefix, where) => ({
  name: `WASM in ${where}, training: time of the better of tfjs-wasm and tfjs-cpu over ours`,
  ...atLeast(20),
  find: (rows) =>
    overPeers(rows, fastest(rows, prefix), [`${prefix}tfjs wasm`, `${prefix}tfjs cpu`], (row) => isTraining(row)),
});

const wasmRate = (prefix, where) => ({
  name: `WASM in ${where}, training at H >= 256: GFLOP/s`,
  ...atLeast(40),
  find: (rows) =>
    figures(
      rows,
      fastest(rows, prefix),
      (row) => isTraining(row) && hidden(row) >= 256,
      (row) => row.gflops,
    ),
});

/**
 * What is promised of a page.
 * @param engine  what its subjects' names begin with: 'chromium', or another browser that opened the page; Node's WASM, timed
 *   in the same rounds, stands beside them
 */
export function browserBars(engine) {
  const where = engine[0].toUpperCase() + engine.slice(1);
  const prefix = `${engine} `;
  return [
    {
      name: `WASM in ${where}, training: time over that of Node on the same file`,
      ...atMost(1.15),
      find: (rows) =>
        ['wasm simd128', 'wasm relaxed'].flatMap((build) =>
          figures(rows, `${prefix}${build}`, isTraining, (row, find) => {
            const inNode = find(build);
            return inNode && timesAsLong(row, inNode);
          }),
        ),
    },
    {
      name: `WASM in ${where}, training: time of one thread over two`,
      ...atLeast(1.6),
      find: (rows) => overPeers(rows, `${prefix}wasm threads 2t`, [`${prefix}wasm simd128`], isTraining),
    },
    overTfjs(prefix, where),
    overOnnxruntime(prefix, where),
  ];
}

/** The promises. `find(rows)` lists what was measured: [{ subject, workload, measured }]. */
export const BARS = [
  ...perThreads(1),
  ...perThreads(2),
  {
    name: 'batch 1, H=512: time of fp32 weights over int8',
    ...atLeast(1.8),
    find: (rows) => overPeers(rows, 'native int8 1t', ['native 1t'], isLongBatchOne),
  },
  {
    name: 'H=256: share of the peak of one core',
    ...atLeast(0.85),
    find: (rows) =>
      figures(
        rows,
        'native 1t',
        (row) => isSequence(row) && hidden(row) === 256,
        (row) => row.peak_share,
      ),
  },
  {
    name: 'H=512: share of the peak of one core',
    ...atLeast(0.9),
    find: (rows) =>
      figures(
        rows,
        'native 1t',
        (row) => isSequence(row) && hidden(row) === 512,
        (row) => row.peak_share,
      ),
  },
  {
    name: 'H >= 256: time of one thread over two',
    ...atLeast(1.85),
    find: (rows) => overPeers(rows, 'native 2t', ['native 1t'], (row) => isSequence(row) && hidden(row) >= 256),
  },
  overOnnxruntime('', 'Node'),
  wasmRate('', 'Node'),
  overTfjs('', 'Node'),
  ...browserBars('chromium'),
  wasmRate('chromium ', 'Chromium'),
  {
    name: 'ragged batch, mean length T/2: time over that of the full batch',
    ...atMost(0.6),
    find: (rows) =>
      ['native 1t', 'native 2t', 'wasm simd128', 'chromium wasm simd128'].flatMap((subject) =>
        figures(
          rows,
          subject,
          (row) => / ragged$/.test(row.workload),
          (row, find) => {
            const full = elsewhere(row, find, ' ragged', '');
            return full && timesAsLong(row, full);
          },
        ),
      ),
  },
  {
    name: 'time a step of a sequence: at T=3200 over T=200',
    ...atMost(1.1),
    find: (rows) =>
      figures(rows, 'native 1t', isLongest, (row, find) => {
        const short = elsewhere(row, find, 'T=3200', 'T=200');
        return short && timesAsLong(row, short) / 16;
      }),
  },
  {
    name: 'memory a step of a sequence: from T=800 to 3200 over T=200 to 800',
    ...atMost(1.1),
    find: (rows) =>
      figures(rows, 'native 1t', isLongest, (row, find) => {
        const [middle, short] = ['T=800', 'T=200'].map((T) => elsewhere(row, find, 'T=3200', T));
        return middle && short && (row.memory - middle.memory) / (middle.memory - short.memory) / 4;
      }),
  },
  {
    name: 'streaming step: microseconds beyond a step inside a sequence of 1000',
    ...atMost(1),
    find: (rows) =>
      figures(
        rows,
        'native 1t',
        (row) => row.mode === 'step',
        (row, find) => {
          const inside = elsewhere(row, find, /T=1 (.*) step/, 'T=1000 $1 infer');
          return inside && row.us_min - inside.us_min / 1000;
        },
      ),
  },
  {
    name: 'results that are not the same bits for any number of threads',
    ...atMost(0),
    find: (rows) =>
      ['native 2t', 'wasm threads 2t', 'chromium wasm threads 2t'].flatMap((subject) => {
        const all = figures(
          rows,
          subject,
          () => true,
          (row) => (row.same_bits === null ? null : Number(!row.same_bits)),
        );
        if (all.length === 0) return [];
        const differing = all.filter((one) => one.measured > 0);
        return differing.length ? differing : [{ subject, workload: `all ${all.length} of them`, measured: 0 }];
      }),
  },
];

/**
 * One entry for each bar.
 * @param {object[]} rows  of report.mjs
 * @returns {{ name: string, wanted: string,
 *   found: { subject: string, workload: string, measured: number, reached: boolean }[] }[]}
 */
export function evaluate(rows, bars = BARS) {
  return bars.map(({ name, wanted, reached, find }) => ({
    name,
    wanted,
    found: find(rows).map((one) => ({ ...one, reached: reached(one.measured) })),
  }));
}

export function barsTable(rows, bars = BARS) {
  const out = new Table({
    head: ['bar', 'wanted', 'measured', '', 'subject', 'workload'],
    colAligns: ['left', 'right', 'right', 'left', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  });
  const all = evaluate(rows, bars);
  for (const { name, wanted, found } of all) {
    if (found.length === 0) out.push([name, wanted, '', 'not measured', '', '']);
    for (const [k, { subject, workload, measured, reached }] of found.entries())
      out.push([k ? '' : name, k ? '' : wanted, figure(measured), reached ? 'reached' : 'MISSED', subject, workload]);
  }
  const figuresFound = all.flatMap(({ found }) => found);
  const count = figuresFound.filter(({ reached }) => reached).length;
  return `${out}\n${count} of ${figuresFound.length} measured figures reach their bar`;
}
