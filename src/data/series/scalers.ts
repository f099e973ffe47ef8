// Scalers: each variable brought to a size that nets learn well at, by figures of the training part alone, and back.
import { DataError, FormatError, OptionError, ShapeError } from '../../errors.js';
import { checkOptions, is, show } from '../../options.js';
import { asSeries, type SeriesInput } from './series.js';

export interface FitRange {
  /** Figures are taken from steps `from`..`to` - 1: those of the training part. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

/** What a scaler is saved as. */
export type ScalerJson = {
  readonly kind: ScalerKind;
  /** One for each variable: x becomes (x - center) / scale. */
  readonly center: readonly number[];
  readonly scale: readonly number[];
};

export type ScalerKind = 'standard' | 'minmax' | 'robust';

/** Figures of one variable's numbers; a spread of 0 becomes a scale of 1, so that a constant is 0 and comes back exactly. */
type Measure = (numbers: Float64Array) => { center: number; spread: number };

/** x' = (x - center) / scale for each variable; `inverse` is x' scale + center. */
export class Scaler {
  readonly kind: ScalerKind;
  readonly center: readonly number[];
  readonly scale: readonly number[];

  /** @throws FormatError  if the figures are not finite, or a scale is not above 0 */
  constructor(json: ScalerJson) {
    const { kind, center, scale } = json ?? {};
    const isList = (list: unknown, low: number): boolean =>
      Array.isArray(list) && list.every((v) => Number.isFinite(v) && v > low);
    const isScaler =
      Object.hasOwn(MEASURES, kind) && isList(center, -Infinity) && isList(scale, 0) && center.length === scale.length;
    if (!isScaler || center.length === 0) {
      throw new FormatError(
        'scaler: what was saved must be { kind, center, scale }: standard, minmax or robust, and as many finite numbers ' +
          `of both, scale above 0, got ${show(json)}`,
      );
    }
    this.kind = kind;
    this.center = [...center];
    this.scale = [...scale];
  }

  /** The scaled numbers, as float32: what a model takes. `variable`: the numbers are of this one alone. */
  transform(series: SeriesInput, variable?: number): Float32Array {
    return this.#map(series, variable, Float32Array, (x, center, scale) => (x - center) / scale);
  }

  /** The numbers as they were, in double. `variable`: they are of this one alone. */
  inverse(scaled: SeriesInput, variable?: number): Float64Array {
    return this.#map(scaled, variable, Float64Array, (x, center, scale) => x * scale + center);
  }

  toJSON(): ScalerJson {
    return { kind: this.kind, center: this.center, scale: this.scale };
  }

  static fromJSON(json: ScalerJson): Scaler {
    return new Scaler(json);
  }

  #map<A extends Float32Array | Float64Array>(
    input: SeriesInput,
    variable: number | undefined,
    ArrayOf: new (length: number) => A,
    f: (x: number, center: number, scale: number) => number,
  ): A {
    const { values, variables } = asSeries('scaler', input);
    const V = this.center.length;
    if (variable === undefined && variables !== V) {
      throw new ShapeError(
        `scaler: fitted on ${V} variables, got a series of ${variables}; pass { values, variables: ${V} }, or say which ` +
          'variable the numbers are of',
      );
    }
    if (variable !== undefined && !(Number.isInteger(variable) && variable >= 0 && variable < V)) {
      throw new OptionError(`scaler: variable must be from 0 to ${V - 1}, got ${show(variable)}`);
    }
    const out = new ArrayOf(values.length);
    for (let k = 0; k < out.length; k++) {
      const v = variable ?? k % V;
      out[k] = f(values[k] as number, this.center[v] as number, this.scale[v] as number);
    }
    return out;
  }
}

/**
 * Mean 0 and standard deviation 1 (of the population: divided by n).
 *
 *   const scaler = StandardScaler.fit(series, { to: trainingSteps });
 *   scaler.inverse(scaler.transform(series))
 *
 * @throws DataError  if a number is not finite, or there are none
 */
export class StandardScaler extends Scaler {
  static fit(series: SeriesInput, range: FitRange = {}): StandardScaler {
    return new StandardScaler(fitted('standard', series, range));
  }
}

/** From the smallest to the largest number of the training part: 0 to 1. Later numbers may lie outside. */
export class MinMaxScaler extends Scaler {
  static fit(series: SeriesInput, range: FitRange = {}): MinMaxScaler {
    return new MinMaxScaler(fitted('minmax', series, range));
  }
}

/** Median 0 and interquartile range 1: a few outliers do not move it. */
export class RobustScaler extends Scaler {
  static fit(series: SeriesInput, range: FitRange = {}): RobustScaler {
    return new RobustScaler(fitted('robust', series, range));
  }
}

const MEASURES: Record<ScalerKind, Measure> = {
  standard(numbers) {
    // Divided by a power of 2 near the largest first, which is exact: squares of large numbers would overflow.
    const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const size = largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest));
    let mean = 0;
    numbers.forEach((x, k) => {
      mean += (x / size - mean) / (k + 1);
    });
    const squares = numbers.reduce((sum, x) => sum + (x / size - mean) ** 2, 0);
    return { center: size * mean, spread: size * Math.sqrt(squares / numbers.length) };
  },
  minmax(numbers) {
    let low = Infinity;
    let high = -Infinity;
    for (const x of numbers) {
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    return { center: low, spread: high - low };
  },
  robust(numbers) {
    const sorted = numbers.slice().sort();
    return { center: quantile(sorted, 0.5), spread: quantile(sorted, 0.75) - quantile(sorted, 0.25) };
  },
};

/** Of sorted numbers, with straight lines between them (NumPy's default). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  const share = at - Math.floor(at);
  return below * (1 - share) + above * share;
}

function fitted(kind: ScalerKind, input: SeriesInput, range: FitRange): ScalerJson {
  const { values, variables, length } = asSeries(`${kind} scaler`, input);
  checkOptions<FitRange>(`${kind} scaler`, range, { from: is.integer(0), to: is.integer(0) });
  const from = range.from ?? 0;
  const to = Math.min(range.to ?? length, length);
  if (to <= from) throw new DataError(`${kind} scaler: there are no steps from ${from} to ${to} to take figures of`);
  const center: number[] = [];
  const scale: number[] = [];
  for (let v = 0; v < variables; v++) {
    const numbers = Float64Array.from({ length: to - from }, (_, k) => values[(from + k) * variables + v] as number);
    const bad = numbers.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new DataError(
        `${kind} scaler: every number must be finite, got ${numbers[bad]} at step ${from + bad} of variable ${v}; ` +
          'fill gaps first (interpolate) or leave them out',
      );
    }
    const { center: c, spread } = MEASURES[kind](numbers);
    if (!Number.isFinite(spread) || !Number.isFinite(c)) {
      throw new DataError(`${kind} scaler: variable ${v} spans more than a double holds; divide its numbers first`);
    }
    center.push(c);
    // Rounding alone leaves about this much of a constant.
    scale.push(spread > 4 * Number.EPSILON * Math.abs(c) ? spread : 1);
  }
  return { kind, center, scale };
}
