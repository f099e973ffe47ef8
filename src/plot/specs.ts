// The plots of the gradient microscope as Vega-Lite specifications: heat map over training, curves over distance, gates over time.
import { OptionError } from '../errors.js';
import { checkOptions, is, show } from '../options.js';
import type { Diagnosis, LayerDiagnosis } from '../train/diagnose/diagnosis.js';
import type { GateFlow, LayerFlow } from '../train/diagnose/flow.js';
import type { MicroscopeReport } from '../train/diagnose/microscope.js';
import { COLOURS, figure, type PlotSpec, plotSpec } from './theme.js';

/** A layer by its number in the diagnosis, or by its name. */
export type LayerChoice = number | string;

export interface HeatMapOptions {
  /** Default 0, the first. */
  readonly layer?: LayerChoice;
  /** |dL/dh_t|, |dL/dc_t|, or what step t adds to the gradients of W_ih, W_hh, b_hh. Default 'dh'. */
  readonly what?: 'dh' | 'dc' | 'dwIh' | 'dwHh' | 'db';
  readonly title?: string;
}

const QUANTITIES = {
  dh: '|dL/dh_t|',
  dc: '|dL/dc_t|',
  dwIh: '|dL/dW_ih at t|',
  dwHh: '|dL/dW_hh at t|',
  db: '|dL/db at t|',
} as const;

/** Cells along one side: more cannot be told apart, and each is an element of the picture. */
const MOST_CELLS = 100;
/** Colours span this many powers of ten below the largest norm. */
const DECADES = 12;

/**
 * Norms over time t (upwards) and training (to the right), colours by their logarithm. Vanishing: it darkens downwards, away from
 * the last step; healthy: columns of one colour.
 *
 *   heatMap(scope.reports)      // scope = microscope(...), a callback of fit
 *
 * @throws OptionError  if there are no reports, or no such layer
 */
export function heatMap(reports: readonly MicroscopeReport[], options: HeatMapOptions = {}): PlotSpec {
  checkOptions<HeatMapOptions>('heatMap', options, {
    layer: isLayer,
    what: is.oneOf(...Object.keys(QUANTITIES)),
    title: is.string,
  });
  if (!Array.isArray(reports) || reports.length === 0) {
    throw new OptionError(`heatMap: reports must be those of a microscope that fit has called, got ${show(reports)}`);
  }
  const { layer = 0, what = 'dh' } = options;
  const flows = reports.map((report) => chosen('heatMap', report.layers as readonly LayerFlow[], layer));
  const name = (flows[0] as LayerFlow).name;
  const norms = flows.map((flow) => {
    const found = flow[what];
    if (found !== null) return found;
    const why =
      what === 'dc' ? `${name} is a ${flow.cell}, which has no c` : 'pass microscope({ contributions: true })';
    throw new OptionError(`heatMap: ${what} was not measured: ${why}; or take what: 'dh'`);
  });
  const T = norms.reduce((most, { length }) => Math.max(most, length), 0);
  const steps = (reports as readonly MicroscopeReport[]).map(({ step }) => step);
  const [columns, rows] = [edges(norms.length), edges(T)];
  const cells = [];
  for (const [from, to] of columns) {
    for (const [low, high] of rows) {
      const norm = middle(norms.slice(from, to), low, high);
      if (norm === null) continue;
      const next = steps[to] ?? (steps.at(-1) as number) + widthOf(steps);
      cells.push({ step: steps[from], stepEnd: next, t: low - 0.5, tEnd: high - 0.5, norm });
    }
  }
  const [least, most] = rangeOf(cells.map(({ norm }) => norm));
  const title = options.title ?? `${QUANTITIES[what]} over time and training: ${titled(flows[0] as LayerFlow)}`;
  const description =
    `Heat map of ${QUANTITIES[what]} of ${titled(flows[0] as LayerFlow)} for t = 0 to ${T - 1} and updates ${steps[0]} to ` +
    `${steps.at(-1)}. Norms go from ${figure(least)} to ${figure(most)}. ${ends(norms[0], 'At first')} ${ends(norms.at(-1), 'At last')} ` +
    'Blank: no gradient, or one below what float32 holds.';
  return plotSpec(title, description, {
    width: 520,
    height: 260,
    data: { values: cells },
    mark: { type: 'rect', aria: false },
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        scale: { zero: false, nice: false },
        axis: { title: 'update', grid: false },
      },
      x2: { field: 'stepEnd' },
      y: {
        field: 't',
        type: 'quantitative',
        scale: { domain: [-0.5, T - 0.5], nice: false },
        axis: { title: 'time step t', grid: false, format: 'd', tickMinStep: 1 },
      },
      y2: { field: 'tEnd' },
      color: {
        field: 'norm',
        type: 'quantitative',
        scale: {
          type: 'log',
          scheme: 'viridis',
          domain: [Math.max(least, most / 10 ** DECADES), most * 1.0001],
          clamp: true,
        },
        legend: { title: QUANTITIES[what], format: '.0e', gradientLength: 200 },
      },
    },
  });
}

