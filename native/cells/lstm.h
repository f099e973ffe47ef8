// lstm.h: long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).
//   i, f, o = sigmoid(gx + gh)    g = tanh(gx + gh)    c' = f*c + i*g    h' = o*tanh(c')

struct Lstm {
  enum Gate { I, F, G, O };
  static constexpr int GATES = 4, FIRST_GATES = 4, SAVED = 4, SLOTS = 4;
  static constexpr int SLOT_GATE[GATES] = {I, F, G, O};
  static constexpr bool CELL_STATE = true;

  template <class V>
  U_INLINE void forward(V& h, V& c, V* saved, const V* gx, const V* gh) {
    const V i = vsigmoid(gx[I] + gh[I]);
    const V f = vsigmoid(gx[F] + gh[F]);
    const V g = vtanh(gx[G] + gh[G]);
    const V o = vsigmoid(gx[O] + gh[O]);
    c = f * c + i * g;
    h = o * vtanh(c);
    saved[I] = i, saved[F] = f, saved[G] = g, saved[O] = o;
  }

  // forward was: c' = f*c + i*g;  h' = o*tanh(c')
  template <class V>
  U_INLINE void backward(V* dg, V& dh, V& dc, const V* saved, V, V, V c_old, V c_new) {
    const V i = saved[I], f = saved[F], g = saved[G], o = saved[O];
    const V tanh_c = vtanh(c_new);
    const V dc_new = dc + dh * o * (1 - tanh_c * tanh_c);
    dg[I] = dc_new * g * (i * (1 - i));
    dg[F] = dc_new * c_old * (f * (1 - f));
    dg[G] = dc_new * i * (1 - g * g);
    dg[O] = dh * tanh_c * (o * (1 - o));
    dc = dc_new * f;
    dh = V{};
  }
};
