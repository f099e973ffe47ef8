// rnn.h: the plain recurrent cell (Elman 1990), with tanh or relu.   h' = f(W_ih x + b_ih + W_hh h + b_hh)

template <int F>
struct Rnn {
  static constexpr int GATES = 1, FIRST_GATES = 1, SAVED = 0, SLOTS = 1, UNITS = 0, CANDIDATE = F;
  static constexpr int SLOT_GATE[GATES] = {0};
  static constexpr unsigned CANDIDATES = 1;
  static constexpr bool CELL_STATE = false, PRODUCT = true;

  template <class V, class O>
  U_INLINE void forward(V& h, V&, V*, const V* gx, const V* gh, const O& o) {
    h = o.candidate(gx[0] + gh[0]);
  }

  // forward was: h' = f(a), a = gx + gh
  template <class V, class O>
  U_INLINE void backward(V* dg, V& dh, V&, const V*, V, V h_new, V, const O& o) {
    dg[0] = o.candidate_back(dh, h_new);
    dh = V{};
  }
};
struct RnnTanh : Rnn<U_CELL_TANH> {};
struct RnnRelu : Rnn<U_CELL_RELU> {};
