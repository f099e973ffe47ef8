// functions.h: what a cell's equations call: its activations, and the options that act inside a step.
//   Own<Cell>  the cell's own activations and nothing else: what the fused driver is compiled with
//   Given      activations by number, per-unit weights (peepholes), a clip: whatever a call of rnn_general_* asks for
// `x_back(d, y)` is the gradient of the activation's argument, from that of its value y: derivatives are functions of y
// alone. No include guard: compiled once per instruction set.

template <int KIND, class V>
U_INLINE V own_activation(V x) {
  if constexpr (KIND == U_CELL_SIGMOID) return vsigmoid(x);
  if constexpr (KIND == U_CELL_TANH) return vtanh(x);
  if constexpr (KIND == U_CELL_RELU) return x < V{} ? V{} : x;  // this way round NaN stays NaN
}
template <int KIND, class V>
U_INLINE V own_back(V d, V y) {
  if constexpr (KIND == U_CELL_SIGMOID) return d * (y * (1 - y));
  if constexpr (KIND == U_CELL_TANH) return d * (1 - y * y);
  if constexpr (KIND == U_CELL_RELU) return y > V{} ? d : V{};
}

template <class Cell>
struct Own {
  // clang-format off
  template <class V> U_INLINE_METHOD V gate(V x) const { return own_activation<U_CELL_SIGMOID>(x); }
  template <class V> U_INLINE_METHOD V candidate(V x) const { return own_activation<Cell::CANDIDATE>(x); }
  template <class V> U_INLINE_METHOD V output(V x) const { return own_activation<U_CELL_TANH>(x); }
  template <class V> U_INLINE_METHOD V gate_back(V d, V y) const { return own_back<U_CELL_SIGMOID>(d, y); }
  template <class V> U_INLINE_METHOD V candidate_back(V d, V y) const { return own_back<Cell::CANDIDATE>(d, y); }
  template <class V> U_INLINE_METHOD V output_back(V d, V y) const { return own_back<U_CELL_TANH>(d, y); }
  template <class V> U_INLINE_METHOD V peep(V a, int, V) const { return a; }
  template <class V> U_INLINE_METHOD V peep_back(V dc, int, V) const { return dc; }
  template <class V> U_INLINE_METHOD V clamped(V c) const { return c; }
  template <class V> U_INLINE_METHOD V clamped_back(V dc, V) const { return dc; }
  // clang-format on
};

// An activation of u_cell_activation with its parameters.
struct Activation {
  int kind;
  float a, b;
};

