// Rows of a table as a regular time series: cells become numbers, times are read and checked, gaps are named, filled or left
// out as asked.
import { DataError } from '../../errors.js';
import { checkOptions, is, type Rule, required, show } from '../../options.js';
import { addSteps, inferStep, ofDate, parseTime, type Step, showStep, showTime, stepsBetween } from './time.js';

export interface SeriesRow {
  /** For messages: the line of the file, or the row's number. */
  readonly line: number;
  /** Cells by column name; from CSV strings, from JSON whatever was there. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ReadSeriesOptions {
  /** For messages. Default 'series'. */
  readonly name?: string;
  /** Columns of numbers. */
  readonly value: readonly string[];
  /**
   * Columns of numbers that are known for the future, too (a holiday, a price already set). Rows at the end that have them
   * and no value are the future.
   */
  readonly known?: readonly string[];
  /** One column of times; or year, month, day, hour, minute, as many as there are. Default: rows are one step apart. */
  readonly time?: readonly string[];
  /**
   * What becomes of missing rows and of cells that are no numbers. 'refuse' (default): an error that names the first.
   * 'interpolate': a straight line between the neighbours. 'drop': rows with them are left out, and those left count as one
   * step apart.
   */
  readonly gaps?: 'refuse' | 'interpolate' | 'drop';
}

/** A regular series: row k is `step` behind row k - 1. */
export interface TimeSeries {
  readonly name: string;
  /** [steps][variables] */
  readonly values: Float64Array;
  readonly variables: number;
  readonly length: number;
  readonly columns: readonly string[];
  /** [steps + future][known columns] */
  readonly known: Float64Array;
  readonly knownColumns: readonly string[];
  readonly timeColumns: readonly string[];
  /** Of all steps, and of the future rows behind them: milliseconds since 1970, or row numbers where there is no time. */
  readonly times: Float64Array;
  readonly step: Step;
  readonly future: number;
  /** What was filled in and left out: lines for people. Empty: nothing. */
  readonly notes: readonly string[];
}

/** Beyond this, squares of differences overflow. */
const LARGEST = 1e150;
/** Interpolation may add this many rows for each one there is; a time far off is a mistake. */
const MOST_FILLED = 20;

const isColumns: Rule = {
  expected: 'a list of column names',
  accepts: (v) => Array.isArray(v) && v.every((name) => typeof name === 'string'),
};

/**
 * Rows as a regular series.
 *
 *   readSeries(rows, { value: ['births'], time: ['year', 'month', 'day'] })
 *
 * @throws DataError  naming line and column: a missing column, a cell that is no number, times that are missing, doubled or
 *                    out of order
 */
export function readSeries(rows: readonly SeriesRow[], options: ReadSeriesOptions): TimeSeries {
  checkOptions<ReadSeriesOptions>('readSeries', options, {
    name: is.string,
    value: required(isColumns),
    known: isColumns,
    time: isColumns,
    gaps: is.oneOf('refuse', 'interpolate', 'drop'),
  });
  const { name = 'series', value, known = [], time = [], gaps = 'refuse' } = options;
  if (rows.length === 0) throw new DataError(`${name}: there are no rows`);
  const columns = [...value, ...known];
  const C = columns.length;
  const cells = new Float64Array(rows.length * C);
  const times = new Float64Array(rows.length);
  rows.forEach((row, k) => {
    const where = `${name}, line ${row.line}`;
    times[k] = time.length === 0 ? k : timeOf(row, time, where);
    columns.forEach((column, c) => {
      cells[k * C + c] = numberOf(cellOf(row, column, where), `${where}, column "${column}"`);
    });
  });
  const step: Step = time.length === 0 ? { unit: 'index', count: 1 } : stepOf(name, rows, times);
  const future = known.length === 0 ? 0 : futureRows(cells, C, value.length);
  const n = rows.length - future;
  if (n === 0) throw new DataError(`${name}: no row has a number in ${value.map(show).join(', ')}`);
  const table = { name, rows, columns, cells, times, step, n, values: value.length };
  const kept = gaps === 'refuse' ? refused(table) : gaps === 'drop' ? dropped(table) : interpolated(table);
  return {
    name,
    variables: value.length,
    length: kept.n,
    values: pick(kept.cells, C, 0, value.length, kept.n),
    columns: value,
    known: pick(kept.cells, C, value.length, C, kept.times.length),
    knownColumns: known,
    timeColumns: time,
    times: kept.times,
    step,
    future: kept.times.length - kept.n,
    notes: kept.notes,
  };
}

