// recurrent_check.cc: the recurrent kernels of every instruction set of this CPU against the equations in double, whose
// gradients come from a scalar tape, so that no derivative is worked out by hand twice. From the top of the repository:
//   g++ -std=gnu++17 -O2 -ffp-contract=fast -pthread native/test/recurrent_check.cc native/runtime/*.cc -o check &&
//   ./check
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../abi.h"
#include "../runtime/ctx.h"

// The kernels' prototypes, without an instruction set.
struct Kernels {
  int32_t (*sizes)(u_ctx*, double*, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t);
  int32_t (*pack)(u_ctx*, float*, const float*, const float*, const float*, const float*, const float*, const float*,
                  const float*, const float*, int32_t, int32_t, int32_t, int32_t, int32_t, double);
  int32_t (*forward)(u_ctx*, float*, float*, float*, float*, float*, const float*, const float*, const float*,
                     const float*, const float*, const float*, const float*, const float*, const float*, const float*,
                     const float*, const float*, const int32_t*, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t,
                     int32_t, int32_t, double, double, double);
  int32_t (*backward)(u_ctx*, float*, float*, float*, float*, float*, float*, float*, float*, float*, float*, float*,
                      const float*, const float*, const float*, const float*, const float*, const float*, const float*,
                      const float*, const float*, const float*, const float*, const float*, const float*, const float*,
                      const int32_t*, const float*, float*, int32_t, int32_t, int32_t, int32_t, int32_t, int32_t,
                      int32_t, int32_t, double, double);
};

#define U_BODY "recurrent_check-inl.h"
#include "targets-inl.h"

// ---- random numbers, failures
// ------------------------------------------------------------------------------------------

static uint64_t random_state = 1;
static uint32_t random_bits() {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33);
}
static int random_int(int low, int high) { return low + (int)(random_bits() % (uint32_t)(high - low + 1)); }
static float random_float() { return (float)random_bits() / (float)(1u << 30) - 1.0f; }

static int failures = 0;
static std::string context;
static void fail(const std::string& what) {
  if (++failures <= 30) std::printf("FAIL %s: %s\n", context.c_str(), what.c_str());
}

// ---- the equations, over a tape in double
// ------------------------------------------------------------------------------

struct Node {
  int a, b;
  double da, db;  // derivative by a and by b
};
static std::vector<Node> tape;
static std::vector<double> value;
typedef int Var;
static Var make(double v, Var a = 0, double da = 0, Var b = 0, double db = 0) {
  tape.push_back({a, b, da, db});
  value.push_back(v);
  return (Var)value.size() - 1;
}
static Var add(Var a, Var b) { return make(value[a] + value[b], a, 1, b, 1); }
static Var sub(Var a, Var b) { return make(value[a] - value[b], a, 1, b, -1); }
static Var mul(Var a, Var b) { return make(value[a] * value[b], a, value[b], b, value[a]); }
static Var tanh_of(Var a) {
  const double y = std::tanh(value[a]);
  return make(y, a, 1 - y * y);
}
static Var sigmoid_of(Var a) {
  const double y = 1 / (1 + std::exp(-value[a]));
  return make(y, a, y * (1 - y));
}
static Var relu_of(Var a) { return make(value[a] > 0 ? value[a] : 0, a, value[a] > 0 ? 1 : 0); }

// ---- a case
// ------------------------------------------------------------------------------------------------------------

static int gates_of(int cell) { return cell == U_LSTM ? 4 : cell == U_GRU || cell == U_GRU_RESET_BEFORE ? 3 : 1; }

// A buffer at an address that is a multiple of 4 but not of 8, with a margin behind it that nobody may write to.
struct Buffer {
  std::vector<float> storage;
  size_t n = 0;
  bool present = false;
  void resize(size_t size, bool here = true) {
    n = size;
    present = here;
    storage.assign(1 + size + 64, 7.0f);
  }
  float* p() { return present ? storage.data() + 1 : nullptr; }
  float& operator[](size_t k) { return storage[1 + k]; }
  void randomize(float scale) {
    for (size_t k = 0; k < n; k++) (*this)[k] = scale * random_float();
  }
  void fill(float v) {
    for (size_t k = 0; k < n; k++) (*this)[k] = v;
  }
  bool margin_intact() const {
    for (size_t k = 1 + n; k < storage.size(); k++) {
      if (storage[k] != 7.0f) return false;
    }
    return true;
  }
};
static bool same_bits(Buffer& a, Buffer& b) { return a.n == b.n && !std::memcmp(a.p(), b.p(), a.n * sizeof(float)); }

