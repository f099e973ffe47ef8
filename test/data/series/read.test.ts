// Tables as regular series: what is read, and what hostile rows are told.
import { describe, expect, it } from 'vitest';
import { type ReadSeriesOptions, readSeries, type SeriesRow, type TimeSeries } from '../../../src/data/series/index.js';
import { DataError, OptionError } from '../../../src/errors.js';

/** Rows of a CSV text. */
function rowsOf(text: string): SeriesRow[] {
  const [head, ...lines] = text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return lines.map((cells, k) => ({
    line: k + 2,
    fields: Object.fromEntries((head as string[]).map((name, c) => [name, cells[c]])),
  }));
}
const read = (text: string, options: Partial<ReadSeriesOptions> = {}): TimeSeries =>
  readSeries(rowsOf(text), { name: 'a.csv', value: ['v'], time: ['t'], ...options });
const days = (series: TimeSeries): string[] =>
  Array.from(series.times, (ms) => new Date(ms).toISOString().slice(0, 10));

describe('readSeries', () => {
  it('reads values, times and the step', () => {
    const series = read('t,v,w\n2014-01-01,1,5\n2014-01-02, 2.5 ,6\n2014-01-03,-3e1,7', { value: ['v', 'w'] });
    expect([...series.values]).toEqual([1, 5, 2.5, 6, -30, 7]);
    expect(days(series)).toEqual(['2014-01-01', '2014-01-02', '2014-01-03']);
    expect(series).toMatchObject({
      variables: 2,
      length: 3,
      step: { unit: 'ms', count: 86_400_000 },
      future: 0,
      notes: [],
    });
  });

  it('reads year, month and day from three columns, and rows without a time', () => {
    const three = read('y,m,d,v\n2000,2,28,1\n2000,2,29,2\n2000,3,1,3', { time: ['y', 'm', 'd'] });
    expect(days(three)).toEqual(['2000-02-28', '2000-02-29', '2000-03-01']);
    expect([...read('v\n4\n5', { time: [] }).times]).toEqual([0, 1]);
    expect(() => read('y,m,d,v\n2001,2,29,1', { time: ['y', 'm', 'd'] })).toThrow(
      /line 2: there is no such day or time: "2001-2-29"/,
    );
    expect(() => read('y,m,v\n2001,,1', { time: ['y', 'm'] })).toThrow(
      /line 2, column "m": a whole number is needed, got ""/,
    );
  });

  it.each([
    ['an empty file', 't,v', /a\.csv: there are no rows/],
    ['a missing column', 't,w\n2014-01-01,1', /line 2: there is no column "v"; there are t, w/],
    [
      'an empty cell',
      't,v\n2014-01-01,1\n2014-01-02,\n2014-01-03,2',
      /line 3, column "v": a number is needed, got ""; fill gaps/,
    ],
    ['NaN', 't,v\n2014-01-01,NaN', /line 2, column "v": a number is needed, got "NaN"/],
    ['a word', 't,v\n2014-01-01,1\n2014-01-02,two', /line 3, column "v": a number is needed, got "two"/],
    ['infinity', 't,v\n2014-01-01,Infinity', /line 2, column "v"/],
    ['a ragged row', 't,v\n2014-01-01,1\n2014-01-02', /line 3, column "v": a number is needed, got undefined/],
    ['1e308', 't,v\n2014-01-01,1e308', /numbers may be up to 1e\+150 in size, got "1e308"; divide/],
    [
      'a missing day',
      't,v\n2014-01-01,1\n2014-01-02,1\n2014-01-03,1\n2014-01-06,1',
      /line 5: rows are 1 day apart, but 2014-01-06 follows 2014-01-03 \(2 missing\)/,
    ],
    [
      'times off the grid',
      't,v\n2014-01-01,1\n2014-01-02,1\n2014-01-03,1\n2014-01-03T05:00,1',
      /line 5: rows are 1 day apart, but 2014-01-03T05:00Z follows/,
    ],
    [
      'times out of order',
      't,v\n2014-01-02,1\n2014-01-01,1',
      /line 3: 2014-01-01 is before 2014-01-02 of line 2; sort/,
    ],
    [
      'the hour that comes twice',
      't,v\n2014-10-26 00:00,1\n2014-10-26 01:00,1\n2014-10-26 01:00,1',
      /line 4: 2014-10-26T01:00Z stands here and in line 3.*give UTC/,
    ],
    ['a time that is none', 't,v\nsoon,1', /line 2, column "t": a time is needed, got "soon"/],
  ])('%s is named with its place', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(DataError);
  });

  it('one row is a series, too', () => {
    expect(read('t,v\n2014-01-01,1')).toMatchObject({ length: 1, step: { count: 86_400_000 } });
  });

  const gappy = 't,v,w\n2014-01-01,1,10\n2014-01-02,oops,11\n2014-01-03,3,12\n2014-01-06,9,15\n2014-01-07,10,';

  it('interpolates missing rows and cells, and says how many', () => {
    const series = read(gappy, { value: ['v', 'w'], gaps: 'interpolate' });
    expect(days(series)).toEqual([1, 2, 3, 4, 5, 6, 7].map((d) => `2014-01-0${d}`));
    expect([...series.values].filter((_, k) => k % 2 === 0)).toEqual([1, 2, 3, 5, 7, 9, 10]);
    // The last one has one neighbour only.
    expect([...series.values].filter((_, k) => k % 2 === 1)).toEqual([10, 11, 12, 13, 14, 15, 15]);
    expect(series.notes).toEqual([
      'filled 6 of 14 cells by interpolation: the first at line 3, column "v": a number is needed, got "oops"',
    ]);
  });

  it('leaves out rows with gaps, and says how many', () => {
    const series = read(gappy, { value: ['v', 'w'], gaps: 'drop' });
    expect(days(series)).toEqual(['2014-01-01', '2014-01-03', '2014-01-06']);
    expect([...series.values]).toEqual([1, 10, 3, 12, 9, 15]);
    expect(series.notes[0]).toMatch(/^left out 2 of 5 rows: the first at line 3, column "v"/);
  });

  it('interpolates months by their time, not their number', () => {
    const series = read('t,v\n2014-01,0\n2014-02,31\n2014-04,90\n2014-05,120\n2014-06,151', { gaps: 'interpolate' });
    expect(days(series)[2]).toBe('2014-03-01');
    expect(series.values[2]).toBeCloseTo(59, 9);
  });

  it('does not fill a file with rows up to a mistyped year', () => {
    expect(() => read('t,v\n2014-01-01,1\n2014-01-02,1\n2014-01-03,1\n9014-01-04,1', { gaps: 'interpolate' })).toThrow(
      /steps of 1 day, but there are 4 rows; correct the times/,
    );
    expect(() => read('t,v\n2014-01-01,x\n2014-01-02,y', { gaps: 'interpolate' })).toThrow(/"v" has no number at all/);
    expect(() => read('t,v\n2014-01-01,x\n2014-01-02,y', { gaps: 'drop' })).toThrow(/every row has a cell without/);
  });

  it('takes rows at the end with what is known and no value as the future', () => {
    const text = 't,v,k\n2014-01-01,1,0\n2014-01-02,2,1\n2014-01-03,,1\n2014-01-04,,0';
    for (const gaps of ['refuse', 'interpolate', 'drop'] as const) {
      const series = read(text, { known: ['k'], gaps });
      expect(series).toMatchObject({ length: 2, future: 2, variables: 1, knownColumns: ['k'], notes: [] });
      expect([[...series.values], [...series.known]]).toEqual([
        [1, 2],
        [0, 1, 1, 0],
      ]);
      expect(series.times.length).toBe(4);
    }
    expect(() => read(text)).toThrow(/line 4, column "v"/);
    expect(() => read('t,v,k\n2014-01-01,,0', { known: ['k'] })).toThrow(/no row has a number in "v"/);
  });

  it('checks its options', () => {
    expect(() => read('t,v\n2014,1', { gaps: 'fill' as never })).toThrow(OptionError);
    expect(() => readSeries([], { value: 'v' as never })).toThrow(/"value" must be a list of column names/);
  });
});
