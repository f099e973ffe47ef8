// rnn.h: the plain recurrent cell (Elman 1990), with tanh or relu.   h' = f(W_ih x + b_ih + W_hh h + b_hh)

struct RnnTanh {
  static constexpr int GATES = 1, FIRST_GATES = 1, SAVED = 0, SLOTS = 1;
  static constexpr int SLOT_GATE[GATES] = {0};
  static constexpr bool CELL_STATE = false;

  template <class V>
  U_INLINE void forward(V& h, V&, V*, const V* gx, const V* gh) {
    h = vtanh(gx[0] + gh[0]);
  }

  // forward was: h' = tanh(a), a = gx + gh
  template <class V>
  U_INLINE void backward(V* dg, V& dh, V&, const V*, V, V h_new, V, V) {
    dg[0] = dh * (1 - h_new * h_new);
    dh = V{};
  }
};

struct RnnRelu {
  static constexpr int GATES = 1, FIRST_GATES = 1, SAVED = 0, SLOTS = 1;
  static constexpr int SLOT_GATE[GATES] = {0};
  static constexpr bool CELL_STATE = false;

  template <class V>
  U_INLINE void forward(V& h, V&, V*, const V* gx, const V* gh) {
    const V a = gx[0] + gh[0];
    h = a < V{} ? V{} : a;  // this way round NaN stays NaN
  }

  // forward was: h' = max(a, 0), a = gx + gh
  template <class V>
  U_INLINE void backward(V* dg, V& dh, V&, const V*, V, V h_new, V, V) {
    dg[0] = h_new > V{} ? dh : V{};
    dh = V{};
  }
};
