// cells.h: the list of recurrent cells.
//
// To add a cell:
//   1. Write native/cells/<name>.h: a struct of constants and pointwise functions over a lane type V (a SIMD vector in the
//      kernels; anything with + - * and comparisons, so that a test can run the same lines in float or double). lstm.h is the
//      plainest example, gru.h the one with everything:
//        GATES         blocks of H rows in W_ih, W_hh and the biases, in PyTorch's order
//        FIRST_GATES   how many of them multiply h; the others multiply u, a vector that the first ones make (usually all)
//        SAVED         vectors a unit that forward keeps for backward beside h and c
//        SLOTS         vectors a unit of gate gradients. The last GATES slots are the gradients of gh, in gate order; the
//                      first GATES slots those of gx, in the order of SLOT_GATE. Equal sets if the two never differ.
//        CELL_STATE    whether the cell carries c beside h
//        forward       from gx = W_ih x + b_ih and gh = W_hh h + b_hh: overwrites h and c, fills saved
//        backward      from dh and dc of the new state: fills dg, overwrites dh by the part of the old state's gradient that
//                      does not pass through gh (the driver adds dg W_hh), and dc by the old c's gradient
//        forward_first, backward_first   only where FIRST_GATES < GATES: see GruResetBefore
//      A unit whose gx, gh, h and c are 0 has to come out with h = 0 and c = 0, and with dg = 0 for dh = dc = 0: that is what
//      the lanes past H hold.
//   2. Include it below and add it to U_CELLS, at the end; add its name to u_cell in native/abi.h and its twin in
//      src/backend/cells/index.ts. The order is the same in the three lists.
// Products, time loop, ragged lengths, directions, weight gradients and threads are the driver's, in native/recurrent/.
// No include guard: compiled once per instruction set.
#include "rnn.h"
#include "lstm.h"
#include "gru.h"

#define U_CELLS(CELL) CELL(RnnTanh) CELL(RnnRelu) CELL(Lstm) CELL(Gru) CELL(GruResetBefore)
