// The table of example:sentiment: every model on the same reviews, nets and what needs none.
import Table from 'cli-table3';
import { deviation, mean } from '../lib/stats.mjs';

const percent = (share) => (share === undefined ? '' : `${(100 * share).toFixed(1)} %`);

/** @param {Record<string, { parameters: number, accuracy: number, auc?: number, secondsPerEpoch?: number }[]>} results  a run a seed */
export function comparisonTable(results) {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    head: ['model', 'parameters', 's/epoch', 'test accuracy', '+- sd', 'min .. max', 'AUC'],
    colAligns: ['left', ...new Array(6).fill('right')],
  });
  for (const [model, runs] of Object.entries(results)) {
    const of = (figure) => runs.map((run) => run[figure]);
    const accuracies = of('accuracy');
    const isTimed = runs[0].secondsPerEpoch !== undefined;
    table.push([
      model,
      Math.round(mean(of('parameters'))).toLocaleString('en'),
      isTimed ? mean(of('secondsPerEpoch')).toFixed(3) : '',
      percent(mean(accuracies)),
      percent(deviation(accuracies)),
      `${(100 * Math.min(...accuracies)).toFixed(1)} .. ${(100 * Math.max(...accuracies)).toFixed(1)}`,
      runs[0].auc === undefined ? '' : mean(of('auc')).toFixed(3),
    ]);
  }
  const { length } = Object.values(results)[0];
  return (
    `On reviews that nothing was learnt or chosen from, mean and spread over ${length} seed${length === 1 ? '' : 's'}:\n${table}\n` +
    'On a set this small counting words is hard to beat: nearly every review gives itself away by a few of them.'
  );
}