enum Parameter { W_IH, W_HH, B_IH, B_HH, W_IH_R, W_HH_R, B_IH_R, B_HH_R, PARAMETERS };
struct Case {
  int cell, T, B, I, H, D, rows;
  bool ragged;
  std::vector<int32_t> lengths;
  Buffer x, h0, c0, dy, dhn, dcn, w[PARAMETERS];
  int length(int b) const { return ragged ? lengths[b] : T; }
};
struct Result {
  Buffer y, hn, cn, saved, dx, dh0, dc0, dw[PARAMETERS];
};

static Case random_case(int cell, int T, int B, int I, int H, int D, bool ragged, bool all_given) {
  Case c = {};
  c.cell = cell, c.T = T, c.B = B, c.I = I, c.H = H, c.D = D, c.ragged = ragged;
  const int G = gates_of(cell);
  for (int b = 0; b < B; b++) {
    c.lengths.push_back(random_int(0, T));
    c.rows += c.length(b);
  }
  const auto given = [&] { return all_given || random_int(0, 4) != 0; };
  const bool state = cell == U_LSTM;
  c.x.resize((size_t)T * B * I);
  c.h0.resize((size_t)D * B * H, given());
  c.c0.resize((size_t)D * B * H, state && given());
  c.dy.resize((size_t)T * B * D * H, given());
  c.dhn.resize((size_t)D * B * H, given());
  c.dcn.resize((size_t)D * B * H, state && given());
  const size_t sizes[] = {(size_t)G * H * I, (size_t)G * H * H, (size_t)G * H, (size_t)G * H};
  for (int k = 0; k < PARAMETERS; k++) {
    c.w[k].resize(sizes[k % 4], (k < 4 || D == 2) && (k % 4 < 2 || given()));
    c.w[k].randomize(k % 4 == 0 ? 1.0f / std::sqrt((float)I) : 1.0f / std::sqrt((float)H));
  }
  for (Buffer* b : {&c.x, &c.h0, &c.c0, &c.dy, &c.dhn, &c.dcn}) b->randomize(1.0f);
  for (int t = 0; t < T; t++) {
    for (int b = 0; b < B; b++) {
      if (t < c.length(b)) continue;
      for (int i = 0; i < I; i++) c.x[((size_t)t * B + b) * I + i] = NAN;
      for (int j = 0; j < D * H; j++) c.dy[((size_t)t * B + b) * D * H + j] = NAN;
    }
  }
  char text[128];
  std::snprintf(text, sizeof text, "cell %d T %d B %d I %d H %d D %d%s", cell, T, B, I, H, D, ragged ? " ragged" : "");
  context = text;
  return c;
}

struct Reference {
  std::vector<double> y, hn, cn, dx, dh0, dc0, dw[PARAMETERS];
};

