// chart.mjs: the rows of a run as a page of bar charts, one group of bars a workload, with the measured peak drawn in.
// Vega-Lite draws: it is kept by its authors, writes SVG without a browser or a canvas, and is installed with the peers only.
import { time } from './units.mjs';

/** Who belongs together has one colour; readable on light and on dark ground. */
const FAMILIES = {
  'unrolled, native': '#2f6fde',
  'unrolled, WASM': '#12977f',
  'unrolled, reference': '#7b8794',
  oneDNN: '#d9822b',
  PyTorch: '#c23f5b',
  'ONNX Runtime': '#8f5bd0',
  'TensorFlow.js': '#b49a1c',
  'brain.js': '#8a6d5a',
};

function familyOf({ peer, backend }) {
  if (peer === 'unrolled')
    return { native: 'unrolled, native', wasm: 'unrolled, WASM', reference: 'unrolled, reference' }[backend];
  if (peer.startsWith('onnxruntime')) return 'ONNX Runtime';
  return { onednn: 'oneDNN', pytorch: 'PyTorch', tfjs: 'TensorFlow.js', 'brain.js': 'brain.js' }[peer];
}

/** Times of one row of the batch say more than GFLOP/s: they are what a stream waits for. */
const isLatency = (rows) => rows[0].mode === 'step' || / B=1 /.test(rows[0].workload);

const SECTIONS = {
  'Training step: forward, backward, gradients of input and weights': (row) => row.mode === 'train',
  'Inference on whole sequences': (row) => row.mode === 'infer' && !/ B=1 /.test(row.workload),
  'One row at a time: batch 1, and streaming steps': (row) => isLatency([row]),
  'Matrix products alone': (row) => row.mode === 'product',
};

/** A Vega-Lite specification of one workload's bars. */
export function panel(rows) {
  const latency = isLatency(rows);
  const scale = latency && Math.max(...rows.map((r) => r.us_median)) > 2000 ? 1e3 : 1;
  const unit = !latency ? 'GFLOP/s' : scale === 1 ? 'microseconds, less is better' : 'milliseconds, less is better';
  // On a latency chart one system hundreds of times slower would flatten all the others: its bar is cut, its label is not.
  const cut = latency ? 12 * Math.min(...rows.map((r) => r.us_median)) : Number.POSITIVE_INFINITY;
  const figures = rows.map((row) => ({
    subject: row.subject,
    family: familyOf(row),
    value: latency ? Math.min(row.us_median, cut) / scale : row.gflops,
    label: latency
      ? `${time(row.us_median)}${row.us_median > cut ? ', bar cut' : ''}`
      : row.gflops.toFixed(row.gflops < 10 ? 1 : 0),
    limit: latency ? row.read_us && row.read_us / scale : row.peak_gflops,
  }));
  // A label that would stand on the mark of the limit goes behind it.
  const room = 0.12 * Math.max(...figures.map(({ value, limit }) => Math.max(value, limit ?? 0)));
  const values = figures.map((figure) => {
    const { value, limit } = figure;
    return { ...figure, end: limit > value && limit < value + room ? limit : value };
  });
  const y = {
    field: 'subject',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelLimit: 170, ticks: false, domain: false },
  };
  const x = (field) => ({ field, type: 'quantitative', axis: { title: unit, tickCount: 5, domain: false } });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: rows[0].workload, anchor: 'start', fontSize: 13 },
    width: 300,
    height: { step: 17 },
    data: { values },
    layer: [
      {
        mark: { type: 'bar', cornerRadiusEnd: 2 },
        encoding: {
          y,
          x: x('value'),
          color: {
            field: 'family',
            type: 'nominal',
            legend: null,
            scale: { domain: Object.keys(FAMILIES), range: Object.values(FAMILIES) },
          },
        },
      },
      {
        transform: [{ filter: 'isValid(datum.limit)' }],
        mark: { type: 'tick', thickness: 2, color: 'currentColor', height: 15 },
        encoding: { y, x: x('limit') },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4, fontSize: 10, color: 'currentColor' },
        encoding: { y, x: x('end'), text: { field: 'label' } },
      },
    ],
    config: {
      background: null,
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      title: { color: 'currentColor' },
      axis: {
        labelColor: 'currentColor',
        titleColor: 'currentColor',
        gridColor: 'currentColor',
        gridOpacity: 0.15,
        titleFontWeight: 'normal',
      },
    },
  };
}

const escaped = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1d2430; --rule: #d5dae1; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181f; --ink: #dfe5ec; --rule: #333b47; } }
body { margin: 2rem auto; max-width: 110rem; padding: 0 1.5rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 1rem; border-bottom: 1px solid var(--rule); }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(29rem, 1fr)); gap: 1.5rem; align-items: start; }
svg { max-width: 100%; height: auto; overflow: visible; }
.key { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; margin: 1rem 0; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
.key .tick { width: 2px; height: 1em; background: currentColor; vertical-align: -.15em; }
table { border-collapse: collapse; font-size: .85rem; } td, th { padding: .15rem .7rem; border-bottom: 1px solid var(--rule);
  text-align: right; } td:first-child, th:first-child, td:nth-child(2), th:nth-child(2) { text-align: left; }
pre { overflow-x: auto; font-size: .8rem; }`;

const dataTable = (rows) => {
  const cells = (row) => [
    row.workload,
    row.subject,
    time(row.us_median),
    row.gflops.toFixed(1),
    row.peak_share === null ? '' : `${(100 * row.peak_share).toFixed(0)} %`,
    row.ratio === null ? '' : `${row.ratio.toFixed(2)} (${row.ratio_low.toFixed(2)} .. ${row.ratio_high.toFixed(2)})`,
  ];
  const head = ['workload', 'subject', 'median', 'GFLOP/s', 'of peak', 'time / native'];
  const line = (tag, texts) => `<tr>${texts.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join('')}</tr>`;
  return `<table>${line('th', head)}${rows.map((row) => line('td', cells(row))).join('')}</table>`;
};

/**
 * @param {object[]} rows       rows of report.mjs
 * @param {string[]} notes      lines about the machine and about who is not here
 * @param {string | null} bars  the table of bars
 * @returns an HTML page that needs nothing else
 */
export async function page(rows, notes, bars = null) {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const svg = (spec) => new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
  const groups = new Map();
  for (const row of rows) groups.set(row.workload, [...(groups.get(row.workload) ?? []), row]);

  const sections = [];
  for (const [title, belongs] of Object.entries(SECTIONS)) {
    const panels = [];
    for (const those of groups.values())
      if (belongs(those[0])) panels.push(`<figure>${await svg(panel(those))}</figure>`);
    if (panels.length) sections.push(`<h2>${title}</h2><div class="panels">${panels.join('')}</div>`);
  }
  const present = new Set(rows.map(familyOf));
  const key = Object.entries(FAMILIES)
    .filter(([family]) => present.has(family))
    .map(([family, colour]) => `<span><i style="background:${colour}"></i>${family}</span>`);
  key.push(
    '<span><i class="tick"></i>measured peak of the subject’s threads and instruction set; at batch 1: the time to read W_hh</span>',
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>unrolled: benchmark</title><style>${STYLE}\nfigure { margin: 0; }</style></head><body>
<h1>unrolled: benchmark</h1>
<p>${notes.map(escaped).join('<br>')}</p>
<div class="key">${key.join('')}</div>
${sections.join('\n')}
${bars ? `<h2>Bars</h2><pre>${escaped(bars)}</pre>` : ''}
<h2>Figures</h2>
${dataTable(rows)}
</body></html>
`;
}
