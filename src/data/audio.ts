// Sound between file and sequence: WAV to samples, samples to another rate, samples to log-mel frames, frames to how they change.
import FFT from 'fft.js';
import wavefile from 'wavefile';
import { DataError, OptionError } from '../errors.js';
import { checkOptions, is, required, show } from '../options.js';

export interface Sound {
  /** Samples a second. */
  readonly sampleRate: number;
  /** -1..1; the mean of the channels. */
  readonly samples: Float32Array;
  /** How many there were in the file. */
  readonly channels: number;
}

export interface DecodeWavOptions {
  /** What messages call it. Default 'the WAV file'. */
  readonly name?: string;
}

// A CommonJS module: Node knows it by its default alone.
const { WaveFile } = wavefile;

const FORMATS: Readonly<Record<number, string>> = { 2: 'ADPCM', 6: 'A-law', 7: 'mu-law', 17: 'IMA ADPCM', 85: 'MP3' };

/**
 * The samples of a WAV file: PCM of 8, 16, 24 or 32 bits, or floating point of 32 or 64, of any rate and number of channels.
 *
 * @returns integers as their share of the largest, floats as they are
 * @throws DataError  naming the file: no WAV file, truncated, without samples, or compressed
 */
export function decodeWav(bytes: Uint8Array | ArrayBuffer, options: DecodeWavOptions = {}): Sound {
  checkOptions<DecodeWavOptions>('decodeWav', options, { name: is.string });
  const { name = 'the WAV file' } = options;
  const data = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  checkChunks(data, name);
  const file = new WaveFile();
  try {
    file.fromBuffer(data);
  } catch (cause) {
    throw new DataError(`${name} cannot be read as WAV: ${(cause as Error).message}`, { cause });
  }
  const { numChannels: channels, sampleRate } = file.fmt as { numChannels: number; sampleRate: number };
  if (!(sampleRate > 0) || !(channels > 0)) {
    throw new DataError(`${name} must have channels and a sample rate above 0, got ${channels} and ${sampleRate}`);
  }
  // 8 bits are unsigned, with silence at 128.
  const [scale, silence] = ({ '8': [128, 128], '16': [32768, 0], '24': [2 ** 23, 0], '32': [2 ** 31, 0] }[
    file.bitDepth
  ] ?? [1, 0]) as [number, number];
  const interleaved = file.getSamples(true, Float64Array);
  const samples = new Float32Array(interleaved.length / channels);
  for (let k = 0; k < samples.length; k++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += ((interleaved[k * channels + c] as number) - silence) / scale;
    samples[k] = sum / channels;
    if (!Number.isFinite(samples[k]))
      throw new DataError(`${name}: sample ${k} must be a finite number, got ${samples[k]}`);
  }
  return { sampleRate, samples, channels };
}

/** What the library takes for granted: that the file is whole, and of a coding whose samples are numbers. */
function checkChunks(data: Uint8Array, name: string): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const text = (at: number) => String.fromCharCode(...data.subarray(at, at + 4));
  if (data.length < 12 || text(0) !== 'RIFF' || text(8) !== 'WAVE') {
    const what = data.length === 0 ? 'it is empty' : `it begins with ${show(text(0))}`;
    throw new DataError(`${name} must be a WAV file (RIFF, WAVE): ${what}`);
  }
  let block = 0;
  for (let at = 12; at + 8 <= data.length; ) {
    const [id, size] = [text(at), view.getUint32(at + 4, true)];
    const left = data.length - at - 8;
    if (size > left) {
      throw new DataError(
        `${name} is truncated: its "${id.trim()}" chunk should have ${size} bytes, ${left} are there`,
      );
    }
    if (id === 'fmt ') {
      if (size < 16) throw new DataError(`${name}: its "fmt" chunk must have at least 16 bytes, got ${size}`);
      const code = view.getUint16(at + 8, true);
      // Extensible: the coding's number is the first of its identifier.
      const coding = code === 0xfffe && size >= 40 ? view.getUint16(at + 32, true) : code;
      const bits = view.getUint16(at + 22, true);
      block = view.getUint16(at + 20, true);
      const known = coding === 1 ? [8, 16, 24, 32].includes(bits) : coding === 3 && (bits === 32 || bits === 64);
      if (!known || block !== (view.getUint16(at + 10, true) * bits) / 8) {
        throw new DataError(
          `${name} must be PCM of 8, 16, 24 or 32 bits, or floating point of 32 or 64, got ` +
            `${FORMATS[coding] ?? (coding === 1 ? 'PCM' : `coding ${coding}`)} of ${bits} bits; convert it first`,
        );
      }
    }
    if (id === 'data') {
      if (block === 0) throw new DataError(`${name} has samples before it says what they are ("data" before "fmt")`);
      if (size < block) throw new DataError(`${name} has no samples`);
      if (size % block !== 0) {
        throw new DataError(`${name} is truncated: ${size} bytes of samples are no multiple of ${block}`);
      }
      return;
    }
    at += 8 + size + (size % 2);
  }
  throw new DataError(`${name} has no samples (no "data" chunk)`);
}

