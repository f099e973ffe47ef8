// check-inl.h: the checks of one instruction set. See check.cc.

template <vf (*F)(vf)>
static void check_function(const char* isa, const char* name, double (*exact)(double), double lowest, double allowed) {
  double worst = 0;
  float where = 0;
  const auto look = [&](uint32_t first, uint32_t step) {
    float x[LANES], y[LANES];
    for (int k = 0; k < LANES; k++) {
      const uint32_t bits = first + step * (uint32_t)k;
      std::memcpy(&x[k], &bits, 4);
    }
    store(y, F(load(x)));
    for (int k = 0; k < LANES; k++) {
      const double want = exact((double)x[k]);
      // Below `lowest` results may be flushed.
      const double error = want != 0 && std::fabs(want) < lowest && y[k] == 0 ? 0 : ulps(y[k], want);
      if (error > worst) {
        worst = error;
        where = x[k];
      }
    }
  };
  // Every 997th float of both signs, infinities and NaNs included: about 4.3 million, each binade many times.
  for (uint64_t first = 0; first < (1ull << 32); first += 997 * LANES) look((uint32_t)first, 997);
  // And whole neighbourhoods of where a formula changes over.
  for (float edge :
       {0.625f, 9.0f, 10.0f, 16.6f, 87.33f, 88.72f, 89.0f, 103.9f, 104.0f, 1.0f, 0.70710678f, 1.17549435e-38f})
    for (uint32_t sign : {0u, 0x80000000u}) {
      uint32_t bits;
      std::memcpy(&bits, &edge, 4);
      for (uint32_t k = bits - 20000; k != bits + 20000; k += LANES) look(k | sign, 1);
    }
  char what[80];
  std::snprintf(what, sizeof what, "%s: ulp, worst at %.9g", name, (double)where);
  report(isa, what, worst, allowed);
}

// One product in every form against double; the error is relative to sum |a||b|, in epsilons.
struct Case {
  int M, N, K;
  bool a_transposed, b_transposed, accumulate, bias, mapped;
};

