// What PyTorch's autograd makes of the layers of rnn_general_*, on every backend: outputs, states and all gradients
// (test/golden/general.py; float64 results on float32 inputs, so each tolerance is ours alone).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cells } from '../src/backend/cells/index.js';
import { CellActivation, Option } from '../src/backend/generated/abi.js';
import { candidates } from './helpers/backends.js';
import { EPS32, expectClose } from './helpers/compare.js';
import type { ActivationName, FeatureName, GeneralCase } from './helpers/general.js';
import { parseGolden } from './helpers/golden.js';
import { generalInputs, runGeneral } from './kernels/general-layer.js';

type Place = 'gate' | 'candidate' | 'output';
interface Golden extends Partial<Record<Place, string>> {
  readonly name: string;
  readonly cell: string;
  readonly features: readonly FeatureName[];
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
  readonly R: number;
  readonly reverse: boolean;
  readonly lengths: readonly number[];
  readonly clip?: number;
  readonly rates?: { readonly zone_h: number; readonly zone_c: number };
  /** a and b of the three activations. */
  readonly numbers: Readonly<Record<Place, readonly [number, number]>>;
  readonly eps: number;
}

const file = (ending: string): Buffer => readFileSync(new URL(`golden/general.${ending}`, import.meta.url));
const tensors = parseGolden(file('safetensors'));
const goldens: Golden[] = JSON.parse(file('json').toString());

/** "hard_sigmoid": cellHardSigmoid. */
const activationOf = (name = 'own'): ActivationName => {
  const words = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `cell${words.join('')}` as ActivationName;
};

function optionsOf(golden: Golden): Float64Array {
  const options = new Float64Array(13);
  const places = { gate: Option.gateKind, candidate: Option.candidateKind, output: Option.outputKind };
  for (const [place, at] of Object.entries(places) as [Place, number][]) {
    options.set([CellActivation[activationOf(golden[place])], ...golden.numbers[place]], at);
  }
  options[Option.cellClip] = golden.clip ?? 0;
  options[Option.zoneoutH] = golden.rates?.zone_h ?? 0;
  options[Option.zoneoutC] = golden.rates?.zone_c ?? 0;
  options[Option.normEps] = golden.eps;
  return options;
}

/**
 * Sums of at most 7 terms, up to 4 ulp of each activation, 4 steps. Normalising divides by the deviation of as few as four numbers,
 * which may be a tenth of their size.
 */
const tolerance = (features: readonly FeatureName[]): number => (features.includes('norm') ? 128 : 24) * EPS32;
/** The reference computes in float64 throughout: what is left is the order of summation. */
const REFERENCE_TOLERANCE = 1e-11;

describe.each(candidates())('PyTorch’s layers on $label', ({ label, open }) => {
  const opening = open();

  it.each(goldens)('$name', async (golden) => {
    const backend = await opening;
    const { cell, features, T, B, I, H, R, reverse, lengths, rates } = golden;
    const spec: GeneralCase = {
      ...{ cell: cells.find(({ name }) => name === cell)!, features, T, B, I, H, R, reverse },
      ragged: true,
      without: ['steps', 'contributions', ...(rates ? ['zone_h', 'zone_c'] : [])],
    };
    const { scalars, start } = generalInputs(spec, 1);
    const stored = tensors.get(golden.name)!;
    const isGradient = (name: string): boolean => name.startsWith('d') && name !== 'drop';
    const upstream = ['dy', 'dhn', 'dcn'];
    const made = ['y', 'lengths', 'options', 'saved', 'scratch'];
    const given = Object.entries(start)
      .filter(([name]) => !made.includes(name))
      .map(([name, values]) => {
        // Gradients start at zero; everything else the golden must have.
        if (isGradient(name) && !upstream.includes(name)) return [name, new Float32Array(values.length)];
        return [name, stored[name]?.data ?? expect.fail(`${golden.name} has no ${name}`)];
      });
    const own = { y: new Float32Array(T * B * R), lengths: Int32Array.from(lengths), options: optionsOf(golden) };
    const rows = lengths.reduce((sum, length) => sum + length, 0);
    const inputs = { scalars: { ...scalars, rows }, start: { ...Object.fromEntries(given), ...own } };
    const found = runGeneral(backend, spec, inputs, 1);
    const rtol = label === 'reference' ? REFERENCE_TOLERANCE : tolerance(features);
    let compared = 0;
    for (const [name, { data }] of Object.entries(stored)) {
      if (!(data instanceof Float64Array)) continue;
      expectClose(found[name] ?? [], data, rtol, name, label === 'reference' ? 0 : 0.1);
      compared++;
    }
    // y and hn; the gradients of x, h0, w_ih and two biases at least.
    expect(compared).toBeGreaterThanOrEqual(7);
  });
});
