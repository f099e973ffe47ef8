// How long some work takes: the median of many runs, after those in which caches fill and engines compile.

export interface Timing {
  /** Microseconds of a run: half of the samples took longer. */
  readonly us: number;
  /** The middle half of the samples lies between these. */
  readonly middle: readonly [number, number];
  readonly samples: number;
}

/** A sample holds as many runs as take this long: clocks are not finer than microseconds. */
const SAMPLE_MS = 0.2;
/** WASM runs at a tenth of its speed until its engine has compiled it a second time. */
const WARM_UP_MS = 500;
const WARM_UP_RUNS = 8;
const MEASURE_MS = 600;
const MOST_SAMPLES = 1000;
/** A run that takes longer is its own warm-up, and measured once. */
const SLOW_MS = 1000;

/** @param now  milliseconds, for tests */
export function timed(run: () => void, now: () => number = () => performance.now()): Timing {
  const begun = now();
  let once = Number.POSITIVE_INFINITY;
  for (let runs = 0; runs < 1 || (once < SLOW_MS && (runs < WARM_UP_RUNS || now() - begun < WARM_UP_MS)); runs++) {
    const start = now();
    run();
    once = Math.min(once, now() - start);
  }
  const inner = Math.max(1, Math.ceil(SAMPLE_MS / Math.max(once, 1e-6)));
  const samples: number[] = once < SLOW_MS ? [] : [once];
  const measured = now();
  while (once < SLOW_MS && samples.length < MOST_SAMPLES && (samples.length < 5 || now() - measured < MEASURE_MS)) {
    const start = now();
    for (let k = 0; k < inner; k++) run();
    samples.push((now() - start) / inner);
  }
  samples.sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (samples.length - 1);
    const [low, high] = [samples[Math.floor(place)] as number, samples[Math.ceil(place)] as number];
    return 1000 * (low + (place - Math.floor(place)) * (high - low));
  };
  return { us: at(0.5), middle: [at(0.25), at(0.75)], samples: samples.length };
}
