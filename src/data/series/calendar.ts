// The calendar as numbers: what weekday, hour or season a point in time is, known for the future, too.
import { OptionError } from '../../errors.js';
import { checkOptions, is, type Rule, required, show } from '../../options.js';
import { DAY, type Step } from './time.js';

export type CalendarPart = 'minute' | 'hour' | 'weekday' | 'monthday' | 'month' | 'yearday';

export interface CalendarOptions {
  readonly parts: readonly CalendarPart[];
  /**
   * 'cyclic': sine and cosine of the part's place in its period, two numbers; December is beside January.
   * 'onehot': a number for each value, one of them 1. 'auto' (default): one-hot for weekday, cyclic for the rest.
   */
  readonly encoding?: 'auto' | 'cyclic' | 'onehot';
}

export interface Calendar {
  /** [times][features] */
  readonly values: Float32Array;
  readonly features: number;
  /** Of the features: weekday_mon, hour_sin, ... */
  readonly names: readonly string[];
}

interface Cycle {
  /** Whole values there are: 7 weekdays. */
  readonly size: number;
  /** Which value, from 0. */
  readonly value: (date: Date) => number;
  /** Place in the period, 0 to 1. Default: value / size. */
  readonly place?: (date: Date) => number;
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Milliseconds of a month or a year that are over, as a share of all of it. */
const share = (date: Date, from: number, to: number): number => (date.getTime() - from) / (to - from);

const CYCLES: Record<CalendarPart, Cycle> = {
  minute: { size: 60, value: (d) => d.getUTCMinutes() },
  hour: { size: 24, value: (d) => d.getUTCHours(), place: (d) => (d.getUTCHours() + d.getUTCMinutes() / 60) / 24 },
  weekday: { size: 7, value: (d) => (d.getUTCDay() + 6) % 7 },
  monthday: {
    size: 31,
    value: (d) => d.getUTCDate() - 1,
    place: (d) =>
      share(d, Date.UTC(d.getUTCFullYear(), d.getUTCMonth()), Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1)),
  },
  month: { size: 12, value: (d) => d.getUTCMonth() },
  yearday: {
    size: 366,
    value: (d) => Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0)) / DAY),
    place: (d) => share(d, Date.UTC(d.getUTCFullYear(), 0), Date.UTC(d.getUTCFullYear() + 1, 0)),
  },
};

const PARTS = Object.keys(CYCLES) as CalendarPart[];
const isParts: Rule = {
  expected: `a list of ${PARTS.join(', ')}`,
  accepts: (v) => Array.isArray(v) && v.every((part) => PARTS.includes(part)),
};

/**
 * Calendar features of points in time, in UTC.
 *
 *   cyclic:  sin(2 pi p), cos(2 pi p)      p: place in the period, 0 <= p < 1
 *   onehot:  1 at the part's value, else 0
 *
 *   calendar(times, { parts: ['weekday', 'yearday'] }).values        // [times.length, 9]
 *
 * @param times  Dates, or milliseconds since 1970
 * @throws OptionError  for a time that is none
 */
export function calendar(times: ArrayLike<number> | readonly Date[], options: CalendarOptions): Calendar {
  checkOptions<CalendarOptions>('calendar', options, {
    parts: required(isParts),
    encoding: is.oneOf('auto', 'cyclic', 'onehot'),
  });
  const { parts, encoding = 'auto' } = options;
  const columns = parts.map((part) => {
    const onehot = encoding === 'onehot' || (encoding === 'auto' && part === 'weekday');
    return { part, cycle: CYCLES[part], onehot, width: onehot ? CYCLES[part].size : 2 };
  });
  const features = columns.reduce((total, { width }) => total + width, 0);
  const values = new Float32Array(times.length * features);
  for (let k = 0; k < times.length; k++) {
    const given = times[k] as number | Date;
    const date = new Date(given);
    if (Number.isNaN(date.getTime())) throw new OptionError(`calendar: times[${k}] is no time: ${show(given)}`);
    let at = k * features;
    for (const { cycle, onehot, width } of columns) {
      if (onehot) values[at + cycle.value(date)] = 1;
      else {
        const angle = 2 * Math.PI * (cycle.place?.(date) ?? cycle.value(date) / cycle.size);
        values[at] = Math.sin(angle);
        values[at + 1] = Math.cos(angle);
      }
      at += width;
    }
  }
  const names = columns.flatMap(({ part, cycle, onehot }) =>
    onehot
      ? Array.from({ length: cycle.size }, (_, v) => `${part}_${part === 'weekday' ? WEEKDAYS[v] : v}`)
      : [`${part}_sin`, `${part}_cos`],
  );
  return { values, features, names };
}

/**
 * The parts that say something of a series. Weekday, hour, day of the month and month: where the mean change into each of
 * their values explains more of the changes from step to step than chance does (share of variance over its mean for
 * unrelated numbers plus six deviations). The day of the year: where there are two years or more of steps below a month.
 *
 * @param times   milliseconds since 1970
 * @param values  one variable, at these times
 */
export function informativeParts(times: ArrayLike<number>, values: ArrayLike<number>, step: Step): CalendarPart[] {
  if (step.unit === 'index' || step.unit === 'year' || values.length < 3) return [];
  const span = (times[values.length - 1] as number) - (times[0] as number);
  const changes: readonly CalendarPart[] =
    step.unit === 'month'
      ? ['month']
      : step.count < DAY
        ? ['hour', 'weekday']
        : step.count === DAY
          ? ['weekday', 'monthday']
          : [];
  const parts = changes.filter((part) => {
    const { size } = CYCLES[part];
    return explained(times, values, CYCLES[part]) > (size - 1 + 6 * Math.sqrt(2 * (size - 1))) / (values.length - 1);
  });
  return step.unit === 'ms' && step.count <= 7 * DAY && span >= 2 * 365 * DAY ? [...parts, 'yearday'] : parts;
}

/** Share of the variance of x_t - x_{t-1} that the means by the value of a cycle at t account for. */
function explained(times: ArrayLike<number>, values: ArrayLike<number>, { size, value }: Cycle): number {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  let [total, squares] = [0, 0];
  for (let t = 1; t < values.length; t++) {
    const change = (values[t] as number) - (values[t - 1] as number);
    const at = value(new Date(times[t] as number));
    sums[at] = (sums[at] as number) + change;
    counts[at] = (counts[at] as number) + 1;
    total += change;
    squares += change * change;
  }
  const mean = total ** 2 / (values.length - 1);
  let between = 0;
  for (let v = 0; v < size; v++) if (counts[v] !== 0) between += (sums[v] as number) ** 2 / (counts[v] as number);
  return squares - mean > 0 ? (between - mean) / (squares - mean) : 0;
}
