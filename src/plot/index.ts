// unrolled/plot: what diagnose and microscope saw, as Vega-Lite specifications, SVG and HTML.
export { type HTMLOptions, toHTML, toSVG } from './render.js';
export {
  type CurvesOptions,
  type GateOptions,
  gateActivity,
  gradientCurves,
  type HeatMapOptions,
  heatMap,
  type LayerChoice,
} from './specs.js';
export type { PlotSpec } from './theme.js';
