// ind_rnn.h: the independently recurrent cell (Li et al. 2018): each unit sees its own old h only.
//   h' = f(W_ih x + b_ih + u*h + b_hh), f = relu

// The pointwise part is the plain cell's; gh = u*h + b_hh is the driver's.
struct IndRnn : Rnn<U_CELL_RELU> {
  static constexpr int UNITS = 1, UNIT_GATE[UNITS] = {0};
  static constexpr UnitOperand UNIT_OPERAND[UNITS] = {OLD_H};
  static constexpr bool PRODUCT = false;
};
