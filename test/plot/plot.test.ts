// Plots: what stands in the specifications, and that Vega draws them.
import { compile } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { gateActivity, gradientCurves, heatMap, type PlotSpec, toHTML, toSVG } from '../../src/plot/index.js';
import { flow, report } from './flows.js';

// biome-ignore lint/suspicious/noExplicitAny: specifications are looked into at will
const valuesOf = (spec: PlotSpec): any[] => (spec as any).data.values;

/** Vega-Lite's complaints about a specification. */
function warningsOf(spec: PlotSpec): string[] {
  const warnings: string[] = [];
  const complain = (...words: unknown[]): unknown => {
    warnings.push(words.join(' '));
    return logger;
  };
  const silent = (): unknown => logger;
  const logger = { level: silent, error: complain, warn: complain, info: silent, debug: silent };
  compile(spec as never, { logger: logger as never });
  return warnings;
}

const three = {
  RNN: { layers: [flow('rnn_tanh', 0.7, 30)] },
  GRU: { layers: [flow('gru', 0.9, 30)] },
  LSTM: { layers: [flow('lstm', 0.99, 30)] },
};

describe('heatMap', () => {
  it('has a cell for each step and update, with the norm there', () => {
    const spec = heatMap([report(1, flow('rnn_tanh', 0.5, 3)), report(11, flow('rnn_tanh', 0.8, 3))]);
    const cells = valuesOf(spec);
    expect(cells).toHaveLength(6);
    for (const [k, norm] of [0.125, 0.25, 0.5, 0.32, 0.4, 0.5].entries()) expect(cells[k].norm).toBeCloseTo(norm, 12);
    expect(cells[0]).toMatchObject({ step: 1, stepEnd: 11, t: -0.5, tEnd: 0.5 });
    expect(cells[5]).toMatchObject({ step: 11, stepEnd: 21, t: 1.5, tEnd: 2.5 });
    expect(spec.description).toContain('from 0.125 to 0.5');
    expect(warningsOf(spec)).toEqual([]);
  });

  it('takes geometric means where there are more steps than can be told apart, and leaves zeros blank', () => {
    const long = flow('rnn_tanh', 0.99, 1000);
    const cells = valuesOf(heatMap([report(1, long)]));
    expect(cells).toHaveLength(100);
    const part = Array.from(long.dh.subarray(0, 10));
    expect(cells[0].norm).toBeCloseTo(Math.exp(part.reduce((sum, norm) => sum + Math.log(norm), 0) / 10), 12);
    long.dh.fill(0, 0, 10);
    expect(valuesOf(heatMap([report(1, long)]))).toHaveLength(99);
  });

  it('refuses no reports, another layer, a c that is not there, and misspelt options', () => {
    const reports = [report(1, flow('rnn_tanh', 0.5, 3, 'encoder'))];
    expect(() => heatMap([])).toThrow(/must be those of a microscope/);
    expect(() => heatMap(reports, { layer: 1 })).toThrow(/there is no layer 1; there are: 0 "encoder"/);
    expect(() => heatMap(reports, { what: 'dc' })).toThrow(/has no c/);
    const without = [report(1, { ...flow('rnn_tanh', 0.5, 3), dwHh: null })];
    expect(() => heatMap(without, { what: 'dwHh' })).toThrow(/contributions: true/);
    expect(() => heatMap(reports, { layers: 0 } as never)).toThrow(/did you mean "layer"/);
    expect(() => heatMap(reports, { layer: 'encoder' })).not.toThrow();
  });
});

