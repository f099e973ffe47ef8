// Numbers: a sequence of steps with the same count of numbers each, standardised by what the training part says.
import type { Tensor } from '../../autograd/tensor.js';
import { DataError } from '../../errors.js';
import { Module } from '../../layers/module.js';
import { show } from '../../options.js';
import type { Front, InputKind } from './input.js';

/** [step][feature] */
export type Frames = readonly ArrayLike<number>[];

export type FeaturesPrep = { readonly mean: readonly number[]; readonly deviation: readonly number[] };

export const featuresInput: InputKind<Frames, FeaturesPrep> = {
  name: 'features',
  column: {
    option: 'features',
    guesses: ['features', 'frames', 'sequence', 'series', 'values', 'x'],
    help: 'a list of steps, each a list of numbers (JSONL)',
  },
  options: {},
  read(value, { file, line }) {
    const where = `${file}, line ${line}: features`;
    const parsed = typeof value === 'string' ? parse(where, value) : value;
    if (!Array.isArray(parsed) || parsed.length === 0) {
      throw new DataError(`${where} must be a list of steps, [[...], ...], with at least one, got ${show(parsed)}`);
    }
    // A list of plain numbers is a sequence of single numbers.
    const frames = parsed.map((step) => (typeof step === 'number' ? [step] : step)) as Frames;
    const width = frames[0]?.length;
    for (const [t, step] of frames.entries()) {
      const isStep = (Array.isArray(step) || ArrayBuffer.isView(step)) && step.length > 0;
      if (!isStep || step.length !== width) {
        throw new DataError(`${where}: step ${t} must be a list of ${width} numbers as step 0, got ${show(step)}`);
      }
      for (let k = 0; k < step.length; k++) {
        if (Number.isFinite(step[k])) continue;
        throw new DataError(`${where}: step ${t}, number ${k} must be a finite number, got ${show(step[k])}`);
      }
    }
    return frames;
  },
  key: (frames) => frames.map((step) => Array.from(step).join()).join(';'),
  prepare: (all) => spread(all),
  sample: 'series',
  encode: (frames, prep) => standardise(frames, prep),
  front: ({ mean }) => new Identity(mean.length),
};

function parse(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError(`${where} must be JSON such as [[0.1, 2], [0.3, 1]], got ${show(text)}`);
  }
}

/** Mean and standard deviation of each feature over all steps; a feature that never changes has deviation 1. */
export function spread(all: readonly Frames[]): FeaturesPrep {
  const width = all[0]?.[0]?.length ?? 0;
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  let steps = 0;
  for (const frames of all) {
    for (const step of frames) {
      steps++;
      for (let k = 0; k < width; k++) {
        // Welford 1962: no sum of squares that loses what is small.
        const delta = (step[k] as number) - (mean[k] as number);
        mean[k] = (mean[k] as number) + delta / steps;
        squares[k] = (squares[k] as number) + delta * ((step[k] as number) - (mean[k] as number));
      }
    }
  }
  return {
    mean: Array.from(mean),
    deviation: Array.from(squares, (sum) => Math.sqrt(sum / Math.max(1, steps)) || 1),
  };
}

export function standardise(frames: Frames, { mean, deviation }: FeaturesPrep): Float32Array[] {
  return frames.map((step, t) => {
    if (step.length !== mean.length) {
      throw new DataError(
        `features: step ${t} must have ${mean.length} numbers, as what the task was trained on, got ${step.length}`,
      );
    }
    return Float32Array.from(step, (value, k) => (value - (mean[k] as number)) / (deviation[k] as number));
  });
}

/** Numbers go into the recurrent layer as they are. */
export class Identity extends Module implements Front {
  readonly size: number;

  constructor(size: number) {
    super();
    this.size = size;
  }

  forward(x: Tensor): Tensor {
    return x;
  }
}
