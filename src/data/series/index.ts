// Time series: reading, windows, scalers, calendars, seasons, intervals.
export { type Calendar, type CalendarOptions, type CalendarPart, calendar, informativeParts } from './calendar.js';
export { conformalMargin, coverageOf, type ForecastErrors, forecastErrors, intervalScore } from './intervals.js';
export { type ReadSeriesOptions, readSeries, type SeriesRow, type TimeSeries } from './read.js';
export {
  type FitRange,
  MinMaxScaler,
  RobustScaler,
  Scaler,
  type ScalerJson,
  type ScalerKind,
  StandardScaler,
} from './scalers.js';
export { autocorrelation, guessSeason, naiveError, seasonalNaive } from './season.js';
export {
  type Series,
  type SeriesInput,
  type SeriesWindow,
  type Windows,
  type WindowsOptions,
  windows,
} from './series.js';
export { addSteps, inferStep, parseTime, type Step, showStep, showTime, stepsBetween } from './time.js';
