// A picture: read from the top, a step for each row of pixels. And how a file of a manifest becomes a picture of one size.
import { decodePng, type Image, imageRows, resize } from '../../data/images.js';
import { DataError } from '../../errors.js';
import { is, show } from '../../options.js';
import { platform } from '../../platform/types.js';
import type { Settings, TaskColumn, TaskOption } from '../definition.js';
import { Identity } from './features.js';
import type { InputKind, Place } from './input.js';
import { fromTable } from './place.js';

type ImagePrep = { readonly channels: 'grey' | 'rgb'; readonly size: number } & Standard;
/** Of all numbers of the training part's pictures. */
type Standard = { readonly mean: number; readonly deviation: number };

export const imageColumn: TaskColumn = {
  option: 'image',
  guesses: ['image', 'picture', 'path', 'file', 'filename', 'png'],
  help: 'the path of a PNG file, from where the table is',
};

/** Size and colours of the pictures; tasks differ in what they start from. */
export const imageOptions = (size: number, channels: 'grey' | 'rgb') =>
  ({
    imageSize: {
      rule: is.integer(1, 4096),
      type: 'number',
      default: size,
      help: 'pictures are brought to this width and height',
    },
    imageChannels: {
      rule: is.oneOf('grey', 'rgb'),
      type: 'string',
      default: channels,
      help: 'grey, or rgb for colours',
    },
  }) as const satisfies Record<string, TaskOption>;

/** What can be given for a picture: a path or URL, the bytes of a PNG file, or pixels. */
export type ImageInput = string | URL | Uint8Array | ArrayBuffer | Image;

/**
 * A picture of the settings' size and colours.
 *
 * @throws DataError  naming the place and the file
 */
export async function readImage(value: unknown, place: Place, settings: Settings): Promise<Image> {
  const size = settings.imageSize as number;
  const channels = settings.imageChannels as 'grey' | 'rgb';
  const where = `${place.file}, line ${place.line}`;
  if (isImage(value)) {
    if (value.channels !== (channels === 'grey' ? 1 : 3)) {
      throw new DataError(`${where}: the image must have the channels of "${channels}", it has ${value.channels}`);
    }
    return resize(value, size, size);
  }
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    return resize(decodePng(value, { channels, name: `${where}: the image` }), size, size);
  }
  if (!(value instanceof URL) && (typeof value !== 'string' || value.trim() === '')) {
    throw new DataError(`${where}: the image must be the path of a PNG file, or its bytes, got ${show(value)}`);
  }
  const path = value instanceof URL ? value : fromTable(value, place.base);
  let bytes: Uint8Array;
  try {
    bytes = await platform().readFile(path);
  } catch (cause) {
    throw new DataError(`${where}: the image cannot be read: ${(cause as Error).message}`, { cause });
  }
  return resize(decodePng(bytes, { channels, name: `${where}: ${path}` }), size, size);
}

function isImage(value: unknown): value is Image {
  const image = value as Image | null;
  if (typeof image !== 'object' || image === null || !(image.data instanceof Float32Array)) return false;
  const { width, height, channels, data } = image;
  return width >= 1 && height >= 1 && data.length === width * height * channels;
}

/** Equal for the same picture: its pixels in 256 shades. */
export function imageKey({ data }: Image): string {
  let key = '';
  for (let k = 0; k < data.length; k += 4096) {
    key += String.fromCharCode(...Array.from(data.subarray(k, k + 4096), (value) => Math.round(255 * value)));
  }
  return key;
}

export function standardOf(images: readonly Image[]): Standard {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const { data } of images) {
    count += data.length;
    for (const value of data) {
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) || 1 };
}

export const standardised = ({ data }: Image, { mean, deviation }: Standard): Float32Array =>
  data.map((value) => (value - mean) / deviation);

export const imageInput: InputKind<Image, ImagePrep> = {
  name: 'image',
  column: imageColumn,
  isFile: true,
  options: imageOptions(28, 'grey'),
  read: readImage,
  key: imageKey,
  prepare: (images, { settings }) => ({
    channels: settings.imageChannels as 'grey' | 'rgb',
    size: settings.imageSize as number,
    ...standardOf(images),
  }),
  sample: 'series',
  encode: (image, prep) => imageRows({ ...image, data: standardised(image, prep) }),
  front: ({ channels, size }) => new Identity(size * (channels === 'grey' ? 1 : 3)),
};
