// Run by package.test.ts beside an installed copy of the package: trains a small LSTM, prints first and last loss as JSON.
import * as u from 'unrolled';
import { train } from './smoke.cjs';

console.log(JSON.stringify(await train(u)));