export interface CurvesOptions {
  /** Default 0, the first. */
  readonly layer?: LayerChoice;
  /**
   * 'state': |dh_T/d(h_t, c_t)|; 'input': |dh_T/dx_t|; 'loss': |dL/dh_t|, a diagnosis without Jacobians has only that. Default
   * 'state'
   */
  readonly what?: 'state' | 'input' | 'loss';
  /** Draw sigma_max(W_hh)^(T-t), which a plain RNN stays below. Default true with 'state'. */
  readonly bound?: boolean;
  readonly title?: string;
}

// Vega estimates the length of a text generously: an axis title longer than its axis would leave white above it.
const CURVES = {
  state: { axis: '|dh_T/d(h_t,c_t)|, relative', words: 'the last state moves when the state' },
  input: { axis: '|dh_T/dx_t|, relative', words: 'the last state moves when the input' },
  loss: { axis: '|dL/dh_t|, relative', words: 'the loss moves when the state' },
} as const;

/** Points of a curve. */
const MOST_POINTS = 200;

/**
 * How gradients fade with distance, one curve a model, on a logarithmic scale: a constant rate is a straight line.
 *
 *   gradientCurves({ RNN: diagnose(rnn, ...), GRU: diagnose(gru, ...), LSTM: diagnose(lstm, ...) })
 *
 * Each curve starts at 1. The Frobenius norm divided by that of the identity is at most the spectral norm, so the dashed bound
 * sigma_max^(T-t) holds for it (where |f'| is at most 1: tanh, relu).
 */
