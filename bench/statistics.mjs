// statistics.mjs: what a handful of noisy times amounts to.
import Benchmark from 'benchmark';

export function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/** Of any number of values: as arguments of Math.min a hundred thousand would overflow the stack. */
export const least = (values) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);

/** The middle half of the values: a spread that one disturbed turn does not decide. */
export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  };
  return [at(0.25), at(0.75)];
}

/** Quotients of two lists of turns, taken round by round: a drift of the clock is in both. */
export function ratios(times, baseTimes) {
  const both = [];
  for (let round = 0; round < Math.min(times.length, baseTimes.length); round++)
    if (times[round] !== undefined && baseTimes[round] !== undefined) both.push(times[round] / baseTimes[round]);
  return both;
}

/** With fewer turns even samples that lie apart entirely are no evidence at 95 %. */
const LEAST_SAMPLES = 4;

/**
 * Are two samples of times from different distributions? The Mann-Whitney U test at 95 %, as the package `benchmark` does it:
 * the package's own runs cannot take turns, its statistics can be used on ours.
 * @returns 'faster' or 'slower' than the base, 'same' where the samples do not tell, null where there are too few of them
 */
export function verdict(times, baseTimes) {
  if (Math.min(times.length, baseTimes.length) < LEAST_SAMPLES) return null;
  const of = (sample) => Object.assign(new Benchmark('', () => {}), { stats: { sample } });
  const order = of(times).compare(of(baseTimes));
  return order === 0 ? 'same' : median(times) < median(baseTimes) ? 'faster' : 'slower';
}
