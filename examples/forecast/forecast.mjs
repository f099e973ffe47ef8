// npm run example:forecast: the next day's births in the United States, and the next day's temperature in Seattle, by RNN, GRU
// and LSTM, beside the plain forecast and a linear one; with intervals, and how many of the days they hold.
import path from 'node:path';
import { forecast } from 'unrolled/tasks';
import { outFolder, writeWhole } from '../lib/cache.mjs';
import { readOptions } from '../lib/options.mjs';
import { mean } from '../lib/stats.mjs';
import { start } from '../lib/task.mjs';
import { dateOf, loadSet, NAMES } from './data.mjs';
import { linearAutoregression } from './linear.mjs';
import { draw, forecastPlot, surprises } from './plot.mjs';
import { besidePytorch, seriesTable, surpriseTable } from './report.mjs';

const CELLS = ['rnn', 'gru', 'lstm'];
/** The last fifth is the test part. */
const TEST = 0.2;

const { values: options } = readOptions({
  help: `npm run example:forecast -- [options]

  --set NAME        ${NAMES.join(', ')} (default: both)
  --cell NAME       ${CELLS.join(', ')} (default: all)
  --seeds N         runs of each, seeds 1..N (default 3)
  --epochs N        at most (default 60; training ends when the validation part no longer improves)
  --coverage P      what the intervals should hold, in percent (default 80)
  --pytorch         time the same training in PyTorch, too (needs python3-torch)
  --backend NAME    native, wasm, reference or auto (default: the fastest there is)
  --threads N       (default 1: the nets are small)
  --help`,
  options: {
    set: { type: 'string', oneOf: NAMES },
    cell: { type: 'string', oneOf: CELLS },
    seeds: { type: 'string', default: '3', atLeast: 1 },
    epochs: { type: 'string', default: '60', atLeast: 1 },
    coverage: { type: 'string', default: '80', atLeast: 1 },
    pytorch: { type: 'boolean', default: false },
    backend: { type: 'string', default: 'auto', oneOf: ['auto', 'native', 'wasm', 'reference'] },
    threads: { type: 'string', default: '1', atLeast: 1 },
  },
});

await start(options);
const plots = [];
for (const setName of options.set ? [options.set] : NAMES) {
  const set = await loadSet(setName);
  console.log(`\n${set.title}: ${set.records.length} days, the last fifth of them to test on`);
  const runs = [];
  for (const cell of options.cell ? [options.cell] : CELLS) {
    for (let seed = 1; seed <= options.seeds; seed++) runs.push(await train(set, cell, seed, runs.length === 0));
  }
  const linear = linearAutoregression(set, { window: runs[0].task.prep.window, share: TEST });
  console.log(`\n${seriesTable(set, runs, linear)}`);

  // Chosen before anything was measured: the first seed of the last cell.
  const shown = runs.find(({ cell }) => cell === runs.at(-1).cell);
  const days = await testDays(set, shown.task);
  console.log(`\n${surpriseTable(set, surprises(days, 8), shown.cell)}`);
  const coverage = mean(days.map(({ low, actual, high }) => Number(low <= actual && actual <= high)));
  plots.push({
    name: setName,
    spec: forecastPlot(set, days, {
      cell: shown.cell.toUpperCase(),
      coverage,
      stated: options.coverage / 100,
      shown: 120,
    }),
  });
  if (options.pytorch) console.log(`\n${await besidePytorch(set, runs)}`);
}

const folder = outFolder('forecast');
const { svg, html } = await draw(plots.map(({ spec }) => spec));
for (const [k, plot] of plots.entries()) await writeWhole(path.join(folder, `${plot.name}.svg`), svg[k]);
await writeWhole(path.join(folder, 'index.html'), html);
console.log(`\npictures: ${path.join(folder, 'index.html')}`);

async function train(set, cell, seed, talkative) {
  let fastestEpoch = Number.POSITIVE_INFINITY;
  const task = await forecast(set.records, {
    value: set.value,
    time: set.time,
    cell,
    seed,
    test: TEST,
    epochs: options.epochs,
    coverage: options.coverage / 100,
    onEpoch: ({ seconds }) => {
      fastestEpoch = Math.min(fastestEpoch, seconds);
    },
    ...(talkative && { say: (line) => console.log(`  ${line}`) }),
  });
  const { report } = task;
  console.log(
    `${cell} seed ${seed}: ${report.epochs} epochs of ${report.secondsPerEpoch.toFixed(2)} s, mean absolute error ` +
      `${report.test.mae.toPrecision(3)} ${set.unit}, ${(100 * report.test.coverage).toFixed(1)} % within the intervals`,
  );
  return { cell, seed, task, report, fastestEpoch };
}

/** Each day of the test part, forecast from the days before it as they would have been known the evening before. */
async function testDays(set, task) {
  const { records, target } = set;
  const from = records.length - Math.round(records.length * TEST);
  const { window, season } = task.prep;
  const days = Array.from({ length: records.length - from }, (_, k) => from + k);
  const answers = await task.predict(days.map((t) => records.slice(t - window, t)));
  return days.map((t, k) => {
    const [{ time, value, low, high }] = answers[k];
    if (time !== dateOf(set, records[t])) throw new Error(`forecast for ${time}, expected ${dateOf(set, records[t])}`);
    return {
      date: time,
      actual: Number(records[t][target]),
      naive: Number(records[t - season][target]),
      value,
      low,
      high,
    };
  });
}
