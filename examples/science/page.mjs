// The results as one HTML page that needs nothing else: a section a claim, its table, its plots as SVG.
// Vega-Lite draws, as it does for the benchmark: it writes SVG without a browser or a canvas.

import * as vega from 'vega';
import { compile } from 'vega-lite';
import { verdictOf } from './report.mjs';

const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1d2430; --rule: #d5dae1; --good: #0b7a4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14181f; --ink: #dfe5ec; --rule: #333b47; --good: #4fc38a; --bad: #ff8a80; } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1.5rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin: 3rem 0 .5rem; border-top: 1px solid var(--rule); padding-top: 1.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
table { border-collapse: collapse; font-size: .9rem; margin: .8rem 0; }
.wide { overflow-x: auto; }
td, th { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
td { font-variant-numeric: tabular-nums; }
.holds { color: var(--good); font-weight: 600; white-space: nowrap; } .fails { color: var(--bad); font-weight: 600; white-space: nowrap; }
figure { margin: 1.2rem 0 2rem; } figcaption { max-width: 46rem; font-size: .92rem; }
figure > div { overflow-x: auto; } svg { max-width: 100%; height: auto; }
pre { overflow-x: auto; font-size: .85rem; line-height: 1.4; } blockquote { margin: .5rem 0; padding-left: 1rem; border-left: 3px solid var(--rule); }`;

const line = (tag, cells) => `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
const table = ({ head, rows }) =>
  `<div class="wide"><table>${line('th', head)}${rows.map((row) => line('td', row)).join('')}</table></div>`;

function verdict(holds) {
  if (holds === undefined) return '<td></td>';
  return holds ? '<td class="holds">holds</td>' : '<td class="fails">does not hold</td>';
}

function resultTable(rows) {
  const cells = ({ what, measured, expected, holds }) =>
    `<tr>${[what, measured, expected].map((text) => `<td>${escaped(text)}</td>`).join('')}${verdict(holds)}</tr>`;
  return `<div class="wide"><table>${line('th', ['claim', 'measured', 'expected', ''])}${rows.map(cells).join('')}</table></div>`;
}

async function picture({ title, caption, spec }, id) {
  const svg = await new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
  // Every picture counts its clip paths from 0; on one page each needs names of its own.
  const own = svg.replaceAll(/(id="|url\(#)/g, `$1${id}-`);
  return `<figure><h3>${escaped(title)}</h3><div>${own}</div><figcaption>${escaped(caption)}</figcaption></figure>`;
}

async function section({ number, title, claim, rows, plots = [], tables = [], seconds }) {
  const pictures = await Promise.all(plots.map((plot, k) => picture(plot, `c${number}p${k}`)));
  return `<section id="claim-${number}"><h2>${number}. ${escaped(title)}</h2>
<blockquote>${escaped(claim)}</blockquote>
${resultTable(rows)}
${tables.map((each) => `<h3>${escaped(each.title)}</h3>${table(each)}`).join('\n')}
${pictures.join('\n')}
<p><small>${seconds.toFixed(1)} s</small></p></section>`;
}

/**
 * @param {object[]} results  what the claims returned, with number, title, claim and seconds
 * @param {string[]} notes    lines about the run
 */
export async function page(results, notes) {
  const sections = [];
  for (const result of results) sections.push(await section(result));
  const overview = results.map(({ number, title, rows }) => {
    const { text, holds } = verdictOf(rows);
    return `<tr><td><a href="#claim-${number}">${number}. ${escaped(title)}</a></td><td class="${holds ? 'holds' : 'fails'}">${escaped(text)}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>unrolled: the lecture, reproduced</title><style>${STYLE}</style></head><body>
<h1>The lecture, reproduced</h1>
<p>Recurrent nets, o<sub>t</sub> = f(W x<sub>t</sub> + W' o<sub>t-1</sub>) and y = g(W'' o<sub>T</sub>): each claim of the notes as an experiment,
with what came out, also where it contradicts them.</p>
<p><small>${notes.map(escaped).join('<br>')}</small></p>
<table>${overview.join('')}</table>
${sections.join('\n')}
</body></html>
`;
}
