// What the terminal shows: a table a claim, and one of all claims at the end.
import Table from 'cli-table3';

const plain = { style: { head: [], border: [], compact: true }, wordWrap: true };
const word = (holds) => (holds === undefined ? '' : holds ? 'holds' : 'DOES NOT HOLD');

/** @typedef {{ what: string, measured: string, expected: string, holds?: boolean }} Row  without `holds`: for information */

export function claimTable(rows) {
  const table = new Table({ ...plain, head: ['claim', 'measured', 'expected', ''], colWidths: [46, 44, 32, 15] });
  for (const { what, measured, expected, holds } of rows) table.push([what, measured, expected, word(holds)]);
  return `${table}`;
}

/** A table that a claim shows besides its results. */
export function plainTable({ title, head, rows }) {
  const table = new Table({
    ...plain,
    wordWrap: false,
    head,
    colAligns: head.map((_, k) => (k === 0 ? 'left' : 'right')),
  });
  table.push(...rows.map((row) => row.map(String)));
  return `${title}\n${table}`;
}

/** @param {Row[]} rows */
export function verdictOf(rows) {
  const judged = rows.filter(({ holds }) => holds !== undefined);
  const held = judged.filter(({ holds }) => holds).length;
  const holds = held === judged.length;
  return { holds, text: holds ? 'holds' : `${judged.length - held} of ${judged.length} parts do not hold` };
}

export function overview(results) {
  const table = new Table({
    ...plain,
    head: ['', 'claim', 'verdict', 'seconds'],
    colAligns: ['right', 'left', 'left', 'right'],
  });
  for (const { number, title, rows, seconds } of results)
    table.push([number, title, verdictOf(rows).text, seconds.toFixed(0)]);
  return `${table}`;
}

export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
/** Three digits, in the shorter notation. */
export const figure = (value) =>
  value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4)
    ? `${Number(value.toPrecision(3))}`
    : value.toExponential(1);

/** What the lines of progress call a job: "LSTM on adding, 100 steps, lr 0.003, seed 2". */
export function describeJob({ task, net, seed, lr, clipNorm, hold }) {
  return [
    `${net.kind} on ${task.kind}`,
    `${task.steps} steps`,
    ...(net.forgetBias === undefined ? [] : [`forget bias ${net.forgetBias}`]),
    ...(hold ? [`${hold} throughout`] : []),
    ...(lr === undefined ? [] : [`lr ${lr}`]),
    ...(clipNorm === null ? ['no clipping'] : []),
    `seed ${seed}`,
  ].join(', ');
}

/** @param {import('./training.mjs').Outcome} outcome */
export function describeOutcome({ task }, { score, updates, seconds }) {
  const result = task.kind === 'adding' ? `error ${figure(score)}` : percent(score);
  return `${result} after ${updates} updates, ${seconds.toFixed(1)} s`;
}
