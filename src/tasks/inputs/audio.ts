// Sound: the path of a WAV file, heard as log-mel frames, standardised by what the training part says.
import { decodeWav, logMel } from '../../data/audio.js';
import { DataError } from '../../errors.js';
import { is, show } from '../../options.js';
import { platform } from '../../platform/types.js';
import { type FeaturesPrep, type Frames, featuresInput } from './features.js';
import type { InputKind } from './input.js';
import { fromTable } from './place.js';

/** What is heard of a file, and at which rate it was sampled: a net hears only what it was trained on. */
export interface Heard {
  readonly frames: Frames;
  readonly sampleRate: number;
}

type AudioPrep = FeaturesPrep & { readonly sampleRate: number };

export const audioInput: InputKind<Heard, AudioPrep> = {
  name: 'audio',
  column: {
    option: 'audio',
    guesses: ['audio', 'wav', 'sound', 'clip', 'recording'],
    help: 'the path of a WAV file, from where the table is',
  },
  options: {
    melBands: {
      rule: is.integer(1, 1024),
      type: 'number',
      default: 24,
      help: 'numbers that stand for 25 ms of sound (log-mel bands)',
    },
  },
  async read(value, { file, line, base }, settings) {
    const where = `${file}, line ${line}`;
    let bytes: Uint8Array;
    let name = `${where}: the sound`;
    if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
      bytes = new Uint8Array(value as ArrayBuffer);
    } else {
      if (!(value instanceof URL) && (typeof value !== 'string' || value.trim() === '')) {
        throw new DataError(`${where}: the sound must be the path of a WAV file, or its bytes, got ${show(value)}`);
      }
      const path = value instanceof URL ? value : fromTable(value, base);
      name = `${where}: ${path}`;
      try {
        bytes = await platform().readFile(path);
      } catch (cause) {
        throw new DataError(`${where}: the sound cannot be read: ${(cause as Error).message}`, { cause });
      }
    }
    const { samples, sampleRate } = decodeWav(bytes, { name });
    return { frames: logMel(samples, { sampleRate, bands: settings.melBands as number }), sampleRate };
  },
  key: ({ frames }) => featuresInput.key(frames),
  prepare(all, settings) {
    const rates = [...new Set(all.map(({ sampleRate }) => sampleRate))];
    if (rates.length > 1) {
      throw new DataError(`all sounds must have one sample rate, got ${rates.join(', ')} Hz; bring them to one first`);
    }
    const frames = all.map((heard) => heard.frames);
    return { ...(featuresInput.prepare(frames, settings) as FeaturesPrep), sampleRate: rates[0] as number };
  },
  sample: 'series',
  encode({ frames, sampleRate }, prep) {
    if (sampleRate !== prep.sampleRate) {
      throw new DataError(
        `the sound must have ${prep.sampleRate} samples a second, as those the task was trained on, got ${sampleRate}`,
      );
    }
    return featuresInput.encode(frames, prep);
  },
  front: (prep, settings) => featuresInput.front(prep, settings),
};
