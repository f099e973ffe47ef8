// cells.h: the list of recurrent cells.
//
// To add a cell:
//   1. Write native/cells/<name>.h: a struct of constants and of pointwise functions over a lane type V (a SIMD vector
//      in the kernels; the same lines run in float or double). lstm.h is the plainest example; gru.h is the one to
//      follow where the gradients of gx and gh differ, or where there is a second product:
//        GATES        blocks of H rows in W_ih, W_hh and the biases, in PyTorch's order; at most 4 in one product
//        FIRST_GATES  how many of them multiply h: usually all; the others multiply u, which the first ones make
//        SAVED        vectors a unit that forward keeps for backward, beside h and c
//        SLOTS        vectors a unit of gate gradients, at most 8. The last GATES slots are the gradients of gh, in
//                     gate order; the first GATES slots those of gx, in the order SLOT_GATE says. The two ranges
//                     overlap in the gates whose two gradients are equal: all of them in lstm.h, r and z in gru.h
//        CELL_STATE   whether the cell carries c beside h
//        forward      from gx = W_ih x + b_ih and gh = W_hh h + b_hh: overwrites h and c, fills saved
//        backward     from dh and dc of the new state: fills dg; overwrites dh by the part of the old state's gradient
//                     that does not pass through gh (the driver adds dg W_hh), and dc by the gradient of the old c
//        forward_first, backward_first: only where FIRST_GATES < GATES; see GruResetBefore
//      Lanes past H hold zeros: from gx = gh = h = c = 0 must come h = c = 0, and from dh = dc = 0 must come dg = 0.
//   2. Include it below and add it at the end of U_CELLS; add its name to u_cell in native/abi.h and its twin to
//      src/backend/cells/index.ts. The order is the same in the three lists.
// Products, time loop, ragged lengths, directions, weight gradients and threads are the driver's, in native/recurrent/.
// No include guard: compiled once per instruction set.
#include "rnn.h"
#include "lstm.h"
#include "gru.h"

#define U_CELLS(CELL) CELL(RnnTanh) CELL(RnnRelu) CELL(Lstm) CELL(Gru) CELL(GruResetBefore)
