// A page without a bundler: an import map leads to the one file of the package that is made for that.
import { train } from './train.js';

const simd = new URLSearchParams(location.search).get('simd') ?? undefined;
const trained = await train({ threads: 2, simd });
globalThis.result = { trained };
document.querySelector('output').textContent = `loss ${trained.losses.at(-1).toFixed(3)}`;
