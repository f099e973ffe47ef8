// Sound: WAV files of every coding, damaged ones, and log-mel frames against the transform as it is defined.
import { describe, expect, it } from 'vitest';
import { appendDeltas, decodeWav, logMel, resample } from '../../src/data/audio.js';
import { DataError, OptionError } from '../../src/errors.js';
import { expectClose } from '../helpers/compare.js';
import { seeded, uniform } from '../helpers/random.js';
import { encodeWav } from '../helpers/wav.js';

const noise = Array.from(uniform(seeded(1), 600, -0.9, 0.9));
const wav = (more: Partial<Parameters<typeof encodeWav>[0]> = {}): Uint8Array =>
  encodeWav({ sampleRate: 8000, bits: 16, channels: 1, samples: noise, ...more });

describe('decodeWav', () => {
  it.each([8, 16, 24, 32] as const)('reads PCM of %i bits to their last bit', (bits) => {
    const sound = decodeWav(wav({ bits }));
    expect(sound).toMatchObject({ sampleRate: 8000, channels: 1 });
    expectClose(sound.samples, noise, 1.01 * 2 ** -Math.min(bits, 24), 'samples', 1);
  });

  it.each([32, 64] as const)('reads floating point of %i bits as it is', (bits) => {
    expect(Array.from(decodeWav(wav({ bits, float: true, sampleRate: 44100 })).samples)).toEqual(noise);
  });

  it('takes the mean of channels', () => {
    const sound = decodeWav(wav({ channels: 2 }));
    expect(sound.channels).toBe(2);
    const want = Array.from({ length: 300 }, (_, k) => ((noise[2 * k] as number) + (noise[2 * k + 1] as number)) / 2);
    expectClose(sound.samples, want, 2 ** -15, 'samples', 1);
  });

  it('names the file and what is wrong with it', () => {
    const fails = (bytes: Uint8Array, message: RegExp) => {
      expect(() => decodeWav(bytes, { name: 'a.wav' })).toThrow(DataError);
      expect(() => decodeWav(bytes, { name: 'a.wav' })).toThrow(message);
    };
    fails(new Uint8Array(0), /a\.wav must be a WAV file .* it is empty/);
    fails(new TextEncoder().encode('<!DOCTYPE html>'), /it begins with "<!DO"/);
    for (let length = 12; length < 36; length++) fails(wav().subarray(0, length), /a\.wav/);
    fails(wav().subarray(0, 500), /truncated: its "data" chunk should have 1200 bytes, 456 are there/);
    fails(wav({ samples: [] }), /no samples/);
    const changed = (at: number, value: number) => {
      const bytes = wav();
      bytes[at] = value;
      return bytes;
    };
    fails(changed(20, 7), /got mu-law of 16 bits/);
    fails(changed(20, 99), /got coding 99 of 16 bits/);
    fails(changed(34, 12), /PCM of 12 bits/);
    fails(changed(22, 0), /a\.wav must be PCM/);
    fails(changed(32, 0), /a\.wav must be PCM/);
    const silent = wav();
    new DataView(silent.buffer).setUint32(24, 0, true);
    fails(silent, /sample rate above 0/);
    fails(wav({ bits: 32, float: true, samples: [0, Number.NaN] }), /sample 1 must be a finite number/);
  });
});

describe('resample', () => {
  /** A second of tones whose phases differ, as a function of time. */
  const tones = (hertz: readonly number[]) => (rate: number) =>
    Float32Array.from({ length: rate }, (_, n) =>
      hertz.reduce((sum, f, k) => sum + 0.3 * Math.sin((2 * Math.PI * f * n) / rate + k), 0),
    );

  it.each([
    [44_100, 16_000],
    [8000, 16_000],
    [16_000, 8000],
    [48_000, 44_100],
    [11_025, 8000],
  ])('from %i to %i Hz gives the samples of the same tones', (from, to) => {
    const half = Math.min(from, to) / 2;
    const sound = tones([100, 1000.5, 0.5 * half, 0.84 * half]);
    const got = resample(sound(from), { from, to });
    expect(got).toHaveLength(to);
    const middle = [Math.round(0.05 * to), Math.round(0.95 * to)] as const;
    expectClose(got.subarray(...middle), sound(to).subarray(...middle), 4e-4, 'samples', 1);
  });

  it('leaves out what the lower rate cannot carry, and nothing of a constant', () => {
    const high = tones([4160, 5000, 7000])(16_000);
    const got = resample(high, { from: 16_000, to: 8000 }).subarray(200, 7800);
    expect(Math.max(...got.map(Math.abs))).toBeLessThan(2e-3);
    expectClose(
      resample(new Float32Array(999).fill(0.7), { from: 3, to: 7 }).subarray(100, -100),
      new Array(2131).fill(0.7),
      1e-6,
      'constant',
      1,
    );
  });

  it('is a copy at the same rate, takes sounds of any length, and refuses rates that are none', () => {
    expect(Array.from(resample(noise, { from: 8000, to: 8000 }))).toEqual(Array.from(Float32Array.from(noise)));
    expect(resample([], { from: 2, to: 3 })).toHaveLength(0);
    expect(resample([1], { from: 8000, to: 16_000 })).toHaveLength(2);
    expect(() => resample(noise, { from: 0, to: 8000 })).toThrow(OptionError);
    expect(() => resample(noise, { from: 8000, to: 44.1 })).toThrow(/"to"/);
  });
});

