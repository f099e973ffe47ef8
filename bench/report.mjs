// report.mjs: what was measured as JSON rows, and a workload's rows as a text table.
import Table from 'cli-table3';
import { least, median, quartiles, ratios, verdict } from './statistics.mjs';
import { mebibytes, time } from './units.mjs';
import { flopsOf } from './workloads.mjs';

const rounded = (values, digits = 3) => values.map((v) => Number(v.toPrecision(digits)));

/**
 * One line of the JSON output.
 *
 *   us_median, us_min   of all timed runs; gflops: of matrix products, on the median
 *   rounds       lower quartile of each turn's times: any two subjects can be compared round by round
 *   ratio        this subject's time over that of `base` (native at the same thread count, in a browser our simd128), median of
 *                the rounds: above 1 is slower. ratio_low, ratio_high: the middle half of the rounds; ratio_min, ratio_max: all
 *   verdict      against the base: 'faster', 'slower', 'same' where the rounds do not tell (Mann-Whitney, 95 %), null with
 *                fewer than 4 rounds
 *   peak_share   of what all its threads could do in registers, measured in the same turns
 *   read_us, read_share   batch 1: the time to read W_hh T times at the speed measured for a block of its size; time over it
 *   memory       bytes it held at the most beyond a process that has only started
 *   deviation    from the first subject, largest of any result, as a share of the largest value
 *   same_bits    as the one-thread subject of the same instruction set
 */
export function toRow(m, all) {
  const { subject, workload } = m;
  const base = all.find((b) => b.subject.isBase && b.subject.threads === subject.threads);
  const against = base ? ratios(m.us, base.us) : [];
  const us = median(m.samplesUs);
  const peak = ownPeak(m, all);
  const share = median(m.us.map((t, round) => flopsOf(workload) / t / 1e3 / peak[round]));
  const readUs = m.readUs.length ? median(m.readUs) : null;
  const [low, high] = against.length ? quartiles(against) : [null, null];
  return {
    peer: subject.peer,
    version: subject.info.version ?? null,
    backend: subject.backend,
    simd: subject.info.simd ?? null,
    threads: subject.threads,
    subject: subject.name,
    precision: subject.precision,
    workload: workload.name,
    cell: workload.cell,
    mode: workload.mode,
    us_median: us,
    us_min: least(m.samplesUs),
    gflops: flopsOf(workload) / us / 1e3,
    base: base?.subject.name ?? null,
    ratio: against.length ? median(against) : null,
    ratio_low: low,
    ratio_high: high,
    ratio_min: against.length ? Math.min(...against) : null,
    ratio_max: against.length ? Math.max(...against) : null,
    verdict: base && base !== m ? verdict(m.us, base.us) : null,
    peak_gflops: median(peak),
    peak_share: share,
    read_us: readUs,
    read_share: readUs && median(ratios(m.us, m.readUs)),
    memory: m.memory,
    deviation: m.deviation,
    same_bits: m.sameBits,
    rounds: rounded(m.us, 6),
  };
}

/** A peer on WASM is measured by WASM's peak: ours, in the same rounds. */
function ownPeak({ subject, peak }, all) {
  const ours = all.find((m) => m.subject.peer === 'unrolled' && m.subject.info.simd === subject.info.simd);
  return subject.backend === 'wasm' && subject.peer !== 'unrolled' && ours ? ours.peak : peak;
}

/** More than this and the figures say little: others had the processors. */
const DISTURBED = 0.03;

/** @param disturbance  share of all processors' time that others used; null where it is not known */
export function table(workload, rows, absent, disturbance = null) {
  const reads = rows.some((row) => row.read_share !== null);
  const head = [
    '',
    'median',
    'least',
    'GFLOP/s',
    '% of peak',
    `time / ${/ wasm simd128$/.test(rows[0]?.base) ? 'simd128' : 'native'}`,
    'middle half',
    'MiB',
  ];
  if (reads) head.splice(5, 0, '/ read W_hh');
  const out = new Table({
    head,
    colAligns: ['left', ...head.slice(1).map(() => 'right')],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const cells = [
      row.subject,
      time(row.us_median),
      time(row.us_min),
      row.gflops.toFixed(1),
      (100 * row.peak_share).toFixed(0),
      row.ratio === null ? '-' : `${row.ratio.toFixed(2)}${row.verdict === 'same' ? ' ~' : ''}`,
      row.ratio === null ? '-' : `${row.ratio_low.toFixed(2)} .. ${row.ratio_high.toFixed(2)}`,
      row.memory === null ? '-' : mebibytes(row.memory),
    ];
    if (reads) cells.splice(5, 0, row.read_share === null ? '-' : row.read_share.toFixed(2));
    out.push(cells);
  }
  const rounds = Math.max(0, ...rows.map((row) => row.rounds.length));
  const lines = [`${workload.name}   (${rounds} rounds)`, out.toString()];
  const others = rows.filter((row) => row.deviation === null).map((row) => row.subject);
  if (others.length) lines.push(`not comparable in result, in time only: ${others.join(', ')}`);
  if (disturbance > DISTURBED)
    lines.push(`disturbed: other programs had ${(100 * disturbance).toFixed(0)} % of the processors meanwhile`);
  for (const [reason, names] of byReason(absent)) lines.push(`left out: ${names.join(', ')}: ${reason}`);
  return lines.join('\n');
}

/** [[name, reason]] as [reason, names]. */
export function byReason(absent) {
  const reasons = new Map();
  for (const [name, reason] of absent) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  return [...reasons];
}
