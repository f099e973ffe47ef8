// Numbers as people read them.
import type { Description } from '../shared/messages.js';

/** Three digits, more where the number is large. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return value
    .toPrecision(3)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** A metric with its unit; shares as percents. */
export function metricText(value: number, { unit }: Description['metric']): string {
  if (unit === '%') return `${(100 * value).toFixed(1)} %`;
  return unit === '' ? figure(value) : `${figure(value)} ${unit}`;
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