static Reference reference(Case& c) {
  const int T = c.T, B = c.B, I = c.I, H = c.H, D = c.D, G = gates_of(c.cell);
  tape.assign(1, {0, 0, 0, 0});
  value.assign(1, 0.0);
  const auto leaves = [&](Buffer& from) {
    std::vector<Var> v(from.n, 0);
    for (size_t k = 0; k < from.n; k++) v[k] = make(from.present ? from[k] : 0.0);
    return v;
  };
  std::vector<Var> x = leaves(c.x), h0 = leaves(c.h0), c0 = leaves(c.c0), w[PARAMETERS];
  for (int k = 0; k < PARAMETERS; k++) w[k] = leaves(c.w[k]);
  std::vector<Var> y((size_t)T * B * D * H, 0), hn((size_t)D * B * H, 0), cn(hn);
  const Var one = make(1);
  for (int d = 0; d < D; d++) {
    const auto *wi = &w[4 * d + W_IH], *wh = &w[4 * d + W_HH], *bi = &w[4 * d + B_IH], *bh = &w[4 * d + B_HH];
    for (int b = 0; b < B; b++) {
      const size_t state = ((size_t)d * B + b) * H;
      std::vector<Var> h(h0.begin() + state, h0.begin() + state + H), cell(c0.begin() + state, c0.begin() + state + H);
      for (int s = 0; s < c.length(b); s++) {
        const int t = d ? c.length(b) - 1 - s : s;
        const auto gx = [&](int g, int u) {
          Var sum = (*bi)[g * H + u];
          for (int i = 0; i < I; i++)
            sum = add(sum, mul((*wi)[((size_t)g * H + u) * I + i], x[((size_t)t * B + b) * I + i]));
          return sum;
        };
        const auto gh = [&](int g, int u, const std::vector<Var>& of) {
          Var sum = (*bh)[g * H + u];
          for (int i = 0; i < H; i++) sum = add(sum, mul((*wh)[((size_t)g * H + u) * H + i], of[i]));
          return sum;
        };
        std::vector<Var> next(h), reset_h(h), r(h);
        if (G == 3) {
          for (int u = 0; u < H; u++) {
            r[u] = sigmoid_of(add(gx(0, u), gh(0, u, h)));
            reset_h[u] = mul(r[u], h[u]);
          }
        }
        for (int u = 0; u < H; u++) {
          if (c.cell == U_RNN_TANH) next[u] = tanh_of(add(gx(0, u), gh(0, u, h)));
          if (c.cell == U_RNN_RELU) next[u] = relu_of(add(gx(0, u), gh(0, u, h)));
          if (c.cell == U_LSTM) {
            const Var in = sigmoid_of(add(gx(0, u), gh(0, u, h))), forget = sigmoid_of(add(gx(1, u), gh(1, u, h)));
            const Var g = tanh_of(add(gx(2, u), gh(2, u, h))), out = sigmoid_of(add(gx(3, u), gh(3, u, h)));
            cell[u] = add(mul(forget, cell[u]), mul(in, g));
            next[u] = mul(out, tanh_of(cell[u]));
          }
          if (G == 3) {
            const Var z = sigmoid_of(add(gx(1, u), gh(1, u, h)));
            const Var n = c.cell == U_GRU ? tanh_of(add(gx(2, u), mul(r[u], gh(2, u, h))))
                                          : tanh_of(add(gx(2, u), gh(2, u, reset_h)));
            next[u] = add(mul(sub(one, z), n), mul(z, h[u]));
          }
        }
        h = next;
        for (int u = 0; u < H; u++) y[((size_t)t * B + b) * D * H + d * H + u] = h[u];
      }
      for (int u = 0; u < H; u++) hn[state + u] = h[u], cn[state + u] = cell[u];
    }
  }
  // loss = sum of y dy + hn dhn + cn dcn
  std::vector<double> gradient(value.size(), 0.0);
  const auto seed = [&](const std::vector<Var>& of, Buffer& with) {
    for (size_t k = 0; k < of.size() && with.present; k++) {
      if (of[k]) gradient[of[k]] += with[k];
    }
  };
  seed(y, c.dy), seed(hn, c.dhn), seed(cn, c.dcn);
  for (size_t k = tape.size(); k-- > 1;) {
    if (gradient[k] == 0) continue;
    gradient[tape[k].a] += gradient[k] * tape[k].da;
    gradient[tape[k].b] += gradient[k] * tape[k].db;
  }
  const auto take = [](const std::vector<Var>& of, const std::vector<double>& from) {
    std::vector<double> out;
    for (Var v : of) out.push_back(from[v]);
    return out;
  };
  Reference ref = {
      take(y, value), take(hn, value), take(cn, value), take(x, gradient), take(h0, gradient), take(c0, gradient), {}};
  for (int k = 0; k < PARAMETERS; k++) ref.dw[k] = take(w[k], gradient);
  return ref;
}

// ---- running the kernels
// -----------------------------------------------------------------------------------------------

static void require(int status, const char* what) {
  if (status != U_OK) fail(std::string(what) + " returned " + std::to_string(status));
}

