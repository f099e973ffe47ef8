// mgu.h: the minimal gated unit (Zhou et al. 2016): the GRU with one gate for both of its own.
//   f = sigmoid(gx + gh)    n = tanh(gx_n + gh_n), gh_n = W_hn (f*h) + b_hn    h' = (1-f) h + f n
// The step has two products: f multiplies h; n multiplies u = f*h.

struct Mgu {
  enum Gate { F, N };
  static constexpr int GATES = 2, FIRST_GATES = 1, SAVED = 2, SLOTS = 2, UNITS = 0, CANDIDATE = U_CELL_TANH;
  static constexpr int SLOT_GATE[GATES] = {F, N};
  static constexpr unsigned CANDIDATES = 1 << N;
  static constexpr bool CELL_STATE = false, PRODUCT = true;

  // The gate replaces its gx, so that the second part finds it there.
  template <class V, class O>
  U_INLINE void forward_first(V& u, V* gx, const V* gh, V h, const O& o) {
    gx[F] = o.gate(gx[F] + gh[F]);
    u = gx[F] * h;
  }

  template <class V, class O>
  U_INLINE void forward(V& h, V&, V* saved, const V* gx, const V* gh, const O& o) {
    const V f = gx[F];
    const V n = o.candidate(gx[N] + gh[N]);
    h = h + f * (n - h);
    saved[F] = f, saved[N] = n;
  }

  // forward was: n = tanh(gx_n + gh_n);  h' = h + f (n - h)
  template <class V, class O>
  U_INLINE void backward(V* dg, V& dh, V&, const V* saved, V h_old, V, V, const O& o) {
    const V f = saved[F], n = saved[N];
    dg[N] = o.candidate_back(dh * f, n);
    dg[F] = dh * (n - h_old);  // of f itself, until backward_first
    dh = dh * (1 - f);
  }

  // forward was: f = sigmoid(gx_f + gh_f);  u = f*h. Makes u again, for the weight gradient; du = dg_n W_hn.
  template <class V, class O>
  U_INLINE void backward_first(V* dg, V& dh, V& u, V du, const V* saved, V h_old, const O& o) {
    const V f = saved[F];
    dg[F] = o.gate_back(dg[F] + du * h_old, f);
    dh = dh + du * f;
    u = f * h_old;
  }
};
