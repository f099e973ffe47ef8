// What a training has shown so far, in memory that does not grow with its length. Worker and page keep the same: one adds, the
// other is told what was added, and both thin out by the same rule.
import type { Cell } from './settings.js';

export type PerCell<T> = Partial<Record<Cell, T>>;

export interface Figures {
  readonly loss: number;
  readonly metric: number;
}

/** Means over the updates up to `step`. */
export interface Point {
  readonly step: number;
  readonly train: PerCell<Figures>;
  /** Only where it was measured. */
  readonly validation: PerCell<Figures>;
}

/** What the gradient looked like in one update. */
export interface Flow {
  /** By time step: log10 |dL/dh_t|, to two decimals; null where there was no gradient at all. */
  readonly norms: readonly (number | null)[];
  /** What a step back multiplies the gradient by; null where too few steps have one. */
  readonly rate: number | null;
}

export interface HeatRow {
  readonly step: number;
  readonly flows: PerCell<Flow>;
}

export interface HistoryJson {
  readonly points: readonly Point[];
  readonly rows: readonly HeatRow[];
  readonly pointEvery: number;
  readonly rowEvery: number;
}

const MOST_POINTS = 200;
const MOST_ROWS = 120;

export class History {
  points: Point[] = [];
  rows: HeatRow[] = [];
  /** A point covers this many updates, and every so many are looked into. */
  pointEvery = 5;
  rowEvery = 1;

  addPoint(point: Point): void {
    this.points.push(point);
    if (this.points.length <= MOST_POINTS) return;
    this.points = pairs(this.points).map(([a, b]) => (b === undefined ? a : merged(a, b)));
    this.pointEvery *= 2;
  }

  addRow(row: HeatRow): void {
    this.rows.push(row);
    if (this.rows.length <= MOST_ROWS) return;
    this.rows = this.rows.filter((_, k) => k % 2 === 0);
    this.rowEvery *= 2;
  }

  toJSON(): HistoryJson {
    const { points, rows, pointEvery, rowEvery } = this;
    return { points, rows, pointEvery, rowEvery };
  }

  static from({ points, rows, pointEvery, rowEvery }: HistoryJson): History {
    const history = new History();
    return Object.assign(history, { points: [...points], rows: [...rows], pointEvery, rowEvery });
  }
}

function pairs<T>(list: readonly T[]): [T, T | undefined][] {
  const found: [T, T | undefined][] = [];
  for (let k = 0; k < list.length; k += 2) found.push([list[k] as T, list[k + 1]]);
  return found;
}

function merged(a: Point, b: Point): Point {
  const train: PerCell<Figures> = { ...a.train, ...b.train };
  for (const cell of Object.keys(b.train) as Cell[]) {
    const [one, two] = [a.train[cell], b.train[cell]];
    if (one && two) train[cell] = { loss: (one.loss + two.loss) / 2, metric: (one.metric + two.metric) / 2 };
  }
  return { step: b.step, train, validation: { ...a.validation, ...b.validation } };
}