export function gradientCurves(
  diagnoses: Readonly<Record<string, Pick<Diagnosis, 'layers'>>>,
  options: CurvesOptions = {},
): PlotSpec {
  checkOptions<CurvesOptions>('gradientCurves', options, {
    layer: isLayer,
    what: is.oneOf(...Object.keys(CURVES)),
    bound: is.boolean,
    title: is.string,
  });
  const entries = Object.entries(diagnoses ?? {});
  if (entries.length === 0)
    throw new OptionError('gradientCurves: pass diagnoses by their names: { RNN: diagnose(...), ... }');
  const { layer = 0, what = 'state' } = options;
  const bounded = options.bound ?? what === 'state';
  const points: { model: string; back: number; value: number; kind: 'measured' | 'bound' }[] = [];
  const words: string[] = [];
  for (const [model, { layers }] of entries) {
    const found = chosen('gradientCurves', layers, layer);
    const norms = fading(found, what);
    const first = norms[0] as number;
    for (const back of thinned(norms.length)) {
      const value = (norms[back] as number) / first;
      if (value > 0 && Number.isFinite(value)) points.push({ model, back, value, kind: 'measured' });
    }
    const last = (norms.at(-1) as number) / first;
    words.push(`${model}: ${figure(last)} after ${norms.length - 1} steps`);
    const sigma = bounded && found.gates.length === 1 ? found.matrices[0]?.sigmaMax : undefined;
    if (sigma === undefined) continue;
    for (const back of thinned(norms.length)) points.push({ model, back, value: sigma ** back, kind: 'bound' });
    words.push(`its bound sigma_max = ${figure(sigma)} a step`);
  }
  const [least, most] = rangeOf(points.filter(({ kind }) => kind === 'measured').map(({ value }) => value));
  const hasBound = points.some(({ kind }) => kind === 'bound');
  const models = entries.map(([model]) => model);
  return plotSpec(
    options.title ?? 'How much is left of a gradient, some steps back',
    `Curves of how much ${CURVES[what].words} t steps back does, relative to the last step. ${words.join('; ')}.`,
    {
      width: 520,
      height: 280,
      // A bound may leave the picture: it ends where nothing measured is.
      data: { values: points.filter(({ value }) => value <= most * 2 && value >= least / 2) },
      mark: { type: 'line', strokeWidth: 2 },
      encoding: {
        x: { field: 'back', type: 'quantitative', axis: { title: 'steps back, T - t', tickMinStep: 1 } },
        y: {
          field: 'value',
          type: 'quantitative',
          scale: { type: 'log', domain: [least / 2, most * 2], nice: false },
          axis: { title: CURVES[what].axis, format: '.0e', tickCount: 6 },
        },
        color: {
          field: 'model',
          type: 'nominal',
          scale: { domain: models, range: models.map((_, k) => COLOURS[k % COLOURS.length]) },
          legend: { title: null },
        },
        ...(hasBound && {
          strokeDash: {
            field: 'kind',
            type: 'nominal',
            scale: {
              domain: ['measured', 'bound'],
              range: [
                [1, 0],
                [5, 4],
              ],
            },
            legend: { title: null, labelExpr: "datum.label === 'bound' ? 'sigma_max^(T-t)' : datum.label" },
          },
        }),
      },
    },
  );
}

export interface GateOptions {
  /** Default 0, the first. */
  readonly layer?: LayerChoice;
  readonly title?: string;
}

/**
 * What the gates do over time: mean of the units, and the share of them that is shut (below 0.1) and open (above 0.9); for a
 * candidate, which goes from -1 to 1, below -0.9 and above 0.9.
 */
export function gateActivity(flow: Pick<Diagnosis, 'layers'> | MicroscopeReport, options: GateOptions = {}): PlotSpec {
  checkOptions<GateOptions>('gateActivity', options, { layer: isLayer, title: is.string });
  const found = chosen('gateActivity', (flow as { layers: readonly LayerFlow[] })?.layers, options.layer ?? 0);
  const { gates } = found;
  const words = gates.map((gate) => `${gate.name} is ${figure(meanOf(gate.mean))} on average`);
  const range = [COLOURS[0], COLOURS[1], COLOURS[2]];
  return plotSpec(
    options.title ?? `Gates of ${titled(found)} over time`,
    `Means of the gates of ${titled(found)} over time, with the shares of units that are low and high. ${words.join('; ')}.`,
    {
      hconcat: gates.map((gate, k) => ({
        title: { text: gate.isCandidate ? `${gate.name} (candidate)` : gate.name, fontSize: 12 },
        width: 180,
        height: 160,
        data: { values: gatePoints(gate) },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: {
          x: { field: 't', type: 'quantitative', axis: { title: 'time step t', tickMinStep: 1, tickCount: 5 } },
          y: {
            field: 'value',
            type: 'quantitative',
            scale: { domain: gate.isCandidate ? [-1, 1] : [0, 1] },
            axis: { title: k === 0 ? 'mean; share' : null, tickCount: 5 },
          },
          color: {
            field: 'series',
            type: 'nominal',
            scale: { domain: ['mean', 'low', 'high'], range },
            legend: { title: null },
          },
        },
      })),
    },
  );
}

