// The eight claims, in the order of the lecture. To add one: a file that exports title, claim, sizes and run, and a line here.
import * as order from './1-order.mjs';
import * as oneHot from './2-one-hot.mjs';
import * as bptt from './3-bptt.mjs';
import * as gradients from './4-gradients.mjs';
import * as longTerm from './5-long-term.mjs';
import * as lstm from './6-lstm.mjs';
import * as gru from './7-gru.mjs';
import * as forward from './8-forward.mjs';

/**
 * @typedef {object} Context  what a claim is given
 * @property {object} sizes   its own `sizes.quick` or `sizes.whole`
 * @property {number} seed
 * @property {(text: string) => void} say  a line of progress
 * @property {(jobs: import('../training.mjs').Job[]) => Promise<import('../training.mjs').Outcome[]>} trainAll
 * @property {<R>(body: () => R) => Promise<R>} inDouble  runs `body` on the reference backend, which computes in double
 *
 * @typedef {object} Result
 * @property {import('../report.mjs').Row[]} rows
 * @property {import('../plots.mjs').Plot[]} [plots]
 * @property {{ title: string, head: string[], rows: (string | number)[][] }[]} [tables]
 *
 * @typedef {object} Claim
 * @property {string} title
 * @property {string} claim  as the notes have it
 * @property {{ whole: object, quick: object }} sizes
 * @property {(context: Context) => Promise<Result>} run
 */

/** @type {Claim[]} */
export const claims = [order, oneHot, bptt, gradients, longTerm, lstm, gru, forward];
