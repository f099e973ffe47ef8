// What diagnose returns, and its form as JSON.
import { FormatError } from '../../errors.js';
import { show } from '../../options.js';
import type { Advice } from './advice.js';
import type { LayerFlow } from './flow.js';
import type { Jacobian } from './jacobian.js';
import type { Verdict } from './rates.js';
import { textOf } from './text.js';

/** A gate's block of W_hh; of an IndRNN the diagonal matrix of its u. */
export interface RecurrentMatrix {
  readonly gate: string;
  readonly sigmaMax: number;
  /** null where the block is not square: a layer with a projection. */
  readonly spectralRadius: number | null;
}

/** Gradient flow through one direction of one layer, with what its weights and Jacobians say. */
export interface LayerDiagnosis extends LayerFlow {
  readonly matrices: readonly RecurrentMatrix[];
  /** null with `jacobian: false`, and where no row has a step. */
  readonly jacobian: Jacobian | null;
  /** From the Jacobian's rate where there is one, else from that of dL/dh. */
  readonly verdict: Verdict;
}

/** What diagnose found. `toString()` is a table for terminals, `JSON.stringify` keeps all of it. */
export class Diagnosis {
  /** The gravest of the layers': exploding before vanishing before unknown before healthy. */
  readonly verdict: Verdict;

  constructor(
    readonly loss: number,
    /** Norm of the gradients of all parameters. */
    readonly gradNorm: number,
    /** In the order of the forward pass. */
    readonly layers: readonly LayerDiagnosis[],
    readonly advice: readonly Advice[],
  ) {
    const verdicts = layers.map(({ verdict }) => verdict);
    const order: readonly Verdict[] = ['exploding', 'vanishing', 'unknown'];
    this.verdict = order.find((verdict) => verdicts.includes(verdict)) ?? 'healthy';
  }

  toString(): string {
    return textOf(this);
  }

  /** @internal */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Plain: lists of numbers in place of typed arrays, and 'NaN', 'Infinity', '-Infinity' for what JSON has no numbers for. */
  toJSON(): DiagnosisJson {
    const { loss, gradNorm, verdict, layers, advice } = this;
    return { format: FORMAT, ...(plain({ loss, gradNorm, verdict, layers, advice }) as Omit<DiagnosisJson, 'format'>) };
  }

  /**
   * The same diagnosis again, from `JSON.parse`.
   *
   * @throws FormatError  if it is not what toJSON gave
   */
  static fromJSON(json: unknown): Diagnosis {
    const { format, loss, gradNorm, layers, advice } = (json ?? {}) as Partial<DiagnosisJson>;
    if (format !== FORMAT || !Array.isArray(layers) || !Array.isArray(advice)) {
      throw new FormatError(`Diagnosis.fromJSON: expected { format: '${FORMAT}', layers, ... }, got ${show(json)}`);
    }
    return new Diagnosis(
      revived(loss) as number,
      revived(gradNorm) as number,
      layers.map(revived) as LayerDiagnosis[],
      advice.map(revived) as Advice[],
    );
  }
}

const FORMAT = 'unrolled diagnosis 1';

export interface DiagnosisJson {
  readonly format: string;
  readonly loss: number | string;
  readonly gradNorm: number | string;
  readonly verdict: Verdict;
  readonly layers: readonly unknown[];
  readonly advice: readonly unknown[];
}

const NOT_FINITE = new Map([NaN, Infinity, -Infinity].map((value) => [String(value), value]));

/** A deep copy that JSON can hold. */
export function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Float64Array) return Array.from(value, plain);
  // Whole numbers: which rows have how many steps.
  if (value instanceof Int32Array) return { int32: Array.from(value) };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

/** The inverse of `plain`: lists of nothing but numbers are Float64Arrays. */
function revived(value: unknown): unknown {
  if (typeof value === 'string') return NOT_FINITE.get(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const entries = value.map(revived);
    return entries.every((entry) => typeof entry === 'number') ? Float64Array.from(entries as number[]) : entries;
  }
  const { int32 } = value as { int32?: unknown };
  if (Array.isArray(int32)) return Int32Array.from(int32);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, revived(entry)]));
}
