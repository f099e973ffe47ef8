// Points in time: reading them, and finding the step from one to the next. All in UTC, where every day has 24 hours; a time
// without a zone is taken as UTC.
import { DataError } from '../../errors.js';
import { show } from '../../options.js';

/** How far one row is from the next. Months and years are those of the calendar; the rest is milliseconds. */
export interface Step {
  readonly unit: 'ms' | 'month' | 'year' | 'index';
  readonly count: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

// 2014-03-02, 2014-03, 2014/3/2, 2014-03-02T10:00:00.5Z, 2014-03-02 10:00+01:00
const ISO =
  /^(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?$/i;

/**
 * A cell as milliseconds since 1970 (UTC). ISO 8601 dates and times (also with slashes, year first), seconds or milliseconds
 * since 1970, a year alone; a Date, too.
 *
 * @param where  file and line, for the message
 * @throws DataError  with what is read instead
 */
export function parseTime(cell: unknown, where: string): number {
  if (cell instanceof Date && Number.isFinite(cell.getTime())) return cell.getTime();
  const text = typeof cell === 'number' ? String(cell) : typeof cell === 'string' ? cell.trim() : '';
  const iso = ISO.exec(text);
  if (iso) return ofParts(iso, cell, where);
  if (/^-?\d+(\.\d+)?$/.test(text)) return ofNumber(Number(text));
  const advice = /^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}/.test(text)
    ? 'whether the day or the month comes first cannot be known: write the year first (2014-12-31)'
    : 'write 2014-12-31, 2014-12-31T18:00Z, or seconds since 1970';
  throw new DataError(`${where}: a time is needed, got ${show(cell)}; ${advice}`);
}

function ofNumber(number: number): number {
  if (Number.isInteger(number) && number >= 1000 && number <= 2999) return Date.UTC(number, 0, 1);
  // Seconds of the years 1973 to 5138 against milliseconds of the same.
  if (number >= 1e8 && number < 1e11) return number * SECOND;
  return number;
}

function ofParts(match: RegExpExecArray, cell: unknown, where: string): number {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const fraction = Math.round(Number(match[7] ?? 0) * SECOND);
  const at = ofDate([year, month, match[3] === undefined ? 1 : day], cell, where);
  if (hour > 23 || minute > 59 || second > 59) {
    throw new DataError(`${where}: hours go to 23, minutes and seconds to 59, got ${show(cell)}`);
  }
  return at + hour * HOUR + minute * MINUTE + second * SECOND + fraction - offset(match[8]);
}

function offset(zone: string | undefined): number {
  if (zone === undefined || /z/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -1 : 1) * minutes * MINUTE;
}

/**
 * Year, month, day, hour, minute, as many as there are columns for, as milliseconds since 1970.
 *
 * @throws DataError  where there is no such day: February 30
 */
export function ofDate(parts: readonly number[], shown: unknown, where: string): number {
  const [year = 1970, month = 1, day = 1, hour = 0, minute = 0] = parts;
  const at = Date.UTC(year, month - 1, day, hour, minute);
  const date = new Date(at);
  const isThere =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute;
  if (!isThere) throw new DataError(`${where}: there is no such day or time: ${show(shown)}`);
  return at;
}

/** "2014-12-31", or with the time of day where there is one. */
export function showTime(ms: number, step?: Step): string {
  if (step?.unit === 'index' || Math.abs(ms) > 8.64e15 || !Number.isFinite(ms)) return String(ms);
  const iso = new Date(ms).toISOString();
  if (step?.unit === 'year') return iso.slice(0, 4);
  if (step?.unit === 'month') return iso.slice(0, 7);
  return ms % DAY === 0 ? iso.slice(0, 10) : ms % MINUTE === 0 ? `${iso.slice(0, 16)}Z` : iso;
}

export function showStep({ unit, count }: Step): string {
  const named = (n: number, what: string): string => (n === 1 ? `1 ${what}` : `${n} ${what}s`);
  if (unit !== 'ms') return named(count, unit === 'index' ? 'row' : unit);
  for (const [size, what] of [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [MINUTE, 'minute'],
    [SECOND, 'second'],
  ] as const) {
    if (count % size === 0) return named(count / size, what);
  }
  return named(count, 'millisecond');
}

/**
 * The step of times that are in order: whole months or years where every time has the same day and time of the month, else
 * the commonest difference.
 */
export function inferStep(times: ArrayLike<number>): Step {
  if (times.length < 2) return { unit: 'ms', count: DAY };
  const monthly = inMonths(times);
  const counts = new Map<number, number>();
  for (let k = 1; k < times.length; k++) {
    const step = monthly
      ? monthNumber(times[k] as number) - monthNumber(times[k - 1] as number)
      : (times[k] as number) - (times[k - 1] as number);
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  let best = 0;
  for (const [step, count] of counts) if (best === 0 || count > (counts.get(best) as number)) best = step;
  if (!monthly) return { unit: 'ms', count: best };
  return best % 12 === 0 ? { unit: 'year', count: best / 12 } : { unit: 'month', count: best };
}

const monthNumber = (ms: number): number => {
  const date = new Date(ms);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};

/** Whether no two times lie in one month and all at its same day and hour, or all at its last day. */
function inMonths(times: ArrayLike<number>): boolean {
  const within = (ms: number): number => ms - Date.UTC(new Date(ms).getUTCFullYear(), new Date(ms).getUTCMonth(), 1);
  const isLast = (ms: number): boolean => new Date(ms + DAY).getUTCDate() === 1;
  const first = within(times[0] as number);
  let same = true;
  let last = true;
  for (let k = 0; k < times.length; k++) {
    const ms = times[k] as number;
    if (Math.abs(ms) > 8.64e15 - DAY) return false;
    if (k > 0 && monthNumber(ms) === monthNumber(times[k - 1] as number)) return false;
    same &&= within(ms) === first;
    last &&= isLast(ms);
    if (!same && !last) return false;
  }
  return true;
}

/** How many steps `to` is behind `from`: a whole number where it lies on the grid. */
export function stepsBetween(from: number, to: number, step: Step): number {
  if (step.unit === 'ms' || step.unit === 'index') return (to - from) / step.count;
  return (monthNumber(to) - monthNumber(from)) / (step.unit === 'year' ? 12 * step.count : step.count);
}

/** The time `n` steps behind `ms`. The 31st of a month without one is its last day. */
export function addSteps(ms: number, n: number, step: Step): number {
  if (step.unit === 'ms' || step.unit === 'index') return ms + n * step.count;
  const date = new Date(ms);
  const atEnd = new Date(ms + DAY).getUTCDate() === 1;
  const month = monthNumber(ms) + n * step.count * (step.unit === 'year' ? 12 : 1);
  const days = new Date(Date.UTC(Math.floor(month / 12), (month % 12) + 1, 0)).getUTCDate();
  const day = atEnd ? days : Math.min(date.getUTCDate(), days);
  return Date.UTC(Math.floor(month / 12), month % 12, day) + (((ms % DAY) + DAY) % DAY);
}
