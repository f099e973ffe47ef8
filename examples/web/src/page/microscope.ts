// The gradient microscope: a picture a cell, time steps to the right, updates downwards, brightness the logarithm of |dL/dh_t|.
import type { Flow, HeatRow, History } from '../shared/history.js';
import type { Description } from '../shared/messages.js';
import type { Cell, TaskName } from '../shared/settings.js';
import { find, make, say } from './dom.js';
import { NAMES } from './looks.js';
import { figure } from './words.js';

/** Decades from dark to bright. */
const SHARES = { low: -8, high: 0 };
const NORMS = { low: -10, high: 1 };
/** Dark to bright, at equal distances; brighter at each, also to who sees no colours. */
const STOPS = [
  [20, 14, 54],
  [84, 26, 110],
  [164, 52, 96],
  [229, 98, 62],
  [251, 176, 64],
  [252, 246, 190],
] as const;
/** Less than this is left: vanishing; more than that: exploding. As the library's own verdicts. */
const LEAST_LEFT = 0.01;
const MOST_LEFT = 100;
/** Smaller ratios are those of rounding. */
const SMALLEST = 1e-20;
/** Only there does all gradient come from the end. */
const ASKED_AT_THE_END: readonly TaskName[] = ['copy', 'reviews'];
const ASKED_ALWAYS =
  'In this task every step is asked for an answer, so that gradient enters at every step and no row can go dark. The tasks Copy and Reviews ask at the end alone: there you see how far it reaches.';

export class Microscope {
  readonly #absolute = find('absolute', HTMLInputElement);
  readonly #panels = new Map<Cell, { canvas: HTMLCanvasElement; first: HTMLElement; updates: HTMLElement }>();

  constructor(redraw: () => void) {
    this.#absolute.addEventListener('change', redraw);
    const canvas = find('scale', HTMLCanvasElement);
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const image = context.createImageData(canvas.width, 1);
    for (let k = 0; k < canvas.width; k++) paint(image, k, k / (canvas.width - 1));
    context.putImageData(image, 0, 0);
  }

  /** The pieces of the drawing, each to be done in a task of its own. */
  pieces({ rows }: History, { cells, settings }: Description): (() => void)[] {
    const shares = !this.#absolute.checked;
    const range = shares ? SHARES : NORMS;
    const sentences: string[] = [];
    const begin = () => {
      say('scale-low', `1e${range.low} or less`);
      say('scale-high', shares ? 'the largest' : `${10 ** range.high}`);
      say('flow-note', ASKED_AT_THE_END.includes(settings.task) ? '' : ASKED_ALWAYS);
      this.#arrange(cells.map(({ cell }) => cell));
    };
    const one = (cell: Cell) => {
      const seen = rows.filter((row) => row.flows[cell] !== undefined);
      const sentence = inWords(cell, seen.at(-1));
      sentences.push(sentence);
      const panel = this.#panels.get(cell);
      if (panel === undefined) return; // of a training that is over
      picture(panel.canvas, seen, cell, range, shares);
      panel.canvas.ariaLabel = `Gradient norms of the ${NAMES[cell]}. ${sentence}`;
      const T = Math.max(0, ...seen.map((row) => row.flows[cell]?.norms.length ?? 0));
      panel.first.textContent = T > 0 ? `${T - 1} steps back` : '';
      panel.updates.textContent = seen.length > 0 ? `updates ${seen[0]?.step} (top) to ${seen.at(-1)?.step}` : '';
    };
    return [
      begin,
      ...cells.map(
        ({ cell }) =>
          () =>
            one(cell),
      ),
      () => say('flow', sentences.join('\n')),
    ];
  }

  #arrange(cells: readonly Cell[]): void {
    if (cells.join() === [...this.#panels.keys()].join()) return;
    this.#panels.clear();
    const figures = cells.map((cell) => {
      const canvas = make('canvas', { role: 'img', 'aria-label': `Gradient norms of the ${NAMES[cell]}` });
      const [first, updates] = [make('span'), make('small')];
      const caption = make('figcaption', { 'data-cell': cell }, make('b', {}, NAMES[cell]), ' ', updates);
      this.#panels.set(cell, { canvas, first, updates });
      return make('figure', {}, caption, canvas, make('div', { class: 'axis' }, first, make('span', {}, 'last step')));
    });
    find('heat', HTMLElement).replaceChildren(...figures);
  }
}

function picture(
  canvas: HTMLCanvasElement,
  rows: readonly HeatRow[],
  cell: Cell,
  range: { low: number; high: number },
  shares: boolean,
): void {
  const T = Math.max(1, ...rows.map((row) => row.flows[cell]?.norms.length ?? 0));
  canvas.width = T;
  canvas.height = Math.max(1, rows.length);
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const image = context.createImageData(canvas.width, canvas.height);
  for (const [y, row] of rows.entries()) {
    const { norms } = row.flows[cell] as Flow;
    // Shorter sequences end where the others do.
    const gap = T - norms.length;
    const top = shares ? Math.max(...norms.map((norm) => norm ?? Number.NEGATIVE_INFINITY)) : 0;
    for (const [t, norm] of norms.entries()) {
      if (norm === null) continue; // no gradient: the ground is seen
      paint(image, y * T + gap + t, (norm - top - range.low) / (range.high - range.low));
    }
  }
  context.putImageData(image, 0, 0);
}

/** Pixel `at`: 0 dark, 1 bright. */
function paint({ data }: ImageData, at: number, brightness: number): void {
  const place = Math.min(1, Math.max(0, brightness)) * (STOPS.length - 1);
  const k = Math.min(STOPS.length - 2, Math.floor(place));
  const [from, to] = [STOPS[k], STOPS[k + 1]] as [readonly number[], readonly number[]];
  for (let channel = 0; channel < 3; channel++) {
    const start = from[channel] as number;
    data[4 * at + channel] = start + (place - k) * ((to[channel] as number) - start);
  }
  data[4 * at + 3] = 255;
}

/** What the last row says. */
function inWords(cell: Cell, row: HeatRow | undefined): string {
  const flow = row?.flows[cell];
  if (!row || !flow) return `${NAMES[cell]}: nothing seen yet.`;
  const first = flow.norms.findIndex((norm) => norm !== null);
  const last = flow.norms.length - 1 - [...flow.norms].reverse().findIndex((norm) => norm !== null);
  if (flow.rate === null || first < 0 || first === last)
    return `${NAMES[cell]}, update ${row.step}: too few steps have a gradient.`;
  const left = 10 ** ((flow.norms[first] as number) - (flow.norms[last] as number));
  const verdict = left < LEAST_LEFT ? 'it vanishes' : left > MOST_LEFT ? 'it explodes' : 'it arrives';
  return (
    `${NAMES[cell]}, update ${row.step}: from step ${last + 1} back to step ${first + 1} the gradient becomes ${left < SMALLEST ? `less than ${SMALLEST}` : figure(left)} times ` +
    `what it was (${figure(flow.rate)} a step): ${verdict}.`
  );
}