export interface ResampleOptions {
  /** Samples a second of what is given. */
  readonly from: number;
  /** Samples a second of what is wanted. */
  readonly to: number;
}

/** How many zeros of the sinc are kept on each side: with more, the band just below the limit is kept purer. */
const ZEROS = 32;
/** Where frequencies begin to be left out, as a share of half the lower rate: the filter needs room to fall in. */
const ROLL_OFF = 0.94;

/**
 * Sound at another sampling rate: the frequencies that both rates can carry stay as they are, those above are left out.
 *
 *   out[m] = sum_n samples[n] h(m from / to - n)
 *   h(t)   = c sinc(c t) cos^2(pi c t / 64)  for |c t| < 32, else 0        c = 0.94 min(1, to / from)
 *
 * The weights of each output sum to 1, so that a constant stays one. Time starts at the first sample of both; outside there is
 * silence. Frequencies up to 0.84 of half the lower rate are kept within 0.1 %, those above 1.04 of it fall below 1/1000.
 *
 * @returns ceil(length to / from) samples
 * @throws OptionError  for rates that are no whole numbers above 0
 * Source: Smith, Digital Audio Resampling (2002).
 */
export function resample(samples: ArrayLike<number>, options: ResampleOptions): Float32Array {
  checkOptions<ResampleOptions>('resample', options, {
    from: required(is.integer(1)),
    to: required(is.integer(1)),
  });
  const { from, to } = options;
  if (from === to) return Float32Array.from(samples);
  const divisor = greatestCommonDivisor(from, to);
  const [step, phases] = [from / divisor, to / divisor];
  const reach = Math.ceil(ZEROS / (ROLL_OFF * Math.min(1, to / from)));
  // Where an output stands between two samples repeats itself after `phases` outputs.
  const weights: Float64Array[] = [];
  return Float32Array.from({ length: Math.ceil((samples.length * to) / from) }, (_, m) => {
    const [before, phase] = [Math.floor((m * step) / phases), (m * step) % phases];
    weights[phase] ??= sincWeights(phase / phases, reach, Math.min(1, to / from));
    const own = weights[phase];
    const first = before - reach + 1;
    let sum = 0;
    for (let k = Math.max(0, -first); k < own.length && first + k < samples.length; k++) {
      sum += (own[k] as number) * (samples[first + k] as number);
    }
    return sum;
  });
}

