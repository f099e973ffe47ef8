// A page without a bundler: an import map leads to the one file of the package that is made for that.
import * as u from 'unrolled';
import { train } from './train.js';

const simd = new URLSearchParams(location.search).get('simd') ?? undefined;
const trained = await train(u, { threads: 2, simd });
globalThis.result = { trained };
document.querySelector('output').textContent = `loss ${trained.losses.at(-1).toFixed(3)}`;