static int forward(const Kernels& k, u_ctx* ctx, Case& c, Result& r, Buffer* saved, Buffer& scratch, Buffer* packed) {
  return k.forward(ctx, r.y.p(), r.hn.p(), r.cn.p(), saved ? saved->p() : nullptr, scratch.p(),
                   packed ? packed->p() : nullptr, c.x.p(), c.h0.p(), c.c0.p(), c.w[0].p(), c.w[1].p(), c.w[2].p(),
                   c.w[3].p(), c.w[4].p(), c.w[5].p(), c.w[6].p(), c.w[7].p(), c.ragged ? c.lengths.data() : nullptr,
                   c.cell, gates_of(c.cell), c.T, c.B, c.I, c.H, c.D, c.rows, saved ? (double)saved->n : 0,
                   (double)scratch.n, packed ? (double)packed->n : 0);
}
static int backward(const Kernels& k, u_ctx* ctx, Case& c, Result& r, Buffer& scratch) {
  return k.backward(ctx, r.dx.p(), r.dh0.p(), r.dc0.p(), r.dw[0].p(), r.dw[1].p(), r.dw[2].p(), r.dw[3].p(),
                    r.dw[4].p(), r.dw[5].p(), r.dw[6].p(), r.dw[7].p(), c.dy.p(), c.dhn.p(), c.dcn.p(), c.x.p(),
                    c.h0.p(), c.c0.p(), c.w[0].p(), c.w[1].p(), c.w[2].p(), c.w[3].p(), c.w[4].p(), c.w[5].p(),
                    c.w[6].p(), c.w[7].p(), c.ragged ? c.lengths.data() : nullptr, r.saved.p(), scratch.p(), c.cell,
                    gates_of(c.cell), c.T, c.B, c.I, c.H, c.D, c.rows, (double)r.saved.n, (double)scratch.n);
}

// Forward and backward, with every output there is; parameter gradients start from 0.5.
static Result run(const Kernels& k, u_ctx* ctx, Case& c, bool some_outputs_null) {
  double sizes[5];
  require(k.sizes(ctx, sizes, c.cell, c.T, c.B, c.I, c.H, c.D, c.rows), "rnn_sizes");
  const bool state = c.cell == U_LSTM;
  const auto wanted = [&] { return !some_outputs_null || random_int(0, 3) != 0; };
  Result r;
  r.y.resize((size_t)c.T * c.B * c.D * c.H);
  r.hn.resize((size_t)c.D * c.B * c.H);
  r.cn.resize(r.hn.n, state && wanted());
  r.saved.resize((size_t)sizes[1]);
  r.dx.resize(c.x.n, wanted());
  r.dh0.resize(r.hn.n, wanted());
  r.dc0.resize(r.hn.n, state && wanted());
  for (Buffer* b : {&r.y, &r.hn, &r.cn, &r.saved, &r.dx, &r.dh0, &r.dc0}) b->fill(NAN);
  for (int p = 0; p < PARAMETERS; p++) {
    r.dw[p].resize(c.w[p].n, (p < 4 || c.D == 2) && wanted());
    r.dw[p].fill(0.5f);
  }
  Buffer packed, training, inference, scratch_backward;
  packed.resize((size_t)sizes[0]), training.resize((size_t)sizes[2]);
  inference.resize((size_t)sizes[3]), scratch_backward.resize((size_t)sizes[4]);
  for (Buffer* b : {&packed, &training, &inference, &scratch_backward}) b->fill(NAN);

  require(forward(k, ctx, c, r, &r.saved, training, nullptr), "rnn_forward");
  Result inferred = r;
  for (Buffer* b : {&inferred.y, &inferred.hn, &inferred.cn}) b->fill(NAN);
  require(k.pack(ctx, packed.p(), c.w[0].p(), c.w[1].p(), c.w[2].p(), c.w[3].p(), c.w[4].p(), c.w[5].p(), c.w[6].p(),
                 c.w[7].p(), c.cell, gates_of(c.cell), c.I, c.H, c.D, (double)packed.n),
          "rnn_pack");
  require(forward(k, ctx, c, inferred, nullptr, inference, &packed), "rnn_forward, inference");
  if (!same_bits(r.y, inferred.y) || !same_bits(r.hn, inferred.hn) || (r.cn.present && !same_bits(r.cn, inferred.cn))) {
    fail("inference differs from training");
  }
  require(backward(k, ctx, c, r, scratch_backward), "rnn_backward");
  Result again = r;
  for (Buffer* b : {&again.dx, &again.dh0, &again.dc0}) b->fill(NAN);
  for (Buffer& b : again.dw) b.fill(0.5f);
  require(backward(k, ctx, c, again, scratch_backward), "rnn_backward, again");
  for (auto pair :
       {std::make_pair(&r.dx, &again.dx), {&r.dh0, &again.dh0}, {&r.dc0, &again.dc0}, {&r.saved, &again.saved}}) {
    if (pair.first->present && !same_bits(*pair.first, *pair.second)) fail("backward twice differs");
  }
  for (int p = 0; p < PARAMETERS; p++) {
    if (r.dw[p].present && !same_bits(r.dw[p], again.dw[p]))
      fail("backward twice differs in parameter " + std::to_string(p));
  }
  for (Buffer* b :
       {&r.y, &r.hn, &r.cn, &r.saved, &r.dx, &r.dh0, &r.dc0, &packed, &training, &inference, &scratch_backward}) {
    if (!b->margin_intact()) fail("wrote past the end of a buffer");
  }
  for (Buffer& b : r.dw) {
    if (!b.margin_intact()) fail("wrote past the end of a gradient");
  }
  return r;
}