U_INLINE vf any_activation(const Activation& f, vf x) {
  const vf a = splat(f.a), b = splat(f.b), none = zero(), one = splat(1.0f);
  if (f.kind == U_CELL_SIGMOID) return own_activation<U_CELL_SIGMOID>(x);
  if (f.kind == U_CELL_TANH) return own_activation<U_CELL_TANH>(x);
  if (f.kind == U_CELL_RELU) return own_activation<U_CELL_RELU>(x);
  if (f.kind == U_CELL_HARD_SIGMOID) return vmax(none, vmin(one, a * x + b));
  if (f.kind == U_CELL_AFFINE) return a * x + b;
  if (f.kind == U_CELL_LEAKY_RELU) return select(x < none, a * x, x);
  if (f.kind == U_CELL_THRESHOLDED_RELU) return select(x <= a, none, x);
  if (f.kind == U_CELL_SCALED_TANH) return a * vtanh(b * x);
  if (f.kind == U_CELL_ELU) return select(x < none, a * (vexp(x) - one), x);
  if (f.kind == U_CELL_SOFTSIGN) return x / (one + vabs(x));
  return vmax(none, x) + vlog1p(vexp(-vabs(x)));  // softplus
}
U_INLINE vf any_back(const Activation& f, vf d, vf y) {
  const vf a = splat(f.a), b = splat(f.b), none = zero(), one = splat(1.0f);
  if (f.kind == U_CELL_SIGMOID) return own_back<U_CELL_SIGMOID>(d, y);
  if (f.kind == U_CELL_TANH) return own_back<U_CELL_TANH>(d, y);
  if (f.kind == U_CELL_RELU) return own_back<U_CELL_RELU>(d, y);
  if (f.kind == U_CELL_HARD_SIGMOID) return select((y > none) & (y < one), a * d, none);
  if (f.kind == U_CELL_AFFINE) return a * d;
  if (f.kind == U_CELL_LEAKY_RELU) return select(y > none, d, a * d);
  if (f.kind == U_CELL_THRESHOLDED_RELU) return select(y == none, none, d);
  if (f.kind == U_CELL_SCALED_TANH) return d * (b * (a - y * y / a));
  if (f.kind == U_CELL_ELU) return select(y > none, d, d * (y + a));
  if (f.kind == U_CELL_SOFTSIGN) return d * (one - vabs(y)) * (one - vabs(y));
  return d * (one - vexp(-y));  // softplus
}
// Not inlined, because a cell would hold all of them three times; through memory, because no vector may cross such a
// call.
static __attribute__((noinline)) void far_activation(const Activation& f, float* lanes) {
  store(lanes, any_activation(f, load(lanes)));
}
static __attribute__((noinline)) void far_back(const Activation& f, float* d, const float* y) {
  store(d, any_back(f, load(d), load(y)));
}
#ifdef __wasm__
constexpr bool NEAR_ACTIVATIONS = false;  // a page has to load them
#else
constexpr bool NEAR_ACTIVATIONS = true;
#endif

struct Given {
  Activation functions[3];  // gate, candidate, output
  float clip;               // 0: none
  vf unit[3];               // per-unit weights of the units at hand

  U_INLINE_METHOD vf activate(const Activation& f, vf x) const {
    if (NEAR_ACTIVATIONS && f.kind == U_CELL_SIGMOID) return own_activation<U_CELL_SIGMOID>(x);
    if (NEAR_ACTIVATIONS && f.kind == U_CELL_TANH) return own_activation<U_CELL_TANH>(x);
    float lanes[LANES];
    store(lanes, x);
    far_activation(f, lanes);
    return load(lanes);
  }
  U_INLINE_METHOD vf back(const Activation& f, vf d, vf y) const {
    if (NEAR_ACTIVATIONS && f.kind == U_CELL_SIGMOID) return own_back<U_CELL_SIGMOID>(d, y);
    if (NEAR_ACTIVATIONS && f.kind == U_CELL_TANH) return own_back<U_CELL_TANH>(d, y);
    float lanes[LANES], value[LANES];
    store(lanes, d);
    store(value, y);
    far_back(f, lanes, value);
    return load(lanes);
  }
  U_INLINE_METHOD vf gate(vf x) const { return activate(functions[0], x); }
  U_INLINE_METHOD vf candidate(vf x) const { return activate(functions[1], x); }
  U_INLINE_METHOD vf output(vf x) const { return activate(functions[2], x); }
  U_INLINE_METHOD vf gate_back(vf d, vf y) const { return back(functions[0], d, y); }
  U_INLINE_METHOD vf candidate_back(vf d, vf y) const { return back(functions[1], d, y); }
  U_INLINE_METHOD vf output_back(vf d, vf y) const { return back(functions[2], d, y); }
  // a + p_k c, the argument of a gate that looks at the cell state; and what comes back to c.
  U_INLINE_METHOD vf peep(vf a, int k, vf c) const { return a + unit[k] * c; }
  U_INLINE_METHOD vf peep_back(vf dc, int k, vf da) const { return dc + unit[k] * da; }
  U_INLINE_METHOD vf clamped(vf c) const { return clip > 0 ? vmax(splat(-clip), vmin(splat(clip), c)) : c; }
  // c: before it was clamped.
  U_INLINE_METHOD vf clamped_back(vf dc, vf c) const {
    return clip > 0 ? select(vabs(c) <= splat(clip), dc, zero()) : dc;
  }
};