const isLayer = {
  expected: "a layer's number or name",
  accepts: (v: unknown) => typeof v === 'string' || Number.isInteger(v),
};

function chosen<F extends LayerFlow>(where: string, layers: readonly F[] | undefined, layer: LayerChoice): F {
  if (!Array.isArray(layers)) throw new OptionError(`${where}: expected a diagnosis or report, with layers`);
  const found = typeof layer === 'number' ? layers[layer] : layers.find(({ name }) => name === layer);
  if (found !== undefined) return found as F;
  const names = layers.map(({ name }, k) => `${k} "${name}"`).join(', ');
  throw new OptionError(`${where}: there is no layer ${show(layer)}; there are: ${names}`);
}

const titled = ({ name, cell }: LayerFlow): string => (name === cell ? name : `${name} (${cell})`);

/** Norms by distance from the last step. */
function fading(layer: LayerDiagnosis, what: 'state' | 'input' | 'loss'): Float64Array {
  const { jacobian, reverse } = layer;
  if (what !== 'loss' && jacobian === null) {
    throw new OptionError(
      `gradientCurves: the diagnosis of ${layer.name} has no Jacobian; diagnose with it, or take what: 'loss'`,
    );
  }
  const { dh, dc, dx } = jacobian ?? (layer as unknown as NonNullable<typeof jacobian>);
  const norms =
    what === 'loss'
      ? layer.dh
      : what === 'input'
        ? dx
        : dh.map((norm, t) => Math.hypot(norm, dc === null ? 0 : (dc[t] as number)));
  return reverse ? norms : norms.slice().reverse();
}

/** 0..n cut into at most MOST_CELLS parts of nearly equal length: [from, to). */
function edges(n: number): [number, number][] {
  const parts = Math.min(n, MOST_CELLS);
  return Array.from({ length: parts }, (_, k) => [Math.floor((k * n) / parts), Math.floor(((k + 1) * n) / parts)]);
}

/** Every step, or about MOST_POINTS of them; the last one always. */
function thinned(n: number): number[] {
  const stride = Math.ceil(n / MOST_POINTS);
  return Array.from({ length: n }, (_, k) => k).filter((k) => k % stride === 0 || k === n - 1);
}

/** Geometric mean of the norms in a cell; null where there is none. */
function middle(norms: readonly Float64Array[], low: number, high: number): number | null {
  let [sum, count] = [0, 0];
  for (const column of norms) {
    for (const norm of column.subarray(low, high)) {
      if (!(norm > 0) || norm === Infinity) continue;
      sum += Math.log(norm);
      count++;
    }
  }
  return count === 0 ? null : Math.exp(sum / count);
}

function rangeOf(values: readonly number[]): [least: number, most: number] {
  if (values.length === 0) return [1e-3, 1];
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

/** Updates between two reports. */
const widthOf = (steps: readonly number[]): number => Math.max(1, (steps.at(-1) ?? 0) - (steps.at(-2) ?? 0));

function ends(norms: Float64Array | undefined, when: string): string {
  if (norms === undefined || norms.length === 0) return '';
  return `${when} ${figure(norms[0] as number)} at t = 0 and ${figure(norms.at(-1) as number)} at t = ${norms.length - 1}.`;
}

const meanOf = (values: Float64Array): number => {
  const valid = values.filter((value) => !Number.isNaN(value));
  return valid.reduce((sum, value) => sum + value, 0) / valid.length;
};

function gatePoints({ mean, low, high }: GateFlow) {
  return Object.entries({ mean, low, high }).flatMap(([series, values]) =>
    thinned(values.length)
      .filter((t) => !Number.isNaN(values[t]))
      .map((t) => ({ t, series, value: values[t] as number })),
  );
}