/** Of the samples from `reach` - 1 before the one that an output stands behind by `offset`, to `reach` after it. */
function sincWeights(offset: number, reach: number, band: number): Float64Array {
  const c = ROLL_OFF * band;
  const weights = Float64Array.from({ length: 2 * reach }, (_, k) => {
    const t = c * (offset + reach - 1 - k);
    if (Math.abs(t) >= ZEROS) return 0;
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    return sinc * Math.cos((Math.PI * t) / (2 * ZEROS)) ** 2;
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

export interface DeltasOptions {
  /** 0: none, 1: how fast each number changes, 2: and how fast that changes. Default 1. */
  readonly orders?: number;
  /** Frames on each side that are looked at. Default 2. */
  readonly window?: number;
}

/**
 * Frames with how their numbers change behind them: the slope of the line that fits best through a frame and its neighbours.
 *
 *   delta[t] = sum_n n (frames[t+n] - frames[t-n]) / (2 sum_n n^2)      n = 1..window; past the ends, the end's frame again
 *
 * The second order is the same of the first, as in HTK. (librosa's delta of width 2 window + 1 is the first order with its
 * mode 'nearest'.)
 *
 * @returns frames of (1 + orders) times as many numbers: the frame, its delta, the delta's delta
 * @throws OptionError  for a wrong option
 * Source: Furui 1986; Young et al., The HTK Book, 5.9.
 */
export function appendDeltas(frames: readonly ArrayLike<number>[], options: DeltasOptions = {}): Float32Array[] {
  checkOptions<DeltasOptions>('appendDeltas', options, { orders: is.integer(0, 2), window: is.integer(1, 1000) });
  const { orders = 1, window = 2 } = options;
  const parts: (readonly ArrayLike<number>[])[] = [frames];
  for (let order = 0; order < orders; order++) {
    parts.push(slopes(parts[order] as readonly ArrayLike<number>[], window));
  }
  return frames.map((frame, t) => {
    const all = new Float32Array(parts.length * frame.length);
    for (const [order, part] of parts.entries()) all.set(part[t] as ArrayLike<number>, order * frame.length);
    return all;
  });
}

function slopes(frames: readonly ArrayLike<number>[], window: number): Float64Array[] {
  const at = (t: number) => frames[Math.min(frames.length - 1, Math.max(0, t))] as ArrayLike<number>;
  let squares = 0;
  for (let n = 1; n <= window; n++) squares += n * n;
  return frames.map((frame, t) => {
    const slope = new Float64Array(frame.length);
    for (let n = 1; n <= window; n++) {
      const [ahead, behind] = [at(t + n), at(t - n)];
      for (let k = 0; k < slope.length; k++) {
        slope[k] = (slope[k] as number) + (n * ((ahead[k] as number) - (behind[k] as number))) / (2 * squares);
      }
    }
    return slope;
  });
}

export interface LogMelOptions {
  /** Samples a second. */
  readonly sampleRate: number;
  /** Numbers of a frame. Default 24. */
  readonly bands?: number;
  /** Milliseconds that a frame hears. Default 25. */
  readonly window?: number;
  /** Milliseconds from frame to frame. Default 10. */
  readonly hop?: number;
  /** Hertz where the first band begins. Default 0. */
  readonly low?: number;
  /** Hertz where the last band ends. Default: half the sample rate. */
  readonly high?: number;
}

/** Log of less than this is that of silence, -23.0. */
const FLOOR = 1e-10;
const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);

/**
 * Log-mel spectrum: how much there is in each of a few bands of frequencies, as wide as an ear tells them apart.
 *
 *   power[t,k] = |sum_n hann[n] samples[t hop + n] e^(-2 pi i k n / N)|^2      N: the window in samples, up to a power of two
 *   out[t,m]   = log max(1e-10, sum_k w[m,k] power[t,k])                       mel(f) = 2595 log10(1 + f / 700)  (HTK's)
 *
 * w[m] is a triangle over mel(f): 0 at the middle of the band below, 1 at its own, 0 at that of the band above; the middles stand
 * equally far apart between `low` and `high`. The Hann window is periodic; sound shorter than one window is filled up with zeros,
 * and what is left past the last whole window is left out.
 *
 * @param samples  as decodeWav gives them
 * @returns a frame of `bands` numbers every `hop`
 * @throws OptionError  for options that leave a band without a frequency
 * Source: Davis & Mermelstein 1980; Young et al., The HTK Book, 5.4.
 */
export function logMel(samples: ArrayLike<number>, options: LogMelOptions): Float32Array[] {
  checkOptions<LogMelOptions>('logMel', options, {
    sampleRate: required(is.between(0)),
    bands: is.integer(1, 1024),
    window: is.between(0),
    hop: is.between(0),
    low: is.number(0),
    high: is.between(0),
  });
  const { sampleRate, bands = 24, window = 25, hop = 10, low = 0, high = sampleRate / 2 } = options;
  const width = Math.round((window / 1000) * sampleRate);
  const step = Math.round((hop / 1000) * sampleRate);
  if (width < 2 || step < 1 || width > 2 ** 20) {
    throw new OptionError(
      `logMel: window and hop must be 2 samples to ${2 ** 20}, and at least 1, got ${window} ms and ${hop} ms: ${width} and ` +
        `${step} samples at ${sampleRate} Hz`,
    );
  }
  if (!(low < high && high <= sampleRate / 2)) {
    throw new OptionError(
      `logMel: low and high must be 0 <= low < high <= ${sampleRate / 2} Hz, got ${low} and ${high}`,
    );
  }
  const N = 2 ** Math.ceil(Math.log2(width));
  const filters = triangles(bands, low, high, sampleRate, N);
  const hann = Float64Array.from({ length: width }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / width));
  const fft = new FFT(N);
  const heard = new Float64Array(N);
  const spectrum = fft.createComplexArray() as number[];
  const power = new Float64Array(N / 2 + 1);
  const frames = Math.max(1, Math.floor((samples.length - width) / step) + 1);
  return Array.from({ length: frames }, (_, t) => {
    for (let n = 0; n < width; n++) heard[n] = (hann[n] as number) * (samples[t * step + n] ?? 0);
    fft.realTransform(spectrum, heard);
    for (let k = 0; k <= N / 2; k++) power[k] = (spectrum[2 * k] as number) ** 2 + (spectrum[2 * k + 1] as number) ** 2;
    return Float32Array.from(filters, ({ first, weights }) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += (weights[k] as number) * (power[first + k] as number);
      return Math.log(Math.max(FLOOR, sum));
    });
  });
}

/** Of each band, the weights above 0, and the number of the frequency that the first is for. */
function triangles(bands: number, low: number, high: number, sampleRate: number, N: number) {
  const [from, to] = [mel(low), mel(high)];
  const apart = (to - from) / (bands + 1);
  return Array.from({ length: bands }, (_, m) => {
    const middle = from + (m + 1) * apart;
    const weights: number[] = [];
    let first = 0;
    for (let k = 0; k <= N / 2; k++) {
      const weight = 1 - Math.abs(mel((k * sampleRate) / N) - middle) / apart;
      if (weight <= 0) continue;
      if (weights.length === 0) first = k;
      weights.push(weight);
    }
    if (weights.length === 0) {
      throw new OptionError(
        `logMel: band ${m} of ${bands} has no frequency: they are ${sampleRate / N} Hz apart; take fewer bands, a longer ` +
          'window, or a higher low',
      );
    }
    return { first, weights };
  });
}
