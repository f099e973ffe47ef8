// WAV files, written by the format's words and apart from the library that reads them.

export interface WavSpec {
  readonly sampleRate: number;
  readonly bits: 8 | 16 | 24 | 32 | 64;
  readonly float?: boolean;
  readonly channels: number;
  /** -1..1, channels side by side. */
  readonly samples: readonly number[];
}

export function encodeWav({ sampleRate, bits, float = false, channels, samples }: WavSpec): Uint8Array {
  const size = samples.length * (bits / 8);
  const bytes = new Uint8Array(44 + size + (size % 2));
  const view = new DataView(bytes.buffer);
  const text = (at: number, word: string): void => bytes.set(new TextEncoder().encode(word), at);
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, float ? 3 : 1, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, (sampleRate * channels * bits) / 8, true);
  view.setUint16(32, (channels * bits) / 8, true);
  view.setUint16(34, bits, true);
  text(36, 'data');
  view.setUint32(40, size, true);
  for (const [k, x] of samples.entries()) {
    const at = 44 + (k * bits) / 8;
    if (float) {
      if (bits === 32) view.setFloat32(at, x, true);
      else view.setFloat64(at, x, true);
      continue;
    }
    const whole = Math.round(Math.max(-1, Math.min(1 - 2 ** (1 - bits), x)) * 2 ** (bits - 1));
    const stored = bits === 8 ? whole + 128 : whole;
    for (let b = 0; b < bits / 8; b++) bytes[at + b] = Math.floor(stored / 2 ** (8 * b)) & 255;
  }
  return bytes;
}
