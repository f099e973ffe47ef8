// A diagnosis for terminals: one table, sparklines, sentences.

import { average } from './advice.js';
import type { Diagnosis, LayerDiagnosis } from './diagnosis.js';
import { percent, short } from './rates.js';

const BARS = '▁▂▃▄▅▆▇█';
const WIDTH = 40;

/** Norms as bars of their logarithms, from the least to the most; a gap where there is none. */
export function sparkline(norms: ArrayLike<number>): string {
  const columns = Math.min(WIDTH, norms.length);
  const logs = Array.from({ length: columns }, (_, column) => {
    // The largest of the steps that share a column.
    const [from, to] = [column, column + 1].map((edge) => Math.floor((edge * norms.length) / columns)) as [
      number,
      number,
    ];
    let most = 0;
    for (let t = from; t < to; t++) if (Number.isFinite(norms[t])) most = Math.max(most, norms[t] as number);
    return Math.log10(most);
  });
  const finite = logs.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  // What differs by less than a factor of 10 looks as flat as it is.
  const span = Math.max(1, high - low);
  return logs
    .map((log) => (Number.isFinite(log) ? BARS[Math.min(7, Math.floor((8 * (log - high + span)) / span))] : ' '))
    .join('');
}

export function textOf(diagnosis: Diagnosis): string {
  const { loss, gradNorm, layers, advice, verdict } = diagnosis;
  const lines = [`gradient flow: ${verdict}; loss ${short(loss)}, norm of all gradients ${short(gradNorm)}`, ''];
  const rows = layers.map((layer) => [
    layer.name,
    layer.cell,
    String(layer.T),
    short(Math.max(...layer.matrices.map(({ sigmaMax }) => sigmaMax))),
    short(Math.max(...layer.matrices.map(({ spectralRadius }) => spectralRadius ?? NaN))),
    short(layer.rates.dh),
    layer.jacobian ? short(layer.jacobian.rates.state) : '',
    layer.verdict,
  ]);
  lines.push(
    ...table(['layer', 'cell', 'T', 'sigma_max', 'radius', 'dL/dh a step', 'dh_T/dh a step', 'verdict'], rows),
    '',
  );
  for (const layer of layers) lines.push(...describe(layer), '');
  if (advice.length > 0) lines.push('what to do');
  for (const { layer, text } of advice) lines.push(`  - ${layer === null ? '' : `${layer}: `}${text}`);
  return lines.join('\n').trimEnd();
}

function describe(layer: LayerDiagnosis): string[] {
  const lines = [`${layer.name}: ${layer.text}`];
  const line = (what: string, norms: Float64Array): void => {
    const [first, last] = [norms[0], norms.at(-1)] as [number, number];
    lines.push(
      `  ${what.padEnd(11)} t=0 ${short(first).padStart(8)} ${sparkline(norms)} ${short(last)} t=${norms.length - 1}`,
    );
  };
  if (layer.T === 0) return lines;
  line('|dL/dh_t|', layer.dh);
  if (layer.dc) line('|dL/dc_t|', layer.dc);
  if (layer.dwHh) line('|dW_hh at t|', layer.dwHh);
  if (layer.jacobian && layer.jacobian.dh.length > 0) {
    line('|dh_T/dh_t|', layer.jacobian.dh);
    if (layer.jacobian.dc) line('|dh_T/dc_t|', layer.jacobian.dc);
    line('|dh_T/dx_t|', layer.jacobian.dx);
  }
  const gates = layer.gates.map(({ name, mean, low, high }) => {
    return `${name} ${short(average(mean))} (${percent(average(low))} low, ${percent(average(high))} high)`;
  });
  lines.push(`  ${gates.join('; ')}`);
  return lines;
}

/** Columns of text, numbers to the right; names, cell and verdict to the left. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] as string).length)),
  );
  const isText = (column: number): boolean => column < 2 || column === head.length - 1;
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return isText(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
