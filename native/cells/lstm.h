// lstm.h: long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000; peepholes p, where they
// are given: Gers & Schmidhuber 2000; input and forget gate coupled: Greff et al. 2015).
//   i, f = sigmoid(gx + gh + p*c)    g = tanh(gx + gh)    c' = f*c + i*g, or coupled c' = c + i*(g - c)
//   o = sigmoid(gx + gh + p*c')      h' = o*tanh(c')

// From c', or its normalised form, to h'; O: the gate, P: its peephole.
template <int O, int P>
struct LstmOutput {
  static constexpr int OUTPUT = O;

  template <class V, class Options>
  U_INLINE void forward_output(V& h, const V* saved, V c, const Options& options) {
    h = saved[O] * options.output(c);
  }

  // forward was: o = sigmoid(a + p*c');  h' = o*tanh(c).  dh becomes the gradient of c; what comes to c' through the
  // peephole is added to dc.
  template <class V, class Options>
  U_INLINE void backward_output(V* dg, V& dh, V& dc, const V* saved, V c, const Options& options) {
    const V o = saved[O], y = options.output(c);
    dg[O] = options.gate_back(dh * y, o);
    dh = options.output_back(dh * o, y);
    dc = options.peep_back(dc, P, dg[O]);
  }
};

struct Lstm : LstmOutput<3, 2> {
  enum Gate { I, F, G, O };
  static constexpr int GATES = 4, FIRST_GATES = 4, SAVED = 4, SLOTS = 4, UNITS = 3, CANDIDATE = U_CELL_TANH;
  static constexpr int SLOT_GATE[GATES] = {I, F, G, O}, UNIT_GATE[UNITS] = {I, F, O};
  static constexpr UnitOperand UNIT_OPERAND[UNITS] = {OLD_C, OLD_C, NEW_C};
  static constexpr unsigned CANDIDATES = 1 << G;
  static constexpr bool CELL_STATE = true, PRODUCT = true;

  template <class V, class Options>
  U_INLINE void forward(V&, V& c, V* saved, const V* gx, const V* gh, const Options& options) {
    const V i = options.gate(options.peep(gx[I] + gh[I], 0, c));
    const V f = options.gate(options.peep(gx[F] + gh[F], 1, c));
    const V g = options.candidate(gx[G] + gh[G]);
    c = options.clamped(f * c + i * g);
    const V o = options.gate(options.peep(gx[O] + gh[O], 2, c));
    saved[I] = i, saved[F] = f, saved[G] = g, saved[O] = o;
  }

  // forward was: c' = f*c + i*g
  template <class V, class Options>
  U_INLINE void backward(V* dg, V& dh, V& dc, const V* saved, V, V, V c_old, const Options& options) {
    const V i = saved[I], f = saved[F], g = saved[G];
    dc = options.clamped_back(dc, f * c_old + i * g);
    dg[I] = options.gate_back(dc * g, i);
    dg[F] = options.gate_back(dc * c_old, f);
    dg[G] = options.candidate_back(dc * i, g);
    dc = options.peep_back(options.peep_back(dc * f, 0, dg[I]), 1, dg[F]);
    dh = V{};
  }
};

struct LstmCoupled : LstmOutput<2, 1> {
  enum Gate { I, G, O };
  static constexpr int GATES = 3, FIRST_GATES = 3, SAVED = 3, SLOTS = 3, UNITS = 2, CANDIDATE = U_CELL_TANH;
  static constexpr int SLOT_GATE[GATES] = {I, G, O}, UNIT_GATE[UNITS] = {I, O};
  static constexpr UnitOperand UNIT_OPERAND[UNITS] = {OLD_C, NEW_C};
  static constexpr unsigned CANDIDATES = 1 << G;
  static constexpr bool CELL_STATE = true, PRODUCT = true;

  template <class V, class Options>
  U_INLINE void forward(V&, V& c, V* saved, const V* gx, const V* gh, const Options& options) {
    const V i = options.gate(options.peep(gx[I] + gh[I], 0, c));
    const V g = options.candidate(gx[G] + gh[G]);
    c = options.clamped(c + i * (g - c));
    const V o = options.gate(options.peep(gx[O] + gh[O], 1, c));
    saved[I] = i, saved[G] = g, saved[O] = o;
  }

  // forward was: c' = c + i*(g - c)
  template <class V, class Options>
  U_INLINE void backward(V* dg, V& dh, V& dc, const V* saved, V, V, V c_old, const Options& options) {
    const V i = saved[I], g = saved[G];
    dc = options.clamped_back(dc, c_old + i * (g - c_old));
    dg[I] = options.gate_back(dc * (g - c_old), i);
    dg[G] = options.candidate_back(dc * i, g);
    dc = options.peep_back(dc * (1 - i), 0, dg[I]);
    dh = V{};
  }
};
