// Sound: the path of a WAV file, heard as log-mel frames (and how they change), standardised by what the training part says.
import { appendDeltas, decodeWav, logMel, resample, type Sound } from '../../data/audio.js';
import { DataError } from '../../errors.js';
import { is, show } from '../../options.js';
import { platform } from '../../platform/types.js';
import { type FeaturesPrep, type Frames, featuresInput } from './features.js';
import type { InputKind, Place } from './input.js';
import { fromTable } from './place.js';

/** What is heard of a file, and at which sampling rate: a net hears only what it was trained on. */
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
  isFile: true,
  options: {
    melBands: {
      rule: is.integer(1, 1024),
      type: 'number',
      default: 24,
      help: 'numbers that stand for 25 ms of sound (log-mel bands)',
    },
    deltas: {
      rule: is.integer(0, 2),
      type: 'number',
      default: 0,
      help: 'beside the bands, 1: how fast each changes, 2: and how fast that changes',
    },
    sampleRate: {
      rule: is.integer(100, 1_000_000),
      type: 'number',
      help: 'samples a second that sounds are brought to; default: those of the first one',
    },
  },
  async read(value, place, settings) {
    const { melBands, deltas = 0, sampleRate: wanted } = settings as typeof settings & AudioSettings;
    const sound = await soundOf(value, place);
    const sampleRate = wanted ?? sound.sampleRate;
    const samples = resample(sound.samples, { from: sound.sampleRate, to: sampleRate });
    return { frames: appendDeltas(logMel(samples, { sampleRate, bands: melBands }), { orders: deltas }), sampleRate };
  },
  key: ({ frames }) => featuresInput.key(frames),
  async settle(rows, { settings, say }) {
    if (settings.sampleRate !== null) return {};
    for (const { value, place } of rows) {
      try {
        const { sampleRate } = await soundOf(value, place);
        say(`${place.file}: sounds are heard at ${sampleRate} samples a second, as the first`);
        return { sampleRate };
      } catch (error) {
        // Whether it is left out, or what is wrong with it, is for the reading of all of them to say.
        if (!(error instanceof DataError)) throw error;
      }
    }
    return {};
  },
  async prepare(all, context) {
    const frames = all.map((heard) => heard.frames);
    const { sampleRate } = all[0] as Heard;
    return { ...(await featuresInput.prepare(frames, context)), sampleRate };
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

/** Absent in tasks that were saved before there were such settings. */
interface AudioSettings {
  readonly melBands: number;
  readonly deltas?: number;
  readonly sampleRate?: number | null;
}

async function soundOf(value: unknown, { file, line, base }: Place): Promise<Sound> {
  const where = `${file}, line ${line}`;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    return decodeWav(value, { name: `${where}: the sound` });
  }
  if (!(value instanceof URL) && (typeof value !== 'string' || value.trim() === '')) {
    throw new DataError(`${where}: the sound must be the path of a WAV file, or its bytes, got ${show(value)}`);
  }
  const path = value instanceof URL ? value : fromTable(value, base);
  let bytes: Uint8Array;
  try {
    bytes = await platform().readFile(path);
  } catch (cause) {
    throw new DataError(`${where}: the sound cannot be read: ${(cause as Error).message}`, { cause });
  }
  return decodeWav(bytes, { name: `${where}: ${path}` });
}