interface Table {
  readonly name: string;
  readonly rows: readonly SeriesRow[];
  readonly columns: readonly string[];
  readonly cells: Float64Array;
  readonly times: Float64Array;
  readonly step: Step;
  /** Rows of the past; those behind them are the future. */
  readonly n: number;
  /** How many of the columns are values. */
  readonly values: number;
}

interface Kept {
  readonly cells: Float64Array;
  readonly times: Float64Array;
  readonly n: number;
  readonly notes: readonly string[];
}

function cellOf(row: SeriesRow, column: string, where: string): unknown {
  if (Object.hasOwn(row.fields, column)) return row.fields[column];
  throw new DataError(`${where}: there is no column ${show(column)}; there are ${Object.keys(row.fields).join(', ')}`);
}

/** NaN where there is no number: a gap. */
function numberOf(cell: unknown, where: string): number {
  const text = typeof cell === 'string' ? cell.trim() : cell;
  const number = typeof text === 'string' && text !== '' ? Number(text) : typeof text === 'number' ? text : Number.NaN;
  if (Math.abs(number) > LARGEST && Number.isFinite(number)) {
    throw new DataError(
      `${where}: numbers may be up to ${LARGEST} in size, got ${show(cell)}; divide the column first`,
    );
  }
  return Number.isFinite(number) ? number : Number.NaN;
}

function timeOf(row: SeriesRow, columns: readonly string[], where: string): number {
  const cells = columns.map((column) => cellOf(row, column, where));
  if (cells.length === 1) return parseTime(cells[0], `${where}, column "${columns[0]}"`);
  const parts = cells.map((cell) => (cell === '' || cell === null ? Number.NaN : Number(cell)));
  const bad = parts.findIndex((part) => !Number.isInteger(part));
  if (bad >= 0) {
    throw new DataError(`${where}, column "${columns[bad]}": a whole number is needed, got ${show(cells[bad])}`);
  }
  return ofDate(parts, cells.join('-'), where);
}

/** Checks that times go forward. */
function stepOf(name: string, rows: readonly SeriesRow[], times: Float64Array): Step {
  const lineOf = (k: number): number => (rows[k] as SeriesRow).line;
  for (let k = 1; k < times.length; k++) {
    const [before, now] = [times[k - 1] as number, times[k] as number];
    if (now > before) continue;
    const [shown, other] = [showTime(now), `line ${lineOf(k - 1)}`];
    throw new DataError(
      now === before
        ? `${name}, line ${lineOf(k)}: ${shown} stands here and in ${other}; each time may come once (where clocks are set ` +
            'back an hour comes twice: give UTC, or an offset as in 2014-10-26T01:00+01:00)'
        : `${name}, line ${lineOf(k)}: ${shown} is before ${showTime(before)} of ${other}; sort the rows by time`,
    );
  }
  return inferStep(times);
}

/** Rows at the end without any value, but with what is known of them. */
function futureRows(cells: Float64Array, C: number, values: number): number {
  const isFuture = (k: number): boolean =>
    cells.subarray(k * C, k * C + values).every(Number.isNaN) &&
    !cells.subarray(k * C + values, (k + 1) * C).some(Number.isNaN);
  let k = cells.length / C;
  while (k > 0 && isFuture(k - 1)) k--;
  return cells.length / C - k;
}

/** Whether a cell has to be a number: all, but for the values of the future. */
const isGap = ({ cells, columns: { length: C }, n, values }: Table, k: number, c: number): boolean =>
  Number.isNaN(cells[k * C + c]) && (k < n || c >= values);

