// Numbers over time: after each the net says the next. A series out of a file, and waves that are made up.
import * as u from 'unrolled';
import type { PerCell } from '../../shared/history.js';
import type { Settings } from '../../shared/settings.js';
import type { Series } from '../../shared/sources.js';
import type { Net } from '../net.js';
import { type Batch, type Example, type Problem, ProblemError, random } from '../problem.js';

/** Steps that the view shows the nets, and those they have to go on alone. */
const SEEN = 90;
const FREE = 40;
const MEASURED = 16;

/** Where sequences come from: values in units of their spread around their mean, and what they were. */
interface Values {
  /** `count` consecutive values from `start`. */
  train(generator: u.Generator, count: number): Float32Array;
  measured(k: number, count: number): Float32Array;
  shown(count: number): { values: Float32Array; times: readonly string[] };
  readonly mean: number;
  readonly spread: number;
  readonly unit: string;
  readonly facts: readonly string[];
}

export function seriesProblem(source: Series, settings: Settings): Problem {
  const { values, times, unit } = source;
  const cut = Math.floor(values.length * 0.8);
  const needed = settings.length + 2;
  if (values.length - cut < needed) {
    throw new ProblemError(
      `${source.name}: ${values.length} values are too few for sequences of ${settings.length}; at least ${5 * needed} are needed, or shorter sequences`,
    );
  }
  const mean = values.slice(0, cut).reduce((sum, value) => sum + value, 0) / cut;
  const spread = Math.sqrt(values.slice(0, cut).reduce((sum, value) => sum + (value - mean) ** 2, 0) / cut);
  if (spread === 0) throw new ProblemError(`${source.name}: all values are ${mean}; there is nothing to learn`);
  if (!Number.isFinite(spread))
    throw new ProblemError(`${source.name}: its values are too large to compute with; divide them`);
  const scaled = Float32Array.from(values, (value) => (value - mean) / spread);
  const rest = scaled.length - cut;
  return numbersProblem(settings, {
    ...{ mean, spread, unit },
    train: (generator, count) => {
      const start = generator.integer(cut - count + 1);
      return scaled.subarray(start, start + count);
    },
    measured: (k, count) => {
      const start = cut + Math.floor((k * (rest - count)) / MEASURED);
      return scaled.subarray(start, start + count);
    },
    shown: (count) => {
      const start = scaled.length - Math.min(count, rest);
      return { values: scaled.subarray(start), times: times.slice(start) };
    },
    facts: [
      `${cut.toLocaleString('en')} values to learn from, the last ${rest.toLocaleString('en')} only to measure on`,
    ],
  });
}

/** Waves of random length and phase with a little noise: period and phase have to be found out by reading. */
export function sineProblem(settings: Settings): Problem {
  const wave = (generator: u.Generator, count: number): Float32Array => {
    const period = 12 + 20 * generator.uniform();
    const phase = generator.uniform();
    return Float32Array.from(
      { length: count },
      (_, t) => Math.SQRT2 * Math.sin(2 * Math.PI * (t / period + phase)) + 0.04 * (generator.uniform() - 0.5),
    );
  };
  return numbersProblem(settings, {
    ...{ mean: 0, spread: Math.SQRT1_2, unit: '' },
    train: wave,
    measured: (k, count) => wave(random(settings.seed, 2 ** 19 + k), count),
    shown: (count) => ({
      values: wave(random(settings.seed, 2 ** 19 + MEASURED), count),
      times: Array.from({ length: count }, (_, t) => String(t)),
    }),
    facts: ['Waves with periods of 12 to 32 steps, never the same twice'],
  });
}

function numbersProblem(settings: Settings, values: Values): Problem {
  const { length, batch: B, seed } = settings;
  const { mean, spread, unit } = values;
  const natural = (value: number) => mean + spread * value;
  const rounded = (value: number) => natural(value).toPrecision(3);
  const shown = values.shown(SEEN + FREE);
  const measured = batchOf(Array.from({ length: MEASURED }, (_, k) => values.measured(k, length + 1)));
  const { x, y } = measured;
  return {
    shape: { inputs: 1, inputKind: 'numbers', vectors: null, outputs: 1, answers: 'each' },
    loss: 'mse',
    metric: { name: 'mean absolute error', unit, better: 'lower' },
    facts: values.facts,
    baseline: { metric: spread * meanDistance(x, y), name: 'saying that the next value is the last one' },
    batch: (step) => {
      const generator = random(seed, step);
      return batchOf(Array.from({ length: B }, () => values.train(generator, length + 1)));
    },
    validation: [measured],
    figure: (scores, batch) => spread * meanDistance(scores.data, batch.y),
    example(): Example {
      const sequence = shown.values.subarray(0, 41);
      return { tokens: Array.from(sequence.subarray(0, -1), rounded), batch: batchOf([sequence]) };
    },
    explain: (scores, T) => ({
      name: 'next',
      texts: Array.from(scores.subarray(0, T), rounded),
      shares: null,
    }),
    view(nets) {
      const freeFrom = shown.values.length - Math.min(FREE, Math.floor(shown.values.length / 3));
      const predicted: PerCell<(number | null)[]> = {};
      for (const { cell, net } of nets) {
        predicted[cell] = [null, ...forecast(net, shown.values, freeFrom).map(natural)];
      }
      return {
        ...{ kind: 'forecast', unit, times: shown.times, freeFrom, predicted },
        truth: Array.from(shown.values, natural),
      };
    },
  };
}

/** Sequences as a batch: each value is the input of a step and the answer to the one before. */
function batchOf(sequences: readonly Float32Array[]): Batch {
  const B = sequences.length;
  const T = (sequences[0] as Float32Array).length - 1;
  const x = new Float32Array(T * B);
  const y = new Float32Array(T * B);
  for (const [b, sequence] of sequences.entries()) {
    for (let t = 0; t < T; t++) {
      x[t * B + b] = sequence[t] as number;
      y[t * B + b] = sequence[t + 1] as number;
    }
  }
  return { T, B, x, y, lengths: null };
}

/** The value after each but the last; from `freeFrom` on the net reads its own. */
function forecast(net: Net, truth: Float32Array, freeFrom: number): number[] {
  const said: number[] = [];
  u.noGrad(() => {
    let state: u.RecurrentState | null = null;
    for (let t = 0; t + 1 < truth.length; t++) {
      const input = t < freeFrom ? (truth[t] as number) : (said[t - 1] as number);
      const next = net.step(u.tensor(Float32Array.of(input), [1, 1]), state);
      state = next.state;
      said.push(next.scores.data[0] as number);
    }
  });
  return said;
}

function meanDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += Math.abs((a[k] as number) - (b[k] as number));
  return sum / a.length;
}
