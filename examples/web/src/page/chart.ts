// A line chart by uPlot: colours of the page, as wide as its place, and redrawn when either changes.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colour } from './looks.js';

export interface Line {
  readonly name: string;
  /** A colour of the style sheet. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly values: readonly (number | null)[];
}

export interface Plotted {
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  readonly logarithmic?: boolean;
  /** What stands at x, where that is not the number itself. */
  readonly xText?: (x: number) => string;
  /** From here on the ground is another. */
  readonly shadeFrom?: number;
}

const HEIGHT = 220;

export class Chart {
  readonly #place: HTMLElement;
  #plot: uPlot | null = null;
  #shown: Plotted | null = null;
  /** What cannot be changed in a plot: its lines and scales. */
  #form = '';

  constructor(place: HTMLElement) {
    this.#place = place;
    new ResizeObserver(() => this.#resize()).observe(place);
  }

  draw(plotted: Plotted): void {
    this.#shown = plotted;
    const { x, lines, logarithmic } = plotted;
    const data = [[...x], ...lines.map(({ values }) => positive(values, logarithmic === true))] as uPlot.AlignedData;
    const form = JSON.stringify([lines.map(({ name, dashed }) => [name, dashed]), logarithmic, plotted.shadeFrom]);
    if (this.#plot !== null && form === this.#form) {
      this.#plot.setData(data);
      return;
    }
    this.clear();
    this.#form = form;
    this.#shown = plotted;
    this.#plot = new uPlot(this.#options(plotted), data, this.#place);
  }

  /** With the colours of now. */
  repaint(): void {
    const shown = this.#shown;
    this.clear();
    if (shown) this.draw(shown);
  }

  clear(): void {
    this.#plot?.destroy();
    this.#plot = null;
    this.#shown = null;
  }

  #resize(): void {
    this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT });
  }

  #options({ lines, logarithmic, shadeFrom }: Plotted): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: colour('soft'),
      grid: { stroke: colour('grid'), width: 1 },
      ticks: { stroke: colour('grid'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    const xText = (values: readonly number[]) => values.map((value) => this.#shown?.xText?.(value) ?? String(value));
    return {
      width: this.#place.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: logarithmic ? { distr: 3 } : {} },
      axes: [
        { ...axis, values: (_, values) => xText(values), space: 70, size: 30 },
        { ...axis, size: 56 },
      ],
      series: [
        {},
        ...lines.map(({ name, colour: own, dashed }) => ({
          label: name,
          stroke: colour(own),
          width: dashed ? 1.5 : 2,
          ...(dashed && { dash: [5, 4] }),
          spanGaps: true,
          points: { show: false },
        })),
      ],
      ...(shadeFrom !== undefined && { hooks: { drawClear: [(plot: uPlot) => shade(plot, shadeFrom)] } }),
    };
  }
}

function shade({ ctx, bbox, valToPos }: uPlot, from: number): void {
  const left = valToPos(from, 'x', true);
  ctx.save();
  ctx.fillStyle = colour('ground');
  ctx.fillRect(left, bbox.top, bbox.left + bbox.width - left, bbox.height);
  ctx.restore();
}

/** A logarithm needs numbers above 0. */
const positive = (values: readonly (number | null)[], logarithmic: boolean): (number | null)[] =>
  logarithmic ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values];