static double worst = 0;  // error found, as a part of what is allowed
static void compare(Buffer& got, const std::vector<double>& exact, double offset, const char* what) {
  if (!got.present) return;
  double scale = 1;
  for (double v : exact) scale = std::fmax(scale, std::fabs(v));
  for (size_t k = 0; k < got.n; k++) {
    const double error = std::fabs(got[k] - offset - exact[k]) / (2e-6 * scale);
    if (error <= 1) {
      worst = std::fmax(worst, error);
    } else {
      char text[160];
      std::snprintf(text, sizeof text, "%s[%zu] is %.9g, should be %.9g", what, k, got[k] - offset, exact[k]);
      fail(text);
      return;
    }
  }
}

static void compare_all(Case& c, Result& r, const Reference& ref) {
  compare(r.y, ref.y, 0, "y");
  compare(r.hn, ref.hn, 0, "hn");
  compare(r.cn, ref.cn, 0, "cn");
  compare(r.dx, ref.dx, 0, "dx");
  compare(r.dh0, ref.dh0, 0, "dh0");
  compare(r.dc0, ref.dc0, 0, "dc0");
  static const char* const names[] = {"dw_ih", "dw_hh", "db_ih", "db_hh", "dw_ih_r", "dw_hh_r", "db_ih_r", "db_hh_r"};
  for (int p = 0; p < PARAMETERS; p++) compare(r.dw[p], ref.dw[p], 0.5, names[p]);
  for (int t = 0; t < c.T; t++) {
    for (int b = 0; b < c.B; b++) {
      if (t < c.length(b)) continue;
      for (int j = 0; j < c.D * c.H; j++) {
        if (r.y[((size_t)t * c.B + b) * c.D * c.H + j] != 0) fail("y is not zero at padding");
      }
      for (int i = 0; i < c.I && r.dx.present; i++) {
        if (r.dx[((size_t)t * c.B + b) * c.I + i] != 0) fail("dx is not zero at padding");
      }
    }
  }
}

static void expect_same(Result& a, Result& b, const char* what) {
  const bool states = same_bits(a.y, b.y) && same_bits(a.hn, b.hn) && same_bits(a.dx, b.dx) &&
                      same_bits(a.dh0, b.dh0) && (!a.cn.present || (same_bits(a.cn, b.cn) && same_bits(a.dc0, b.dc0)));
  bool gradients = true;
  for (int p = 0; p < PARAMETERS; p++) gradients = gradients && (!a.dw[p].present || same_bits(a.dw[p], b.dw[p]));
  if (!states || !gradients) fail(what);
}

