// Which cells go through which kernels.
import { cells } from '../../src/backend/cells/index.js';

/** Those of rnn_forward: a cell without a recurrent matrix has no w_hh to give it. */
export const plainCells = cells.filter(({ multiplies }) => multiplies);
