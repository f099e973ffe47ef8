// report.mjs: a measured subject as a JSON row, and a workload's rows as a text table.
import Table from 'cli-table3';

/** One line of the JSON output. `ratio`: this subject's time over native's at the same thread count; above 1 is slower. */
export function toRow(subject, workload, { median, min, flops, ratios }) {
  const sorted = [...ratios].sort((a, b) => a - b);
  return {
    peer: subject.peer,
    version: subject.info?.version ?? null,
    backend: subject.backend,
    simd: subject.info?.simd ?? null,
    threads: subject.threads,
    subject: subject.name,
    workload: workload.name,
    cell: workload.cell,
    mode: workload.mode,
    us_median: median,
    us_min: min,
    gflops: flops / median / 1e3,
    peak_gflops: subject.info?.peak ?? null,
    ratio: sorted[sorted.length >> 1],
    ratio_min: sorted[0],
    ratio_max: sorted[sorted.length - 1],
  };
}

export function table(workload, rows, peak) {
  const out = new Table({
    head: [workload.name, 'ms median', 'ms min', 'GFLOP/s', '% of peak', 'time / native', 'spread'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows)
    out.push([
      row.subject,
      (row.us_median / 1e3).toFixed(3),
      (row.us_min / 1e3).toFixed(3),
      row.gflops.toFixed(1),
      ((100 * row.gflops) / ((row.peak_gflops ?? peak) * row.threads)).toFixed(0),
      Number.isNaN(row.ratio) ? '-' : row.ratio.toFixed(2),
      Number.isNaN(row.ratio) ? '-' : `${row.ratio_min.toFixed(2)}..${row.ratio_max.toFixed(2)}`,
    ]);
  return out.toString();
}