// Row `from` of every [outer,B,width] buffer of c becomes row `to`.
static void copy_row(Buffer& out, Buffer& in, int B_out, int B_in, size_t width, int to, int from) {
  if (!in.present || width == 0) return;
  for (size_t outer = 0; outer < in.n / width / B_in; outer++) {
    std::memcpy(&out[(outer * B_out + to) * width], &in[(outer * B_in + from) * width], width * sizeof(float));
  }
}
static bool same_row(Buffer& a, Buffer& b, int B_a, int B_b, size_t width, int row_a, int row_b) {
  for (size_t outer = 0; a.present && outer < a.n / width / B_a; outer++) {
    if (std::memcmp(&a[(outer * B_a + row_a) * width], &b[(outer * B_b + row_b) * width], width * sizeof(float)))
      return false;
  }
  return true;
}
// The rows order[0..] of c as a batch of their own.
static Case select_rows(Case& c, const std::vector<int>& order) {
  Case s = c;
  s.B = (int)order.size();
  s.rows = 0;
  s.lengths.clear();
  const size_t H = c.H, I = c.I, DH = (size_t)c.D * c.H;
  s.x.resize((size_t)c.T * s.B * I), s.dy.resize((size_t)c.T * s.B * DH, c.dy.present);
  for (Buffer* b : {&s.h0, &s.c0, &s.dhn, &s.dcn}) b->resize((size_t)c.D * s.B * H, b->present);
  for (int k = 0; k < s.B; k++) {
    s.lengths.push_back(c.lengths[order[k]]);
    s.rows += c.length(order[k]);
    copy_row(s.x, c.x, s.B, c.B, I, k, order[k]);
    copy_row(s.dy, c.dy, s.B, c.B, DH, k, order[k]);
    copy_row(s.h0, c.h0, s.B, c.B, H, k, order[k]);
    copy_row(s.c0, c.c0, s.B, c.B, H, k, order[k]);
    copy_row(s.dhn, c.dhn, s.B, c.B, H, k, order[k]);
    copy_row(s.dcn, c.dcn, s.B, c.B, H, k, order[k]);
  }
  return s;
}
static void expect_rows(Result& all, Result& part, const Case& c, const std::vector<int>& order, const char* what) {
  const int B = (int)order.size();
  const size_t H = c.H, I = c.I, DH = (size_t)c.D * c.H;
  for (int k = 0; k < B; k++) {
    const bool forward_same = same_row(part.y, all.y, B, c.B, DH, k, order[k]) &&
                              same_row(part.hn, all.hn, B, c.B, H, k, order[k]) &&
                              same_row(part.cn, all.cn, B, c.B, H, k, order[k]);
    const bool backward_same = same_row(part.dx, all.dx, B, c.B, I, k, order[k]) &&
                               same_row(part.dh0, all.dh0, B, c.B, H, k, order[k]) &&
                               same_row(part.dc0, all.dc0, B, c.B, H, k, order[k]);
    if (!forward_same || !backward_same) fail(std::string(what) + (forward_same ? " (backward)" : " (forward)"));
  }
}

static void expect_status(int got, int wanted, const char* what) {
  if (got != wanted)
    fail(std::string(what) + ": status " + std::to_string(got) + ", should be " + std::to_string(wanted));
}
static void check_errors(const Kernels& k, u_ctx* ctx) {
  const Case good = random_case(U_GRU, 3, 4, 5, 6, 2, true, true);
  double sizes[5];
  k.sizes(ctx, sizes, U_GRU, 3, 4, 5, 6, 2, good.rows);
  const auto status = [&](void (*spoil)(Case&), double less) {
    Case c = good;
    spoil(c);
    Result r;
    r.y.resize(3 * 4 * 12), r.hn.resize(2 * 4 * 6), r.cn.resize(2 * 4 * 6, c.c0.present),
        r.saved.resize((size_t)sizes[1]);
    Buffer scratch;
    scratch.resize((size_t)(sizes[2] - less));
    return forward(k, ctx, c, r, &r.saved, scratch, nullptr);
  };
  expect_status(status([](Case&) {}, 0), U_OK, "good arguments");
  expect_status(status([](Case&) {}, 1), U_ERR_WORKSPACE, "scratch too small");
  expect_status(status([](Case& c) { c.lengths[1] = 4; }, 0), U_ERR_LENGTHS, "length beyond T");
  expect_status(status([](Case& c) { c.lengths[1] = -1; }, 0), U_ERR_LENGTHS, "negative length");
  expect_status(status([](Case& c) { c.ragged = false; }, 0), U_ERR_LENGTHS, "rows without lengths");
  expect_status(status([](Case& c) { c.w[W_HH_R].present = false; }, 0), U_ERR_NULL, "no reverse weights");
  expect_status(status([](Case& c) { c.c0.present = true; }, 0), U_ERR_KIND, "c0 for a GRU");
  expect_status(status([](Case& c) { c.cell = U_LSTM; }, 0), U_ERR_WORKSPACE, "saved of another cell");
  expect_status(status([](Case& c) { c.cell = 5; }, 0), U_ERR_KIND, "no such cell");
  expect_status(k.sizes(ctx, sizes, U_LSTM, 3, 4, 0, 6, 1, 12), U_ERR_SIZE, "I = 0");
  expect_status(k.sizes(ctx, sizes, U_LSTM, 3, 4, 5, 0, 1, 12), U_ERR_SIZE, "H = 0");
  expect_status(k.sizes(ctx, sizes, U_LSTM, 70000, 70000, 5, 6, 1, 0), U_ERR_SIZE, "T*B beyond 32 bits");
  expect_status(k.sizes(ctx, sizes, U_LSTM, 2000000000, 1, 2000000000, 2000000000, 1, 2000000000), U_ERR_SIZE, "huge");
}

