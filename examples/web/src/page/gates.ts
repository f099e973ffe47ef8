// Gates along a sequence, as tables: words across, gates down, a bar under each number. Read out, they are tables as well.
import type { Gates } from '../shared/messages.js';
import type { Cell } from '../shared/settings.js';
import { find, make } from './dom.js';
import { cellsIn, NAMES } from './looks.js';

const MEANINGS: Readonly<Record<string, string>> = {
  i: 'input gate',
  f: 'forget gate',
  g: 'candidate',
  o: 'output gate',
  r: 'reset gate',
  z: 'update gate',
  n: 'candidate',
  '|h|': 'state',
};

/** A row of a table: what stands in each cell, and how far its bar reaches, 0 to 1. */
interface Row {
  readonly name: string;
  readonly texts: readonly string[];
  readonly parts: readonly number[];
}

/** A bar is some tens of pixels long: finer than this is nothing to see, and new styles for every cell at every look. */
const partOf = (part: number): string => part.toFixed(2);

/** The tables stay where they are: who has scrolled one is not thrown back. */
const places = new Map<Cell, HTMLElement>();

/** The pieces of the drawing, each to be done in a task of its own. */
export function gatePieces(gates: Gates | null): (() => void)[] {
  const cells = gates === null ? [] : cellsIn(gates.cells);
  return [() => arrange(cells), ...cells.map((cell) => () => fill(cell, gates as Gates))];
}

function arrange(cells: readonly Cell[]): void {
  if (cells.length > 0 && cells.join() === [...places.keys()].join()) return;
  places.clear();
  for (const cell of cells) {
    const name = `Gates of the ${NAMES[cell]}`;
    places.set(
      cell,
      make('div', { class: 'scroll gates', tabindex: '0', role: 'region', 'aria-label': name, 'data-cell': cell }),
    );
  }
  const hint = make('p', { class: 'hint' }, 'Train a net first, and give it something to read.');
  find('gates', HTMLElement).replaceChildren(...(cells.length > 0 ? places.values() : [hint]));
}

function fill(cell: Cell, { tokens, cells }: Gates): void {
  const place = places.get(cell);
  const found = cells[cell];
  if (place === undefined || found === undefined) return;
  const rows: Row[] = found.gates.map(({ name, isCandidate, mean }) => ({
    name: `${name}, ${MEANINGS[name] ?? ''}`,
    texts: mean.map((value) => value.toFixed(2)),
    parts: mean.map((value) => Math.min(1, isCandidate ? Math.abs(value) : value)),
  }));
  const { name, texts, shares } = found.answers;
  rows.push({ name, texts, parts: shares ?? texts.map(() => 0) });
  const form = JSON.stringify([tokens, rows.map((row) => row.name)]);
  // While training only the numbers change.
  if (place.dataset.form === form) update(place, rows);
  else place.replaceChildren(tableOf(cell, tokens, rows));
  place.dataset.form = form;
}

function update(place: HTMLElement, rows: readonly Row[]): void {
  const cells = place.querySelectorAll('td');
  let k = 0;
  for (const { texts, parts } of rows) {
    for (const [t, text] of texts.entries()) {
      const cell = cells[k++] as HTMLTableCellElement;
      if (cell.textContent !== text) cell.textContent = text;
      cell.style.setProperty('--part', partOf(parts[t] as number));
    }
  }
}

function tableOf(cell: Cell, tokens: readonly string[], rows: readonly Row[]): HTMLTableElement {
  const head = make('tr', {}, ...['Step', ...tokens].map((token) => make('th', { scope: 'col' }, token)));
  const body = rows.map(({ name, texts, parts }) => {
    const cells = texts.map((text, t) => make('td', { style: `--part: ${partOf(parts[t] as number)}` }, text));
    return make('tr', {}, make('th', { scope: 'row' }, name), ...cells);
  });
  const caption = make('caption', {}, make('span', { class: 'cell-name' }, NAMES[cell]));
  return make('table', {}, caption, make('thead', {}, head), make('tbody', {}, ...body));
}