static double product_error(u_ctx* one, u_ctx* two, const Case& s, unsigned* seed) {
  const auto random = [&] {
    return (float)((int)((*seed = *seed * 1664525u + 1013904223u) >> 9) - (1 << 22)) / (1 << 22);
  };
  const auto fill = [&](std::vector<float>& v) {
    for (float& x : v) x = random();
  };
  const int lda = (s.a_transposed ? s.M : s.K) + 1, ldb = (s.b_transposed ? s.K : s.N) + 2, ldc = s.N + 3;
  std::vector<float> a((size_t)lda * (s.a_transposed ? s.K : s.M)), b((size_t)ldb * (s.b_transposed ? s.N : s.K));
  std::vector<float> c((size_t)ldc * s.M), bias((size_t)s.N);
  std::vector<int32_t> map((size_t)s.M);
  fill(a), fill(b), fill(c), fill(bias);
  // Backwards, and one row dropped.
  for (int m = 0; m < s.M; m++) map[m] = m == s.M / 2 && s.M > 2 ? -1 : s.M - 1 - m;
  const Strided A = s.a_transposed ? Strided{a.data(), 1, lda} : Strided{a.data(), lda, 1};
  const Strided B = s.b_transposed ? Strided{b.data(), 1, ldb} : Strided{b.data(), ldb, 1};
  const auto out = [&](std::vector<float>& to) {
    return GemmOut{to.data(), ldc, s.bias ? bias.data() : nullptr, s.accumulate, s.mapped ? map.data() : nullptr};
  };
  std::vector<float> got = c, packed_got = c, threaded = c, uneven = c, packed(packed_floats(s.K, s.N) + 1);
  packed.back() = 7;
  gemm(one, out(got), A, B, s.M, s.N, s.K);
  gemm(two, out(threaded), A, B, s.M, s.N, s.K);
  two->share[0] = 0.23f, two->share[1] = 0.77f;
  gemm(two, out(uneven), A, B, s.M, s.N, s.K);
  two->share[0] = two->share[1] = 0.5f;
  pack_b(packed.data(), B, s.K, s.N);
  gemm_packed(two, out(packed_got), A, packed.data(), s.M, s.N, s.K);
  if (got != threaded || got != uneven || got != packed_got || packed.back() != 7)
    return 1e9;  // the same bits, however they came about

  // The last row alone gives the bits it has in the batch.
  if (s.M > 0 && !s.mapped) {
    std::vector<float> alone = c;
    const ptrdiff_t at = (ptrdiff_t)(s.M - 1);
    GemmOut row = out(alone);
    row.c += at * ldc;
    gemm(one, row, {A.p + at * A.row, A.row, A.col}, B, 1, s.N, s.K);
    if (std::memcmp(&alone[(size_t)(at * ldc)], &got[(size_t)(at * ldc)], sizeof(float) * (size_t)s.N)) return 2e9;
  }

  double worst = 0;
  std::vector<double> want(c.begin(), c.end()), scale(c.size(), 0.0);
  for (int m = 0; m < s.M; m++) {
    const int row = s.mapped ? map[m] : m;
    if (row < 0) continue;
    for (int n = 0; n < s.N; n++) {
      const double before = s.accumulate ? c[(size_t)row * ldc + n] : 0, added = s.bias ? bias[n] : 0;
      double sum = before + added;
      double size = std::fabs(before) + std::fabs(added) + 1e-3;
      for (int k = 0; k < s.K; k++) {
        const double term = (double)A.p[m * A.row + k * A.col] * B.p[k * B.row + n * B.col];
        sum += term;
        size += std::fabs(term);
      }
      want[(size_t)row * ldc + n] = sum;
      scale[(size_t)row * ldc + n] = size;
    }
  }
  for (size_t i = 0; i < c.size(); i++) {
    // Outside the product nothing may change.
    const double error = scale[i] == 0 ? (got[i] == c[i] ? 0 : 1e9) : std::fabs(got[i] - want[i]) / scale[i] / 1.2e-7;
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

// How many of the rules that the cuts between threads must keep are broken.
static int broken_shares(u_ctx* three) {
  int broken = 0;
  const auto expect = [&](bool holds) { broken += !holds; };
  const auto set = [&](float first, float second) {
    three->share[0] = first, three->share[1] = second, three->share[2] = 1 - first - second;
  };
  set(0.34f, 0.35f);  // as good as equal
  Shares shares = shares_of(three, 300);
  expect(shares.parts == 3 && shares.cut[0] == 0 && shares.cut[1] == 100 && shares.cut[2] == 200);
  set(0.5f, 0.3f);
  shares = shares_of(three, 1000);
  expect(shares.cut[1] == 500 && shares.cut[2] == 800 && std::fabs(shares.work[2] - 0.2f) < 1e-6f);
  for (int n = 0; n < 8; n++) {  // fewer than threads too
    shares = shares_of(three, n);
    expect(shares.cut[0] == 0 && shares.cut[3] == n);
    for (int k = 0; k < 3; k++) expect(shares.cut[k] <= shares.cut[k + 1]);
  }
  // The second thread takes twice as long for what the others do: it ends up with a fifth.
  set(1 / 3.0f, 1 / 3.0f);
  const int by[] = {0, 1, 2}, strange[] = {0, 2, 1};
  for (int round = 0; round < 200; round++) {
    shares = shares_of(three, 1000);
    uint64_t ns[3];
    for (int k = 0; k < 3; k++) ns[k] = (uint64_t)(1e6 * shares.work[k] * (k == 1 ? 2 : 1));
    learn_shares(three, shares, by, ns);
  }
  expect(std::fabs(three->share[0] - 0.4f) < 0.01f && std::fabs(three->share[1] - 0.2f) < 0.01f);
  // Nothing is learned where a thread did another's part, or where it was too short to tell.
  const float before = three->share[0];
  const uint64_t short_ns[] = {900, 900, 900}, long_ns[] = {90000, 900000, 90000};
  learn_shares(three, shares, strange, long_ns);
  learn_shares(three, shares, by, short_ns);
  expect(three->share[0] == before);
  // However late a thread is, it keeps something to do, and the parts stay within the whole.
  const uint64_t late_ns[] = {10000, 4000000000u, 10000};
  for (int round = 0; round < 200; round++) learn_shares(three, shares_of(three, 1000), by, late_ns);
  expect(three->share[1] > 0.05f);
  shares = shares_of(three, 1000);
  expect(shares.cut[1] <= shares.cut[2] && shares.cut[2] <= shares.cut[3] && shares.cut[3] == 1000);
  expect(shares.cut[2] - shares.cut[1] > 50);
  return broken;
}

static void check(int isa) {
  const char* name = u_isa_name(isa);
  if (!u_isa_supported(isa)) {
    std::printf("skip %s: not this CPU\n", name);
    return;
  }
  check_function<vexp>(name, "exp", std::exp, 1.1754944e-38, 2);
  check_function<vlog>(name, "log", std::log, 0, 2);
  check_function<vtanh>(name, "tanh", std::tanh, 0, 2.5);
  check_function<vsigmoid>(
      name, "sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, 0, 3);

  u_ctx* one = u_open(isa, 1);
  u_ctx* two = u_open(isa, 2);
  unsigned seed = 1;
  double tails = 0;
  for (int n = 1; n <= 70; n++)
    for (int form = 0; form < 32; form++) {
      const bool f[5] = {(form & 1) != 0, (form & 2) != 0, (form & 4) != 0, (form & 8) != 0, (form & 16) != 0};
      const int other = 1 + (n * 37 + form * 11) % 70, third = (n * 23 + form * 29) % 71;
      for (const Case& s :
           {Case{n, other, third, f[0], f[1], f[2], f[3], f[4]}, Case{other, n, third, f[0], f[1], f[2], f[3], f[4]},
            Case{third, other, n, f[0], f[1], f[2], f[3], f[4]}})
        tails = std::fmax(tails, product_error(one, two, s, &seed));
    }
  report(name, "products, M, N, K to 70: epsilons", tails, 8);
  double blocks = 0;
  for (const Case& s :
       {Case{300, 600, 300, false, true, false, true, false}, Case{130, 1030, 520, true, false, true, false, true},
        Case{1, 1100, 700, false, true, true, true, false}, Case{2, 530, 600, false, false, false, false, false},
        Case{257, 33, 1500, true, false, true, false, false}, Case{40, 70, 257, false, false, false, true, true}})
    blocks = std::fmax(blocks, product_error(one, two, s, &seed));
  report(name, "products of several blocks: epsilons", blocks, 8);
  u_close(one);
  u_close(two);
  u_ctx* three = u_open(isa, 3);
  report(name, "shares of three threads: rules broken", three->threads == 3 ? broken_shares(three) : 0, 0);
  u_close(three);
}
