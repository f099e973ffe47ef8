// The picture: the end of the test part day by day with intervals, and the days that surprised the net most.
import { toHTML, toSVG } from 'unrolled/plot';

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';
const NAMES = { actual: 'measured', forecast: 'forecast (median)', naive: 'plain forecast' };
const AXIS = {
  labelColor: 'currentColor',
  titleColor: 'currentColor',
  tickColor: 'currentColor',
  domainColor: 'currentColor',
  gridColor: 'currentColor',
  gridOpacity: 0.15,
};

/**
 * @param {import('./data.mjs').Set} set
 * @param {{ date: string, actual: number, value: number, low: number, high: number, naive: number }[]} days
 * @param {{ cell: string, coverage: number, stated: number, shown: number }} about
 */
export function forecastPlot(set, days, { cell, coverage, stated, shown }) {
  const last = days.slice(-shown);
  const lines = last.flatMap(({ date, actual, value, naive }) => [
    { date, what: NAMES.actual, y: actual },
    { date, what: NAMES.forecast, y: value },
    { date, what: NAMES.naive, y: naive },
  ]);
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const x = { field: 'date', type: 'temporal', title: null };
  return {
    $schema: SCHEMA,
    title: { text: set.title, color: 'currentColor', anchor: 'start' },
    description:
      `The last ${shown} days of the test part, each forecast by the ${cell} from the days before it. The band is to hold ` +
      `${percent(stated)} of the days; over the whole test part it holds ${percent(coverage)}. Marked: the six days farthest outside it.`,
    width: 760,
    height: 260,
    layer: [
      {
        data: { values: last },
        mark: { type: 'area', opacity: 0.25, color: '#2f7fd6' },
        encoding: {
          x,
          y: { field: 'low', type: 'quantitative', title: set.unit, scale: { zero: false } },
          y2: { field: 'high' },
        },
      },
      {
        data: { values: lines },
        mark: { type: 'line', strokeWidth: 1.4 },
        encoding: {
          x,
          y: { field: 'y', type: 'quantitative' },
          color: {
            field: 'what',
            type: 'nominal',
            title: null,
            scale: { domain: Object.values(NAMES), range: ['#d9722b', '#2f7fd6', '#7b8794'] },
            legend: { orient: 'top' },
          },
          opacity: { condition: { test: `datum.what === '${NAMES.naive}'`, value: 0.5 }, value: 1 },
        },
      },
      {
        data: { values: surprises(last, 6) },
        mark: { type: 'point', filled: true, size: 50, color: '#c23f5b' },
        encoding: { x, y: { field: 'actual', type: 'quantitative' }, tooltip: { field: 'date' } },
      },
    ],
    config: {
      background: null,
      font: 'system-ui, sans-serif',
      view: { stroke: null },
      axis: AXIS,
      legend: { labelColor: 'currentColor' },
    },
  };
}

/** The days farthest outside their interval, in widths of it. */
export function surprises(days, count) {
  return days
    .map((day) => ({ ...day, away: Math.max(day.low - day.actual, day.actual - day.high) / (day.high - day.low) }))
    .sort((a, b) => b.away - a.away)
    .slice(0, count);
}

/** @returns {Promise<{ svg: string[], html: string }>} */
export async function draw(specs) {
  const svg = [];
  for (const spec of specs) svg.push(await toSVG(spec));
  return { svg, html: await toHTML(specs, { title: 'unrolled: forecasts' }) };
}
