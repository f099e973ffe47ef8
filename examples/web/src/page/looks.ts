// Colours and names that all views share. Canvases take their colours from the style sheet: light or dark, by system or by choice.
import type { PerCell } from '../shared/history.js';
import { CELLS, type Cell } from '../shared/settings.js';
import { find } from './dom.js';

export const NAMES: Readonly<Record<Cell, string>> = { rnn: 'RNN', lstm: 'LSTM', gru: 'GRU' };

/** A colour of the style sheet: `ink`, `grid`, `rnn`, ... */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** The cells there is something of, always in the same order. */
export const cellsIn = (of: PerCell<unknown>): Cell[] => CELLS.filter((cell) => of[cell] !== undefined);

/** How often what moves is drawn anew: less often for who asked for less motion. */
export const redrawMs = (): number => (matchMedia('(prefers-reduced-motion: reduce)').matches ? 2000 : 400);

const KEY = 'unrolled playground: colours';

/** Follows the choice of colours; `changed` is called when what canvases have drawn is out of date. */
export function startTheme(changed: () => void): void {
  const choice = find('theme', HTMLSelectElement);
  const apply = () => {
    if (choice.value === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice.value;
    changed();
  };
  const kept = localStorage.getItem(KEY);
  if (kept === 'light' || kept === 'dark') choice.value = kept;
  choice.addEventListener('change', () => {
    localStorage.setItem(KEY, choice.value);
    apply();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  apply();
}
