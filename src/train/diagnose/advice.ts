// What to do about a verdict, with numbers taken from the measurement.
import type { GateFlow, LayerFlow } from './flow.js';
import { longestOf } from './flow.js';
import { LEAST_LEFT, percent, reach, short } from './rates.js';

export interface Advice {
  readonly kind: 'clip' | 'cell' | 'forgetBias' | 'truncate' | 'gate' | 'scale';
  /** The layer it is about; null: the whole model. */
  readonly layer: string | null;
  readonly text: string;
  /** The number in it that an option takes: clipNorm, forgetBias, k2. */
  readonly value: number | null;
}

/** A layer with the verdict, and the rate behind it. */
export interface Judged {
  readonly flow: LayerFlow;
  readonly verdict: LayerFlow['verdict'];
  readonly rate: number;
}

/** @param gradNorm  of all gradients of the model */
export function adviceFor(layers: readonly Judged[], gradNorm: number): Advice[] {
  const found: Advice[] = [];
  const exploding = layers.filter(({ verdict }) => verdict === 'exploding');
  if (exploding.length > 0) found.push(clip(exploding, gradNorm));
  for (const judged of layers) {
    if (judged.verdict === 'exploding') found.push(...ifExploding(judged));
    if (judged.verdict === 'vanishing') found.push(...ifVanishing(judged));
    found.push(...aboutGates(judged.flow));
  }
  return found;
}

/**
 * As if every step added as much to the gradient as the one that adds least (which no explosion has reached yet), in independent
 * directions. Pascanu et al. 2013 take the mean norm over many updates: microscope() has it.
 */
function clip(exploding: readonly Judged[], gradNorm: number): Advice {
  let total = 0;
  for (const { flow } of exploding) {
    let least = Infinity;
    for (let t = 0; t < flow.T; t++) {
      const added = Math.hypot(...[flow.dwIh, flow.dwHh, flow.db].map((norms) => norms?.[t] ?? 0));
      if (added > 0 && added < least) least = added;
    }
    if (least < Infinity) total += longestOf(flow) * least ** 2;
  }
  const calm = Math.sqrt(total) || 1;
  const value = oneDigit(Number.isFinite(gradNorm) ? Math.min(gradNorm, calm) : calm);
  return {
    kind: 'clip',
    layer: null,
    text:
      `clip the gradients: fit(..., { clipNorm: ${value} }). Their norm is ${short(gradNorm)} here; ${value} is what it would ` +
      'be if every step added as little as the least does',
    value,
  };
}

function ifExploding({ flow }: Judged): Advice[] {
  if (flow.cell !== 'rnn_relu' && flow.cell !== 'ind_rnn') return [];
  const text = 'relu has no upper bound: start the recurrent weights smaller, or take tanh';
  return [{ kind: 'scale', layer: flow.name, text, value: null }];
}

function ifVanishing({ flow, rate }: Judged): Advice[] {
  const steps = longestOf(flow) - 1;
  const found: Advice[] = [];
  const about = (kind: Advice['kind'], text: string, value: number | null = null): void => {
    found.push({ kind, layer: flow.name, text, value });
  };
  const gate = keeper(flow);
  if (gate === null) {
    about(
      'cell',
      "a plain RNN multiplies its gradient by W_hh^T and f' at every step: take LSTM or GRU, whose gates can carry it unchanged, " +
        "or RNN({ nonlinearity: 'relu', init: 'identity' }) (Le et al. 2015)",
    );
  } else if (steps > 0) {
    const { keeps, name, sign } = gate;
    const needed = LEAST_LEFT ** (1 / steps);
    if (keeps < needed) {
      const value = Math.ceil(Math.log(needed / (1 - needed)));
      const now = `gate ${name} lets ${short(keeps)} of the old state pass on average; ${short(needed)} a step would keep 1 % over ${steps} steps`;
      if (flow.cell === 'lstm' && value >= 0)
        about('forgetBias', `${now}: LSTM({ forgetBias: ${Math.max(1, value)} })`, Math.max(1, value));
      else about('forgetBias', `${now}: add ${sign * Math.max(1, value)} to its bias`, sign * Math.max(1, value));
    }
  }
  const distance = reach(rate);
  if (distance < steps) {
    about(
      'truncate',
      `as it is now, less than 1 % of the gradient is left ${distance} steps back: truncated BPTT with k2 = ${distance} loses no more`,
      distance,
    );
  }
  return found;
}

/** The gate that decides how much of the old state stays, and which way its bias has to go for more. */
function keeper(flow: LayerFlow): { name: string; keeps: number; sign: 1 | -1 } | null {
  const mean = (name: string): number | undefined => {
    const gate = flow.gates.find((one) => one.name === name);
    return gate && average(gate.mean);
  };
  const [i, f, z] = [mean('i'), mean('f'), mean('z')];
  // h' = (1 - f) h + f n in the minimal gated unit; f = 1 - i in the coupled LSTM.
  if (flow.cell === 'mgu' && f !== undefined) return { name: 'f', keeps: 1 - f, sign: -1 };
  if (f !== undefined) return { name: 'f', keeps: f, sign: 1 };
  if (z !== undefined) return { name: 'z', keeps: z, sign: 1 };
  return i === undefined ? null : { name: 'i', keeps: 1 - i, sign: -1 };
}

/** From this share of units on, over the whole sequence, a gate is told to be stuck. */
const STUCK = 0.5;

function aboutGates(flow: LayerFlow): Advice[] {
  const found: Advice[] = [];
  const about = (text: string): void => {
    found.push({ kind: 'gate', layer: flow.name, text, value: null });
  };
  for (const gate of flow.gates) {
    const [low, high] = [average(gate.low), average(gate.high)];
    if (gate.isCandidate) {
      // An activation at its end passes almost no gradient. A relu has no end.
      if (low + high > STUCK && flow.cell !== 'rnn_relu' && flow.cell !== 'ind_rnn') {
        about(
          `${gate.name} is saturated (beyond +-0.9) in ${percent(low + high)} of its units and steps, where its derivative is below ` +
            '0.19: smaller inputs, smaller weights, or layer normalisation',
        );
      }
    } else if (low > STUCK) {
      about(
        `gate ${gate.name} is shut (below 0.1) in ${percent(low)} of its units and steps: look at its bias and the size of x`,
      );
    }
  }
  return found;
}

/** Over the steps that any row has. */
export function average(values: GateFlow['mean']): number {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? NaN : sum / count;
}

/** A number that a person would write into an option. */
function oneDigit(value: number): number {
  return Number.isFinite(value) && value > 0 ? Number(value.toPrecision(1)) : 1;
}
