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
//        CANDIDATE    its own activation of a candidate (u_cell_activation); gates have the sigmoid, c the tanh
//        CANDIDATES   which gates are candidates, a bit each: where they count as saturated differs
//        PRODUCT      whether W_hh is there; IndRnn has none
//        UNITS        vectors of per-unit weights (peepholes), at most 3; UNIT_GATE: the gate each acts on, by which of
//                     UNIT_OPERAND it is multiplied
//        CELL_STATE   whether the cell carries c beside h
//        forward      from gx = W_ih x + b_ih and gh = W_hh h + b_hh: overwrites h, or if there is one c, and fills
//        saved backward     from dh and dc of the new state: fills dg; overwrites dh by the part of the old state's
//        gradient
//                     that does not pass through gh (the driver adds dg W_hh), and dc by the gradient of the old c
//        forward_output, backward_output: only with CELL_STATE; from c' to h', and back before `backward`; see lstm.h
//        forward_first, backward_first: only where FIRST_GATES < GATES; see GruResetBefore
//      Activations are called through `o`, which may hold others than the cell's own: see functions.h.
//      Lanes past H hold zeros: from gx = gh = h = c = 0 must come h = c = 0, and from dh = dc = 0 must come dg = 0.
//   2. Include it below and add it at the end of U_CELLS; add its name to u_cell in native/abi.h and its twin to
//      src/backend/cells/index.ts. The order is the same in the three lists.
// Products, time loop, ragged lengths, directions, weight gradients and threads are the driver's, in native/recurrent/.
// No include guard: compiled once per instruction set.
#include "functions.h"

// What per-unit weights multiply: the state before the step, or the c it makes.
enum UnitOperand { OLD_H, OLD_C, NEW_C };

#include "rnn.h"
#include "lstm.h"
#include "gru.h"
#include "mgu.h"
#include "ind_rnn.h"

#define U_CELLS(CELL) \
  CELL(RnnTanh) CELL(RnnRelu) CELL(Lstm) CELL(Gru) CELL(GruResetBefore) CELL(LstmCoupled) CELL(Mgu) CELL(IndRnn)
