// What all plots share: a Vega-Lite specification's frame, and colours that can be told apart on light and dark ground.

/** A Vega-Lite specification: plain JSON, for toSVG, toHTML, or any other program that draws Vega-Lite. */
export interface PlotSpec {
  readonly $schema: string;
  /** What the plot shows, with its figures, for who cannot see it. */
  readonly description: string;
  readonly [property: string]: unknown;
}

/** Readable on white and on near-black, and to the colour-blind (after Okabe & Ito 2008, darkened or lightened to the middle). */
export const COLOURS = ['#2f7fd6', '#d9722b', '#12977f', '#c2528b', '#8f6bd0', '#a08a1c', '#7b8794'];

/** `currentColor`: the ink of whatever page the picture stands in. */
const CONFIG = {
  background: null,
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  title: { color: 'currentColor', anchor: 'start', fontSize: 14, offset: 12 },
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    tickColor: 'currentColor',
    domainColor: 'currentColor',
    gridColor: 'currentColor',
    gridOpacity: 0.15,
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 12,
  },
  legend: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 12,
  },
};

export function plotSpec(title: string, description: string, body: Readonly<Record<string, unknown>>): PlotSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description,
    title: { text: title },
    ...body,
    config: CONFIG,
  };
}

/** A number in a sentence: 0.0123, 4.5e-9. */
export function figure(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}
