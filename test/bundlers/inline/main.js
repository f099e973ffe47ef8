// A page that is one file, with nothing to fetch.
import * as u from 'unrolled/inline';
import { train } from './train.js';

const trained = await train(u, { threads: 2 });
globalThis.result = { trained };
document.querySelector('output').textContent = `loss ${trained.losses.at(-1).toFixed(3)}`;
