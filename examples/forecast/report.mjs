// What the example prints: errors beside the plain and the linear forecast, the days that surprised, PyTorch's time beside ours.
import Table from 'cli-table3';
import { pytorchSeconds, pytorchTable } from '../lib/pytorch.mjs';
import { deviation, mean } from '../lib/stats.mjs';

const plain = { style: { head: [], border: [], compact: true } };
const percent = (share) => `${(100 * share).toFixed(1)} %`;
/** Three or four digits, as many as say something. */
const figure = (value) =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(Math.abs(value) < 10 ? 3 : 4);

/** The runs of each cell, one after the other. */
function byCell(runs) {
  const cells = [...new Set(runs.map(({ cell }) => cell))];
  return cells.map((cell) => runs.filter((run) => run.cell === cell));
}

export function seriesTable(set, runs, linear) {
  const table = new Table({
    ...plain,
    head: ['forecast', 'parameters', 's/epoch', 'MAE', '+- sd', 'RMSE', 'MAPE', 'in the interval'],
    colAligns: ['left', ...new Array(7).fill('right')],
  });
  const { test } = runs[0].report;
  table.push([set.plain, 0, '', figure(test.naiveMae), '', '', percent(test.naiveMape), '']);
  table.push(['linear autoregression', linear.parameters, '', figure(linear.mae), '', '', '', '']);
  for (const list of byCell(runs)) {
    const of = (what) => list.map(({ report }) => report.test[what]);
    table.push([
      list[0].cell.toUpperCase(),
      list[0].report.parameters.toLocaleString('en'),
      mean(list.map(({ report }) => report.secondsPerEpoch)).toFixed(2),
      figure(mean(of('mae'))),
      figure(deviation(of('mae'))),
      figure(mean(of('rmse'))),
      percent(mean(of('mape'))),
      of('coverage').map(percent).join(', '),
    ]);
  }
  const best = Math.min(...byCell(runs).map((list) => mean(list.map(({ report }) => report.test.mae))));
  return (
    `${set.title}, mean absolute error in ${set.unit}, over ${runs.length / byCell(runs).length} seeds:\n${table}\n` +
    `The bar is ${set.bar}: ${best < set.bar ? 'passed' : 'missed'} (${figure(best)}). The intervals are to hold ` +
    `${percent(runs[0].task.settings.coverage)}.`
  );
}

export function surpriseTable(set, days, cell) {
  const table = new Table({
    ...plain,
    head: ['day', 'measured', 'forecast', 'interval', 'widths outside'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  const weekday = (date) => new Date(date).toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
  for (const { date, actual, value, low, high, away } of days) {
    table.push([
      `${weekday(date)} ${date}`,
      figure(actual),
      figure(value),
      `${figure(low)} .. ${figure(high)}`,
      away.toFixed(1),
    ]);
  }
  return `Days that surprised the ${cell.toUpperCase()} most (${set.hint}):\n${table}`;
}

/** Seconds of an epoch in PyTorch: the same net, sizes, batches and updates, of the same numbers. */
export async function besidePytorch(set, runs) {
  const rows = [];
  for (const list of byCell(runs)) {
    const { task, report, cell } = list[0];
    rows.push({
      name: report.backend === 'native' ? cell.toUpperCase() : `${cell.toUpperCase()} (ours on ${report.backend})`,
      ours: Math.min(...list.map(({ fastestEpoch }) => fastestEpoch)),
      theirs: await pytorchSeconds('forecast', workOf(set, task)),
    });
  }
  return pytorchTable(rows);
}

/** The sizes of a training epoch: how many windows of what, through which net. */
function workOf(set, { settings, prep }) {
  const part = (share) => Math.round(set.records.length * share);
  const training = set.records.length - part(0.2) - part(0.1);
  const features = prep.calendar.reduce((sum, part) => sum + (part === 'weekday' ? 7 : 2), 0);
  return {
    cell: settings.cell,
    windows: training - prep.window,
    window: prep.window,
    batch: settings.batch,
    variables: prep.columns.length,
    features,
    hidden: settings.hidden,
    dropout: settings.dropout,
    lr: settings.lr,
    clip: settings.clip,
    quantiles: [(1 - settings.coverage) / 2, 0.5, (1 + settings.coverage) / 2],
  };
}
