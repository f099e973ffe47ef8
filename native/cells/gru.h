// gru.h: the gated recurrent unit (Cho et al. 2014), with the reset gate after the product (PyTorch, cuDNN) or before
// it.
//   r, z = sigmoid(gx + gh)    h' = (1-z) n + z h
//   after:   n = tanh(gx_n + r * gh_n)    gh_n = W_hn h + b_hn
//   before:  n = tanh(gx_n + gh_n)        gh_n = W_hn (r*h) + b_hn

struct Gru {
  enum Gate { R, Z, N };
  enum Slot { DX_N, D_R, D_Z, DH_N };  // n's gradient differs: gh_n is scaled by r, gx_n is not
  enum Saved { GH_N = 3 };
  static constexpr int GATES = 3, FIRST_GATES = 3, SAVED = 4, SLOTS = 4, UNITS = 0;
  static constexpr int CANDIDATE = U_CELL_TANH;
  static constexpr int SLOT_GATE[GATES] = {N, R, Z};
  static constexpr unsigned CANDIDATES = 1 << N;
  static constexpr bool CELL_STATE = false, PRODUCT = true;

  template <class V, class O>
  U_INLINE void forward(V& h, V&, V* saved, const V* gx, const V* gh, const O& o) {
    const V r = o.gate(gx[R] + gh[R]);
    const V z = o.gate(gx[Z] + gh[Z]);
    const V n = o.candidate(gx[N] + r * gh[N]);
    h = n + z * (h - n);  // (1-z) n + z h: one multiply less
    saved[R] = r, saved[Z] = z, saved[N] = n, saved[GH_N] = gh[N];
  }

  // forward was: n = tanh(gx_n + r * gh_n);  h' = n + z (h - n)
  template <class V, class O>
  U_INLINE void backward(V* dg, V& dh, V&, const V* saved, V h_old, V, V, const O& o) {
    const V r = saved[R], z = saved[Z], n = saved[N];
    const V dn = o.candidate_back(dh * (1 - z), n);
    dg[D_R] = o.gate_back(dn * saved[GH_N], r);
    dg[D_Z] = o.gate_back(dh * (h_old - n), z);
    dg[DX_N] = dn;
    dg[DH_N] = dn * r;
    dh = dh * z;
  }
};

// The step has two products: r and z multiply h; n multiplies u = r*h, which the first two make.
struct GruResetBefore {
  enum Gate { R, Z, N };
  static constexpr int GATES = 3, FIRST_GATES = 2, SAVED = 3, SLOTS = 3, UNITS = 0;
  static constexpr int CANDIDATE = U_CELL_TANH;
  static constexpr int SLOT_GATE[GATES] = {R, Z, N};
  static constexpr unsigned CANDIDATES = 1 << N;
  static constexpr bool CELL_STATE = false, PRODUCT = true;

  // The first gates replace their gx, so that the second part finds them there.
  template <class V, class O>
  U_INLINE void forward_first(V& u, V* gx, const V* gh, V h, const O& o) {
    gx[R] = o.gate(gx[R] + gh[R]);
    gx[Z] = o.gate(gx[Z] + gh[Z]);
    u = gx[R] * h;
  }

  template <class V, class O>
  U_INLINE void forward(V& h, V&, V* saved, const V* gx, const V* gh, const O& o) {
    const V r = gx[R], z = gx[Z];
    const V n = o.candidate(gx[N] + gh[N]);
    h = n + z * (h - n);
    saved[R] = r, saved[Z] = z, saved[N] = n;
  }

  // forward was: n = tanh(gx_n + gh_n);  h' = n + z (h - n)
  template <class V, class O>
  U_INLINE void backward(V* dg, V& dh, V&, const V* saved, V h_old, V, V, const O& o) {
    const V z = saved[Z], n = saved[N];
    dg[N] = o.candidate_back(dh * (1 - z), n);
    dg[Z] = o.gate_back(dh * (h_old - n), z);
    dh = dh * z;
  }

  // forward was: u = r*h. Makes u again, for the weight gradient; du = dg_n W_hn.
  template <class V, class O>
  U_INLINE void backward_first(V* dg, V& dh, V& u, V du, const V* saved, V h_old, const O& o) {
    const V r = saved[R];
    dg[R] = o.gate_back(du * h_old, r);
    dh = dh + du * r;
    u = r * h_old;
  }
};
