// Pictures and pages from Vega-Lite specifications. Vega draws, kept by its authors and without need of a browser or a canvas;
// it is an optional peer: only who draws installs it.
import { OptionError, UnrolledError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import type { PlotSpec } from './theme.js';

/** Cells that touch show no ground between them. */
const CRISP = '.mark-rect path{shape-rendering:crispEdges}';
/** A picture that stands alone follows the reader's ground by itself; in a page it takes the page's ink. */
const OWN_INK = ':root{color:#1d2430}@media(prefers-color-scheme:dark){:root{color:#dfe5ec}}';

/**
 * A specification as an SVG picture, with its title and description as text for who cannot see it.
 *
 *   await writeFile('flow.svg', await toSVG(gradientCurves({ RNN: a, LSTM: b })));
 *
 * @throws UnrolledError  ERR_MISSING_PEER if vega and vega-lite are not installed
 */
export async function toSVG(spec: PlotSpec): Promise<string> {
  return draw(spec, 0, OWN_INK);
}

export interface HTMLOptions {
  /** Of the page. Default 'unrolled: gradient flow'. */
  readonly title?: string;
}

/**
 * A page of plots that needs nothing else: pictures inline, each with its description below it, on light and dark ground.
 *
 *   await writeFile('flow.html', await toHTML([heatMap(scope.reports), gateActivity(diagnosis)], { title: 'Adding problem' }));
 *
 * @throws UnrolledError  ERR_MISSING_PEER if vega and vega-lite are not installed
 */
export async function toHTML(specs: PlotSpec | readonly PlotSpec[], options: HTMLOptions = {}): Promise<string> {
  checkOptions<HTMLOptions>('toHTML', options, { title: is.string });
  const { title = 'unrolled: gradient flow' } = options;
  const figures = [];
  for (const [k, spec] of (Array.isArray(specs) ? specs : [specs]).entries()) {
    figures.push(`<figure>${await draw(spec, k, '')}<figcaption>${escaped(spec.description)}</figcaption></figure>`);
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
${figures.join('\n')}
</body></html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --ink: #1d2430; --soft: #55606e; --rule: #d5dae1; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181f; --ink: #dfe5ec; --soft: #a3adb9; --rule: #333b47; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1.5rem; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; }
figure { margin: 2rem 0; padding-top: 1rem; border-top: 1px solid var(--rule); }
figcaption { margin-top: .6rem; max-width: 44rem; color: var(--soft); font-size: .9rem; }
svg { max-width: 100%; height: auto; overflow: visible; }`;

/** @param style  of this picture alone */
async function draw(spec: PlotSpec, number: number, style: string): Promise<string> {
  if (typeof spec !== 'object' || spec === null || typeof spec.$schema !== 'string') {
    throw new OptionError(
      `plot: expected a specification of heatMap, gradientCurves or gateActivity, got ${show(spec)}`,
    );
  }
  const { vega, vegaLite } = await peers();
  const { spec: compiled } = vegaLite.compile(spec as unknown as Parameters<typeof vegaLite.compile>[0]);
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  const title = (spec.title as { text?: unknown } | undefined)?.text ?? 'plot';
  const [titleId, descriptionId] = [`plot-${number}-title`, `plot-${number}-description`];
  const words =
    `<title id="${titleId}">${escaped(String(title))}</title>` +
    `<desc id="${descriptionId}">${escaped(spec.description ?? '')}</desc>`;
  return svg
    .replace(/<svg /, `<svg role="img" aria-labelledby="${titleId} ${descriptionId}" `)
    .replace(/>/, `>${words}<style>${CRISP}${style}</style>`);
}

async function peers() {
  try {
    const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
    return { vega, vegaLite };
  } catch (error) {
    throw new UnrolledError(
      'plot: pictures are drawn by vega and vega-lite, which are optional and could not be loaded: npm install vega vega-lite ' +
        `(${(error as Error).message})`,
      'ERR_MISSING_PEER',
    );
  }
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);
