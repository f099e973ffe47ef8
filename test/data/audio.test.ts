// Sound: WAV files of every coding, damaged ones, and log-mel frames against the transform as it is defined.
import { describe, expect, it } from 'vitest';
import { decodeWav, logMel } from '../../src/data/audio.js';
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
