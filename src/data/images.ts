// Pictures between file and tensor: other sizes, rows as the steps of a sequence, batches.
import { tensor } from '../autograd/creation.js';
import type { Tensor } from '../autograd/tensor.js';
import { OptionError, ShapeError } from '../errors.js';
import { show } from '../options.js';
import type { Image } from './png.js';

export { type DecodePngOptions, decodePng, type Image } from './png.js';

/**
 * A picture in another size. Each new pixel is the mean of the area it covers, parts of pixels counted as parts; where the
 * picture grows, that is a pixel repeated.
 *
 *   resize(image, 28, 28)
 *
 * @throws OptionError  unless width and height are whole numbers of at least 1
 */
export function resize(image: Image, width: number, height: number): Image {
  for (const [name, value] of Object.entries({ width, height })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new OptionError(`resize: ${name} must be a whole number of at least 1, got ${show(value)}`);
    }
  }
  if (width === image.width && height === image.height) return image;
  // Rows, then columns: the area of a pixel is a product.
  const narrow = shrink(image.data, image.channels * image.height, image.width, 1, width);
  const data = shrink(narrow, image.channels, image.height, width, height);
  return { width, height, channels: image.channels, data };
}

/** [outer, n, inner] to [outer, m, inner]: element k is the mean over k n / m to (k + 1) n / m. */
function shrink(from: Float32Array, outer: number, n: number, inner: number, m: number): Float32Array {
  const to = new Float32Array(outer * m * inner);
  const ratio = n / m;
  for (let k = 0; k < m; k++) {
    const [start, end] = [k * ratio, Math.min(n, (k + 1) * ratio)];
    for (let j = Math.floor(start); j < Math.min(n, Math.ceil(end)); j++) {
      const share = (Math.min(end, j + 1) - Math.max(start, j)) / (end - start);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          (to[(o * m + k) * inner + i] as number) += share * (from[(o * n + j) * inner + i] as number);
        }
      }
    }
  }
  return to;
}

/**
 * A picture as a sequence for a recurrent layer: a step for each row, from the top, of width * channels numbers (all of the
 * first channel, then all of the next).
 */
export function imageRows(image: Image): Float32Array[] {
  const { width, height, channels, data } = image;
  return Array.from({ length: height }, (_, y) => {
    const row = new Float32Array(width * channels);
    for (let c = 0; c < channels; c++) {
      row.set(data.subarray((c * height + y) * width, (c * height + y + 1) * width), c * width);
    }
    return row;
  });
}

/**
 * Pictures of one size as a batch for Conv2d.
 *
 * @returns float32 [B, channels, height, width]
 * @throws ShapeError  if there are none, or their sizes differ
 */
export function imageTensor(images: readonly Image[]): Tensor {
  const [first] = images;
  if (first === undefined) throw new ShapeError('imageTensor: images must hold at least one, got none');
  const { width, height, channels } = first;
  const size = channels * height * width;
  const data = new Float32Array(images.length * size);
  for (const [k, image] of images.entries()) {
    if (image.width !== width || image.height !== height || image.channels !== channels) {
      throw new ShapeError(
        `imageTensor: image ${k} must be ${width} x ${height} with ${channels} channels as the first, got ` +
          `${image.width} x ${image.height} with ${image.channels}; use resize`,
      );
    }
    data.set(image.data, k * size);
  }
  return tensor(data, [images.length, channels, height, width]);
}
