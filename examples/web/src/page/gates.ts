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

/** The tables stay where they are: who has scrolled one is not thrown back. */
const places = new Map<Cell, HTMLElement>();

export function drawGates(gates: Gates | null): void {
  const place = find('gates', HTMLElement);
  const cells = gates === null ? [] : cellsIn(gates.cells);
  if (cells.join() !== [...places.keys()].join()) {
    places.clear();
    for (const cell of cells) {
      const attributes = {
        class: 'scroll gates',
        tabindex: '0',
        role: 'region',
        'aria-label': `Gates of the ${NAMES[cell]}`,
        'data-cell': cell,
      };
      places.set(cell, make('div', attributes));
    }
    const hint = make('p', { class: 'hint' }, 'Train a net first, and give it something to read.');
    place.replaceChildren(...(cells.length > 0 ? places.values() : [hint]));
  }
  if (gates === null) return;
  for (const cell of cells) places.get(cell)?.replaceChildren(tableOf(cell, gates));
}

function tableOf(cell: Cell, { tokens, cells }: Gates): HTMLTableElement {
  const { gates, answers } = cells[cell] as NonNullable<Gates['cells'][Cell]>;
  const head = make(
    'tr',
    {},
    make('th', { scope: 'col' }, 'Step'),
    ...tokens.map((token) => make('th', { scope: 'col' }, token)),
  );
  const rows = gates.map(({ name, isCandidate, mean }) => {
    const cellsOf = mean.map((value) => {
      const part = isCandidate ? Math.abs(value) : value;
      return make('td', { style: `--part: ${Math.min(1, part).toFixed(3)}` }, value.toFixed(2));
    });
    return make('tr', {}, make('th', { scope: 'row' }, `${name}, ${MEANINGS[name] ?? ''}`), ...cellsOf);
  });
  const said = answers.texts.map((text, t) =>
    make('td', { style: `--part: ${(answers.shares?.[t] ?? 0).toFixed(3)}` }, text),
  );
  rows.push(make('tr', {}, make('th', { scope: 'row' }, answers.name), ...said));
  const caption = make('caption', {}, make('span', { class: 'cell-name' }, NAMES[cell]));
  return make('table', {}, caption, make('thead', {}, head), make('tbody', {}, ...rows));
}
