// What the nets do with what they have learnt: written text, a forecast, symbols recalled.
import type { Forecast, Recalled, View, Written } from '../shared/messages.js';
import type { Cell } from '../shared/settings.js';
import { Chart } from './chart.js';
import { find, make } from './dom.js';
import { cellsIn, NAMES } from './looks.js';
import { figure } from './words.js';

export class TaskView {
  readonly #place = find('view', HTMLElement);
  #kind: View['kind'] | null = null;
  #chart: Chart | null = null;
  #legend: HTMLElement | null = null;

  /** Null: the task has nothing of the kind. */
  draw(view: View | null): void {
    find('task-view', HTMLElement).hidden = view === null;
    find('writing', HTMLElement).hidden = view?.kind !== 'written';
    if (view?.kind !== this.#kind) {
      this.#kind = view?.kind ?? null;
      this.#chart = null;
      this.#place.replaceChildren();
    }
    if (view?.kind === 'written') this.#written(view);
    else if (view?.kind === 'forecast') this.#forecast(view);
    else if (view?.kind === 'recalled') this.#recalled(view);
  }

  repaint(): void {
    this.#chart?.repaint();
  }

  #written({ prompt, texts }: Written): void {
    describe(
      'What it writes',
      'Each character is drawn from what the net expects next, and read by it in turn. A low temperature takes the likeliest, a high one dares more.',
    );
    const parts = cellsIn(texts).map((cell) =>
      make(
        'div',
        { 'data-cell': cell },
        make('b', { class: 'cell-name' }, NAMES[cell]),
        make('p', { class: 'written' }, prompt + texts[cell]),
      ),
    );
    this.#place.replaceChildren(...parts);
  }

  #forecast({ unit, times, truth, freeFrom, predicted }: Forecast): void {
    describe(
      'What it foresees',
      'Each value is foretold from those before it. On the shaded ground the net reads what it foretold itself: small errors grow, and show what it has really understood.',
    );
    if (this.#chart === null) {
      const chart = make('div', { class: 'chart', role: 'img', 'aria-label': 'Forecast' });
      this.#legend = make('div', { class: 'legend', 'aria-hidden': 'true' });
      this.#place.append(this.#legend, chart, make('p', { class: 'summary' }));
      this.#chart = new Chart(chart);
    }
    const cells = cellsIn(predicted);
    const lines = cells.map((cell) => ({
      name: NAMES[cell],
      colour: cell as string,
      values: predicted[cell] as readonly (number | null)[],
    }));
    const x = times.map((_, k) => k);
    this.#chart.draw({
      x,
      lines: [{ name: 'truth', colour: 'truth', values: truth }, ...lines],
      xText: (k) => times[k] ?? '',
      shadeFrom: freeFrom,
    });
    this.#legend?.replaceChildren(
      make('span', { style: '--own: var(--truth)' }, 'truth'),
      ...cells.map((cell) => make('span', { 'data-cell': cell }, NAMES[cell])),
    );
    const error = (cell: Cell, from: number, to: number) => {
      const distances = truth
        .slice(from, to)
        .map((value, k) => Math.abs(value - (predicted[cell]?.[from + k] ?? value)));
      return figure(distances.reduce((sum, distance) => sum + distance, 0) / distances.length);
    };
    const sentences = cells.map(
      (cell) =>
        `${NAMES[cell]}: off by ${error(cell, 1, freeFrom)} ${unit} one step ahead, by ${error(cell, freeFrom, truth.length)} ${unit} on its own.`,
    );
    const summary = sentences.join('\n');
    const [, chart, text] = this.#place.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    chart.ariaLabel = `Forecast against truth, ${times[0]} to ${times.at(-1)}. ${summary}`;
    text.textContent = summary;
  }

  #recalled({ delay, rows }: Recalled): void {
    describe(
      'What it remembers',
      `Two symbols are shown, then ${delay} empty steps pass, then they are asked for. Only a state that was kept all the way can answer.`,
    );
    const cells = cellsIn(rows[0]?.answers ?? {});
    const head = ['Shown', ...cells.map((cell) => NAMES[cell])].map((name) => make('th', { scope: 'col' }, name));
    const body = rows.map(({ shown, answers }) => {
      const said = cells.map((cell) => {
        const letters = (answers[cell] ?? []).map((letter, k) =>
          letter === shown[k]
            ? make('span', { class: 'right' }, `${letter} ✓ `)
            : make('span', { class: 'wrong' }, `${letter} ✗ `),
        );
        return make('td', {}, ...letters);
      });
      return make('tr', {}, make('th', { scope: 'row' }, shown.join(' ')), ...said);
    });
    const table = make('table', {}, make('thead', {}, make('tr', {}, ...head)), make('tbody', {}, ...body));
    const place = (this.#place.firstElementChild ??
      make('div', {
        class: 'scroll',
        tabindex: '0',
        role: 'region',
        'aria-label': 'Symbols shown and recalled',
      })) as HTMLElement;
    place.replaceChildren(table);
    if (!place.isConnected) this.#place.replaceChildren(place);
  }
}

function describe(title: string, note: string): void {
  find('view-title', HTMLElement).textContent = title;
  find('view-note', HTMLElement).textContent = note;
}