function refused(table: Table): Kept {
  const { name, rows, columns, cells, times, step, n } = table;
  const hint = "fill gaps (gaps: 'interpolate', --gaps interpolate) or leave such rows out ('drop')";
  rows.forEach(({ line, fields }, k) => {
    const gap = columns.findIndex((_, c) => isGap(table, k, c));
    if (gap >= 0) {
      const column = columns[gap] as string;
      throw new DataError(
        `${name}, line ${line}, column "${column}": a number is needed, got ${show(fields[column])}; ${hint}`,
      );
    }
    if (k === 0) return;
    const distance = stepsBetween(times[k - 1] as number, times[k] as number, step);
    if (distance === 1) return;
    const [before, now] = [showTime(times[k - 1] as number, step), showTime(times[k] as number, step)];
    throw new DataError(
      `${name}, line ${line}: rows are ${showStep(step)} apart, but ${now} follows ${before}` +
        `${Number.isInteger(distance) ? ` (${distance - 1} missing)` : ''}; ${hint}`,
    );
  });
  return { cells, times, n, notes: [] };
}

function dropped(table: Table): Kept {
  const { name, rows, columns, cells, times, n } = table;
  const C = columns.length;
  const rowsKept = rows.flatMap((_, k) => (columns.some((_, c) => isGap(table, k, c)) ? [] : [k]));
  const left = rowsKept.filter((k) => k < n).length;
  if (left === 0)
    throw new DataError(`${name}: every row has a cell without a number in ${columns.map(show).join(', ')}`);
  const out = new Float64Array(rowsKept.length * C);
  for (const [to, k] of rowsKept.entries()) out.set(cells.subarray(k * C, (k + 1) * C), to * C);
  const gone = rows.length - rowsKept.length;
  return {
    cells: out,
    times: Float64Array.from(rowsKept, (k) => times[k] as number),
    n: left,
    notes: gone === 0 ? [] : [`left out ${gone} of ${rows.length} rows: ${firstGap(table)}`],
  };
}

function interpolated(table: Table): Kept {
  const { name, rows, columns, cells, times, step, n, values } = table;
  const C = columns.length;
  const start = times[0] as number;
  const steps = Math.floor(stepsBetween(start, times[times.length - 1] as number, step) + 1e-9) + 1;
  if (steps > MOST_FILLED * times.length) {
    throw new DataError(
      `${name}: from ${showTime(start, step)} to ${showTime(times[times.length - 1] as number, step)} there would be ${steps} ` +
        `steps of ${showStep(step)}, but there are ${times.length} rows; correct the times, or choose gaps 'drop'`,
    );
  }
  const grid = Float64Array.from({ length: steps }, (_, k) => addSteps(start, k, step));
  const pastEnd = times[n - 1] as number;
  const past = grid.filter((time) => time <= pastEnd).length;
  const out = new Float64Array(steps * C).fill(Number.NaN);
  let filled = 0;
  for (let c = 0; c < C; c++) {
    const there = rows.flatMap((_, k) => (Number.isNaN(cells[k * C + c]) ? [] : [k]));
    if (there.length === 0) throw new DataError(`${name}: column "${columns[c]}" has no number at all`);
    let right = 0;
    for (let k = 0; k < (c < values ? past : steps); k++) {
      const time = grid[k] as number;
      while (right < there.length - 1 && (times[there[right] as number] as number) < time) right++;
      const [i, j] = [there[Math.max(0, right - 1)] as number, there[right] as number];
      const [ti, tj] = [times[i] as number, times[j] as number];
      // At the ends there is one neighbour only: its value is kept.
      const share = tj === ti ? 1 : Math.min(1, Math.max(0, (time - ti) / (tj - ti)));
      const [a, b] = [cells[i * C + c] as number, cells[j * C + c] as number];
      if (time !== tj && time !== ti) filled++;
      out[k * C + c] = share === 1 ? b : a + (b - a) * share;
    }
  }
  const note = `filled ${filled} of ${steps * C} cells by interpolation: ${filled > 0 ? firstGap(table) : ''}`;
  return { cells: out, times: grid, n: past, notes: filled === 0 ? [] : [note] };
}

/** What the first gap is, for the notes. */
function firstGap(table: Table): string {
  try {
    refused(table);
  } catch (error) {
    return `the first at ${(error as Error).message.slice(table.name.length + 2).replace(/; fill gaps.*$/, '')}`;
  }
  return '';
}

/** Columns from..to of the first `rows` rows. */
function pick(cells: Float64Array, C: number, from: number, to: number, rows: number): Float64Array {
  const width = to - from;
  return Float64Array.from(
    { length: rows * width },
    (_, k) => cells[Math.floor(k / width) * C + from + (k % width)] as number,
  );
}