// What the threads have learned of each other, as if one were so much faster.
static void set_shares(u_ctx* two, float first) { two->share[0] = first, two->share[1] = 1 - first; }

int main() {
  struct Target {
    int isa;
    const Kernels* kernels;
  };
  const Target targets[] = {
#if defined(__x86_64__) || defined(_M_X64)
    {U_ISA_AVX512, &unrolled::avx512::kernels},
    {U_ISA_AVX2, &unrolled::avx2::kernels},
    {U_ISA_SSE, &unrolled::sse::kernels},
#elif defined(__aarch64__)
    {U_ISA_NEON, &unrolled::neon::kernels},
#else
    {u_isa_best(), &unrolled::wasm::kernels},
#endif
  };
  struct Open {
    const Target* target;
    u_ctx *one, *two;
  };
  std::vector<Open> open;
  for (const Target& target : targets) {
    if (u_isa_supported(target.isa)) open.push_back({&target, u_open(target.isa, 1), u_open(target.isa, 2)});
  }
  int cases = 0;
  for (int round = 0; round < 40; round++) {
    for (int cell = U_RNN_TANH; cell <= U_GRU_RESET_BEFORE; cell++) {
      const int most = round % 4 == 3 ? 40 : 20;
      Case c = random_case(cell, random_int(0, 7), random_int(0, 9), random_int(1, most), random_int(1, most),
                           random_int(1, 2), round % 2 != 0, round % 3 == 0);
      const Reference ref = reference(c);
      const std::string name = context;
      for (const Open& o : open) {
        context = std::string(u_isa_name(o.target->isa)) + " " + name;
        Result r = run(*o.target->kernels, o.one, c, round % 3 == 1);
        compare_all(c, r, ref);
        cases++;
      }
    }
  }
  // Large enough for chunks and threads.
  for (int cell = U_RNN_TANH; cell <= U_GRU_RESET_BEFORE; cell++) {
    for (int kind = 0; kind < 5; kind++) {
      // The last has few rows and many units: the threads share the units.
      const int B = kind < 2 ? 37 : 5, T = kind < 2 ? 60 : kind < 4 ? 300 : 7, H = kind < 4 ? 45 : 350;
      Case c = random_case(cell, T, B, 19, H, 1 + kind % 2, kind != 1, true);
      const std::string name = context;
      for (const Open& o : open) {
        context = std::string(u_isa_name(o.target->isa)) + " " + name;
        const Kernels& k = *o.target->kernels;
        Result one = run(k, o.one, c, false), two = run(k, o.two, c, false);
        expect_same(one, two, "two threads differ from one");
        set_shares(o.two, 0.8f);
        Result uneven = run(k, o.two, c, false);
        expect_same(one, uneven, "threads of unequal speed differ from one");
        set_shares(o.two, 0.5f);
        std::vector<int> reversed, some = {3, 1};
        for (int b = B; b-- > 0;) reversed.push_back(b);
        Case turned = select_rows(c, reversed), few = select_rows(c, some);
        Result turned_result = run(k, o.one, turned, false), few_result = run(k, o.two, few, false);
        expect_rows(one, turned_result, c, reversed, "order of the batch matters");
        expect_rows(one, few_result, c, some, "two rows alone differ from the batch");
        cases++;
      }
    }
  }
  for (const Open& o : open) {
    check_errors(*o.target->kernels, o.one);
    u_close(o.one), u_close(o.two);
  }
  std::printf("%s: %d runs, worst error %.2f of the tolerance, %d failures\n", failures ? "FAIL" : "ok", cases, worst,
              failures);
  return failures != 0;
}
