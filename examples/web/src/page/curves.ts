// Loss and metric of the cells over the updates: two charts, and the last figures as a table, which says the same to who cannot see them.
import type { Figures, History, PerCell, Point } from '../shared/history.js';
import type { Description, Speed } from '../shared/messages.js';
import type { Cell } from '../shared/settings.js';
import { Chart, type Line } from './chart.js';
import { find, make, say } from './dom.js';
import { NAMES } from './looks.js';
import { figure, metricText, whole } from './words.js';

export class Curves {
  readonly #loss = new Chart(find('loss-chart', HTMLElement));
  readonly #metric = new Chart(find('metric-chart', HTMLElement));
  readonly #log = find('log', HTMLInputElement);

  /** @param redraw  called when the visitor wants another scale */
  constructor(redraw: () => void) {
    this.#log.addEventListener('change', redraw);
  }

  repaint(): void {
    this.#loss.repaint();
    this.#metric.repaint();
  }

  /** The pieces of the drawing, each to be done in a task of its own. */
  pieces({ points }: History, description: Description, speed: Speed | null, failed: PerCell<string>): (() => void)[] {
    const { cells, metric } = description;
    const x = points.map(({ step }) => step);
    const linesOf = (value: (figures: Figures) => number): Line[] =>
      cells.flatMap(({ cell }) =>
        (['train', 'validation'] as const).map((part) => ({
          name: `${NAMES[cell]} ${part}`,
          colour: cell,
          dashed: part === 'validation',
          values: points.map((point) => (point[part][cell] === undefined ? null : value(point[part][cell] as Figures))),
        })),
      );
    const scale = metric.unit === '%' ? 100 : 1;
    return [
      () => this.#loss.draw({ x, lines: linesOf(({ loss }) => loss), logarithmic: this.#log.checked }),
      () => this.#metric.draw({ x, lines: linesOf((figures) => scale * figures.metric) }),
      () => this.#describe(points, description),
      () => this.#fill(points, description, speed, failed),
    ];
  }

  #fill(points: readonly Point[], description: Description, speed: Speed | null, failed: PerCell<string>): void {
    const { cells, metric, baseline } = description;
    const name = metric.name[0]?.toUpperCase() + metric.name.slice(1);
    say('metric-name', metric.unit === '%' || metric.unit === '' ? name : `${name} (${metric.unit})`);
    say('figure-name', name);
    say('baseline', `For comparison: ${baseline.name} comes to ${metricText(baseline.metric, metric)}.`);
    const body = find('figures', HTMLTableElement).tBodies[0] as HTMLTableSectionElement;
    body.replaceChildren(
      ...cells.map(({ cell, parameters }) => {
        const [train, measured] = [last(points, 'train', cell), last(points, 'validation', cell)];
        const texts = [
          whole(parameters),
          train ? figure(train.loss) : '',
          measured ? figure(measured.loss) : '',
          train ? metricText(train.metric, metric) : '',
          measured ? metricText(measured.metric, metric) : '',
          failed[cell] ? 'gave up' : speed?.milliseconds[cell] ? figure(speed.milliseconds[cell]) : '',
        ];
        const head = make('th', { scope: 'row', 'data-cell': cell }, NAMES[cell]);
        return make('tr', {}, head, ...texts.map((text) => make('td', {}, text)));
      }),
    );
  }

  #describe(points: readonly Point[], { cells, metric }: Description): void {
    const step = points.at(-1)?.step ?? 0;
    const told = (name: string, text: (figures: Figures) => string) => {
      const parts = cells.flatMap(({ cell }) => {
        const [first, now] = [points[0]?.train[cell], last(points, 'train', cell)];
        return first && now ? [`${NAMES[cell]} from ${text(first)} to ${text(now)}`] : [];
      });
      return `${name} over ${step} updates: ${parts.join(', ') || 'nothing yet'}`;
    };
    find('loss-chart', HTMLElement).ariaLabel = told('Loss', ({ loss }) => figure(loss));
    find('metric-chart', HTMLElement).ariaLabel = told(metric.name, (figures) => metricText(figures.metric, metric));
  }
}

function last(points: readonly Point[], part: 'train' | 'validation', cell: Cell): Figures | undefined {
  for (let k = points.length - 1; k >= 0; k--) {
    const found = points[k]?.[part][cell];
    if (found) return found;
  }
  return undefined;
}
