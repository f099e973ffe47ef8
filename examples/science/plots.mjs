// Plots as Vega-Lite specifications: plain data, drawn by page.mjs.

/** Each net has one colour on all plots, readable on light and on dark ground. */
const COLOURS = {
  'bag of words': '#7b8794',
  CNN: '#b49a1c',
  RNN: '#c23f5b',
  IRNN: '#d9822b',
  GRU: '#12977f',
  LSTM: '#2f6fde',
};

/** `whole`: only whole numbers are marked on it. */
const axis = ({ title, log = false, domain, format, whole = false }) => ({
  title,
  type: 'quantitative',
  scale: { ...(log ? { type: 'log' } : { zero: false }), ...(domain && { domain, nice: false, clamp: true }) },
  axis: { tickCount: 6, ...(whole && { tickMinStep: 1 }), ...((format ?? log) && { format: format ?? '.0e' }) },
});

function colour(field, values, range) {
  const names = [...new Set(values.map((value) => value[field]))];
  const known = names.every((name) => name in COLOURS);
  const scale = known ? { domain: names, range: names.map((name) => COLOURS[name]) } : { domain: names, range };
  return { field, type: 'nominal', title: null, scale, sort: null };
}

/** For names that are not nets: steps of one scale, from cold to warm. */
const STEPS = ['#2f6fde', '#12977f', '#b49a1c', '#d9822b', '#c23f5b', '#8f5bd0', '#7b8794'];

const SINGLE = { width: 460, height: 260 };
const PANEL = { width: 300, height: 230 };

/**
 * @typedef {object} Plot
 * @property {string} title
 * @property {string} caption  what one looks at, in the terms of the notes
 * @property {object} spec     Vega-Lite
 */

/**
 * Lines, one for each value of `series`; thin ones side by side for each value of `run`; a panel for each value of `panel`.
 *
 * @param {object} plot
 * @param {string} plot.title
 * @param {string} plot.caption
 * @param {object[]} plot.values
 * @param {{ field: string, title: string, log?: boolean, domain?: number[], format?: string, whole?: boolean }} plot.x
 * @param {{ field: string, title: string, log?: boolean, domain?: number[], format?: string }} plot.y
 * @param {string} plot.series
 * @param {string} [plot.run]
 * @param {string} [plot.panel]
 * @param {string} [plot.dash]   a field whose second value is drawn dashed
 * @param {{ value: number, label: string }} [plot.mark]  a horizontal line to compare with
 * @param {boolean} [plot.points]
 * @returns {Plot}
 */
export function lines({ title, caption, values, x, y, series, run, panel, dash, mark, points = false }) {
  const encoding = {
    x: { field: x.field, ...axis(x) },
    y: { field: y.field, ...axis(y) },
    color: colour(series, values, STEPS),
    ...(run && { detail: { field: run } }),
    ...(dash && { strokeDash: { field: dash, type: 'nominal', title: null, sort: null } }),
  };
  const layer = [
    { mark: { type: 'line', strokeWidth: run ? 1.3 : 2, opacity: run ? 0.9 : 1, point: points, clip: true }, encoding },
  ];
  if (mark) {
    // Data of its own: over the plot's values it would be drawn once a value.
    const data = { values: [{ at: mark.value }] };
    const y = { field: 'at', type: 'quantitative' };
    layer.push({
      data,
      mark: { type: 'rule', strokeDash: [3, 3], color: 'currentColor', opacity: 0.6 },
      encoding: { y },
    });
    layer.push({
      data,
      mark: { type: 'text', align: 'left', dy: -6, fontSize: 10, color: 'currentColor', text: mark.label },
      encoding: { y, x: { value: 4 } },
    });
  }
  const view = { ...(panel ? PANEL : SINGLE), layer };
  return {
    title,
    caption,
    spec: withData(values, panel ? { facet: facetBy(panel, values), spec: view, columns: 3 } : view),
  };
}

/** Points over a diagonal: what was measured against what it must stay below. */
export function scatter({ title, caption, values, x, y, series }) {
  const low = Math.min(...values.map((value) => value[x.field]), ...values.map((value) => value[y.field]));
  const high = Math.max(...values.map((value) => value[x.field]));
  const layer = [
    {
      mark: { type: 'circle', size: 18, opacity: 0.8 },
      encoding: {
        x: { field: x.field, ...axis(x) },
        y: { field: y.field, ...axis(y) },
        color: colour(series, values, STEPS),
      },
    },
    {
      data: { values: [low, high].map((value) => ({ [x.field]: value, [y.field]: value })) },
      mark: { type: 'line', color: 'currentColor', strokeDash: [3, 3], opacity: 0.6 },
      encoding: { x: { field: x.field, type: 'quantitative' }, y: { field: y.field, type: 'quantitative' } },
    },
  ];
  return { title, caption, spec: withData(values, { ...SINGLE, layer }) };
}

/** Horizontal bars, one for each value of `category`; a group of them for each value of `panel`. */
export function bars({ title, caption, values, category, x, panel }) {
  const view = {
    width: 210,
    height: { step: 22 },
    mark: 'bar',
    encoding: {
      y: { field: category, type: 'nominal', sort: null, title: null, axis: { labelLimit: 200, ticks: false } },
      x: { field: x.field, ...axis(x) },
      color: { ...colour(category, values, STEPS), legend: null },
    },
  };
  return { title, caption, spec: withData(values, { facet: facetBy(panel, values), spec: view, columns: 3 }) };
}

/** Panels in the order of the values: `sort: null` would put them in the order of the alphabet. */
const facetBy = (field, values) => {
  const sort = [...new Set(values.map((value) => value[field]))];
  return { field, type: 'nominal', title: null, sort };
};

function withData(values, view) {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    data: { values },
    ...view,
    config: {
      background: null,
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      line: { strokeCap: 'round' },
      legend: { labelColor: 'currentColor', titleColor: 'currentColor', symbolStrokeWidth: 2, labelLimit: 260 },
      header: { labelColor: 'currentColor', labelFontSize: 12, labelFontWeight: 'bold' },
      axis: {
        labelColor: 'currentColor',
        titleColor: 'currentColor',
        gridColor: 'currentColor',
        gridOpacity: 0.15,
        domain: false,
        tickColor: 'currentColor',
        titleFontWeight: 'normal',
      },
    },
  };
}
