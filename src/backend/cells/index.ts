// The recurrent cells. The gradient checks and the comparison of all backends with the reference go through this list.
//
// To add a cell (ARCHITECTURE.md tells it in full):
// 1. native/abi.h: its name at the end of `enum u_cell` (and the ABI version, one up); `npm run generate`.
// 2. A file beside this one: a RecurrentCell with the equations of one step, forward and backward, and one entry in `cells`.
// 3. A file in native/cells/ with the same equations over the lane type, and one entry in native/cells/cells.h.
import type { RecurrentCell } from './cell.js';
import { gru, gruResetBefore } from './gru.js';
import { lstm, lstmCoupled } from './lstm.js';
import { mgu } from './mgu.js';
import { indRnn, rnnRelu, rnnTanh } from './rnn.js';

export type { InnerProduct, PerGate, Readout, RecurrentCell, Unit } from './cell.js';
export { gru, gruResetBefore, indRnn, lstm, lstmCoupled, mgu, rnnRelu, rnnTanh };

/** In the order of native/abi.h: `cells[id].id === id`. */
export const cells: readonly RecurrentCell[] = [rnnTanh, rnnRelu, lstm, gru, gruResetBefore, lstmCoupled, mgu, indRnn];