describe('gradientCurves', () => {
  it('start at 1 and fall by the rate; the bound is drawn for the plain RNN alone', () => {
    const spec = gradientCurves(three);
    const points = valuesOf(spec);
    const at = (model: string, back: number, kind = 'measured') =>
      points.find((point) => point.model === model && point.back === back && point.kind === kind)?.value;
    expect(at('RNN', 0)).toBe(1);
    expect(at('RNN', 10)).toBeCloseTo(0.7 ** 10, 12);
    expect(at('GRU', 29)).toBeCloseTo(0.9 ** 29, 12);
    expect(at('LSTM', 29)).toBeCloseTo(0.99 ** 29, 12);
    expect(at('RNN', 10, 'bound')).toBeCloseTo((1.1 * 0.7) ** 10, 12);
    expect(points.filter(({ kind, model }) => kind === 'bound' && model !== 'RNN')).toEqual([]);
    expect(warningsOf(spec)).toEqual([]);
  });

  it('run along a reverse layer the other way', () => {
    const layer = flow('rnn_tanh', 0.5, 5);
    const jacobian = layer.jacobian as NonNullable<typeof layer.jacobian>;
    const reversed = { ...layer, reverse: true, jacobian: { ...jacobian, dh: jacobian.dh.slice().reverse() } };
    expect(valuesOf(gradientCurves({ a: { layers: [reversed] } }, { bound: false })).map(({ value }) => value)).toEqual(
      [0, 1, 2, 3, 4].map((back) => 0.5 ** back),
    );
  });

  it('of the input and of the loss; without a Jacobian only of the loss', () => {
    expect(valuesOf(gradientCurves(three, { what: 'input' })).some(({ kind }) => kind === 'bound')).toBe(false);
    const without = { a: { layers: [{ ...flow('gru', 0.9, 4), jacobian: null }] } };
    expect(() => gradientCurves(without)).toThrow(/has no Jacobian/);
    expect(valuesOf(gradientCurves(without, { what: 'loss' }))[1].value).toBeCloseTo(0.9, 12);
    expect(() => gradientCurves({})).toThrow(/by their names/);
  });
});

describe('gateActivity', () => {
  it('is a panel a gate with mean, low and high; a candidate goes from -1 to 1', () => {
    const spec = gateActivity({ layers: [flow('lstm', 0.9, 6)] });
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const panels = spec.hconcat as any[];
    expect(panels.map(({ title }) => title.text)).toEqual(['i', 'f', 'g (candidate)', 'o']);
    expect(panels.map(({ encoding }) => encoding.y.scale.domain[0])).toEqual([0, 0, -1, 0]);
    expect(panels[1].data.values).toHaveLength(18);
    expect(spec.description).toMatch(/f is 0\.\d+ on average/);
    expect(warningsOf(spec)).toEqual([]);
  });
});

describe('pictures', () => {
  const all = [heatMap([report(1, flow('gru', 0.9, 5))]), gradientCurves(three), gateActivity(three.LSTM)];

  it('are SVG with a title and a description, on light and dark ground', async () => {
    for (const spec of all) {
      const svg = await toSVG(spec);
      expect(svg).toMatch(/^<svg role="img" aria-labelledby="plot-0-title plot-0-description" /);
      expect(svg).toContain(`<desc id="plot-0-description">${spec.description.replace('>', '&gt;')}</desc>`);
      expect(svg).toContain('prefers-color-scheme:dark');
      expect(svg).toContain('currentColor');
      expect(svg).not.toMatch(/NaN|undefined/);
    }
  });

  it('draw what the specification says: a line a model and one for the bound, a cell a step', async () => {
    const lines = (await toSVG(all[1] as PlotSpec)).match(/stroke-width="2"/g) ?? [];
    expect(lines.length).toBeGreaterThanOrEqual(4);
    const cells = (await toSVG(all[0] as PlotSpec)).match(/<g class="mark-rect[\s\S]*?<\/g>/)?.[0].match(/<path/g);
    expect(cells).toHaveLength(5);
  });

  it('make one page that loads nothing from elsewhere, its words escaped', async () => {
    const html = await toHTML(all, { title: 'a < b & "c"' });
    expect(html).toContain('<h1>a &lt; b &amp; &quot;c&quot;</h1>');
    expect(html.match(/<figcaption>/g)).toHaveLength(3);
    for (const k of [0, 1, 2]) expect(html.match(new RegExp(`id="plot-${k}-title"`, 'g'))).toHaveLength(1);
    expect(html).not.toMatch(/<script|<link|src=|@import|url\(\s*["']?http/);
    expect(await toHTML(all[0] as PlotSpec)).toContain('unrolled: gradient flow');
  });

  it('refuse what is not a specification', async () => {
    await expect(toSVG({} as never)).rejects.toThrow(/expected a specification/);
    await expect(toHTML([null as never])).rejects.toThrow(/expected a specification/);
  });
});