describe('appendDeltas', () => {
  const frames = Array.from({ length: 9 }, (_, t) => [noise[3 * t], noise[3 * t + 1], t].map(Number));
  /** The slope of the line of least squares through some points, by its normal equations. */
  function slope(values: readonly number[]): number {
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const times = values.map((_, k) => k);
    const [t0, v0] = [mean(times), mean(values)];
    const along = times.reduce((sum, t, k) => sum + (t - t0) * ((values[k] as number) - v0), 0);
    return along / times.reduce((sum, t) => sum + (t - t0) ** 2, 0);
  }
  const around = (t: number, window: number) =>
    Array.from({ length: 2 * window + 1 }, (_, k) => Math.min(8, Math.max(0, t + k - window)));

  it.each([1, 2, 4])('is the slope through %i frames on each side, the ends repeated', (window) => {
    const got = appendDeltas(frames, { window });
    const first = frames.map((_, t) =>
      [0, 1, 2].map((k) => slope(around(t, window).map((at) => (frames[at] as number[])[k] as number))),
    );
    for (const [t, frame] of got.entries()) {
      expectClose(frame, [...(frames[t] as number[]), ...(first[t] as number[])], 1e-6, `frame ${t}`, 1);
    }
    const second = appendDeltas(frames, { window, orders: 2 });
    for (const [t, frame] of second.entries()) {
      const want = [0, 1, 2].map((k) => slope(around(t, window).map((at) => (first[at] as number[])[k] as number)));
      expectClose(frame.subarray(6), want, 1e-6, `second, frame ${t}`, 1);
    }
  });

  it('of order 0 is the frames; a single frame does not change; options are checked', () => {
    expect(appendDeltas([[1, 2]], { orders: 0 })).toEqual([Float32Array.of(1, 2)]);
    expect(appendDeltas([[1, 2]], { orders: 2 })).toEqual([Float32Array.of(1, 2, 0, 0, 0, 0)]);
    expect(() => appendDeltas(frames, { orders: 3 })).toThrow(OptionError);
    expect(() => appendDeltas(frames, { window: 0 })).toThrow(OptionError);
  });
});

describe('logMel', () => {
  it('is the definition: Hann window, Fourier transform, triangles over HTK mel, logarithm', () => {
    const [sampleRate, bands, low, high] = [8000, 12, 60, 3800];
    const samples = noise.map((x, n) => 0.3 * x + Math.sin(n / 5));
    const frames = logMel(samples, { sampleRate, bands, low, high, window: 20, hop: 15 });
    const [width, hop, N] = [160, 120, 256];
    expect(frames).toHaveLength(4);
    const mel = (f: number) => 1127.01048 * Math.log(1 + f / 700);
    const hertz = (m: number) => 700 * (Math.exp(m / 1127.01048) - 1);
    const corners = Array.from({ length: bands + 2 }, (_, k) =>
      hertz(mel(low) + (k * (mel(high) - mel(low))) / (bands + 1)),
    );
    for (const [t, frame] of frames.entries()) {
      const power = Array.from({ length: N / 2 + 1 }, (_, k) => {
        let [re, im] = [0, 0];
        for (let n = 0; n < width; n++) {
          const x = Math.sin((Math.PI * n) / width) ** 2 * (samples[t * hop + n] as number);
          re += x * Math.cos((2 * Math.PI * k * n) / N);
          im -= x * Math.sin((2 * Math.PI * k * n) / N);
        }
        return re * re + im * im;
      });
      const want = Array.from({ length: bands }, (_, m) => {
        const [a, b, c] = corners.slice(m, m + 3).map(mel) as [number, number, number];
        let sum = 0;
        for (const [k, p] of power.entries()) {
          const f = mel((k * sampleRate) / N);
          sum += p * Math.max(0, Math.min((f - a) / (b - a), (c - f) / (c - b)));
        }
        return Math.log(sum);
      });
      expectClose(frame, want, 1e-6, `frame ${t}`, 1);
    }
  });

  it('hears a tone in the band that it is in, silence as the floor, and a short sound as one frame', () => {
    const tone = Array.from({ length: 8000 }, (_, n) => Math.sin((2 * Math.PI * 1000 * n) / 8000));
    const frames = logMel(tone, { sampleRate: 8000 });
    expect(frames).toHaveLength(98);
    const apart = (2595 * Math.log10(1 + 4000 / 700)) / 25;
    const nearest = Math.round((2595 * Math.log10(1 + 1000 / 700)) / apart) - 1;
    for (const frame of frames) expect(frame.indexOf(Math.max(...frame))).toBe(nearest);
    expect(logMel(new Float32Array(10), { sampleRate: 8000 })).toEqual([new Float32Array(24).fill(Math.log(1e-10))]);
  });

  it('says which options cannot be', () => {
    const bad = (options: Partial<Parameters<typeof logMel>[1]>, message: RegExp) => {
      expect(() => logMel(noise, { sampleRate: 8000, ...options })).toThrow(OptionError);
      expect(() => logMel(noise, { sampleRate: 8000, ...options })).toThrow(message);
    };
    bad({ low: 3000, high: 2000 }, /0 <= low < high <= 4000 Hz/);
    bad({ high: 5000 }, /0 <= low < high <= 4000 Hz/);
    bad({ bands: 200 }, /band \d+ of 200 has no frequency/);
    bad({ hop: 0.01 }, /0 samples at 8000 Hz/);
    bad({ sampleRate: 0 }, /sampleRate/);
  });
});
