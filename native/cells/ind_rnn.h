// ind_rnn.h: the independently recurrent cell (Li et al. 2018): each unit sees its own old h only.
//   h' = f(W_ih x + b_ih + u*h + b_hh), f = relu

struct IndRnn {
  static constexpr int GATES = 1, FIRST_GATES = 1, SAVED = 0, SLOTS = 1, UNITS = 1, CANDIDATE = U_CELL_RELU;
  static constexpr int SLOT_GATE[GATES] = {0}, UNIT_GATE[UNITS] = {0};
  static constexpr UnitOperand UNIT_OPERAND[UNITS] = {OLD_H};
  static constexpr unsigned CANDIDATES = 1;
  static constexpr bool CELL_STATE = false, PRODUCT = false;  // gh = u*h + b_hh is the driver's

  template <class V, class O>
  U_INLINE void forward(V& h, V&, V*, const V* gx, const V* gh, const O& o) {
    h = o.candidate(gx[0] + gh[0]);
  }

  // forward was: h' = f(gx + gh)
  template <class V, class O>
  U_INLINE void backward(V* dg, V& dh, V&, const V*, V, V h_new, V, const O& o) {
    dg[0] = o.candidate_back(dh, h_new);
    dh = V{};
  }
};
